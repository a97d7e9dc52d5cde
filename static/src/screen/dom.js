/** Small hands on the page. Texts and words become text nodes, never markup. */

import { Own, Words, nodeOf, say } from "../words/words.js";

export const byId = (id) => document.getElementById(id);

/** An element of a class, with texts, words or elements in it. */
export function make(name, className, ...children) {
  const element = document.createElement(name);
  element.className = className;
  for (const child of children) {
    const shown = typeof child !== "object" || child instanceof Words || child instanceof Own;
    element.appendChild(shown ? nodeOf(child) : child);
  }
  return element;
}

export function setText(id, words) {
  const element = byId(id);
  if (element.textContent !== String(words)) say(element, words);
}

export function show(id, shown) {
  byId(id).hidden = !shown;
}

/** Removes all that is in an element. */
export function empty(element) {
  while (element.firstChild) element.removeChild(element.firstChild);
}

const overflows = (element) =>
  element.scrollHeight > element.clientHeight + 1 || element.scrollWidth > element.clientWidth + 1;

/**
 * Sets `text` in the largest of `sizes` (rem, falling) that fits the element's box; on one line
 * if a size of `oneLine` (rem) or more allows it. True where it fits.
 */
export function fit(element, text, sizes, oneLine = Infinity) {
  element.textContent = text;
  element.style.whiteSpace = "nowrap";
  for (const size of sizes) {
    if (size < oneLine) break;
    element.style.fontSize = `${size}rem`;
    if (!overflows(element)) return true;
  }
  element.style.whiteSpace = "";
  for (const size of sizes) {
    element.style.fontSize = `${size}rem`;
    if (!overflows(element)) return true;
  }
  return false;
}

/** Leaves out the middle of what does not fit: names of organisations differ at their ends. */
export function fitName(element, text, sizes, oneLine) {
  if (fit(element, text, sizes, oneLine)) return;
  const characters = Array.from(text);
  for (let keep = characters.length - 1; keep > 4 && overflows(element); keep--) {
    const head = Math.ceil(keep / 2);
    const tail = characters.slice(characters.length - (keep - head));
    element.textContent = `${characters.slice(0, head).join("")}…${tail.join("")}`;
  }
}
