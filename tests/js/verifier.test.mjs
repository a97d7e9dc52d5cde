import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { digestOf, findings, printedDigest, recount } from "../../static/src/verifier/check.js";
import { choiceName, countedOff, misfits, readMeeting } from "../../static/src/verifier/names.js";
import { ownMarks, receiptBytes, trackerFor } from "../../static/src/verifier/own.js";
import { NotABox, readBox } from "../../static/src/verifier/read.js";

const here = (path) => new URL(path, import.meta.url);
const vectors = JSON.parse(readFileSync(here("../vectors/closed_meeting.json"), "utf8"));
const protocol = JSON.parse(readFileSync(here("../vectors/mingce1.json"), "utf8"));
const sound = vectors.box;
const encoded = (text) => new TextEncoder().encode(text);
const read = (document) => readBox(encoded(JSON.stringify(document)));
const copy = () => JSON.parse(JSON.stringify(sound));

/** The box in a file, or null where it is refused. */
function readOrNull(bytes) {
  try {
    return readBox(bytes);
  } catch (error) {
    if (error instanceof NotABox) return null;
    throw error;
  }
}

/** Whether a file is refused, or something is found in it. */
function caught(bytes, printed = null) {
  const box = readOrNull(bytes);
  return box === null || findings(box, printed).length > 0;
}

/** Every [container, key] of a document. */
function places(value) {
  if (value === null || typeof value !== "object") return [];
  return Object.keys(value).flatMap((key) => [[value, key], ...places(value[key])]);
}

/**
 * `change(document, index)` for index 0, 1, … until it returns false: each time on a fresh copy,
 * which must be caught as it is, and against the count sheet where the forger's digest fits.
 */
function everyChangeIsCaught(change) {
  let made = 0;
  for (let index = 0; ; index++) {
    const document = copy();
    if (change(document, index) === false) break;
    made += 1;
    const file = encoded(JSON.stringify(document));
    assert.ok(caught(file), `change ${index} was not caught`);
    const box = readOrNull(file);
    const rewritten = box && JSON.stringify({ ...document, digest: digestOf(box) });
    if (rewritten && rewritten !== JSON.stringify(sound)) {
      assert.ok(caught(encoded(rewritten), sound.digest), `change ${index} was not caught on paper`);
    }
  }
  assert.ok(made > 0);
  return made;
}

test("the box that the server closed is sound, and its digest is the server's", () => {
  const box = read(sound);
  assert.deepEqual(findings(box, null), []);
  assert.deepEqual(findings(box, sound.digest), []);
  assert.equal(digestOf(box), sound.digest);
});

test("another digest on the count sheet is a finding", () => {
  assert.deepEqual(findings(read(sound), "0".repeat(64)).map(String), [
    "票箱摘要与计票单上的不一致：这不是当时封存的票箱。",
  ]);
});

test("any one value changed, to any other kind, is caught", () => {
  const all = places(copy()).length;
  const others = [0, 1, -1, 1.5, "", "x", "abstain", "*", null, true, [], {}];
  const made = everyChangeIsCaught((document, index) => {
    if (index >= all * others.length) return false;
    const [container, key] = places(document)[Math.floor(index / others.length)];
    const other = others[index % others.length];
    // A value that stands there already is no change: one that no box holds is put instead.
    container[key] = JSON.stringify(container[key]) === JSON.stringify(other) ? 1e9 : other;
    return true;
  });
  assert.equal(made, all * others.length);
});

test("any member or entry taken out is caught", () => {
  everyChangeIsCaught((document, index) => {
    const place = places(document)[index];
    if (!place) return false;
    const [container, key] = place;
    if (Array.isArray(container)) container.splice(Number(key), 1);
    else delete container[key];
    return true;
  });
});

test("any entry put in twice, and any two neighbours exchanged, are caught", () => {
  for (const change of [
    (list, at) => list.splice(at, 0, JSON.parse(JSON.stringify(list[at]))),
    (list, at) => list.splice(at, 2, list[at + 1], list[at]),
  ]) {
    everyChangeIsCaught((document, index) => {
      const entries = places(document).filter(([container, key]) =>
        Array.isArray(container) && typeof container[0] === "object" && container[Number(key) + 1]);
      if (!entries[index]) return false;
      change(entries[index][0], Number(entries[index][1]));
      return true;
    });
  }
});

test("any two choices exchanged between voters are caught", () => {
  everyChangeIsCaught((document, index) => {
    const marks = document.lists.flatMap((list) => list.marks);
    if (index >= marks.length - 1) return false;
    const other = marks.slice(index + 1).find((mark) => mark[1] !== marks[index][1]);
    if (other) [marks[index][1], other[1]] = [other[1], marks[index][1]];
    else document.lists[0].marks[0][1] = "option9";
    return true;
  });
});

test("an unknown member anywhere is refused", () => {
  everyChangeIsCaught((document, index) => {
    const objects = [document, ...places(document).map(([container, key]) => container[key])].filter(
      (value) => value !== null && typeof value === "object" && !Array.isArray(value),
    );
    if (!objects[index]) return false;
    objects[index].note = 1;
    return true;
  });
});

