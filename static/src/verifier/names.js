/**
 * The words for what a box names only by its ids. They come from the meeting's own description
 * (a second file); a box alone can only be counted off: 第 1 个测评对象，第 1 个选项.
 */

import { _, listed, own } from "../words/words.js";

const ABSTAIN = "abstain";

/**
 * The meeting's description in a text, as `GET /api/v1/meetings/CODE` gives it, or null where the
 * text is something else.
 */
export function readMeeting(text) {
  try {
    const { code, title, subjects, questions, cells, groups } = JSON.parse(text);
    const whole =
      typeof code === "string" && typeof title === "string" &&
      subjects.every(({ id, name }) => typeof id + typeof name === "stringstring") &&
      questions.every((question) => typeof question.id + typeof question.title === "stringstring") &&
      groups.every((group) => typeof group.code + typeof group.name === "stringstring") &&
      cells.every(({ id, subject, question, choices }) =>
        typeof id + typeof subject + typeof question === "stringstringstring" &&
        choices.every(({ value, label }) => typeof value + typeof label === "stringstring"));
    return whole ? { code, title, subjects, questions, cells, groups } : null;
  } catch (error) {
    return null;
  }
}

/** A description that stands in where there is none: every id counted off. */
export function countedOff(box) {
  const ids = Array.from(new Set(box.lists.map(({ cell }) => cell))).sort();
  const parts = ids.map((id) => {
    const [, subject, question] = /^(s\d+)\.(.+)$/.exec(id) || [null, id, ""];
    return { id, subject, question };
  });
  const choices = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => ({
    value: `option${number}`, label: _("第 %(number)s 个选项", { number }),
  }));
  return {
    code: box.meeting,
    title: _("测评会 %(code)s", { code: box.meeting }),
    subjects: once(parts.map(({ subject }) => subject)).map((id) => ({
      id,
      name: /^s\d+$/.test(id) ? _("第 %(number)s 个测评对象", { number: Number(id.slice(1)) }) : id,
    })),
    questions: once(parts.map(({ question }) => question)).map((id) => ({
      id, title: /^q\d+$/.test(id) ? _("第 %(number)s 题", { number: Number(id.slice(1)) }) : id,
    })),
    groups: Array.from(box.counts.keys(), (code) => ({ code, name: _("类别 %(code)s", { code }) })),
    cells: parts.map((part) => Object.assign({ choices }, part)),
    /** Which choices a cell offers, a box does not say. */
    counted: true,
  };
}

/** What a choice is called in a cell of a description. */
export function choiceName(cell, value) {
  if (value === ABSTAIN) return _("弃权");
  const choice = cell.choices.find((one) => one.value === value);
  return choice ? own(choice.label) : value;
}

/**
 * What does not fit between a box and a description, in sentences. Names are not covered by the
 * box's digest: a description that does not fit is not used.
 */
export function misfits(box, meeting) {
  if (meeting.code !== box.meeting) {
    return [_("会议信息文件是测评会 %(code)s 的，票箱是测评会 %(meeting)s 的。",
      { code: meeting.code, meeting: box.meeting })];
  }
  const lawful = new Map(meeting.cells.map((cell) => [cell.id, cell.choices.map((c) => c.value)]));
  const found = [];
  const standing = new Set(box.lists.map(({ cell }) => cell));
  const missing = Array.from(lawful.keys()).filter((cell) => !standing.has(cell));
  if (standing.size && missing.length) found.push(_("票箱缺少票格：%(cells)s。", { cells: listed(missing) }));
  for (const { cell, marks } of box.lists) {
    if (!lawful.has(cell)) found.push(_("票箱里的票格 %(cell)s 不在这次测评会的选票上。", { cell }));
    else if (marks.some(([, c]) => c !== ABSTAIN && !lawful.get(cell).includes(c))) {
      found.push(_("票格 %(cell)s 有选票上没有的选项。", { cell }));
    }
  }
  for (const group of box.counts.keys()) {
    if (!meeting.groups.some(({ code }) => code === group)) {
      found.push(_("票箱里的类别 %(group)s 不在这次测评会里。", { group }));
    }
  }
  return once(found);
}

/** Without what says the same again. */
function once(values) {
  return Array.from(new Map(values.map((value) => [String(value), value])).values());
}
