/** The life of a slip on this phone: each step as an edit of the book (see storage.js). */

import { ballotText, IV_BYTES, SECRET_BYTES, sealBallot } from "../protocol/ballot.js";
import { ownMarks } from "../protocol/box.js";
import { fromBase64url, randomBytes, toBase64url } from "../protocol/bytes.js";
import { fromCrockford, toCrockford } from "../protocol/crockford.js";
import { drawCredential, finishCredential } from "../protocol/credential.js";
import { slipId } from "./storage.js";

/** The slip being voted, or null. */
export function currentSlip(book) {
  return (book.current && book.slips[book.current]) || null;
}

/** Whether a slip has begun and is not yet settled. */
export function unfinished(slip) {
  return Boolean(slip) && ["asked", "ready", "sealed"].includes(slip.stage);
}

/** The id of a slip, other than the current, that was begun on this phone and left; or null. */
export function waitingSlip(book) {
  return Object.keys(book.slips).find(
    (id) => id !== book.current && id !== book.offered && unfinished(book.slips[id]),
  ) || null;
}

/**
 * A slip was scanned or typed: `{token, digest: bytes}`. It becomes the current one, or is only
 * offered where another is unfinished or a ballot was cast from this phone.
 */
export function enterSlip(book, { token, digest }, typed) {
  const id = slipId(token);
  const known = book.slips[id];
  if (!known || known.stage === "new" || known.stage === "refused") {
    book.slips[id] = { stage: "new", token, digest: toBase64url(digest), typed };
  }
  if (book.current === id) {
    book.offered = null;
    return;
  }
  const before = currentSlip(book);
  if (unfinished(before) || (!typed && book.receipts.length && !unfinished(known))) {
    book.offered = id;
    return;
  }
  if (before) delete book.slips[book.current];
  book.current = id;
  book.offered = null;
}

/** The offered slip is voted now. What was chosen for the one before is not kept for other eyes. */
export function switchSlip(book) {
  const before = currentSlip(book);
  if (before && before.stage === "ready") Object.assign(before, { choices: {}, at: 0 });
  if (before && !unfinished(before)) delete book.slips[book.current];
  book.current = book.offered;
  book.offered = null;
}

/** The offered slip is put away; it can be scanned again. */
export function keepSlip(book) {
  const offered = book.slips[book.offered];
  if (offered && !unfinished(offered)) delete book.slips[book.offered];
  book.offered = null;
}

/** The current slip is put away, unless something on this phone is still needed for its vote. */
export function dropSlip(book) {
  const slip = currentSlip(book);
  if (slip && !unfinished(slip)) delete book.slips[book.current];
  book.current = null;
}

/** Draws the secrets of a credential, once: a reload or a second tab finds those drawn before. */
export function prepareSlip(slip) {
  if (slip.stage !== "new") return;
  const { nonce, blind, blinded } = drawCredential();
  Object.assign(slip, {
    stage: "asked",
    nonce: toBase64url(nonce),
    blind: toBase64url(blind),
    blinded: toBase64url(blinded),
  });
}

/**
 * The server's answer to the request of `slip` checked and finished:
 * `{group, output}`; throws ProofError. `groups`: those of the meeting.
 */
export function readCredential(slip, answer, groups) {
  const group = groups.find((one) => one.code === answer.group);
  const decoded = (text) => {
    try {
      return fromBase64url(text);
    } catch (error) {
      return new Uint8Array(0);
    }
  };
  const output = finishCredential(
    {
      nonce: fromBase64url(slip.nonce),
      blind: fromBase64url(slip.blind),
      blinded: fromBase64url(slip.blinded),
    },
    {
      evaluated: decoded(answer.evaluated),
      proof: decoded(answer.proof),
      publicKey: group ? decoded(group.public_key) : new Uint8Array(0),
    },
  );
  return { group: answer.group, output: toBase64url(output) };
}

/** The slip can be voted: the blind has done its work and goes. */
export function readySlip(slip, { group, output }) {
  if (slip.stage !== "asked") return;
  delete slip.blind;
  delete slip.blinded;
  Object.assign(slip, { stage: "ready", group, output, choices: {}, at: 0, checking: false });
}

/**
 * The ballot as it is sealed once and only ever resent. What could open or change it, the
 * credential's output and the choices, goes in the same step.
 */
export function sealedSlip(slip, meeting, cellIds) {
  const secret = randomBytes(SECRET_BYTES);
  const iv = randomBytes(IV_BYTES);
  const sealed = sealBallot(ballotText(cellIds, slip.choices, secret), {
    output: fromBase64url(slip.output),
    iv,
    meeting,
    group: slip.group,
  });
  const { token, digest, typed, group, nonce } = slip;
  return {
    stage: "sealed", token, digest, typed, group, nonce,
    iv: toBase64url(iv), sealed: toBase64url(sealed), secret: toCrockford(secret),
  };
}

/** The current slip was refused for good: only the reason stays, for a reload to repeat. */
export function refuseSlip(book, code) {
  if (book.current) book.slips[book.current] = { stage: "refused", code };
}

/** The ballot is in the box: nothing of the slip stays but the receipt. */
export function settleSlip(book) {
  const slip = currentSlip(book);
  if (!slip || slip.stage !== "sealed") return;
  book.receipts.push(slip.secret);
  delete book.slips[book.current];
  book.current = null;
}

/** Whether every mark of a sealed slip stands in the published box. */
export function isCounted(slip, meeting, box) {
  const cellIds = meeting.cells.map((cell) => cell.id);
  const marks = ownMarks(box, cellIds, fromCrockford(slip.secret, SECRET_BYTES));
  return cellIds.every((id) => id in marks);
}

/**
 * The meeting is over: what cannot be cast any more is forgotten, choices first of all. A sealed
 * ballot becomes the current slip, unless the meeting was `voided` and nothing counts.
 */
export function clearUnsealed(book, voided) {
  for (const id of Object.keys(book.slips)) {
    if (voided || book.slips[id].stage !== "sealed") delete book.slips[id];
  }
  book.offered = null;
  book.current = Object.keys(book.slips)[0] || null;
}
