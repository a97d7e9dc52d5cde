/** A screen at the entrance: one code at a time, the next once it was scanned. */

import { fromBase64url, randomBytes, toBase64url } from "../protocol/bytes.js";
import { toCrockford } from "../protocol/crockford.js";
import { TOKEN_BYTES, TYPED_DIGEST_BYTES } from "../protocol/slip.js";
import { button } from "../phone/dom.js";
import { _ } from "../words/words.js";
import { LinkRefused, NoAnswer, ask } from "./asking.js";
import { forget, keep, kept } from "./keeping.js";
import { hashOf, markOf } from "./marks.js";
import * as views from "./views.js";

const LOOK_MS = 1500;
const WAIT_MS = 5000;
const SCREEN_BYTES = 16;
const LABEL_CHARACTERS = 3;

export class Screen {
  /** `base`: address of the link, without what stands behind the `#`; `code`: of the meeting. */
  constructor(base, code) {
    this.base = base;
    this.code = code;
    this.turn = 0;
    this.clock = 0;
    this.facts = null;
    this.shown = null;
  }

  /** Begins, or begins again; whatever was under way on this page is given up. */
  start() {
    this.halt();
    return this.guard(async () => {
      const key = location.hash.slice(1);
      // Out of sight of whoever stands before the screen, and kept for a reload.
      if (key) history.replaceState(null, "", location.pathname + location.search);
      this.keep(key ? { key } : {});
      if (!this.kept().key) {
        return views.showNotice(_("链接不完整"),
          _("请在主持人的“会场和设备”页面上，重新扫门口屏的二维码，或复制完整的链接。"));
      }
      return this.open();
    });
  }

  halt() {
    this.turn += 1;
    clearTimeout(this.clock);
    this.shown = null;
  }

  kept() {
    return kept(this.code);
  }

  keep(changes) {
    return keep(this.code, changes);
  }

  /** Runs a step of this turn; a lost answer is asked for again, anything else ends in words. */
  async guard(step) {
    const { turn } = this;
    try {
      await step();
    } catch (error) {
      if (turn !== this.turn) return;
      if (error instanceof NoAnswer) this.lost(step);
      else if (error instanceof LinkRefused) {
        this.end(_("链接已失效"), _("请在主持人的“会场和设备”页面上，重新扫门口屏的二维码。"));
      } else {
        // A fault of this page, or a browser that keeps nothing.
        console.error(error);
        this.end(_("这台设备不能用作门口屏"), _("浏览器太旧，或不能保存数据（无痕窗口、存储已满）。请换一台设备。"));
      }
    }
  }

  lost(step) {
    views.showLost(this.shown
      ? _("网络断了，正在重新连接。这个码还能扫，但扫过以后不会自动换：请等网络恢复再让下一位扫。")
      : _("网络断了，正在重新连接…"));
    this.later(step, WAIT_MS);
  }

  later(step, ms) {
    const { turn } = this;
    clearTimeout(this.clock);
    this.clock = setTimeout(() => {
      if (turn === this.turn) this.guard(step);
    }, ms * (1 + Math.random() / 4));
  }

  /** Ends this turn with words and a way to begin again. */
  end(title, text) {
    this.halt();
    views.showLost(null);
    views.showNotice(title, text, [button(_("重新开始"), "primary", () => this.start())]);
  }

  async open() {
    const { turn } = this;
    const facts = await ask(`${this.base}/meeting`);
    if (turn !== this.turn) return undefined;
    this.facts = facts;
    views.showLost(null);
    return this.isOpen(facts.state) ? this.begin() : undefined;
  }

  /** Whether codes can be shown; where not, the screen says why. */
  isOpen(state) {
    if (state === "open") return true;
    this.halt();
    if (state === "draft") {
      views.showNotice(_("测评会还没有开启"), _("请稍候，开启以后这里自动显示二维码。"));
      this.later(() => this.open(), WAIT_MS);
      return false;
    }
    forget(this.code);
    if (state === "closed") views.showNotice(_("测评会已经结束"), _("不再发码。这台设备上什么也没有留下。"));
    else views.showNotice(_("这次测评会已经作废"), _("不再发码。请听主持人安排。"));
    return false;
  }

