/**
 * What is wrong with a box, in the sentences of `flask box verify`, and its recount: a second
 * implementation of both, made from the description in docs/api.md.
 *
 * A box is what `readBox` in read.js gives.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { _, listed } from "../words/words.js";

export const ABSTAIN = "abstain";
/** The group under which marks stand whose own group may not be shown alone. */
export const TOGETHER = "*";
/** No meeting shows a group of fewer ballots on its own. */
const ALONE_LEAST = 3;
const PROTOCOL = "mingce/1";
const TRACKER = /^[A-Za-z0-9_-]{13}[AQgw]$/;
const CHOICE = /^(?:option[1-9]|abstain)$/;

// The digest

/** SHA-256 in hexadecimal over the canonical JSON of a box without its digest. */
export function digestOf(box) {
  const hash = sha256.create();
  const write = (text) => hash.update(new TextEncoder().encode(text));
  write('{"counts":{');
  Array.from(box.counts.keys()).sort(compareTexts).forEach((group, index) => {
    const { cast, issued, redeemed, unused, voided } = box.counts.get(group);
    write(
      `${index ? "," : ""}${JSON.stringify(group)}:{"cast":${cast},"issued":${issued},` +
        `"redeemed":${redeemed},"unused":${unused},"voided":${voided}}`,
    );
  });
  write('},"lists":[');
  box.lists.forEach(({ group, cell, marks }, index) => {
    const pairs = marks.map(([tracker, choice]) =>
      `[${JSON.stringify(tracker)},${JSON.stringify(choice)}]`);
    write(
      `${index ? "," : ""}{"cell":${JSON.stringify(cell)},"group":${JSON.stringify(group)},` +
        `"marks":[${pairs.join(",")}]}`,
    );
  });
  write(
    `],"meeting":${JSON.stringify(box.meeting)},"protocol":${JSON.stringify(box.protocol)}}`,
  );
  return Array.from(hash.digest(), (byte) => `0${byte.toString(16)}`.slice(-2)).join("");
}

/** The digest in a text as people copy it from paper: 64 hexadecimal digits, or null. */
export function printedDigest(text) {
  const digits = text.normalize("NFKC").replace(/[\s\-‐-―−·.]/g, "").toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? digits : null;
}

// The findings

/**
 * Sentences on what is wrong; none where the box stands as it was closed. `printed`: the digest on
 * the count sheet (64 digits), or null; without it, a forger who also rewrote the digest inside
 * the file goes unnoticed.
 */
export function findings(box, printed) {
  const found = [
    ...headFindings(box), ...countFindings(box), ...placeFindings(box), ...groupFindings(box),
    ...[].concat(...box.lists.map((list) => listFindings(list, ballotsOf(box, list.group)))),
    ...repeatFindings(box),
  ];
  const expected = digestOf(box);
  if (box.digest !== expected) {
    found.push(_(
      "票箱摘要不符：文件写的是 %(written)s，按内容应为 %(expected)s。内容或摘要被改动过。",
      { written: box.digest, expected },
    ));
  }
  if (printed && printed !== box.digest) {
    found.push(_("票箱摘要与计票单上的不一致：这不是当时封存的票箱。"));
  }
  return found;
}

function headFindings({ protocol, meeting, counts }) {
  return [
    protocol !== PROTOCOL &&
      _("协议应为 %(expected)s，文件写的是 '%(written)s'。", { expected: PROTOCOL, written: protocol }),
    meeting === "" && _("没有写明是哪个测评会。"),
    counts.size === 0 && _("没有写明任何类别的张数。"),
  ].filter(Boolean);
}

function countFindings({ counts }) {
  const found = [];
  for (const [group, { issued, redeemed, cast, voided, unused }] of counts) {
    if (group === TOGETHER) found.push(_("类别不能叫 %(group)s。", { group }));
    if (Math.min(issued, redeemed, cast, voided, unused) < 0) {
      found.push(_("类别 %(group)s 的张数出现负数。", { group }));
    }
    if (issued !== redeemed + voided + unused) {
      found.push(_("类别 %(group)s 的张数对不上：发出 %(issued)s ≠ 已用+作废+未用。", { group, issued }));
    }
    if (cast > redeemed) found.push(_("类别 %(group)s 投出的选票多于使用的测评票。", { group }));
  }
  return found;
}

/** Every list in its place, once, and none missing. */
function placeFindings({ counts, lists }) {
  const found = [];
  const inOrder = lists.every((list, index) => index === 0 || before(lists[index - 1], list));
  if (!inOrder) found.push(_("票格清单的次序不对或有重复。"));
  const cellsOf = new Map();
  for (const { group, cell } of lists) {
    if (!cellsOf.has(group)) cellsOf.set(group, new Set());
    cellsOf.get(group).add(cell);
  }
  const groups = Array.from(cellsOf.keys()).sort(compareTexts);
  const unknown = groups.filter((group) => group !== TOGETHER && !counts.has(group));
  if (unknown.length) {
    found.push(_("清单中出现了没有登记的类别：%(groups)s。", { groups: listed(unknown) }));
  };
  const cells = Array.from(new Set(lists.map(({ cell }) => cell))).sort(compareTexts);
  for (const group of groups) {
    const missing = cells.filter((cell) => !cellsOf.get(group).has(cell));
    if (missing.length) {
      found.push(_("类别 %(group)s 缺少票格：%(cells)s。", { group, cells: listed(missing) }));
    };
  }
  return found;
}

