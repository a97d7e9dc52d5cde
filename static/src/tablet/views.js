/** What only a shared device shows: whose turn it is, the camera, the lock, the end of a turn. */

import { inFours, tidy } from "../protocol/crockford.js";
import { announce, button, h, show } from "../phone/dom.js";
import { field, showEntry } from "../phone/views/entry.js";
import { fact } from "../phone/views/welcome.js";
import { OWN, _, _n, say } from "../words/words.js";
import { HAND_OVER, NO_CAMERA } from "./words.js";

export const PROOF_CHARACTERS = 4;

/** Ready for the next voter. `missing`: why there is no camera, or null; `onScan` opens it. */
export function showReady({ meeting, notice, missing, onScan, onSlip, onLink }) {
  showEntry({
    notice,
    onSlip,
    onLink,
    title: _("请投票人扫票"),
    lead: [
      h("p", OWN, meeting.title),
      h("p", { class: "hint" },
        _("这台设备大家轮流用。一人一票，自己选；投完以后，这里什么也不留。")),
      missing
        ? h("p", {}, _("请输入票上的两个码；接了扫码枪的，点一下“票码”再扫。"))
        : [
            h("div", { class: "scan" }, button(_("用摄像头扫测评票"), "primary", onScan, { id: "scan" })),
            h("p", {}, _("扫不了的，在这里输入票上的两个码。")),
          ],
    ],
    foot: missing && h("p", { class: "hint", id: "no-camera" }, NO_CAMERA[missing]),
  });
}

/** The camera's picture. Returns the video and `tell(words)`: what was wrong. */
export function showCamera(onBack) {
  const video = h("video", { class: "camera__picture", playsinline: true, muted: true });
  video.muted = true;
  const said = h("p", { class: "notice", role: "status", hidden: true });
  show(
    "camera",
    [
      h("h1", {}, _("请把测评票的二维码对准镜头")),
      h("div", { class: "camera" }, video, h("div", { class: "camera__frame", "aria-hidden": "true" })),
      said,
    ],
    [button(_("不扫了，改为输入"), "default", onBack)],
  );
  return {
    video,
    tell: (words) => {
      say(said, words);
      said.hidden = false;
    },
  };
}

/** There is no such meeting, yet or at all. */
export function showUnknown(onRetry) {
  show(
    "trouble",
    [
      h("div", { class: "result" },
        h("span", { class: "result__sign result__sign_info", "aria-hidden": "true" }),
        h("h1", {}, _("测评会还没有开启，或编号不对")),
        h("p", {}, _("开启以后会自动继续，请不要关闭本页。一直这样的，请核对网址里的会议编号。"))),
    ],
    [button(_("重新查看"), "primary", onRetry)],
  );
}

/** A slip was entered and not used yet. */
export function showTurn({ meeting, subjects, onStart, onLeave }) {
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
          _n("共 %(count)s 个测评对象，逐个选，最后核对一遍再提交。提交以后不能修改。", subjects)),
        fact(_("自己选"), _("请协助的人转过身去。要走开的，按右上角“锁屏”；回来输入票码最后 4 位，接着投。")),
      ),
    ],
    [button(_("不投了"), "default", onLeave), button(_("开始测评"), "primary", onStart)],
  );
}

/**
 * Nothing of the ballot is on screen. `onProof()` once the last characters of `token` were typed;
 * `onGiveUp` leads to who helps. `title`, `text`: why it is asked; `leave`: words of the other way.
 */
export function showLock({ token, title, text, leave, onProof, onGiveUp }) {
  const proof = field("proof", _("票码最后 4 位"), _("印在测评票上，二维码旁边"), PROOF_CHARACTERS);
  const submit = () => {
    if (tidy(proof.value()) === token.slice(-PROOF_CHARACTERS)) return onProof();
    proof.complain(_("与正在投的这张票对不上，请对照票面再看一遍"));
    announce(_("还没有填对，请看红字"));
    return proof.focus();
  };
  show(
    "lock",
    [
      h("h1", {}, title),
      h("p", {}, text),
      h(
        "form",
        {
          class: "entry",
          autocomplete: "off",
          onsubmit: (event) => {
            event.preventDefault();
            submit();
          },
        },
        proof.element,
        h("button", { type: "submit", class: "out-of-sight", tabindex: "-1", "aria-hidden": "true" },
          _("继续")),
      ),
    ],
    [button(leave, "default", onGiveUp), button(_("继续"), "primary", submit)],
  );
}

/** Whoever helps is told what giving the slip up means, before anything is erased. */
export function showHandOver({ why, onBack, onErase }) {
  show(
    "hand-over",
    [h("h1", {}, _("工作人员请看")), h("p", { class: "notice" }, HAND_OVER[why])],
    [button(_("返回"), "default", onBack), button(_("清除，下一位"), "warn", onErase)],
  );
}

/** The ballot is in the box and nothing of it is left here but, for a moment, the receipt code. */
export function showTurnDone({ onReceipt, onNext }) {
  show(
    "done",
    [
      h("div", { class: "result" },
        h("span", { class: "result__sign result__sign_done", "aria-hidden": "true" }),
        h("h1", {}, _("投票成功")),
        h("p", {}, _("您的选票已投入票箱。这台设备已经删去您的选择和票码。"))),
      h("section", { class: "receipt" },
        h("h2", {}, _("要不要回执码？")),
        h("p", { class: "hint" },
          _("凭回执码，会后可以查到自己的每一项都计入了。它只显示这一次，这台设备不替您记；不要的，直接按“下一位”。")),
        button(_("显示回执码"), "default", onReceipt)),
    ],
    [button(_("下一位"), "primary", onNext)],
  );
}

/** The receipt code, once. */
export function showReceipt({ receipt, onNext }) {
  show(
    "receipt",
    [
      h("h1", {}, _("您的回执码")),
      h("section", { class: "receipt" },
        h("p", { class: "receipt__code" }, inFours(receipt)),
        h("p", { class: "hint" }, _("请抄在纸上，或用自己的手机拍照。离开本页，就再也看不到了。")),
        h("p", { class: "hint" }, _("不要给别人看：知道回执码的人，会后能查到您的选择。"))),
    ],
    [button(_("记好了，下一位"), "primary", onNext)],
  );
}

/** A bar over the page, or none: what is about to happen. */
export function showWarning(words) {
  const bar = document.getElementById("idle");
  say(bar, words || "");
  bar.hidden = !words;
}
