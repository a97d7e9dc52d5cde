/**
 * What this phone remembers of one meeting, under one key of localStorage, so that one write
 * erases a cast slip and keeps its receipt:
 *
 *     {current, offered, tab, slips: {id: slip}, receipts: [16 characters, …]}
 *
 * `current` is the id of the slip being voted, `offered` that of one scanned while another slip
 * was unfinished or cast. A slip's `stage`:
 *
 *     new      token, digest, typed
 *     asked    + nonce, blind, blinded         (saved before the request is sent)
 *     ready    + group, output, choices, at    (`at`: index of the subject; subjects.length: review)
 *     sealed   token, digest, group, nonce, iv, sealed, secret   (nothing that opens the seal)
 *     refused  code                            (the server's refusal, or `ballot_missed`)
 *
 * Binary values are base64url. A cast slip has no entry at all.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8 } from "../protocol/bytes.js";

/** localStorage did not take or give back what was written. */
export class StorageError extends Error {}

/** Another page of this browser has taken over the meeting. */
export class OtherTab extends Error {}

export function storageKey(meeting) {
  return `mingce.${meeting}`;
}

/** The id under which a slip is kept: it does not reveal the token to a glance at the key. */
export function slipId(token) {
  return toHex(sha256(utf8(token)).subarray(0, 8));
}

/** The remembered book of a meeting; an empty one where there is none or it is damaged. */
export function readBook(meeting) {
  const empty = { current: null, offered: null, tab: null, slips: {}, receipts: [] };
  try {
    const book = JSON.parse(localStorage.getItem(storageKey(meeting)));
    return book && book.slips && Array.isArray(book.receipts) ? Object.assign(empty, book) : empty;
  } catch (error) {
    return empty;
  }
}

/**
 * Reads the book afresh, lets `edit(book)` change it, writes it, reads it back. Returns the book.
 * Throws StorageError where it was not kept.
 */
export function changeBook(meeting, edit) {
  const book = readBook(meeting);
  edit(book);
  const text = JSON.stringify(book);
  try {
    localStorage.setItem(storageKey(meeting), text);
    if (localStorage.getItem(storageKey(meeting)) === text) return book;
  } catch (error) {
    throw new StorageError(error.message);
  }
  throw new StorageError("not kept");
}
