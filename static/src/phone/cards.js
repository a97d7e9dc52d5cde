/** A meeting's form as cards (one per subject) and as the rows of the list to check. */

import { ABSTAIN } from "../protocol/ballot.js";
import { _, own } from "../words/words.js";

export const ABSTAIN_LABEL = _("弃权");

/** [{subject, cells: [{id, title, choices}]}], subjects without cells left out. */
export function cardsOf(meeting) {
  const titles = {};
  for (const question of meeting.questions) titles[question.id] = question.title;
  return meeting.subjects
    .map((subject) => ({
      subject,
      cells: meeting.cells
        .filter((cell) => cell.subject === subject.id)
        .map((cell) => ({ id: cell.id, title: titles[cell.question], choices: cell.choices })),
    }))
    .filter((card) => card.cells.length);
}

/** [{name, marks: [{title, label}]}] for `choices` {cellId: value}; a blank's label is null, and every other
 * one words of the document or of this page. */
export function rowsOf(cards, choices) {
  return cards.map(({ subject, cells }) => ({
    name: subject.name,
    marks: cells.map((cell) => ({ title: cell.title, label: labelOf(cell, choices[cell.id]) })),
  }));
}

function labelOf(cell, value) {
  if (!value) return null;
  if (value === ABSTAIN) return ABSTAIN_LABEL;
  const choice = cell.choices.find((one) => one.value === value);
  return choice ? own(choice.label) : null;
}
