/** The phone page's course of events: what is on screen follows from the book and the meeting. */

import { slipFromFragment } from "../protocol/slip.js";
import { OWN, _ } from "../words/words.js";
import { cardsOf, rowsOf } from "./cards.js";
import { ClosingBell } from "./closing.js";
import { Course } from "./course.js";
import { button, h } from "./dom.js";
import { Refusal, ask } from "./net.js";
import * as slips from "./slips.js";
import { OtherTab, StorageError, changeBook, readBook, storageKey } from "./storage.js";
import { trusts } from "./trust.js";
import { showCard, showReview } from "./views/ballot.js";
import { showDone } from "./views/done.js";
import { showEntry } from "./views/entry.js";
import { showOffer, showTrouble, showWelcome, showWorking } from "./views/welcome.js";

const LOOK_AGAIN_MS = 8000;
/** Refusals after which this slip is of no more use on this phone. */
const FINAL = ["slip_used", "slip_unknown", "already_cast"];

export class Voting extends Course {
  /** `code`, `shelf`: see Course. Nothing happens before `start`. */
  constructor(code, shelf) {
    super(code, shelf);
    this.meeting = null;
    this.notice = null;
    this.bell = new ClosingBell(code, (state) => this.ended(state));
  }

  /** Begins, or begins again, from the address and what is remembered. */
  start() {
    this.halt();
    return this.guard(() => {
      this.tab = String(Math.random());
      this.takeSlip();
      return this.openMeeting();
    });
  }

  /** Moves the slip from the address into storage; the address keeps nothing of it. */
  takeSlip() {
    const fragment = location.hash;
    try {
      changeBook(this.shelf, (book) => {
        book.tab = this.tab;
        if (fragment.length < 2) return;
        const slip = slipFromFragment(fragment);
        this.notice = slip ? null : _("二维码没有扫完整，请重新扫一次，或在下面输入。");
        if (slip) slips.enterSlip(book, slip, false);
      });
    } finally {
      if (fragment || location.search) history.replaceState(null, "", location.pathname);
    }
  }

  async openMeeting() {
    const meeting = await this.patiently(
      { title: _("正在打开测评会…"), text: _("请稍候，不要关闭本页。") },
      (signal) => ask(this.code, null, signal),
    );
    if (meeting.protocol !== "mingce/1") {
      showTrouble("wrong_protocol", [this.retry()]);
      return;
    }
    this.meeting = meeting;
    this.route();
  }

  /** Shows the screen that follows from what is remembered and from the meeting's state. */
  route() {
    this.halt();
    const book = readBook(this.shelf);
    if (!this.holds(book)) throw new OtherTab();
    const slip = slips.currentSlip(book);
    const { state } = this.meeting;
    const mayVote = slip ? slip.stage !== "refused" : !book.receipts.length;
    if (state === "open" && mayVote) this.bell.start();
    else this.bell.stop();
    if (slip && slip.stage === "refused") return this.showRefusedSlip(slip.code);
    if (state === "closed" || state === "voided") return this.routeClosed(state === "voided");
    if (state !== "open") return this.showWaiting();
    if (book.offered) return this.showOffer(book, slip);
    if (!slip) return book.receipts.length ? this.showDone(book) : this.showEntry();
    if (!trusts(slip, this.meeting)) return this.showWrongKey(slip);
    if (slip.stage === "sealed") return this.guard(() => this.send());
    if (slip.stage === "ready") return this.showBallot(slip);
    if (slip.stage === "asked") return this.guard(() => this.obtain());
    return this.showWelcome();
  }

  /** The meeting is over; what is just being sent is answered by the server itself. */
  ended(state) {
    if (this.work || !this.meeting) return undefined;
    this.meeting.state = state;
    return this.guard(() => this.route());
  }

  /** Nothing more can be cast: a sealed ballot is looked for, everything else goes. */
  routeClosed(voided) {
    const book = this.change((one) => slips.clearUnsealed(one, voided));
    if (voided) return showTrouble("meeting_voided", []);
    const slip = slips.currentSlip(book);
    if (slip && slip.stage === "sealed") return this.guard(() => this.findInBox());
    if (!slip && book.receipts.length) return this.showDone(book);
    return showTrouble("meeting_closed", [
      h("a", { class: "weui-btn weui-btn_default", href: `/r/${this.code}` }, _("查验回执")),
    ]);
  }

