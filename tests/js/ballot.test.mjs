import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { ballotText, sealBallot, trackerOf } from "../../static/src/protocol/ballot.js";
import { boxDigest, ownMarks } from "../../static/src/protocol/box.js";
import { fromBase64url, toBase64url } from "../../static/src/protocol/bytes.js";
import { canonicalJson } from "../../static/src/protocol/canonical.js";

const vectors = JSON.parse(
  readFileSync(new URL("../vectors/mingce1.json", import.meta.url), "utf8"),
);
const { ballot } = vectors;
const secret = fromBase64url(ballot.secret);
const cellIds = Object.keys(ballot.choices);

test("trackers are those of the server's fixture", () => {
  for (const id of cellIds) assert.equal(trackerOf(secret, id), ballot.trackers[id]);
});

test("the ballot's text is Python's canonical JSON, in the order of cells", () => {
  assert.equal(ballotText(cellIds.slice().reverse(), ballot.choices, secret), ballot.text);
});

test("the sealed ballot is the fixture's, byte for byte", () => {
  const sealed = sealBallot(ballot.text, {
    output: fromBase64url(ballot.output),
    iv: fromBase64url(ballot.iv),
    meeting: vectors.meeting,
    group: ballot.group,
  });
  assert.equal(toBase64url(sealed), ballot.sealed);
});

test("every ballot of a form has one length, whatever is chosen or left blank", () => {
  const lengths = [{}, ballot.choices, { "s01.q1": "option3", "s02.q2": "option9" }].map(
    (choices) => ballotText(cellIds, choices, secret).length,
  );
  assert.equal(new Set(lengths).size, 1);
});

test("canonical JSON is Python's, with sorted keys and unescaped characters", () => {
  assert.equal(canonicalJson(vectors.canonical.value), vectors.canonical.text);
});

const box = {
  protocol: "mingce/1",
  meeting: vectors.meeting,
  counts: { g2: { issued: 2, redeemed: 2, cast: 2, voided: 0, unused: 0 } },
  lists: cellIds.map((cell) => ({
    group: "*",
    cell,
    marks: [
      ["AAAAAAAAAAAAAA", "option1"],
      [ballot.trackers[cell], ballot.choices[cell] || "abstain"],
    ],
  })),
};

test("the voter's own marks are found in the box, in whichever group's list they stand", () => {
  assert.deepEqual(ownMarks(box, cellIds, secret), {
    "s01.q1": "option1", "s01.q2": "option4", "s02.q1": "abstain",
    "s02.q2": "option2", "s10.q1": "option9", "s10.q2": "abstain",
  });
  assert.deepEqual(ownMarks(box, cellIds, new Uint8Array(10)), {});
});

test("a mark that was taken from the box is reported by its absence", () => {
  const tampered = JSON.parse(JSON.stringify(box));
  tampered.lists[1].marks.pop();
  assert.ok(!("s01.q2" in ownMarks(tampered, cellIds, secret)));
});

test("the box's digest covers its four members and nothing else", () => {
  const digest = boxDigest(box);
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.equal(boxDigest({ digest: "x", ...box }), digest);
  const tampered = JSON.parse(JSON.stringify(box));
  tampered.lists[0].marks[0][1] = "option2";
  assert.notEqual(boxDigest(tampered), digest);
});