/** Whose marks stand alone, and whose together. */
function groupFindings(box) {
  const found = [];
  const alone = new Set(box.lists.map(({ group }) => group));
  const together = alone.has(TOGETHER);
  for (const [group, { cast }] of box.counts) {
    if (cast > 0 && !together && !alone.has(group)) {
      found.push(_("类别 %(group)s 投出了 %(count)s 张选票，但清单中没有。", { group, count: cast }));
    }
    if (group !== TOGETHER && alone.has(group) && cast < ALONE_LEAST) {
      found.push(_("类别 %(group)s 只有 %(count)s 张选票，不应单独列出。", { group, count: cast }));
    }
  }
  if (!together) return found;
  const ballots = ballotsOf(box, TOGETHER);
  if (ballots <= 0) found.push(_("没有需要合并的类别，却有合并统计的清单。"));
  else if (alone.size > 1 && ballots < ALONE_LEAST) {
    found.push(_("合并统计的各类别只有 %(count)s 张选票，不应与别的类别分开列出。", { count: ballots }));
  }
  return found;
}

function listFindings({ group, cell, marks }, ballots) {
  const place = _("票格 %(cell)s（类别 %(group)s）", { cell, group });
  const found = [];
  if (marks.length !== ballots) {
    found.push(_("%(place)s有 %(count)s 条记录，应为 %(expected)s 条：有增删。",
      { place, count: marks.length, expected: ballots }));
  }
  if (marks.some((mark, index) => index > 0 && compareMarks(marks[index - 1], mark) > 0)) {
    found.push(_("%(place)s的次序不对：有替换或移动。", { place }));
  }
  const trackers = marks.map(([tracker]) => tracker);
  const repeated = firstRepeated(trackers);
  if (repeated !== null) found.push(_("%(place)s的查验号 %(tracker)s 出现了不止一次。", { place, tracker: repeated }));
  for (const [tracker, choice] of marks) {
    if (!TRACKER.test(tracker)) found.push(_("%(place)s的查验号 '%(tracker)s' 不成形。", { place, tracker }));
    if (choice === "") found.push(_("%(place)s有一条记录没有选项。", { place }));
    else if (!CHOICE.test(choice)) found.push(_("%(place)s的选项 '%(choice)s' 不成形。", { place, choice }));
  }
  return found;
}

/** A tracker is drawn for one ballot, and a ballot stands in one group. */
function repeatFindings({ lists }) {
  const holder = new Map();
  const found = new Map();
  for (const { group, cell, marks } of lists) {
    if (!holder.has(cell)) holder.set(cell, new Map());
    const groups = holder.get(cell);
    for (const [tracker] of marks) {
      if (!groups.has(tracker)) groups.set(tracker, group);
      else if (groups.get(tracker) !== group && !found.has(cell)) {
        found.set(cell, _("票格 %(cell)s 的查验号 %(tracker)s 在不止一个类别中出现。", { cell, tracker }));
      }
    }
  }
  return Array.from(found.values());
}

/** How many marks each list of `group` must hold. */
function ballotsOf({ counts, lists }, group) {
  if (group !== TOGETHER) return counts.has(group) ? counts.get(group).cast : 0;
  const alone = new Set(lists.map((list) => list.group));
  let sum = 0;
  for (const [name, { cast }] of counts) if (!alone.has(name)) sum += cast;
  return sum;
}

function firstRepeated(texts) {
  const times = new Map();
  for (const text of texts) times.set(text, (times.get(text) || 0) + 1);
  for (const [text, number] of times) if (number > 1) return text;
  return null;
}

function before(one, other) {
  return (compareTexts(one.group, other.group) || compareTexts(one.cell, other.cell)) < 0;
}

function compareMarks(one, other) {
  return compareTexts(one[0], other[0]) || compareTexts(one[1], other[1]);
}

/** By code points, as Python sorts; JavaScript's own `<` goes by halves of surrogate pairs. */
function compareTexts(one, other) {
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i++) {
    let a = one.charCodeAt(i);
    let b = other.charCodeAt(i);
    if (a !== b) {
      // Surrogates stand for what comes after every single unit.
      if (a >= 0xd800 && a <= 0xdfff) a += 0x10000;
      if (b >= 0xd800 && b <= 0xdfff) b += 0x10000;
      return a - b;
    }
  }
  return one.length - other.length;
}

// The recount

/** Number of ballots by the counts. */
export function ballots({ counts }) {
  return Array.from(counts.values()).reduce((sum, { cast }) => sum + cast, 0);
}

/**
 * Cell → choice → number as nested Maps, cells and choices in order, `abstain` last; of one
 * `group` of the lists, or of all.
 */
export function recount({ lists }, group) {
  const numbers = new Map();
  const cells = Array.from(new Set(lists.map(({ cell }) => cell))).sort(compareTexts);
  for (const cell of cells) {
    const choices = new Map();
    for (const list of lists) {
      if (list.cell !== cell || (group !== undefined && list.group !== group)) continue;
      for (const [, choice] of list.marks) choices.set(choice, (choices.get(choice) || 0) + 1);
    }
    const inOrder = Array.from(choices).sort(([a], [b]) =>
      (a === ABSTAIN) - (b === ABSTAIN) || compareTexts(a, b));
    numbers.set(cell, new Map(inOrder));
  }
  return numbers;
}
