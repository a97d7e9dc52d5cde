/** One device, many voters: each turn begins and ends with nothing of any voter on it. */

import { slipFromLink } from "../protocol/slip.js";
import { _ } from "../words/words.js";
import { cardsOf } from "../phone/cards.js";
import { button } from "../phone/dom.js";
import { ask } from "../phone/net.js";
import * as slips from "../phone/slips.js";
import { OtherTab, changeBook, readBook, storageKey } from "../phone/storage.js";
import { Voting } from "../phone/voting.js";
import { showTrouble } from "../phone/views/welcome.js";
import { cameraMissing, readCodes } from "./camera.js";
import * as views from "./views.js";
import { BROKEN_SLIP, NO_CAMERA, NO_SLIP, OTHER_MEETING, WARNING } from "./words.js";

const LOOK_AGAIN_MS = 8000;
/** Answers to a sealed ballot that repeating may never mend, by what giving it up means then. */
const NOT_LET_IN = {
  ballots_exceed_slips: "held",
  bad_seal: "refused",
  bad_ballot: "refused",
  bad_request: "refused",
  too_large: "refused",
};

/** Under which name a shared device keeps a turn: a phone's page in the same browser must not show it. */
export function shelfOf(code) {
  return `tablet.${code}`;
}

export class Turns extends Voting {
  /** `decoder`: see readCodes; `isIdle()`: whether nobody is there; `onTurn()`: a new turn begins. */
  constructor(code, { decoder, isIdle, onTurn }) {
    super(code, shelfOf(code));
    this.decoder = decoder;
    this.isIdle = isIdle;
    this.onTurn = onTurn;
    this.forgetVoter();
  }

  /** What the page itself knows of a voter; the rest is in the book. */
  forgetVoter() {
    this.locked = false;
    this.finished = null;
  }

  halt() {
    super.halt();
    if (this.stopCamera) this.stopCamera();
    this.stopCamera = null;
    views.showWarning(null);
    document.getElementById("lock").hidden = true;
  }

  /** Where nothing is under way nobody has the book: then storage is empty. */
  holds(book) {
    return book.tab === null || super.holds(book);
  }

  change(edit) {
    return super.change((book) => {
      book.tab = this.tab;
      edit(book);
    });
  }

  /** A page that begins finds an unfinished slip locked, and erases everything else. */
  takeSlip() {
    if (location.hash) history.replaceState(null, "", location.pathname + location.search);
    this.forgetVoter();
    if (localStorage.getItem(storageKey(this.shelf)) === null) return;
    if (slips.unfinished(slips.currentSlip(readBook(this.shelf)))) {
      changeBook(this.shelf, (book) => {
        book.tab = this.tab;
      });
      this.locked = true;
    } else this.erase();
  }

  erase() {
    localStorage.removeItem(storageKey(this.shelf));
  }

  /** The end of a turn, and the beginning of the next. */
  next() {
    return this.guard(() => {
      if (!this.holds(readBook(this.shelf))) throw new OtherTab();
      this.erase();
      this.onTurn();
      return this.start();
    });
  }

  route() {
    this.halt();
    const book = readBook(this.shelf);
    if (!this.holds(book)) throw new OtherTab();
    const slip = slips.currentSlip(book);
    const begun =
      this.meeting.state === "open" && Boolean(slip) && ["asked", "ready"].includes(slip.stage);
    if (begun && this.locked) return this.showLock(slip);
    const done = super.route();
    document.getElementById("lock").hidden = !begun;
    return done;
  }

  routeClosed(voided) {
    const slip = slips.currentSlip(readBook(this.shelf));
    if (!voided && slip && slip.stage === "sealed") return this.guard(() => this.findInBox());
    this.erase();
    return showTrouble(voided ? "meeting_voided" : "meeting_closed", []);
  }

  /** A draft is unknown to everybody; whoever sets the device up comes before the meeting opens. */
  showRefusal(code) {
    const slip = slips.currentSlip(readBook(this.shelf));
    if (code in NOT_LET_IN && slip && slip.stage === "sealed") {
      return this.showNotLetIn(code);
    }
    if (code !== "meeting_unknown") return super.showRefusal(code);
    views.showUnknown(() => this.start());
    const { turn } = this;
    const look = () =>
      this.guard(async () => {
        try {
          this.meeting = await ask(this.code, null);
        } catch (error) {
          // The next look may succeed.
        }
        this.stillIn(turn);
        if (this.meeting) this.route();
        else this.clock = setTimeout(look, LOOK_AGAIN_MS);
      });
    this.clock = setTimeout(look, LOOK_AGAIN_MS);
    return undefined;
  }

  /** The next voter waits behind this ballot: whoever helps may give it up, after being told. */
  showNotLetIn(code) {
    const over = () => this.handOver(NOT_LET_IN[code]);
    return showTrouble(code, [button(_("交给工作人员"), "default", over), this.retry()]);
  }

  // Whose turn it is

