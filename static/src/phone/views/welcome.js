/** What a voter sees before the ballot, and between its steps. */

import { OWN, _, _n, say } from "../../words/words.js";
import { announce, button, h, show } from "../dom.js";
import { troubleOf } from "../words.js";

/** The meeting, what will happen, and the button that begins. */
export function showWelcome({ meeting, subjects, onStart }) {
  show(
    "welcome",
    [
      h("div", { class: "hero" },
        h("h1", OWN, meeting.title),
        meeting.host && h("p", Object.assign({ class: "hero__host" }, OWN), meeting.host)),
      h(
        "ul",
        { class: "facts" },
        fact(_("无记名"), _("系统分不出哪张选票是谁投的，管理员也查不到。")),
        fact(_("怎么投"),
          _n("共 %(count)s 个测评对象，逐个选，最后核对一遍再提交。", subjects)),
        fact(_("只投一次"), _("提交以后不能修改。中途退出不要紧，再打开可以接着投。")),
      ),
      whyLink(),
    ],
    [button(_("开始测评"), "primary", onStart)],
  );
}

/** One line of the facts. */
export function fact(name, text) {
  return h("li", { class: "facts__item" }, h("b", { class: "facts__name" }, name), h("span", {}, text));
}

/** The way to the page in plain words; the phone's back key leads back to what was left. */
export function whyLink() {
  return h("a", { class: "why why_link", href: "/why" }, _("为什么说它是无记名的"));
}

/**
 * Something is under way: a sentence, never a bare spinner. Returns `paused(code, tries)`, which
 * says why it takes longer and shows a button that tries at once, with `others`: further controls.
 */
export function showWorking({ title, text, onHurry, others = [] }) {
  const reason = h("p", { class: "working__reason", hidden: true });
  const ways = [button(_("重试"), "default", onHurry), ...others];
  for (const way of ways) way.hidden = true;
  show(
    "working",
    [
      h("div", { class: "working" },
        h("span", { class: "working__dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
        h("h1", {}, title),
        h("p", {}, text),
        reason),
    ],
    ways,
  );
  return (code, tries) => {
    const trouble = troubleOf(code);
    say(reason, _n("%(title)s %(text)s（已试 %(count)s 次）", tries, trouble));
    reason.hidden = false;
    for (const way of ways) way.hidden = false;
    if (tries === 1) announce(`${trouble.title} ${trouble.text}`);
  };
}

/** A condition that stops the voter, in its own words; `actions` are what can be done here. */
export function showTrouble(code, actions, details) {
  const { title, text } = troubleOf(code);
  show(
    "trouble",
    [
      h("div", { class: "result" },
        h("span", { class: "result__sign result__sign_warn", "aria-hidden": "true" }),
        h("h1", {}, title),
        h("p", {}, text),
        details),
    ],
    actions,
  );
}

/** A second slip was scanned: while another is unfinished (`unfinished`), or after one was cast. */
export function showOffer({ unfinished, sealed, onKeep, onSwitch }) {
  const title = unfinished ? _("还有一张票没有投完") : _("这部手机已经投过一张票");
  const text = unfinished
    ? _("您刚才扫的是另一张票。建议先投完原来那张，再扫这一张。")
    : _("如果您刚才扫的就是投过的那张，不用再投。如果是替别人扫的另一张票，请把手机交给本人。");
  const consequence = sealed
    ? _("原来那张票已经封好，但还没有送达；改投新票前，最好先让它送达。")
    : _("改投新票后，原来那张票选过的内容会清掉；以后重新扫它，可以从头再选。");
  show(
    "offer",
    [
      h("div", { class: "result" },
        h("span", { class: "result__sign result__sign_info", "aria-hidden": "true" }),
        h("h1", {}, title),
        h("p", {}, text),
        unfinished && h("p", { class: "notice" }, consequence)),
    ],
    [
      button(unfinished ? _("改投新扫的票") : _("为另一张票投票"), "default", onSwitch),
      button(unfinished ? _("继续原来那张") : _("返回"), "primary", onKeep),
    ],
  );
}
