/** What shows the server that a request comes from a screen with the link's key. */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { toBase64url, utf8 } from "../protocol/bytes.js";

/** HMAC-SHA-256 of what is asked and its fields, under `key` (bytes), as base64url. */
export function markOf(key, what, fields) {
  return toBase64url(hmac(sha256, key, utf8([what].concat(fields).join("|"))));
}

/** Under which the server keeps a token of 10 bytes, as base64url. */
export function hashOf(token) {
  return toBase64url(sha256(token));
}