  showEntry() {
    const notice = this.notice;
    this.notice = null;
    views.showReady({
      meeting: this.meeting,
      notice,
      missing: cameraMissing(),
      onScan: () => this.guard(() => this.scan()),
      onSlip: (slip) => this.guard(() => this.take(slip, true)),
      onLink: (slip) => this.guard(() => this.takeLink(slip)),
    });
  }

  take(slip, typed) {
    this.change((book) => slips.enterSlip(book, slip, typed));
    return this.route();
  }

  takeLink(slip) {
    if (slip.meeting === this.code) return this.take(slip, false);
    this.notice = OTHER_MEETING;
    return this.route();
  }

  async scan() {
    this.halt();
    const { turn } = this;
    const { video, tell } = views.showCamera(() => this.guard(() => this.route()));
    const onText = (text) => {
      const slip = slipFromLink(text);
      if (slip && slip.meeting === this.code) this.guard(() => this.takeLink(slip));
      else if (slip) tell(OTHER_MEETING);
      else tell(/\/v\/\w+#/.test(text) ? BROKEN_SLIP : NO_SLIP);
    };
    try {
      const stop = await readCodes({ video, decoder: this.decoder, onText });
      if (turn === this.turn) this.stopCamera = stop;
      else stop();
    } catch (error) {
      this.stillIn(turn);
      this.notice = NO_CAMERA.refused;
      this.route();
    }
  }

  showWelcome() {
    views.showTurn({
      meeting: this.meeting,
      subjects: cardsOf(this.meeting).length,
      onStart: () => this.guard(() => this.obtain()),
      onLeave: () => this.next(),
    });
  }

  // Locked

  /** Nobody is there, or the screen went dark. */
  rest() {
    return this.guard(() => {
      const book = readBook(this.shelf);
      if (!this.meeting || !this.holds(book)) return undefined;
      const slip = slips.currentSlip(book);
      if (this.finished) return this.next();
      if (this.meeting.state !== "open") return undefined;
      // A sealed ballot shows nothing, and is sent whether or not somebody watches.
      if (slip && slip.stage === "sealed") return undefined;
      if (slips.unfinished(slip)) return this.lock();
      return this.next();
    });
  }

  lock() {
    this.locked = true;
    return this.route();
  }

  /** The words of what `rest` will do; null where it does nothing that anybody would miss. */
  warning() {
    if (this.finished) return WARNING.receipt;
    const slip = slips.currentSlip(readBook(this.shelf));
    return slip && slip.stage !== "sealed" && !this.locked ? WARNING.ballot : null;
  }

  showLock(slip) {
    views.showLock({
      token: slip.token,
      title: _("已锁屏，有一张票还没有投完"),
      text: _("选过的内容没有丢，也没有人看得到。请投这张票的人输入自己票上票码的最后 4 位，接着投。"),
      leave: _("交给工作人员"),
      onProof: () => this.guard(() => {
        this.locked = false;
        return this.route();
      }),
      onGiveUp: () => this.handOver(),
    });
  }

  /** `why`: what HAND_OVER says of it; that of the slip's stage where nothing else is known. */
  handOver(why) {
    const slip = slips.currentSlip(readBook(this.shelf));
    if (!slips.unfinished(slip)) return this.next();
    return views.showHandOver({
      why: why || slip.stage,
      onBack: () => this.guard(() => this.route()),
      onErase: () => this.next(),
    });
  }

  /** The phone's own back key. */
  back() {
    return this.locked || this.finished ? undefined : super.back();
  }

  // Done

  /** The ballot is in the box: storage is empty from here on, the receipt is in this page only. */
  settle() {
    const book = readBook(this.shelf);
    if (!this.holds(book)) throw new OtherTab();
    const { secret, token } = slips.currentSlip(book);
    this.erase();
    // The end of the meeting takes no receipt away from whoever is writing it down.
    this.bell.stop();
    if (this.isIdle()) return this.next();
    this.halt();
    this.finished = { secret, token };
    return this.showTurnDone();
  }

  showTurnDone() {
    views.showTurnDone({ onReceipt: () => this.showReceipt(), onNext: () => this.next() });
  }

  /** Who touches this may be the next voter, while the one before has left it so. */
  showReceipt() {
    const { secret, token } = this.finished;
    return views.showLock({
      token,
      title: _("请先输入票码最后 4 位"),
      text: _("为免别人看到您的回执码，请对照自己的票输入。"),
      leave: _("不要了，下一位"),
      onProof: () => views.showReceipt({ receipt: secret, onNext: () => this.next() }),
      onGiveUp: () => this.next(),
    });
  }

  /** Whoever tries again has not gone away: nothing is locked for that. */
  retry() {
    return button(_("重试"), "primary", () => this.guard(() => this.openMeeting()));
  }

  showRefusedSlip(code) {
    showTrouble(code, [button(_("下一位"), "primary", () => this.next())]);
  }
}
