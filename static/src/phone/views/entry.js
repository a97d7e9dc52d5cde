/** Typing a slip's two codes, for phones that cannot scan. */

import { inFours, tidy } from "../../protocol/crockford.js";
import { digestFromTyping, tokenFromTyping } from "../../protocol/slip.js";
import { announce, button, h, show } from "../dom.js";

/**
 * `notice`: a sentence on why one must type, or null. `onSlip({token, digest})` gets what was
 * typed once both codes can be codes; `onBack` (or null) leaves.
 */
export function showEntry({ notice, onSlip, onBack }) {
  const token = field("token", "票码", "16 位，印在二维码旁边", 16);
  const check = field("check", "校验码", "8 位，印在票码下面", 8);

  const submit = () => {
    const slip = { token: tokenFromTyping(token.value()), digest: digestFromTyping(check.value()) };
    token.complain(slip.token ? "" : "票码应是 16 位字母和数字，请对照纸上再看一遍");
    check.complain(slip.digest ? "" : "校验码应是 8 位字母和数字，请对照纸上再看一遍");
    if (slip.token && slip.digest) return onSlip(slip);
    (slip.token ? check : token).focus();
    announce("还没有填对，请看红字");
    return undefined;
  };

  show(
    "entry",
    [
      h("h1", {}, "输入测评票"),
      notice && h("p", { class: "notice" }, notice),
      h("p", {}, "请用微信“扫一扫”扫描测评票上的二维码。扫不了的，在这里输入票上的两个码。"),
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
          "提交"),
      ),
    ],
    [
      onBack && button("返回", "default", onBack),
      button("下一步", "primary", submit),
    ],
  );
}

/** A labelled text field for a code of `length` characters, shown in fours. */
export function field(name, label, hint, length) {
  const input = h("input", {
    id: name,
    class: "entry__input",
    type: "text",
    inputmode: "text",
    autocomplete: "off",
    autocapitalize: "characters",
    autocorrect: "off",
    spellcheck: "false",
    maxlength: String(length * 2),
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
    complain: (text) => {
      wrong.textContent = text;
      input.setAttribute("aria-invalid", text ? "true" : "false");
    },
  };
}
