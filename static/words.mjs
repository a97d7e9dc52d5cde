// The words of a bundle in every language: what its scripts and its page say, out of translations/.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { keyOf } from "./src/words/key.js";

const SAID = /\b_n?\(\s*"((?:[^"\\]|\\.)*)"/g;
const WRITTEN = /\bsay(?:_n)?\("((?:[^"\\]|\\.)*)"/g;
const SAVED = /data-say>([^<]+)</g;
const COUNTED_TO = 1000;

/** Paths of everything that bundles' words depend on. */
export function wordFiles(root) {
  const folder = join(root, "translations");
  const catalogues = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name, "LC_MESSAGES", "messages.po"));
  return [join(folder, "languages.json"), ...catalogues, ...templatesOf(root)];
}

/**
 * The text of languages.js for a bundle: `name` of the bundle, `scripts` paths of its sources.
 * A sentence that a catalogue lacks is left out, and the page says it in Chinese.
 */
export function languagesFor(root, name, scripts) {
  const said = new Set(scripts.flatMap((path) => sentences(readFileSync(path, "utf8"), SAID)));
  const pages = templatesOf(root).map((path) => readFileSync(path, "utf8"));
  for (const page of pages) {
    // What fetches no bundle is a part of other pages.
    if (page.includes(`asset('${name}.js')`) || !page.includes("asset(")) {
      for (const sentence of sentences(page, WRITTEN)) said.add(sentence);
    }
  }
  const saved = join(root, "static", "src", name, "saved.html");
  if (existsSync(saved)) {
    for (const [, sentence] of readFileSync(saved, "utf8").matchAll(SAVED)) said.add(sentence);
  }
  // Refusals, for instance, are sentences of the server that a page passes on.
  const passedOn = pages.some((page) =>
    page.includes(`asset('${name}.js')`) && /\bsay\([^"]/.test(page));
  const languages = JSON.parse(readFileSync(join(root, "translations", "languages.json"), "utf8"))
    .map(({ tag, locale, name: own, direction }, index) => ({
      tag, name: own, direction, words: index ? wordsOf(root, tag, locale, said, passedOn) : {},
    }));
  return `export const LANGUAGES = ${JSON.stringify(languages)};`;
}

function templatesOf(root) {
  return [["app", "templates"], ["voting", "templates", "voting"]].flatMap((parts) => {
    const folder = join(root, ...parts);
    return readdirSync(folder).filter((name) => name.endsWith(".html")).sort()
      .map((name) => join(folder, name));
  });
}

function sentences(text, pattern) {
  return Array.from(text.matchAll(pattern), ([, written]) => JSON.parse(`"${written}"`));
}

function wordsOf(root, tag, locale, said, passedOn) {
  const { entries, plural } = readCatalogue(
    readFileSync(join(root, "translations", locale, "LC_MESSAGES", "messages.po"), "utf8"),
  );
  const words = {};
  for (const [sentence, { forms, files }] of entries) {
    const spoken = said.has(sentence) || (passedOn && files.some((file) => file.endsWith(".py")));
    if (!spoken || forms.some((form) => !form)) continue;
    const key = keyOf(sentence);
    if (key in words) throw new Error(`“${sentence}” has the key of another sentence: ${key}`);
    words[key] = forms.length === 1 ? forms[0] : byCategory(forms, plural, tag);
  }
  return words;
}

/** Forms by the names that Intl.PluralRules gives to numbers: {one: "…", other: "…"}. */
function byCategory(forms, plural, tag) {
  const rules = new Intl.PluralRules(tag);
  const named = {};
  for (let number = COUNTED_TO; number >= 0; number--) {
    named[rules.select(number)] = forms[plural(number)];
  }
  return named;
}

/** A .po file: {entries: Map(sentence → {forms, files}), plural: number → index of its form}. */
export function readCatalogue(text) {
  const entries = new Map();
  let header = "";
  for (const block of text.split(/\n\s*\n/)) {
    const entry = {};
    let field = null;
    let files = [];
    for (const line of block.split("\n")) {
      if (line.startsWith("#:")) files = files.concat(line.slice(2).trim().split(/\s+/));
      const [, name, quoted] = /^(?:(msg[a-z_]+(?:\[\d+\])?)\s+)?(".*")\s*$/.exec(line) || [];
      if (name) field = name;
      if (quoted !== undefined && field) entry[field] = (entry[field] || "") + JSON.parse(quoted);
    }
    const forms = Object.keys(entry).filter((key) => key.startsWith("msgstr")).sort()
      .map((key) => entry[key]);
    if (entry.msgid === "") [header] = forms;
    else if (entry.msgid && !/^#,.*fuzzy/m.test(block)) entries.set(entry.msgid, { forms, files });
  }
  const [, rule] = /plural=([n\d\s()!=<>&|?:%+-]+);/.exec(header) || [null, "0"];
  // Digits, `n` and operators only.
  return { entries, plural: new Function("n", `return Number(${rule});`) };
}
