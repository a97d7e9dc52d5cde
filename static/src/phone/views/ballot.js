/** The ballot itself: one card per subject, then the list to check. */

import { ABSTAIN } from "../../protocol/ballot.js";
import { OWN, _, _n, own } from "../../words/words.js";
import { ABSTAIN_LABEL } from "../cards.js";
import { button, dialog, h, show } from "../dom.js";

const BLANK_LABEL = _("没有选（按弃权计）");
const SHORT_BLANK_LABEL = _("没有选");

/**
 * One subject. `cells`: [{id, title, choices: [{value, label}]}]; `choices`: {cellId: value};
 * `at` of `count`; `onChoose(cellId, value)`; `onBack` null on the first card; `checking` where
 * the voter came from the list and goes back to it.
 */
export function showCard({ subject, cells, choices, at, count, checking, onChoose, onBack, onNext }) {
  const next = checking ? _("返回核对") : at + 1 < count ? _("下一步") : _("去核对");
  const place = _("第 %(at)s 个，共 %(count)s 个", { at: at + 1, count });
  show(
    "card",
    [
      progress(place, at, count),
      h("h1", Object.assign({ class: "card__subject" }, OWN), subject.name),
      cells.map((cell) => question(cell, choices[cell.id], cells.length > 1, onChoose)),
      h("p", { class: "hint" }, _("不选的，按弃权计。选错了可以改。")),
    ],
    [
      onBack && button(_("上一步"), "default", onBack),
      button(next, "primary", onNext),
    ],
    place,
  );
}

function progress(place, at, count) {
  return h(
    "div",
    { class: "progress" },
    h("p", { class: "progress__text" }, place),
    h("progress", { class: "progress__bar", max: String(count), value: String(at + 1),
      "aria-hidden": "true" }),
  );
}

function question(cell, chosen, several, onChoose) {
  const titleId = `title-${cell.id}`;
  const long = cell.choices.some(({ label }) => label.length > 3);
  const all = cell.choices.map(({ value, label }) => ({ value, label: own(label) }))
    .concat([{ value: ABSTAIN, label: ABSTAIN_LABEL }]);
  const kind = `question${several ? " question_several" : ""}${long ? " question_long" : ""}`;
  return h(
    "div",
    { class: kind, role: "radiogroup", "aria-labelledby": titleId },
    h("h2", Object.assign({ class: "question__title", id: titleId }, OWN), cell.title),
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
  const blankText = blanks
    ? _n("有 %(count)s 项没有选，按弃权计。", blanks)
    : _("各项都已选好。");
  show(
    "review",
    [
      h("h1", {}, _("请核对")),
      h("p", { class: blanks ? "notice" : "" }, blankText),
      h(
        "ul",
        { class: "rows" },
        rows.map((row, index) =>
          h(
            "li",
            { class: "row" },
            h("div", { class: "row__text" },
              h("h2", Object.assign({ class: "row__name" }, OWN), row.name),
              row.marks.map((mark) =>
                h("p", { class: "row__mark" },
                  row.marks.length > 1 && h("span", Object.assign({ class: "row__title" }, OWN), `${mark.title} `),
                  choiceOf(mark, row.marks.length > 1)))),
            button(_("修改"), "default", () => onChange(index), {
              class: "weui-btn weui-btn_default row__change",
              "aria-label": _("修改：%(name)s", { name: row.name }),
            }),
          ),
        ),
      ),
    ],
    [button(_("上一步"), "default", onBack), button(_("提交选票"), "primary", () => confirmSend())],
  );

  let close = null;
  const cancel = () => {
    if (close) close();
    close = null;
  };
  function confirmSend() {
    if (close) return;
    close = dialog(
      _("确认提交吗？"),
      blanks
        ? _n("有 %(count)s 项没有选，按弃权计。提交以后不能修改。", blanks)
        : _("提交以后不能修改。"),
      [
        button(_("再看看"), "default", cancel),
        button(_("确认提交"), "primary", () => {
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