  // Before the ballot

  showEntry(onBack) {
    const notice = this.notice;
    this.notice = null;
    showEntry({
      notice,
      onBack,
      onSlip: (slip) =>
        this.guard(() => {
          this.change((book) => slips.enterSlip(book, slip, true));
          this.route();
        }),
    });
  }

  showOffer(book, slip) {
    showOffer({
      unfinished: slips.unfinished(slip),
      sealed: Boolean(slip) && slip.stage === "sealed",
      onKeep: this.act(slips.keepSlip),
      onSwitch: this.act(slips.switchSlip),
    });
  }

  showWelcome() {
    showWelcome({
      meeting: this.meeting,
      subjects: cardsOf(this.meeting).length,
      onStart: () => this.guard(() => this.obtain()),
    });
  }

  showWaiting() {
    showTrouble("meeting_not_open", [button(_("重新查看"), "primary", () => this.start())],
      h("p", Object.assign({ class: "hint" }, OWN), this.meeting ? this.meeting.title : null));
    const { turn } = this;
    const look = () =>
      this.guard(async () => {
        let state = null;
        try {
          this.meeting = await ask(this.code, null);
          ({ state } = this.meeting);
        } catch (error) {
          // The next look may succeed; the voter is waiting anyway.
        }
        this.stillIn(turn);
        if (state && state !== "draft") this.route();
        else this.clock = setTimeout(look, LOOK_AGAIN_MS * (1 + Math.random() / 2));
      });
    this.clock = setTimeout(look, LOOK_AGAIN_MS * (1 + Math.random() / 2));
  }

  /** The credential: secrets are drawn and kept before anything is sent. */
  async obtain() {
    const words = { title: _("正在验票…"), text: _("请稍候，不要关闭本页。") };
    showWorking(words);
    // Lets the words appear before the arithmetic begins.
    const { turn } = this;
    await new Promise((resolve) => setTimeout(resolve, 30));
    this.stillIn(turn);
    const slip = this.changeSlip((one) => slips.prepareSlip(one));
    if (!slip || slip.stage !== "asked") return this.route();
    const answer = await this.patiently(words, (signal) =>
      ask(`${this.code}/credentials`, { token: slip.token, blinded: slip.blinded }, signal));
    const credential = slips.readCredential(slip, answer, this.meeting.groups);
    this.changeSlip((one) => {
      if (one.blinded === slip.blinded) slips.readySlip(one, credential);
    });
    return this.route();
  }

  // The ballot

  showBallot(slip) {
    const cards = cardsOf(this.meeting);
    const at = Math.max(0, Math.min(slip.at, cards.length));
    this.cancelDialog = null;
    if (at > 0 && !(history.state && history.state.within)) {
      // One entry above the page's own, so that the phone's back key goes one card back.
      history.pushState({ within: true }, "");
    }
    if (at === cards.length) return this.showReview(cards, slip);
    const checking = Boolean(slip.checking);
    return showCard({
      subject: cards[at].subject,
      cells: cards[at].cells,
      choices: slip.choices,
      at,
      count: cards.length,
      checking,
      onChoose: (cell, value) => this.guard(() => {
        this.changeSlip((one) => {
          if (one.stage === "ready") one.choices[cell] = value;
        });
      }),
      onBack: at > 0 && !checking ? () => this.go(at - 1) : null,
      onNext: () => this.go(checking ? cards.length : at + 1),
    });
  }

  showReview(cards, slip) {
    this.cancelDialog = showReview({
      rows: rowsOf(cards, slip.choices),
      onChange: (index) => this.go(index, true),
      onBack: () => this.go(cards.length - 1),
      onSend: () => this.guard(() => this.seal()),
    });
  }

  go(at, checking) {
    return this.guard(() => {
      this.changeSlip((slip) => Object.assign(slip, { at, checking: Boolean(checking) }));
      this.route();
    });
  }

  /** The phone's own back key, while the ballot is filled in. */
  back() {
    return this.guard(() => {
      const slip = slips.currentSlip(readBook(this.shelf));
      if (!this.meeting || !slip || slip.stage !== "ready") return;
      if (this.cancelDialog && document.querySelector("[role=dialog]")) {
        this.cancelDialog();
        this.showBallot(slip);
      } else if (slip.checking) this.go(cardsOf(this.meeting).length);
      else if (slip.at > 0) this.go(slip.at - 1);
    });
  }

