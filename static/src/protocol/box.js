/** The published ballot box: recounting its digest, and finding one's own marks in it. */

import { sha256 } from "@noble/hashes/sha2.js";
import { trackerOf } from "./ballot.js";
import { toHex, utf8 } from "./bytes.js";
import { canonicalJson } from "./canonical.js";

/** The digest that `box` must carry: SHA-256, in hexadecimal, over its four other members. */
export function boxDigest({ protocol, meeting, counts, lists }) {
  return toHex(sha256(utf8(canonicalJson({ protocol, meeting, counts, lists }))));
}

/**
 * The voter's own marks: {cellId: choice}, without the cells where none is found.
 * A tracker has 80 random bits, so that a group need not be named.
 */
export function ownMarks(box, cellIds, secret) {
  const marks = {};
  for (const id of cellIds) {
    const tracker = trackerOf(secret, id);
    for (const list of box.lists) {
      if (list.cell !== id) continue;
      const mark = list.marks.find((one) => one[0] === tracker);
      if (mark) marks[id] = mark[1];
    }
  }
  return marks;
}
