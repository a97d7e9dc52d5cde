/**
 * What the screen keeps of a meeting, so that a reload goes on where it was:
 *
 *     {key, digest, screen, turn, group}
 *
 * `key` of the link, `digest` of the meeting's keys as first seen, base64url; `turn`: how many codes
 * it has asked for. A token is never kept: a reload shows another one.
 */

const keyOf = (code) => `mingce.entrance.${code}`;

/** What is kept; an empty object where there is nothing, or it is damaged. */
export function kept(code) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(code))) || {};
  } catch (error) {
    return {};
  }
}

/** Keeps `changes` beside what is there. Throws where the browser keeps nothing. */
export function keep(code, changes) {
  const all = Object.assign(kept(code), changes);
  localStorage.setItem(keyOf(code), JSON.stringify(all));
  return all;
}

/** The meeting is over: nothing stays. */
export function forget(code) {
  localStorage.removeItem(keyOf(code));
}
