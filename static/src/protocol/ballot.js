/** The sealed ballot of `mingce/1`. */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { toBase64url, utf8 } from "./bytes.js";
import { canonicalJson } from "./canonical.js";

export const ABSTAIN = "abstain";
export const SECRET_BYTES = 10;
export const IV_BYTES = 12;

/** The name under which a cell's mark stands in the published box; `secret` is 10 bytes. */
export function trackerOf(secret, cellId) {
  return toBase64url(hmac(sha256, secret, utf8(cellId)).subarray(0, 10));
}

/**
 * The ballot before sealing: canonical JSON of every cell of the form.
 * `cellIds`: all cells; `choices`: {cellId: value}; a cell without one is `abstain`.
 */
export function ballotText(cellIds, choices, secret) {
  const cells = cellIds
    .slice()
    .sort()
    .map((id) => [id, choices[id] || ABSTAIN, trackerOf(secret, id)]);
  return canonicalJson({ cells });
}

/**
 * The text sealed with ChaCha20-Poly1305 under the credential `output` (64 bytes) with `iv`
 * (12 bytes), bound to the meeting's code and the voter's group.
 */
export function sealBallot(text, { output, iv, meeting, group }) {
  const key = hkdf(sha256, output, undefined, utf8("mingce/1/ballot"), 32);
  const bound = utf8(`mingce/1|${meeting}|${group}`);
  return chacha20poly1305(key, iv, bound).encrypt(utf8(text));
}
