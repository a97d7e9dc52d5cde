import assert from "node:assert/strict";
import test from "node:test";
import * as slips from "../../static/src/phone/slips.js";
import { slipId } from "../../static/src/phone/storage.js";

const digest = new Uint8Array(16);
const [ONE, TWO] = ["0000000000000001", "0000000000000002"];
const emptyBook = () => ({ current: null, offered: null, tab: null, slips: {}, receipts: [] });

/** A book with one scanned slip, brought to `stage` with these members. */
function bookAt(stage, members) {
  const book = emptyBook();
  slips.enterSlip(book, { token: ONE, digest }, false);
  Object.assign(book.slips[slipId(ONE)], { stage }, members);
  return book;
}

test("the first slip becomes the current one", () => {
  const book = bookAt("new");
  assert.equal(book.current, slipId(ONE));
  assert.equal(slips.currentSlip(book).token, ONE);
});

test("an untouched slip gives way to the next one without a question", () => {
  const book = bookAt("new");
  slips.enterSlip(book, { token: TWO, digest }, false);
  assert.deepEqual(Object.keys(book.slips), [slipId(TWO)]);
  assert.equal(book.offered, null);
});

for (const stage of ["asked", "ready", "sealed"]) {
  test(`a slip that is ${stage} keeps its place until the voter decides`, () => {
    const book = bookAt(stage, { choices: { "s01.q1": "option1" }, at: 1 });
    slips.enterSlip(book, { token: TWO, digest }, false);
    assert.equal(book.current, slipId(ONE));
    assert.equal(book.offered, slipId(TWO));

    const kept = JSON.parse(JSON.stringify(book));
    slips.keepSlip(kept);
    assert.equal(kept.current, slipId(ONE));
    assert.deepEqual(Object.keys(kept.slips), [slipId(ONE)]);

    slips.switchSlip(book);
    assert.equal(book.current, slipId(TWO));
    assert.equal(slips.waitingSlip(book), slipId(ONE));
    if (stage === "ready") assert.deepEqual(book.slips[slipId(ONE)].choices, {});
  });
}

test("a slip that waits is taken up again when it is scanned", () => {
  const book = bookAt("ready", { choices: {}, at: 0, nonce: "n" });
  slips.enterSlip(book, { token: TWO, digest }, false);
  slips.switchSlip(book);
  slips.enterSlip(book, { token: ONE, digest }, false);
  assert.equal(book.current, slipId(ONE));
  assert.equal(slips.currentSlip(book).nonce, "n");
});

test("secrets are drawn once, however often the slip is prepared", () => {
  const slip = { stage: "new", token: ONE };
  slips.prepareSlip(slip);
  const { nonce, blinded } = slip;
  slips.prepareSlip(slip);
  assert.equal(slip.stage, "asked");
  assert.deepEqual([slip.nonce, slip.blinded], [nonce, blinded]);
});

test("a sealed slip holds nothing that shows or changes the choices", () => {
  const slip = {
    stage: "ready", token: ONE, digest: "d", typed: false, group: "g1", nonce: "n",
    output: "A".repeat(86), choices: { "s01.q1": "option1" }, at: 1,
  };
  const sealed = slips.sealedSlip(slip, "K7Q2ZM", ["s01.q1"]);
  assert.deepEqual(Object.keys(sealed).sort(), [
    "digest", "group", "iv", "nonce", "sealed", "secret", "stage", "token", "typed",
  ]);
});

test("a settled slip leaves its receipt and nothing else", () => {
  const book = bookAt("sealed", { secret: "RECEIPT" });
  slips.settleSlip(book);
  assert.deepEqual(book, { ...emptyBook(), receipts: ["RECEIPT"] });
  slips.settleSlip(book);
  assert.deepEqual(book.receipts, ["RECEIPT"]);
});

test("at closing only sealed ballots are kept, and after voiding none", () => {
  for (const voided of [false, true]) {
    const book = bookAt("sealed", { secret: "S" });
    slips.enterSlip(book, { token: TWO, digest }, false);
    slips.switchSlip(book);
    Object.assign(slips.currentSlip(book), { stage: "ready", choices: { "s01.q1": "option1" } });
    slips.clearUnsealed(book, voided);
    assert.deepEqual(Object.keys(book.slips), voided ? [] : [slipId(ONE)]);
    assert.equal(book.current, voided ? null : slipId(ONE));
  }
});

test("a refused slip keeps the reason only", () => {
  const book = bookAt("asked", { nonce: "n", blind: "b" });
  slips.refuseSlip(book, "slip_used");
  assert.deepEqual(slips.currentSlip(book), { stage: "refused", code: "slip_used" });
});