  begin() {
    const { digest, groups } = this.facts;
    const before = this.kept().digest;
    // Who changed the keys from one voter to the next could tell their ballots apart.
    if (before && before !== digest) {
      return views.showNotice(_("校验不符，已经停止"),
        _("系统的密钥与这块屏第一次看到的不一样。请不要再发码，告诉主持人和监票人。"));
    }
    this.keep({ digest });
    if (!this.kept().screen) this.keep({ screen: toBase64url(randomBytes(SCREEN_BYTES)), turn: 0 });
    if (groups.length === 1) this.keep({ group: groups[0].code });
    if (!groups.some((group) => group.code === this.kept().group)) return this.choose();
    return this.another(false);
  }

  choose() {
    this.halt();
    views.showGroups(this.facts.groups, (group) => {
      this.keep({ group });
      this.halt();
      this.guard(() => this.another(false));
    });
  }

  /** A new code, which takes the place of the one before. `fresh`: somebody waits for it. */
  another(fresh) {
    const token = randomBytes(TOKEN_BYTES);
    // Counted before it is asked: a reload in between asks for a later one.
    const turn = (this.kept().turn || 0) + 1;
    this.keep({ turn });
    return this.wish({ token, hash: hashOf(token), turn }, fresh);
  }

  /** Asks until it is answered, with the same wish: an answer that was lost costs no code. */
  async wish(wish, fresh) {
    const { turn } = this;
    let told = null;
    try {
      told = await this.ask("next", [["turn", wish.turn], ["next", wish.hash]]);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    }
    if (turn !== this.turn) return undefined;
    if (!told) return this.lost(() => this.wish(wish, fresh));
    views.showLost(null);
    if (!this.isOpen(told.meeting)) return undefined;
    if (told.standing === "shown") return this.present(wish, told, fresh);
    if (told.standing === "gone") return this.taken();
    views.showFull({ group: this.group(), onGroups: this.onGroups() });
    return this.later(() => this.wish(wish, true), WAIT_MS);
  }

  present({ token, hash }, told, fresh) {
    const { screen } = this.kept();
    const digest = fromBase64url(this.facts.digest);
    const typed = toCrockford(token);
    const shown = views.showCode({
      facts: this.facts,
      group: this.group(),
      label: toCrockford(fromBase64url(screen).subarray(0, 5)).slice(0, LABEL_CHARACTERS),
      link: `${this.facts.address}/v/${this.code}#${typed}.${this.facts.digest}`,
      token: typed,
      check: toCrockford(digest.subarray(0, TYPED_DIGEST_BYTES)),
      onAnother: () => this.change(),
      onGroups: this.onGroups(),
      fresh,
    });
    this.shown = { hash, view: shown };
    shown.count(told);
    this.later(() => this.look(), LOOK_MS);
  }

  /** Somebody of the staff wants another code. */
  change() {
    this.halt();
    return this.guard(() => this.another(false));
  }

  async look() {
    const { turn } = this;
    const told = await this.ask("look", [["shown", this.shown.hash]]);
    if (turn !== this.turn) return undefined;
    views.showLost(null);
    if (!this.isOpen(told.meeting)) return undefined;
    if (told.standing === "gone") return this.taken();
    if (told.standing === "shown") {
      this.shown.view.count(told);
      this.later(() => this.look(), LOOK_MS);
      return undefined;
    }
    this.shown.view.hide();
    this.shown = null;
    return this.another(true);
  }

  /** Another window shows this screen's codes, or the host has dismissed it. */
  taken() {
    this.end(_("这块屏的码已被收回"),
      _("可能在另一个窗口里打开了，或者主持人收回了这块屏。要在这里接着发码的，按下面的按钮。"));
  }

  group() {
    const { groups } = this.facts;
    return groups.length > 1 ? groups.find((one) => one.code === this.kept().group) : null;
  }

  onGroups() {
    return this.facts.groups.length > 1 ? () => this.choose() : null;
  }

  ask(what, fields) {
    const { key, screen, group } = this.kept();
    const all = [["screen", screen], ["group", group]].concat(fields);
    const body = {};
    for (const [name, value] of all) body[name] = value;
    body.mark = markOf(fromBase64url(key), what, all.map(([, value]) => value));
    return ask(`${this.base}/${what}`, body);
  }
}
