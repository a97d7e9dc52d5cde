/**
 * The right to one ballot, `mingce/1`: VOPRF of RFC 9497, ristretto255-SHA512, mode 0x01.
 * The server evaluates a blinded nonce for a slip; it learns neither the nonce nor the output.
 */

import { ristretto255_oprf } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, randomBytes, sameBytes, utf8 } from "./bytes.js";

const { voprf } = ristretto255_oprf;

/** The server answered with something that its published key did not make. */
export class ProofError extends Error {}

/**
 * Digest of a meeting's public keys: the first 16 bytes of SHA-256 over, for each group in the
 * order of codes, code, a zero byte, public key. `groups`: [{code, publicKey: Uint8Array}].
 */
export function keyDigest(groups) {
  const parts = [];
  const inOrder = groups.slice().sort((a, b) => (a.code < b.code ? -1 : 1));
  for (const group of inOrder) parts.push(utf8(group.code), new Uint8Array(1), group.publicKey);
  return sha256(concat(...parts)).subarray(0, 16);
}

/** Whether the keys are those that `digest` (16 bytes scanned, or the first 5 typed) stands for. */
export function keysMatch(groups, digest) {
  return (
    (digest.length === 16 || digest.length === 5) &&
    sameBytes(keyDigest(groups).subarray(0, digest.length), digest)
  );
}

/**
 * A new request for a credential: `{nonce, blind, blinded}`, 32 bytes each. `nonce` and `blind`
 * are secret until the ballot is cast; only `blinded` goes to the server now.
 */
export function drawCredential() {
  const nonce = randomBytes(32);
  const { blind, blinded } = voprf.blind(nonce);
  return { nonce, blind, blinded };
}

/**
 * N, the 64 bytes of the credential, from the server's answer `evaluated` (32 bytes) and `proof`
 * (64 bytes: c, then s). Throws ProofError where `publicKey` did not make that answer.
 */
export function finishCredential({ nonce, blind, blinded }, { evaluated, proof, publicKey }) {
  try {
    return voprf.finalize(nonce, blind, evaluated, blinded, publicKey, proof);
  } catch (error) {
    throw new ProofError(error.message);
  }
}
