/** The end of voting, counted down on top of the page of whoever has not voted yet. */

import { _, _n, say } from "../words/words.js";
import { announce } from "./dom.js";
import { ask } from "./net.js";

/** Between two looks; the second while a countdown runs, which may be extended or called off. */
const LOOK_MS = 12000;
const LOOK_OFTEN_MS = 4000;
/** Seconds left at which it is said aloud. */
const SPOKEN = [60, 30, 10];

export class ClosingBell {
  /** `onEnded(state)`: the meeting is over. */
  constructor(code, onEnded) {
    this.code = code;
    this.onEnded = onEnded;
    this.listening = false;
    this.clock = 0;
    this.ticking = 0;
    this.ends = null;
  }

  /** Looks from now on; again and again is the same as once. */
  start() {
    if (this.listening) return;
    this.listening = true;
    this.later(LOOK_MS);
  }

  stop() {
    this.listening = false;
    clearTimeout(this.clock);
    this.hide();
  }

  /** Spread out: a hall of phones does not look in the same instant. */
  later(pause) {
    clearTimeout(this.clock);
    this.clock = setTimeout(() => this.look(), pause * (0.6 + Math.random() * 0.8));
  }

  async look() {
    if (document.hidden) return this.later(LOOK_MS);
    let live = null;
    try {
      live = await ask(`${this.code}/live`, null);
    } catch (error) {
      // The next look may succeed; voting does not depend on it.
    }
    if (!this.listening) return undefined;
    if (live && live.state !== "open") {
      this.stop();
      return this.onEnded(live.state);
    }
    if (live) this.show(live.closing || null);
    return this.later(this.banner ? LOOK_OFTEN_MS : LOOK_MS);
  }

  /** `closing`: {seconds} that are left, {seconds: null} where all are waited for, or null. */
  show(closing) {
    if (!closing) return this.hide();
    const fresh = !this.banner;
    if (fresh) {
      // A landmark of its own, which a screen reader finds beside the page.
      this.banner = document.createElement("aside");
      this.banner.className = "closing";
      document.body.insertBefore(this.banner, document.getElementById("page"));
      this.ticking = setInterval(() => this.tick(), 500);
    }
    this.ends = closing.seconds === null ? null : Date.now() + closing.seconds * 1000;
    this.tick();
    if (fresh) announce(this.banner.textContent);
    return undefined;
  }

  tick() {
    const left = this.ends === null ? null : Math.max(0, Math.ceil((this.ends - Date.now()) / 1000));
    if (left === this.left) return;
    this.left = left;
    if (left === null) say(this.banner, _("主持人在等大家投完，请尽快提交"));
    else if (left === 0) say(this.banner, _("正在结束投票…"));
    else say(this.banner, _n("还有 %(count)s 秒结束投票，请尽快提交", left));
    if (SPOKEN.includes(left)) announce(this.banner.textContent);
  }

  hide() {
    clearInterval(this.ticking);
    if (this.banner) this.banner.remove();
    this.banner = null;
    this.left = undefined;
  }
}
