import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { ristretto255_oprf } from "@noble/curves/ed25519.js";
import { fromBase64url, toHex } from "../../static/src/protocol/bytes.js";
import {
  ProofError, drawCredential, finishCredential, keyDigest, keysMatch,
} from "../../static/src/protocol/credential.js";

const { voprf } = ristretto255_oprf;
const read = (name) =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));
const hex = (text) => Uint8Array.from(Buffer.from(text, "hex"));
const rfc = read("rfc9497");
const ours = read("mingce1");

test("the key pair of RFC 9497 A.1.2 is derived", () => {
  const keys = voprf.deriveKeyPair(hex(rfc.seed), hex(rfc.keyInfo));
  assert.equal(toHex(keys.secretKey), rfc.skSm);
  assert.equal(toHex(keys.publicKey), rfc.pkSm);
});

for (const [number, vector] of rfc.vectors.entries()) {
  test(`vector ${number + 1} of RFC 9497 A.1.2: blind, verify, finalise`, () => {
    const input = hex(vector.input);
    const scalar = hex(vector.blind);
    const drawn = voprf.blind(input, fixedScalar(scalar));
    assert.equal(toHex(drawn.blind), vector.blind);
    assert.equal(toHex(drawn.blinded), vector.blinded);
    const output = finishCredential(
      { nonce: input, blind: scalar, blinded: hex(vector.blinded) },
      { evaluated: hex(vector.evaluated), proof: hex(vector.proof), publicKey: hex(rfc.pkSm) },
    );
    assert.equal(toHex(output), vector.output);
  });

  test(`vector ${number + 1}: a proof with any byte changed is refused`, () => {
    for (const at of [0, 31, 32, 63]) {
      const proof = hex(vector.proof);
      proof[at] ^= 1;
      assert.throws(
        () => finishCredential(
          { nonce: hex(vector.input), blind: hex(vector.blind), blinded: hex(vector.blinded) },
          { evaluated: hex(vector.evaluated), proof, publicKey: hex(rfc.pkSm) },
        ),
        ProofError,
      );
    }
  });
}

/** A source of random bytes from which the library makes exactly this scalar. */
function fixedScalar(scalar) {
  return (length) => {
    const bytes = new Uint8Array(length);
    bytes.set(scalar);
    // The library maps a drawn number n to n mod (order - 1) + 1, little-endian: draw one less.
    for (let i = 0; ; i++) {
      if (bytes[i]-- !== 0) break;
    }
    return bytes;
  };
}

test("a drawn credential is finished with the server's answer, and its output is the PRF's", () => {
  const keys = voprf.deriveKeyPair(fromBase64url(ours.seed), new TextEncoder().encode("mingce/1|K7Q2ZM|g1"));
  const drawn = drawCredential();
  const answer = voprf.blindEvaluate(keys.secretKey, keys.publicKey, drawn.blinded);
  const output = finishCredential(drawn, { ...answer, publicKey: keys.publicKey });
  assert.equal(output.length, 64);
  assert.equal(toHex(output), toHex(voprf.evaluate(keys.secretKey, drawn.nonce)));
});

test("the answer of another key, and the identity as a point, are refused", () => {
  const right = voprf.generateKeyPair();
  const wrong = voprf.generateKeyPair();
  const drawn = drawCredential();
  const answer = voprf.blindEvaluate(wrong.secretKey, wrong.publicKey, drawn.blinded);
  assert.throws(() => finishCredential(drawn, { ...answer, publicKey: right.publicKey }), ProofError);
  const identity = { ...answer, evaluated: new Uint8Array(32), publicKey: wrong.publicKey };
  assert.throws(() => finishCredential(drawn, identity), ProofError);
});

test("two credentials never share a nonce or a blinded element", () => {
  const [one, other] = [drawCredential(), drawCredential()];
  assert.notEqual(toHex(one.nonce), toHex(other.nonce));
  assert.notEqual(toHex(one.blinded), toHex(other.blinded));
});

test("the key digest is that of the server, whatever the order of the groups", () => {
  const groups = ours.groups.map((group) => ({
    code: group.code, publicKey: fromBase64url(group.public_key),
  }));
  const digest = fromBase64url(ours.key_digest);
  assert.equal(toHex(keyDigest(groups)), toHex(digest));
  assert.equal(toHex(keyDigest(groups.slice().reverse())), toHex(digest));
  assert.ok(keysMatch(groups, digest));
  assert.ok(keysMatch(groups, digest.slice(0, 5)));
  assert.ok(!keysMatch(groups, digest.slice(0, 4)));
  assert.ok(!keysMatch(groups, new Uint8Array(16)));
  assert.ok(!keysMatch(groups.slice(1), digest));
});
