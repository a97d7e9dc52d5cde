/** What stands on a paper slip: the entry token, and the digest of the meeting's keys. */

import { fromBase64url } from "./bytes.js";
import { fromCrockford, toCrockford } from "./crockford.js";

export const TOKEN_BYTES = 10;
export const DIGEST_BYTES = 16;
export const TYPED_DIGEST_BYTES = 5;

/**
 * A slip from the fragment of its QR code, `TOKEN.DIGEST` with or without `#`:
 * `{token: 16 characters, digest: Uint8Array(16)}`, or null if the fragment is no whole slip.
 */
export function slipFromFragment(fragment) {
  const parts = fragment.replace(/^#/, "").split(".");
  if (parts.length !== 2) return null;
  const token = fromCrockford(parts[0], TOKEN_BYTES);
  if (!token) return null;
  try {
    const digest = fromBase64url(parts[1]);
    return digest.length === DIGEST_BYTES ? { token: toCrockford(token), digest } : null;
  } catch (error) {
    return null;
  }
}

/**
 * A slip from all that its QR code holds: `{meeting, token, digest}`, or null. Which host it names
 * does not matter: the digest tells whether the meeting is the one.
 */
export function slipFromLink(text) {
  const parts = text.trim().match(/^https?:\/\/[^/?#\s]+\/v\/([0-9A-Za-z]{1,12})\/?#(\S+)$/i);
  const slip = parts && slipFromFragment(parts[2]);
  return slip && Object.assign({ meeting: parts[1].toUpperCase() }, slip);
}

/** The token of a typed slip code as 16 characters, or null if it cannot be one. */
export function tokenFromTyping(text) {
  const token = fromCrockford(text, TOKEN_BYTES);
  return token && toCrockford(token);
}

/** The first 5 bytes of the digest from the typed check code (8 characters), or null. */
export function digestFromTyping(text) {
  return fromCrockford(text, TYPED_DIGEST_BYTES);
}
