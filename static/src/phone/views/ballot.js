/** The ballot itself: one card per subject, then the list to check. */

import { ABSTAIN } from "../../protocol/ballot.js";
import { ABSTAIN_LABEL } from "../cards.js";
import { button, dialog, h, show } from "../dom.js";

const BLANK_LABEL = "没有选（按弃权计）";
const SHORT_BLANK_LABEL = "没有选";

/**
 * One subject. `cells`: [{id, title, choices: [{value, label}]}]; `choices`: {cellId: value};
 * `at` of `count`; `onChoose(cellId, value)`; `onBack` null on the first card; `checking` where
 * the voter came from the list and goes back to it.
 */
export function showCard({ subject, cells, choices, at, count, checking, onChoose, onBack, onNext }) {
  const next = checking ? "返回核对" : at + 1 < count ? "下一步" : "去核对";
  show(
    "card",
    [
      progress(at, count),
      h("h1", { class: "card__subject" }, subject.name),
      cells.map((cell) => question(cell, choices[cell.id], cells.length > 1, onChoose)),
      h("p", { class: "hint" }, "不选的，按弃权计。选错了可以改。"),
    ],
    [
      onBack && button("上一步", "default", onBack),
      button(next, "primary", onNext),
    ],
  );
}

function progress(at, count) {
  return h(
    "div",
    { class: "progress" },
    h("p", { class: "progress__text" }, `第 ${at + 1} 个，共 ${count} 个`),
    h("progress", { class: "progress__bar", max: String(count), value: String(at + 1),
      "aria-hidden": "true" }),
  );
}

function question(cell, chosen, several, onChoose) {
  const titleId = `title-${cell.id}`;
  const all = cell.choices.concat([{ value: ABSTAIN, label: ABSTAIN_LABEL }]);
  const long = all.some(({ label }) => label.length > 3);
  const kind = `question${several ? " question_several" : ""}${long ? " question_long" : ""}`;
  return h(
    "div",
    { class: kind, role: "radiogroup", "aria-labelledby": titleId },
    h("h2", { class: "question__title", id: titleId }, cell.title),
    h(
      "div",
      { class: "question__choices" },
      all.map(({ value, label }) => {
        const input = h("input", {
          type: "radio",
          class: "choice__input",
          name: cell.id,
          value,
          autocomplete: "off",
          onchange: () => onChoose(cell.id, value),
        });
        input.checked = chosen === value;
        return h("label", { class: "choice" }, input,
          h("span", { class: "choice__sign", "aria-hidden": "true" }),
          h("span", { class: "choice__label" }, label));
      }),
    ),
  );
}

/**
 * The list of all choices. `rows`: [{name, marks: [{title, label | null}]}];
 * `onChange(index)` goes to a subject; `onSend` seals and sends, after one more question.
 */
export function showReview({ rows, onChange, onBack, onSend }) {
  const blanks = rows.reduce(
    (count, row) => count + row.marks.filter((mark) => mark.label === null).length, 0,
  );
  const blankText = blanks ? `有 ${blanks} 项没有选，按弃权计。` : "各项都已选好。";
  show(
    "review",
    [
      h("h1", {}, "请核对"),
      h("p", { class: blanks ? "notice" : "" }, blankText),
      h(
        "ul",
        { class: "rows" },
        rows.map((row, index) =>
          h(
            "li",
            { class: "row" },
            h("div", { class: "row__text" },
              h("h2", { class: "row__name" }, row.name),
              row.marks.map((mark) =>
                h("p", { class: "row__mark" },
                  row.marks.length > 1 && h("span", { class: "row__title" }, `${mark.title} `),
                  choiceOf(mark, row.marks.length > 1)))),
            button("修改", "default", () => onChange(index),
              { class: "weui-btn weui-btn_default row__change", "aria-label": `修改：${row.name}` }),
          ),
        ),
      ),
    ],
    [button("上一步", "default", onBack), button("提交选票", "primary", () => confirmSend())],
  );

  let close = null;
  const cancel = () => {
    if (close) close();
    close = null;
  };
  function confirmSend() {
    if (close) return;
    close = dialog(
      "确认提交吗？",
      `${blanks ? blankText : ""}提交以后不能修改。`,
      [
        button("再看看", "default", cancel),
        button("确认提交", "primary", () => {
          cancel();
          onSend();
        }),
      ],
      cancel,
    );
  }
  return cancel;
}

function choiceOf(mark, several) {
  if (mark.label !== null) return h("b", {}, mark.label);
  return h("b", { class: "row__blank" }, several ? SHORT_BLANK_LABEL : BLANK_LABEL);
}
