/** After the ballot: proof without a trace of the choices. */

import { inFours } from "../../protocol/crockford.js";
import { _ } from "../../words/words.js";
import { button, h, show } from "../dom.js";
import { whyLink } from "./welcome.js";

/**
 * The ballot is in the box. `receipt`: 16 characters; `unfinished`: whether another slip waits on
 * this phone (`onResume`); `onAnother` votes with another slip; `onForget` removes the receipt.
 */
export function showDone({ code, receipt, unfinished, onResume, onAnother, onForget }) {
  show(
    "done",
    [
      h("div", { class: "result" },
        h("span", { class: "result__sign result__sign_done", "aria-hidden": "true" }),
        h("h1", {}, _("投票成功")),
        h("p", {}, _("您的选票已投入票箱。本机不再保存您的选择。"))),
      receipt &&
        h(
          "section",
          { class: "receipt", "aria-labelledby": "receipt-title" },
          h("h2", { id: "receipt-title" }, _("您的回执码")),
          h("p", { class: "receipt__code" }, inFours(receipt)),
          h("p", { class: "hint" },
            _("主持人宣布结束后，凭它可以查到自己的每一项都计入了。本机已记住，也可以抄在纸上。")),
          h("p", { class: "hint" }, _("不要给别人看：知道回执码的人，会后能查到您的选择。")),
          h("a", { class: "weui-btn weui-btn_default", href: `/r/${code}` }, _("怎样查验")),
        ),
      h(
        "details",
        { class: "why" },
        h("summary", {}, _("几个人合用这部手机")),
        h("p", {}, _("一张票只能由本人投。没有手机的人可以借用这部手机，扫自己的票，自己来选。")),
        button(_("为另一张票投票"), "default", onAnother),
        receipt && h("p", {}, _("不想让后面的人看到您的回执码，请先抄下来，再从本机删去。")),
        receipt && button(_("删去本机的回执"), "default", onForget),
      ),
      whyLink(),
    ],
    unfinished ? [button(_("继续没有投完的那张票"), "primary", onResume)] : [],
    _("您的选票已计入。"),
  );
}