  seal() {
    const cellIds = this.meeting.cells.map((cell) => cell.id);
    this.change((book) => {
      const slip = slips.currentSlip(book);
      if (slip && slip.stage === "ready") {
        book.slips[book.current] = slips.sealedSlip(slip, this.meeting.code, cellIds);
      }
    });
    return this.route();
  }

  async send() {
    const { group, nonce, iv, sealed } = slips.currentSlip(readBook(this.shelf));
    await this.patiently(
      { title: _("正在提交选票…"), text: _("选票已经封好。请稍候，不要关闭本页。") },
      (signal) => ask(`${this.code}/ballots`, { group, nonce, iv, sealed }, signal),
    );
    this.settle();
  }

  settle() {
    let book;
    try {
      book = this.change(slips.settleSlip);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      // The vote is in the box: erasing goes before remembering the receipt.
      book = readBook(this.shelf);
      slips.settleSlip(book);
      localStorage.removeItem(storageKey(this.shelf));
    }
    // After closing, a second sealed ballot on this phone is looked for as well.
    if (this.meeting.state === "closed" && slips.waitingSlip(book)) return this.route();
    return this.showDone(book);
  }

  // Afterwards

  /** The meeting closed over a sealed ballot: the published box says whether it arrived. */
  async findInBox() {
    const words = { title: _("正在查对票箱…"), text: _("测评会已经结束，正在查对您的选票是否计入。") };
    const box = await this.patiently(words, async (signal) => {
      try {
        return await ask(`${this.code}/box`, null, signal);
      } catch (error) {
        // The count is being made: the same as a server that is busy.
        if (error.code === "box_not_ready") throw new Refusal("server_busy", 503);
        throw error;
      }
    });
    if (slips.isCounted(slips.currentSlip(readBook(this.shelf)), this.meeting, box)) {
      return this.settle();
    }
    this.change((book) => slips.refuseSlip(book, "ballot_missed"));
    return this.route();
  }

  showDone(book) {
    this.bell.stop();
    showDone({
      code: this.code,
      receipt: book.receipts[book.receipts.length - 1],
      unfinished: Boolean(slips.waitingSlip(book)) && this.meeting.state === "open",
      onResume: this.act((one) => {
        one.current = slips.waitingSlip(one);
      }),
      onAnother: () => this.guard(() => this.showEntry(() => this.start())),
      onForget: this.act((one) => {
        one.receipts = [];
      }),
    });
  }

  // Trouble

  showOtherTab() {
    this.bell.stop();
    super.showOtherTab();
  }

  /** A refusal that no repetition mends. */
  showRefusal(code) {
    const slip = slips.currentSlip(readBook(this.shelf));
    if (code === "meeting_closed" && this.meeting) {
      this.meeting.state = "closed";
      return this.guard(() => this.route());
    }
    if (code === "meeting_not_open") {
      if (this.meeting) this.meeting.state = "draft";
      return this.guard(() => this.showWaiting());
    }
    if (FINAL.includes(code) && slip) {
      return this.guard(() => {
        this.change((book) => slips.refuseSlip(book, code));
        this.route();
      });
    }
    if (code === "meeting_unknown") {
      return showTrouble(code, [
        h("a", { class: "weui-btn weui-btn_primary", href: "/" }, _("输入会议编号")),
      ]);
    }
    return showTrouble(code, [this.retry()]);
  }

  showRefusedSlip(code) {
    const another = button(_("输入另一张票"), "default", () =>
      this.guard(() => {
        this.change(slips.dropSlip);
        this.showEntry(() => this.start());
      }));
    showTrouble(code, code === "ballot_missed" ? [] : [another]);
  }

  showWrongKey(slip) {
    const again = button(_("重新输入"), "primary", () =>
      this.guard(() => {
        this.change(slips.dropSlip);
        this.showEntry();
      }));
    if (slip.typed && slip.stage === "new") showTrouble("wrong_key_typed", [again]);
    else showTrouble("wrong_key", [this.retry()]);
  }
}
