/**
 * A saved box file, read strictly: what is no box, or holds more than a box, is refused.
 *
 * Written for the verifier alone, so that a fault of the voters' pages or of the server does not
 * stand here too. JSON.parse would not do: it takes the second of two members of one name and
 * rounds long numbers without a word.
 */

import { _ } from "../words/words.js";

export const BYTES_MOST = 128 * 1024 * 1024;
const DEPTH_MOST = 16;
const COUNTS = ["cast", "issued", "redeemed", "unused", "voided"];
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)/y;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?:[^\ud800-\udbff]|^)[\udc00-\udfff]/;

/** The file is no box; `why` says in words where it goes wrong. */
export class NotABox extends Error {
  constructor(why) {
    super(String(why));
    this.why = why;
  }
}

/**
 * The box in `bytes` (Uint8Array):
 *
 *     {protocol, meeting, digest, counts: Map(group → {issued, redeemed, cast, voided, unused}),
 *      lists: [{group, cell, marks: [[tracker, choice], …]}, …]}
 *
 * Throws NotABox.
 */
export function readBox(bytes) {
  if (bytes.length > BYTES_MOST) throw new NotABox(_("文件过大"));
  return shaped(new Reader(decoded(bytes)).whole());
}

function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new NotABox(_("不是 UTF-8 的文字"));
  }
}

// From a value to a box

function shaped(value) {
  const { protocol, meeting, counts, lists, digest } = members(value, _("票箱"), [
    "protocol", "meeting", "counts", "lists", "digest",
  ]);
  return {
    protocol: text(protocol, "protocol"),
    meeting: text(meeting, "meeting"),
    counts: new Map(Array.from(object(counts, "counts"), ([group, one]) => [group, shapedCount(one)])),
    lists: array(lists, "lists").map(shapedList),
    digest: text(digest, "digest"),
  };
}

function shapedCount(value) {
  const count = members(value, "counts", COUNTS);
  for (const name of COUNTS) {
    if (typeof count[name] !== "number") throw new NotABox(_("%(name)s 应为整数", { name }));
  }
  return count;
}

function shapedList(value) {
  const { group, cell, marks } = members(value, "lists", ["group", "cell", "marks"]);
  return {
    group: text(group, "group"),
    cell: text(cell, "cell"),
    marks: array(marks, "marks").map((mark) => {
      if (array(mark, "marks").length !== 2) throw new NotABox(_("每条记录应是查验号和选项两项"));
      return mark.map((part) => text(part, "marks"));
    }),
  };
}

/** The members of an object as a plain object, where it has these names and no others. */
function members(value, where, names) {
  const found = {};
  for (const [name, member] of object(value, where)) {
    if (!names.includes(name)) throw new NotABox(_("%(where)s 里有不认识的项目 %(name)s", { where, name }));
    found[name] = member;
  }
  for (const name of names) {
    if (!(name in found)) throw new NotABox(_("%(where)s 里缺少 %(name)s", { where, name }));
  }
  return found;
}

function object(value, where) {
  if (!(value instanceof Map)) throw new NotABox(_("%(where)s 应是一组项目", { where }));
  return value;
}

function array(value, where) {
  if (!Array.isArray(value)) throw new NotABox(_("%(where)s 应是一个清单", { where }));
  return value;
}

function text(value, where) {
  if (typeof value !== "string") throw new NotABox(_("%(where)s 应是文字", { where }));
  return value;
}

// From characters to a value

/** Reads the part of JSON that a box consists of: objects (as Map), lists, texts, whole numbers. */
class Reader {
  constructor(source) {
    this.source = source;
    this.at = 0;
  }

  whole() {
    const value = this.value(0);
    this.space();
    if (this.at < this.source.length) this.fail();
    return value;
  }

  value(depth) {
    this.space();
    if (depth > DEPTH_MOST) throw new NotABox(_("层次过多"));
    const character = this.source[this.at];
    if (character === "{") return this.object(depth);
    if (character === "[") return this.list(depth);
    if (character === '"') return this.text();
    return this.number();
  }

  object(depth) {
    const found = new Map();
    this.sequence("}", () => {
      this.space();
      const name = this.text();
      if (found.has(name)) throw new NotABox(_("同一个名称写了两次：%(name)s", { name }));
      this.take(":");
      found.set(name, this.value(depth + 1));
    });
    return found;
  }

  list(depth) {
    const found = [];
    this.sequence("]", () => found.push(this.value(depth + 1)));
    return found;
  }

  sequence(end, item) {
    this.at += 1;
    this.space();
    if (this.source[this.at] !== end) {
      item();
      this.space();
      while (this.source[this.at] === ",") {
        this.at += 1;
        item();
        this.space();
      }
    }
    this.take(end);
  }

  text() {
    this.take('"');
    let found = "";
    for (;;) {
      found += this.match(PLAIN);
      const character = this.source[this.at];
      this.at += 1;
      if (character === '"') break;
      if (character !== "\\") this.fail();
      found += this.escaped();
    }
    if (LONE_SURROGATE.test(found)) throw new NotABox(_("有不成字的编码"));
    return found;
  }

  escaped() {
    const character = this.source[this.at];
    this.at += 1;
    if (character === "u") {
      const digits = this.source.substr(this.at, 4);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.fail();
      this.at += 4;
      return String.fromCharCode(parseInt(digits, 16));
    }
    if (!Object.prototype.hasOwnProperty.call(ESCAPES, character)) this.fail();
    return ESCAPES[character];
  }

  number() {
    const digits = this.match(NUMBER);
    if (!digits) this.fail();
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) throw new NotABox(_("数字过大"));
    // No box tells 0 from -0.
    return value === 0 ? 0 : value;
  }

  space() {
    for (;;) {
      const code = this.source.charCodeAt(this.at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.at += 1;
    }
  }

  take(character) {
    this.space();
    if (this.source[this.at] !== character) this.fail();
    this.at += 1;
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (!found) return "";
    this.at += found[0].length;
    return found[0];
  }

  fail() {
    const place = Math.min(this.at, this.source.length) + 1;
    throw new NotABox(_("第 %(place)s 个字符处读不下去，文件可能不完整", { place }));
  }
}
