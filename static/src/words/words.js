/**
 * Words of the page, in the voter's language.
 *
 * `_("共 %(count)s 项", { count: 3 })` is no text but remembers how it came about. Where it stands
 * on the page it follows the language: a change of language replaces words in place, so that
 * nothing that was typed, chosen, fetched or opened is touched, and nobody is asked for anything.
 * The choice stays on this phone; no request ever tells of it.
 */

import { keyOf } from "./key.js";
import { LANGUAGES } from "./languages.js";

const KEY = "mingce.language";
const SOURCE = LANGUAGES[0];
const PLACE = /%\((\w+)\)s/;

let language = SOURCE;

/** A sentence with its values; `String(words)` is its text in the language of the moment. */
export class Words {
  constructor(source, values, count) {
    this.source = source;
    this.values = values || {};
    this.count = count;
  }

  /** Texts, and the values that are words of a document, in their order. */
  parts() {
    // Every second part is the name of a value.
    return told(this.source, this.count).split(PLACE).map((part, index) =>
      index % 2 ? valueOf(this.values[part]) : part);
  }

  toString() {
    return this.parts().join("");
  }

  toJSON() {
    return String(this);
  }
}

/** Words of a document, such as a branch's name: they stay Chinese and are marked as such. */
export class Own {
  constructor(text) {
    this.text = text;
  }

  toString() {
    return this.text;
  }
}

/** A day, `2012-04-10`, as the language writes it. */
class Day {
  constructor(iso) {
    this.iso = iso;
  }

  toString() {
    const form = { year: "numeric", month: "long", day: "numeric", timeZone: "UTC" };
    return new Intl.DateTimeFormat(language.tag, form).format(new Date(this.iso));
  }
}

/** What marks an element whose whole content is words of a document. */
export const OWN = { lang: SOURCE.tag };

/** A sentence; `values` replace its `%(name)s`. The first argument is written out, for the catalogues. */
export function _(source, values) {
  return new Words(source, values);
}

/** A sentence whose form may follow a number, which is its `%(count)s`. */
export function _n(source, count, values) {
  return new Words(source, Object.assign({ count }, values), count);
}

/** `text` as words of a document; words of the page stay what they are. */
export function own(text) {
  return text instanceof Words ? text : new Own(text);
}

/** The tag of the language that the page speaks. */
export function spoken() {
  return language.tag;
}

/** A list as a value of a sentence, with what the language has between its parts. */
export function listed(parts) {
  return { toString: () => parts.join(String(_("、"))) };
}

function told(source, count) {
  const words = language.words[keyOf(source)];
  if (words === undefined) return source;
  if (typeof words === "string") return words;
  return words[new Intl.PluralRules(language.tag).select(count)] || words.other;
}

function valueOf(value) {
  return value instanceof Own ? value : String(value);
}

// On the page

/** The node that shows `words` (Words, Own or text), and keeps showing them as the language changes. */
export function nodeOf(words) {
  if (words instanceof Own) {
    const span = document.createElement("span");
    span.lang = SOURCE.tag;
    span.textContent = words.text;
    return span;
  }
  if (!(words instanceof Words)) return document.createTextNode(words);
  const mixed = Object.keys(words.values).some((name) => words.values[name] instanceof Own);
  const node = mixed ? document.createElement("span") : document.createTextNode("");
  node.mingceWords = words;
  retell(node);
  return node;
}

/** Lets an element show `words` and nothing else. */
export function say(element, words) {
  element.textContent = "";
  element.appendChild(nodeOf(words));
}

/** Sets an attribute that follows the language where `words` do. */
export function setAttribute(element, name, words) {
  element.setAttribute(name, String(words));
  if (!(words instanceof Words)) return;
  element.mingceAttributes = Object.assign(element.mingceAttributes || {}, { [name]: words });
}

function retell(node) {
  const words = node.mingceWords;
  if (words && node.nodeType === 3) node.data = String(words);
  else if (words) {
    node.textContent = "";
    for (const part of words.parts()) if (part !== "") node.appendChild(nodeOf(part));
  }
  const attributes = node.mingceAttributes || {};
  for (const name of Object.keys(attributes)) node.setAttribute(name, String(attributes[name]));
}

function retellAll(root) {
  // Gathered first: words with parts of their own are made anew on the way.
  const nodes = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) nodes.push(walker.currentNode);
  nodes.forEach(retell);
}

// The choice

/**
 * Lets the page speak the language chosen on this phone, or else that in which it came, and makes
 * the switch on top of it work. A page that came from no server (`data-asks`) goes by the browser.
 * `keeps`: whether a choice is remembered. Returns a function that goes back to the beginning.
 */
export function startLanguage(keeps = true) {
  const root = document.documentElement;
  bindWritten();
  const came = root.hasAttribute("data-asks") ? asked() : byTag(root.lang);
  // An address that names a language is somebody's wish of this moment.
  const chosen = !keeps || /[?&]lang=/.test(location.search) ? null : byTag(remembered());
  const control = switchOf(document.getElementById("language"), keeps);
  const first = chosen || came || SOURCE;
  speak(first, control);
  return () => speak(first, control);
}

/** The button that changes the language; without a script there is a link in its place, or nothing. */
function switchOf(there, keeps) {
  if (!there || LANGUAGES.length < 2) return null;
  const control = document.createElement("button");
  control.type = "button";
  control.id = there.id;
  control.className = there.className;
  control.addEventListener("click", () => {
    speak(nextLanguage(), control);
    if (!keeps) return;
    try {
      localStorage.setItem(KEY, language.tag);
    } catch (error) {
      // The language is a comfort: the page works without remembering it.
    }
  });
  there.parentNode.replaceChild(control, there);
  return control;
}

/** Makes `one` the language of the page. */
function speak(one, control) {
  language = one;
  document.documentElement.lang = one.tag;
  document.documentElement.dir = one.direction;
  retellAll(document.documentElement);
  if (!control) return;
  control.lang = nextLanguage().tag;
  control.textContent = nextLanguage().name;
}

function nextLanguage() {
  return LANGUAGES[(LANGUAGES.indexOf(language) + 1) % LANGUAGES.length];
}

/** What the server said (app/language.py, `say`) becomes words of this page. */
function bindWritten() {
  for (const element of document.querySelectorAll("[data-say]")) {
    const given = JSON.parse(element.getAttribute("data-values") || "{}");
    const values = {};
    for (const name of Object.keys(given)) values[name] = readValue(given[name]);
    const source = element.getAttribute("data-say") || element.textContent;
    say(element, new Words(source, values, values.count));
  }
}

function readValue(value) {
  if (value === null || typeof value !== "object") return value;
  return "own" in value ? own(value.own) : new Day(value.day);
}

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch (error) {
    return null;
  }
}

/** The first of the languages that the browser asks for and we have. */
function asked() {
  for (const tag of navigator.languages || []) {
    const found = byTag(tag) || LANGUAGES.find((one) => primary(one.tag) === primary(tag));
    if (found) return found;
  }
  return null;
}

function byTag(tag) {
  return LANGUAGES.find((one) => one.tag === tag) || null;
}

function primary(tag) {
  return tag.toLowerCase().split("-")[0];
}
