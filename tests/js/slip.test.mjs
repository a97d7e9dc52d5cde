import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { fromBase64url, toBase64url, toHex } from "../../static/src/protocol/bytes.js";
import { fromCrockford, inFours, tidy, toCrockford } from "../../static/src/protocol/crockford.js";
import {
  digestFromTyping, slipFromFragment, tokenFromTyping,
} from "../../static/src/protocol/slip.js";

const vectors = JSON.parse(
  readFileSync(new URL("../vectors/mingce1.json", import.meta.url), "utf8"),
);

test("Crockford's base 32 is the server's, both ways", () => {
  for (const { bytes, text } of vectors.crockford) {
    const raw = fromBase64url(bytes);
    assert.equal(toCrockford(raw), text);
    assert.equal(toHex(fromCrockford(text, raw.length)), toHex(raw));
  }
  assert.equal(toCrockford(fromBase64url(vectors.ballot.secret)), vectors.ballot.receipt);
});

test("typing is forgiven its case, hyphens, spaces, look-alikes and full-width characters", () => {
  const right = "0123456789ABCD1F";
  for (const typed of [
    "0123-4567-89AB-CD1F", "o123 4567 89ab cdlf", "O123456789abcdIf", "０１２３－４５６７－８９ａｂ－ｃｄｌｆ",
    " 0123—4567—89AB—CD1F ",
  ]) {
    assert.equal(tokenFromTyping(typed), right, typed);
  }
  assert.equal(tidy("a-b"), "AB");
});

test("what cannot be a slip's code is no code", () => {
  for (const typed of ["", "0123", "0123456789ABCDEFG", "U123456789ABCDEF", "票码票码票码票码票码票码票码票码"]) {
    assert.equal(tokenFromTyping(typed), null, typed);
  }
  assert.equal(digestFromTyping("1234567"), null);
});

test("a slip is read from the fragment of its QR code, whole or not at all", () => {
  const digest = vectors.key_digest;
  const slip = slipFromFragment(`#0123456789ABCDEF.${digest}`);
  assert.equal(slip.token, "0123456789ABCDEF");
  assert.equal(toBase64url(slip.digest), digest);
  assert.equal(slipFromFragment(`0123-4567-89ab-cdef.${digest}`).token, "0123456789ABCDEF");
  for (const broken of [
    "", "#", "#0123456789ABCDEF", "#0123456789ABCDEF.", `#.${digest}`, `#0123456789ABCDE.${digest}`,
    `#0123456789ABCDEF.${digest.slice(1)}`, `#0123456789ABCDEF.${digest}.x`, "#0123456789ABCDEF.*",
  ]) {
    assert.equal(slipFromFragment(broken), null, broken);
  }
});

test("the typed check code is the beginning of the key digest", () => {
  const typed = digestFromTyping(inFours(vectors.key_digest_typed).toLowerCase());
  assert.equal(toHex(typed), toHex(fromBase64url(vectors.key_digest).slice(0, 5)));
});

test("base64url without padding goes both ways and refuses everything else", () => {
  for (let length = 0; length < 9; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => 251 - i * 37);
    const text = toBase64url(bytes);
    assert.equal(text, Buffer.from(bytes).toString("base64url"));
    assert.equal(toHex(fromBase64url(text)), toHex(bytes));
  }
  for (const bad of ["A", "AA==", "A+", "A/", "AB", "票", null]) {
    assert.throws(() => fromBase64url(bad), RangeError, String(bad));
  }
});
