"""Every sentence that a voter reads stands in every catalogue, and nothing else does."""

from __future__ import annotations

import json
import re
import subprocess
from gettext import c2py
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog

from app.domain.notice import DISMISSALS, OUTCOMES
from app.language import LANGUAGES, SOURCE, Language, best
from tests.serving import ROOT
from tools.setup import node_environment
from tools.words import (
    NO_VOTERS,
    PAGES,
    catalogue_path,
    complaints,
    read_catalogue,
    updated,
    wanted,
    written,
)

HAN = re.compile(r"[\u3400-\u9fff]")
OTHERS = [language for language in LANGUAGES if language is not SOURCE]
CHINESE_ONLY: set[str] = set()
SCRIPTS = sorted(
    file
    for file in (ROOT / "static" / "src").rglob("*.js")
    if file.relative_to(ROOT / "static" / "src").parts[0] not in NO_VOTERS
)


@pytest.fixture(scope="module")
def code() -> Catalog:
    """The sentences of the code."""
    return wanted()


@pytest.mark.parametrize("language", OTHERS, ids=lambda language: language.tag)
def test_each_sentence_is_translated_with_its_values_and_none_is_left_over(
    language: Language, code: Catalog
) -> None:
    assert list(complaints(language, code)) == []


@pytest.mark.parametrize("language", OTHERS, ids=lambda language: language.tag)
def test_a_catalogue_is_as_the_tool_writes_it(language: Language, code: Catalog) -> None:
    assert catalogue_path(language).read_bytes() == written(updated(language, code))


def test_what_is_lacking_or_wrong_is_named(code: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    language = OTHERS[0]
    spoilt = read_catalogue(language)
    spoilt.delete("重试")
    spoilt.add("没有人说的话", "What nobody says")
    for message in spoilt:
        if message.id == "修改：%(name)s":
            message.string = "Change"
        if message.id == "弃权":
            message.string = ""
    monkeypatch.setattr("tools.words.read_catalogue", lambda _language: spoilt)
    assert sorted(complaints(language, code)) == [
        "“修改：%(name)s” has other values in its translation",
        "“弃权” is not translated",
        "“没有人说的话” is said nowhere",
        "“重试” is not in it",
    ]


def test_no_sentence_of_the_scripts_escapes_the_catalogues(code: Catalog) -> None:
    """Babel sees no call inside another, and the build none whose sentence is put together."""
    for file in SCRIPTS:
        text = re.sub(r"/\*.*?\*/|//[^\n]*", "", file.read_text("utf-8"), flags=re.DOTALL)
        text = re.sub(r"function _n?\(", "", text)
        sentences = re.findall(r'\b_n?\(\s*("(?:[^"\\]|\\.)*")\s*[,)]', text)
        assert len(sentences) == len(re.findall(r"\b_n?\(", text)), file.name
        assert all(code.get(json.loads(sentence)) for sentence in sentences), file.name


def test_pages_hold_no_chinese_outside_the_catalogues() -> None:
    for folder in PAGES:
        for page in sorted((ROOT / folder).rglob("*.html")):
            text = page.read_text("utf-8")
            bare = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
            assert page.name in CHINESE_ONLY or not HAN.search(bare), page.name


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.tag)
def test_a_language_is_written_in_the_direction_of_its_locale(language: Language) -> None:
    assert Locale.parse(language.locale).text_direction == language.direction


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        (["en-GB"], "en"),
        (["zh-TW", "en"], "zh-CN"),
        (["zh-Hans-CN"], "zh-CN"),
        (["fr-FR"], None),
        (["fr", "en-US", "zh-CN"], "en"),
        ([], None),
        ([""], None),
        (["*"], None),
    ],
)
def test_the_first_language_that_we_have_is_spoken(asked: list[str], spoken: str | None) -> None:
    found = best(asked)
    assert (found.tag if found else None) == spoken


def test_the_build_reads_a_catalogue_as_babel_does() -> None:
    node, env = node_environment()
    script = """
      import { readFileSync } from "node:fs";
      import { readCatalogue } from "./static/words.mjs";
      const { entries, plural } = readCatalogue(readFileSync(process.argv[1], "utf8"));
      console.log(JSON.stringify({
        entries: Array.from(entries, ([sentence, { forms }]) => [sentence, forms]),
        plural: [0, 1, 2, 5, 21, 100].map(plural),
      }));
    """
    for language in OTHERS:
        done = subprocess.run(
            [node, "--input-type=module", "-e", script, str(catalogue_path(language))],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        read = json.loads(done.stdout)
        catalogue = read_catalogue(language)
        assert [[key, forms] for key, forms in read["entries"]] == [
            [m.id, [m.string]] if isinstance(m.id, str) else [m.id[0], list(m.string)]
            for m in catalogue
            if m.id
        ]
        assert read["plural"] == list(map(c2py(catalogue.plural_expr), (0, 1, 2, 5, 21, 100)))


def test_outcomes_of_objections_are_among_the_sentences(code: Catalog) -> None:
    assert all(code.get(outcome) for outcome in (*OUTCOMES.values(), *DISMISSALS.values()))


VOTERS_STYLES = sorted(
    file
    for folder in ("phone", "receipt", "verifier", "why", "notice", "tablet", "entrance", "words")
    for file in (ROOT / "static" / "src" / folder).glob("*.css")
)
SIDES = re.compile(
    r"(?:margin|padding|border)-(?:left|right)\b|(?<![-\w])(?:left|right)\s*:"
    r"|text-align:\s*(?:left|right)\b|\bfloat:|border-(?:top|bottom)-(?:left|right)-radius"
)
CALCULATED = re.compile(r"\w+\((?:[^()]|\([^()]*\))*\)")
FOUR = re.compile(r"\b(?:margin|padding|inset):((?:\s+[^\s;]+){4})\s*;")


@pytest.mark.parametrize("file", VOTERS_STYLES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_no_style_of_a_voter_s_page_knows_left_from_right(file: Path) -> None:
    """A language may go from right to left; only the phone's notch stays where it is."""
    for line in file.read_text("utf-8").splitlines():
        if "safe-area-inset" in line or "@page" in line:
            continue
        assert not SIDES.search(line), line
        for values in FOUR.findall(CALCULATED.sub("calculated", line)):
            _, right, _, left = values.split()
            assert right == left, line
