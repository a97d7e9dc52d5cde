/** One page's hold on a meeting: one thing at a time, and no failure without words. */

import { ProofError } from "../protocol/credential.js";
import { _ } from "../words/words.js";
import { button } from "./dom.js";
import { Refusal, Stopped, keepTrying } from "./net.js";
import { currentSlip } from "./slips.js";
import { OtherTab, StorageError, changeBook } from "./storage.js";
import { showTrouble, showWorking } from "./views/welcome.js";

export class Course {
  /** `code`: the meeting's code. `shelf`: under which name this page keeps its book. */
  constructor(code, shelf = code) {
    this.code = code;
    this.shelf = shelf;
    this.tab = "";
    this.work = null;
    this.clock = 0;
    this.turn = 0;
    this.cancelDialog = null;
  }

  /** Stops whatever is under way on this page; what is remembered stays. */
  halt() {
    this.turn += 1;
    clearTimeout(this.clock);
    if (this.work) this.work.stop();
    this.work = null;
    if (this.cancelDialog) this.cancelDialog();
    this.cancelDialog = null;
  }

  /** Runs a step; whatever goes wrong in it ends in words, never in a dead page. */
  async guard(step) {
    try {
      await step();
    } catch (error) {
      if (error instanceof Stopped) return;
      this.halt();
      if (error instanceof OtherTab) this.showOtherTab();
      else if (error instanceof StorageError) showTrouble("storage_failed", [this.retry()]);
      else if (error instanceof ProofError) showTrouble("wrong_proof", [this.retry()]);
      else if (error instanceof Refusal) this.showRefusal(error.code);
      else {
        // A fault of this page: the voter gets words, and the console what to mend.
        console.error(error);
        showTrouble("other", [this.retry()]);
      }
    }
  }

  /** Gives up a step that something newer on this page has overtaken; `turn`: when it began. */
  stillIn(turn) {
    if (turn !== this.turn) throw new Stopped();
  }

  /** Whether this page has the book, and no other. */
  holds(book) {
    return book.tab === this.tab;
  }

  /** Edits the book, unless another page has taken it over. */
  change(edit) {
    return changeBook(this.shelf, (book) => {
      if (!this.holds(book)) throw new OtherTab();
      edit(book);
    });
  }

  changeSlip(edit) {
    return currentSlip(
      this.change((book) => {
        const slip = currentSlip(book);
        if (slip) edit(slip, book);
      }),
    );
  }

  /** A listener that edits the book and shows what follows. */
  act(edit) {
    return () =>
      this.guard(() => {
        this.change(edit);
        return this.route();
      });
  }

  /** A request repeated until it is answered, with words meanwhile. */
  async patiently(words, task) {
    const paused = showWorking(Object.assign({ onHurry: () => this.work && this.work.hurry() }, words));
    const work = keepTrying(task, ({ code, tries }) => paused(code, tries));
    this.work = work;
    try {
      return await work.result;
    } finally {
      if (this.work === work) this.work = null;
    }
  }

  retry() {
    return button(_("重试"), "primary", () => this.start());
  }

  showOtherTab() {
    showTrouble("other_tab", [button(_("在这里继续"), "primary", () => this.start())]);
  }
}
