/** What stands on the screen at the entrance. */

import { inFours } from "../protocol/crockford.js";
import { announce, button, h, show } from "../phone/dom.js";
import { drawCode } from "../qr/draw.js";
import { OWN, _, own, say } from "../words/words.js";

/** Nothing can be shown: why, and what can be done about it. */
export function showNotice(title, text, actions = []) {
  show("notice", [h("div", { class: "notice-box" }, h("h1", {}, title), h("p", {}, text))], actions);
}

/** Which kind of participants this screen is for. `groups`: [{code, name}]. */
export function showGroups(groups, onChoose) {
  show("groups", [
    h("h1", {}, _("这块屏给哪一类人发码？")),
    h("p", {}, _("请工作人员选定。每一类的码不能混用；发出的码不超过这一类的应到人数。")),
    h("div", { class: "groups" },
      groups.map((group) =>
        button(own(group.name), "default", () => onChoose(group.code), { "data-group": group.code }))),
  ]);
}

/**
 * One code. `link`: what the QR code holds; `token`, `check`: for typing; `address` without its
 * scheme. Returns `count(told)` for the numbers, and `hide()`: the code was used, none may scan it.
 */
export function showCode({ facts, group, label, link, token, check, onAnother, onGroups, fresh }) {
  const picture = h("div", { class: "door__code" }, drawCode(link, String(_("测评票二维码"))));
  const numbers = h("p", { class: "door__numbers" });
  const warning = h("p", { class: "notice", role: "status", hidden: true });
  show(
    "door",
    [
      h("div", { class: "door" },
        picture,
        h("div", { class: "door__words" },
          h("h1", OWN, facts.title),
          group && h("p", Object.assign({ class: "door__group" }, OWN), group.name),
          h("ol", { class: "door__steps" },
            h("li", {}, _("用微信“扫一扫”，扫这个码")),
            h("li", {}, _("在手机上按“开始测评”")),
            h("li", {}, _("屏幕换了码，请下一位再扫；每人一个码"))),
          h("p", { class: "hint" },
            _("扫不了的，用手机浏览器打开 %(address)s，输入编号 %(code)s、票码 %(token)s、校验码 %(check)s",
              { address: facts.address.replace(/^http:\/\//, ""), code: facts.code,
                token: inFours(token), check: inFours(check) })),
          numbers,
          warning,
          h("details", { class: "door__staff" },
            h("summary", {}, _("工作人员（%(label)s 号屏）", { label })),
            h("p", { class: "hint" },
              _("码被人拍走、或久等没有人扫的，换一个；原来的码作废。扫过码以后手机出了问题的，请找主持人。")),
            h("div", { class: "door__ways" },
              button(_("换一个码"), "default", onAnother),
              onGroups && button(_("换一类人"), "default", onGroups))))),
    ],
    [],
    fresh ? _("换了新的码，请下一位扫") : "",
  );
  return {
    count: (told) => {
      say(numbers, counted(told));
      warning.hidden = !(told.came !== null && told.used > told.came);
      if (!warning.hidden) say(warning, _("扫过的码比到会的人多，请工作人员核对。"));
    },
    hide: () => {
      picture.textContent = "";
      picture.appendChild(h("p", { class: "door__wait" }, _("正在换码…")));
    },
  };
}

/** No more codes for this kind. */
export function showFull({ group, onGroups }) {
  show(
    "notice",
    [
      h("div", { class: "notice-box" },
        h("h1", {}, _("这一类的码已经发完")),
        group && h("p", OWN, group.name),
        h("p", {}, _("发出的码不能超过应到人数。人数不对的，请找主持人；有码作废以后，这里会自动接着发。"))),
    ],
    onGroups ? [button(_("换一类人"), "default", onGroups)] : [],
  );
}

function counted({ expected, came, used }) {
  return came === null || came === undefined
    ? _("应到 %(expected)s 人，已扫 %(used)s 个码（还没有登记到会人数）", { expected, used })
    : _("应到 %(expected)s 人，到会 %(came)s 人，已扫 %(used)s 个码", { expected, came, used });
}

/** A bar over everything while the server cannot be reached; none for null. */
export function showLost(words) {
  const bar = document.getElementById("lost");
  if (bar.hidden === !words) return;
  say(bar, words || "");
  bar.hidden = !words;
  if (words) announce(words);
}
