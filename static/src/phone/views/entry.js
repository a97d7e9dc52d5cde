/** Typing a slip's two codes, for phones that cannot scan. */

import { inFours, tidy } from "../../protocol/crockford.js";
import { digestFromTyping, slipFromLink, tokenFromTyping } from "../../protocol/slip.js";
import { _, say } from "../../words/words.js";
import { announce, button, h, show } from "../dom.js";

const LINK_CHARACTERS_MOST = 250;

/**
 * `notice`: a sentence on why one must type, or null. `onSlip({token, digest})` gets what was
 * typed once both codes can be codes; `onBack` (or null) leaves. `title`, `lead`: what stands above
 * the fields instead of the usual words, `foot`: below. `onLink(slip)`: the first field understands
 * a reader that types what a QR code holds.
 */
export function showEntry({ notice, onSlip, onBack, title, lead, foot, onLink }) {
  const token = field("token", _("票码"), _("16 位，印在二维码旁边"), 16, onLink && LINK_CHARACTERS_MOST);
  const check = field("check", _("校验码"), _("8 位，印在票码下面"), 8);

  const submit = () => {
    const link = onLink && slipFromLink(token.value());
    if (link) return onLink(link);
    const slip = { token: tokenFromTyping(token.value()), digest: digestFromTyping(check.value()) };
    token.complain(slip.token ? "" : _("票码应是 16 位字母和数字，请对照纸上再看一遍"));
    check.complain(slip.digest ? "" : _("校验码应是 8 位字母和数字，请对照纸上再看一遍"));
    if (slip.token && slip.digest) return onSlip(slip);
    (slip.token ? check : token).focus();
    announce(_("还没有填对，请看红字"));
    return undefined;
  };

  show(
    "entry",
    [
      h("h1", {}, title || _("输入测评票")),
      notice && h("p", { class: "notice" }, notice),
      lead || h("p", {}, _("请用微信“扫一扫”扫描测评票上的二维码。扫不了的，在这里输入票上的两个码。")),
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
        token.element,
        check.element,
        // Lets the keyboard's own “go” key submit.
        h("button", { type: "submit", class: "out-of-sight", tabindex: "-1", "aria-hidden": "true" },
          _("提交")),
      ),
      foot,
    ],
    [
      onBack && button(_("返回"), "default", onBack),
      button(_("下一步"), "primary", submit),
    ],
  );
}

/** A labelled text field for a code of `length` characters, shown in fours; `most`: that it takes. */
export function field(name, label, hint, length, most) {
  const input = h("input", {
    id: name,
    class: "entry__input",
    type: "text",
    inputmode: "text",
    autocomplete: "off",
    autocapitalize: "characters",
    autocorrect: "off",
    spellcheck: "false",
    maxlength: String(most || length * 2),
    "aria-describedby": `${name}-hint ${name}-wrong`,
  });
  const wrong = h("p", { class: "entry__wrong", id: `${name}-wrong`, role: "alert" });
  input.addEventListener("blur", () => {
    if (tidy(input.value).length === length) input.value = inFours(tidy(input.value));
  });
  return {
    element: h(
      "div",
      { class: "entry__field" },
      h("label", { for: name, class: "entry__label" }, label),
      h("p", { class: "hint", id: `${name}-hint` }, hint),
      input,
      wrong,
    ),
    value: () => input.value,
    focus: () => input.focus(),
    complain: (words) => {
      say(wrong, words);
      input.setAttribute("aria-invalid", words ? "true" : "false");
    },
  };
}