test("any byte changed is caught, or changes nothing of what the file says", () => {
  const whole = encoded(JSON.stringify(sound));
  const meaning = JSON.stringify(sound);
  for (let at = 0; at < whole.length; at++) {
    for (const byte of [whole[at] ^ 1, whole[at] ^ 0x20, 0x22, 0x30, 0x20, 0x80]) {
      const file = whole.slice();
      file[at] = byte;
      if (!caught(file)) {
        assert.equal(JSON.stringify(JSON.parse(new TextDecoder().decode(file))), meaning, `byte ${at}`);
      }
    }
  }
});

test("a file that is cut short anywhere is refused", () => {
  const whole = encoded(JSON.stringify(sound));
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => readBox(whole.subarray(0, length)), NotABox);
  }
});

test("a name that stands twice is refused, and so is a number that would be rounded", () => {
  const text = JSON.stringify(sound);
  for (const wrong of [
    `${text.slice(0, -1)},"digest":"${sound.digest}"}`,
    text.replace('"issued":12', '"issued":9007199254740993'),
    text.replace('"issued":12', '"issued":12.0'),
    text.replace('"issued":12', '"issued":1.2e1'),
    text.replace('"issued":12', '"issued":012'),
  ]) {
    assert.notEqual(wrong, text);
    assert.throws(() => readBox(encoded(wrong)), NotABox);
  }
});

test("spaces and escapes that say the same are read as the same", () => {
  const spaced = JSON.stringify(sound, null, 2).replace(/"option1"/g, '"\\u006fption1"');
  assert.deepEqual(findings(readBox(encoded(spaced)), sound.digest), []);
});

test("the recount is that of the lists, all together and by group", () => {
  const box = read(sound);
  const all = recount(box).get("s01.q1");
  const groups = ["g1", "g2"].map((group) => recount(box, group).get("s01.q1"));
  const sum = (numbers) => Array.from(numbers.values()).reduce((a, b) => a + b, 0);
  assert.equal(sum(all), 20);
  assert.equal(sum(groups[0]) + sum(groups[1]), 20);
  assert.equal(Array.from(recount(box).get("s02.q1").keys()).pop(), "abstain");
});

test("a receipt finds its marks, however its code is typed", () => {
  for (const { receipt, choices } of vectors.receipts) {
    const typings = [receipt, receipt.toLowerCase(), receipt.replace(/.{4}/g, "$& "),
      receipt.replace(/0/g, "O").replace(/1/g, "l")];
    for (const typed of typings) {
      assert.deepEqual(Object.fromEntries(ownMarks(read(sound), receiptBytes(typed))), choices);
    }
  }
  assert.equal(ownMarks(read(sound), receiptBytes("0".repeat(16))).size, 0);
  for (const wrong of ["", "0".repeat(15), "U".repeat(16)]) assert.equal(receiptBytes(wrong), null);
});

test("trackers are those of the protocol's vectors", () => {
  const secret = receiptBytes(protocol.ballot.receipt);
  for (const [cell, tracker] of Object.entries(protocol.ballot.trackers)) {
    assert.equal(trackerFor(secret, cell), tracker);
  }
});

test("a digest is taken as people copy it", () => {
  const spaced = sound.digest.toUpperCase().replace(/.{4}/g, "$& ");
  assert.equal(printedDigest(spaced), sound.digest);
  assert.equal(printedDigest(sound.digest.slice(1)), null);
});

test("names come from the meeting's description, and only where it fits the box", () => {
  const meeting = readMeeting(JSON.stringify(vectors.meeting));
  assert.equal(String(choiceName(meeting.cells[0], "option1")), "先进");
  assert.equal(String(choiceName(meeting.cells[0], "abstain")), "弃权");
  assert.deepEqual(misfits(read(sound), meeting), []);
  assert.equal(misfits(read(sound), { ...meeting, code: "AAAAAA" }).length, 1);
  assert.equal(misfits(read(sound), { ...meeting, cells: meeting.cells.slice(1) }).length, 1);
  assert.equal(misfits(read({ ...sound, lists: sound.lists.slice(1) }), meeting).length, 0);
  assert.equal(
    misfits(read({ ...sound, lists: sound.lists.filter(({ cell }) => cell !== "s01.q1") }), meeting)
      .length,
    1,
  );
  for (const text of ["", "{}", "[]", "null", JSON.stringify(sound)]) {
    assert.equal(readMeeting(text), null);
  }
});

test("a box without a description is counted off", () => {
  const meeting = countedOff(read(sound));
  assert.equal(String(meeting.subjects[1].name), "第 2 个测评对象");
  assert.equal(String(choiceName(meeting.cells[0], "option3")), "第 3 个选项");
});

test("what judges a box shares no code with the voters' pages but the words of its sentences", () => {
  const folder = here("../../static/src/verifier/");
  const judging = ["read.js", "check.js", "own.js", "names.js"];
  for (const file of judging) {
    const imports = readFileSync(new URL(file, folder), "utf8").match(/from "[^"]+"/g) || [];
    for (const one of imports) assert.match(one, /^from "(@noble\/hashes\/|\.\.\/words\/words\.js")/);
  }
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".js"))) {
    assert.doesNotMatch(readFileSync(new URL(file, folder), "utf8"), /protocol\/(box|ballot|canonical)/);
  }
});
