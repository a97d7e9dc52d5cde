// Sentences with values, and the keys of their translations. In Node there is Chinese only.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { keyOf } from "../../static/src/words/key.js";
import { _, _n, listed, own } from "../../static/src/words/words.js";
import { readCatalogue } from "../../static/words.mjs";

test("values stand where their names are, and are never taken for names themselves", () => {
  const words = _("第 %(at)s 个，共 %(count)s 个", { at: "%(count)s", count: 3 });
  assert.equal(String(words), "第 %(count)s 个，共 3 个");
  assert.equal(JSON.stringify([words]), '["第 %(count)s 个，共 3 个"]');
});

test("words may be values of words, and lists and numbers too", () => {
  const cells = listed(["s01.q1", "s02.q1"]);
  const place = _("类别 %(code)s", { code: "g1" });
  assert.equal(String(_n("%(place)s缺 %(count)s 个：%(cells)s", 2, { place, cells })),
    "类别 g1缺 2 个：s01.q1、s02.q1");
});

test("words of a document stay apart from those of the page", () => {
  assert.deepEqual(_("修改：%(name)s", { name: own("第一党支部") }).parts(),
    ["修改：", own("第一党支部"), ""]);
  const counted = _("第 %(number)s 题", { number: 1 });
  assert.equal(own(counted), counted);
});

test("no two sentences of a catalogue have the same key", () => {
  const path = new URL("../../translations/en/LC_MESSAGES/messages.po", import.meta.url);
  const sentences = Array.from(readCatalogue(readFileSync(path, "utf8")).entries.keys());
  assert.ok(sentences.length > 300);
  assert.equal(new Set(sentences.map(keyOf)).size, sentences.length);
});

test("a catalogue with three forms, a fuzzy entry, lines broken in two and one sentence left out", () => {
  const { entries, plural } = readCatalogue(`msgid ""
msgstr ""
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n != 0 ? 1 : 2);\\n"

#: voting/a.html static/src/b.js
msgid "一 \\"二\\""
msgstr ""
"one "
"\\"two\\""

#, fuzzy
msgid "三"
msgstr "three?"

#: app/c.py
msgid "四 %(count)s"
msgid_plural "四 %(count)s"
msgstr[0] "a"
msgstr[1] "b"
msgstr[2] "c"

#~ msgid "五"
#~ msgstr "five"
`);
  assert.deepEqual(Array.from(entries), [
    ['一 "二"', { forms: ['one "two"'], files: ["voting/a.html", "static/src/b.js"] }],
    ["四 %(count)s", { forms: ["a", "b", "c"], files: ["app/c.py"] }],
  ]);
  assert.deepEqual([0, 1, 2, 11, 21].map(plural), [2, 0, 1, 1, 0]);
});
