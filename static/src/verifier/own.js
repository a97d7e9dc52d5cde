/** One's own marks in a saved box, from the receipt code. */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const RECEIPT_CHARACTERS = 16;
const TRACKER_CHARACTERS = 14;

/** The 10 bytes of a receipt code as typed (spaces, hyphens, case, I, L, O do not matter), or null. */
export function receiptBytes(typed) {
  const characters = typed
    .normalize("NFKC").toUpperCase().replace(/[\s\-‐-―−·.]/g, "")
    .replace(/[IL]/g, "1").replace(/O/g, "0");
  const values = Array.from(characters, (character) => CROCKFORD.indexOf(character));
  if (values.length !== RECEIPT_CHARACTERS || values.includes(-1)) return null;
  return new Uint8Array(regrouped(values, 5, 8));
}

/** The tracker of a cell: the first 10 bytes of HMAC-SHA-256(receipt, cell), in base64url. */
export function trackerFor(receipt, cell) {
  const code = hmac(sha256, receipt, new TextEncoder().encode(cell)).subarray(0, 10);
  // 80 bits are 13 characters and two bits of a fourteenth, filled up with zeros.
  const values = regrouped([...code, 0], 8, 6).slice(0, TRACKER_CHARACTERS);
  return values.map((value) => BASE64URL[value]).join("");
}

/** Cell → choice as a Map, without the cells where the receipt finds nothing. */
export function ownMarks({ lists }, receipt) {
  const found = new Map();
  const trackers = new Map();
  for (const { cell, marks } of lists) {
    if (!trackers.has(cell)) trackers.set(cell, trackerFor(receipt, cell));
    const mark = marks.find(([tracker]) => tracker === trackers.get(cell));
    if (mark) found.set(cell, mark[1]);
  }
  return found;
}

/** Numbers of `from` bits each as numbers of `to` bits, most significant first; a rest is dropped. */
function regrouped(numbers, from, to) {
  const found = [];
  let buffer = 0;
  let bits = 0;
  for (const number of numbers) {
    buffer = (buffer << from) | number;
    bits += from;
    while (bits >= to) {
      bits -= to;
      found.push((buffer >> bits) & ((1 << to) - 1));
    }
    buffer &= (1 << bits) - 1;
  }
  return found;
}
