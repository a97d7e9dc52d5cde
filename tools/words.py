"""The catalogues of the voters' door: brings them up to date with the code, says what they lack.

    python -m tools.words          adds new sentences to every catalogue, takes unused ones out
    python -m tools.words check    changes nothing; exit status 1 where something is lacking

A language that stands in translations/languages.json and has no catalogue gets an empty one. In a
catalogue where a merge has left conflicts, both sides' sentences are kept.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from app.language import CATALOGUES, LANGUAGES, SOURCE, Language
from tools.console import ROOT, prepare_output
from voting.words import sentences

Keywords = Mapping[str, tuple[int, ...] | None]

IN_TEMPLATES: Keywords = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "say": None,
    "say_n": (1, 1),
}
IN_SCRIPTS: Keywords = {"_": None, "_n": (1, 1)}
IN_CODE: Keywords = {"BadInput": None, "TooMany": None}
"""Sentences that a view of the voters' door gives to a refusal are shown by a page."""
PAGES = ("voting/templates", "app/templates")
NO_VOTERS = ("admin", "venue")
"""Bundles that speak Chinese only."""

MERGE_MARKS = (b"<<<<<<< ", b"||||||| ", b"=======", b">>>>>>> ")
WRITTEN = re.compile(r"data-say>([^<]+)<")
"""In a page that no server fills in: the verifier as it is saved."""

PLACE = re.compile(r"%\((\w+)\)s")
HEADER = """\
# What a voter reads, from the Chinese that stands in the code. docs/languages.md says how.
# Brought up to date by `python -m tools.words`."""
NO_NEWS = ("Project-Id", "Report-", "POT-", "PO-", "Last-", "Language-Team", "Generated-")
"""Lines of a catalogue's head that say nothing, or change with every run."""


def wanted() -> Catalog:
    """Every sentence of the code, with the files in which it stands."""
    catalogue = Catalog()
    for path, sentence in (*_extracted(), *sentences()):
        catalogue.add(sentence, locations=[(path, 0)])
    return catalogue


def catalogue_path(language: Language) -> Path:
    """Where the words of a language stand."""
    return CATALOGUES / language.locale / "LC_MESSAGES" / "messages.po"


def read_catalogue(language: Language) -> Catalog:
    """The words of a language as they stand; empty where there are none yet."""
    path = catalogue_path(language)
    if not path.is_file():
        return Catalog(locale=language.locale)
    lines = path.read_bytes().splitlines(keepends=True)
    # Where a merge left both sides standing, both are right: what is said nowhere goes out later.
    both = b"".join(line for line in lines if not line.startswith(MERGE_MARKS))
    return read_po(BytesIO(both), locale=language.locale)


def complaints(language: Language, code: Catalog) -> Iterator[str]:
    """What is wrong with the catalogue of a language, each in a sentence."""
    catalogue = read_catalogue(language)
    here, there = {m.id: m for m in catalogue if m.id}, {m.id: m for m in code if m.id}
    for key in there.keys() - here.keys():
        yield f"{_shown(key)} is not in it"
    for key in here.keys() - there.keys():
        yield f"{_shown(key)} is said nowhere"
    for key in here.keys() & there.keys():
        yield from _faults(here[key], catalogue.num_plurals)


def updated(language: Language, code: Catalog) -> Catalog:
    """The catalogue of a language with the sentences of the code, in the order of their files."""
    before = read_catalogue(language)
    after = Catalog(locale=language.locale, header_comment=HEADER, fuzzy=False)
    for message in code:
        if message.id:
            there = before.get(message.id if isinstance(message.id, str) else message.id[0])
            after.add(
                message.id,
                there.string if there else "",
                locations=message.locations,
                flags=there.flags if there else (),
                user_comments=there.user_comments if there else (),
            )
    return after


def written(catalogue: Catalog) -> bytes:
    """A catalogue as it stands in its file."""
    content = BytesIO()
    write_po(content, catalogue, width=0, include_lineno=False, sort_by_file=True)
    lines = content.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.lstrip('"').startswith(NO_NEWS)).encode()


def _extracted() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    scripts = [
        file
        for file in sorted((ROOT / "static" / "src").rglob("*.js"))
        if file.relative_to(ROOT / "static" / "src").parts[0] not in NO_VOTERS
    ]
    pages = [page for folder in PAGES for page in sorted((ROOT / folder).rglob("*.html"))]
    for files, method, keywords, options in (
        (pages, "jinja2.ext:babel_extract", IN_TEMPLATES, {"newstyle_gettext": "true"}),
        (scripts, "javascript", IN_SCRIPTS, {"jsx": False}),
        (sorted((ROOT / "voting").glob("*.py")), "python", IN_CODE, {}),
    ):
        for file in files:
            with file.open("rb") as source:
                for _, found, _, _ in extract(method, source, keywords, options=options):
                    yield str(file.relative_to(ROOT)), found
    for page in sorted((ROOT / "static" / "src").rglob("*.html")):
        for sentence in WRITTEN.findall(page.read_text("utf-8")):
            yield str(page.relative_to(ROOT)), sentence


def _faults(message: Message, forms_wanted: int) -> Iterator[str]:
    told = [message.string] if isinstance(message.string, str) else list(message.string or ())
    source = message.id if isinstance(message.id, str) else message.id[0]
    if message.fuzzy or not all(told):
        yield f"{_shown(source)} is not translated"
    elif not isinstance(message.id, str) and len(told) != forms_wanted:
        yield f"{_shown(source)} has {len(told)} forms, not {forms_wanted}"
    for form in told:
        values = set(PLACE.findall(source))
        # One of something may be said without its number.
        if form and not values - {"count"} <= set(PLACE.findall(form)) <= values:
            yield f"{_shown(source)} has other values in its translation"
        if "%" in PLACE.sub("", form) or "%" in PLACE.sub("", source):
            yield f"{_shown(source)} has a % that is no %(name)s"


def _shown(key: object) -> str:
    return f"“{key if isinstance(key, str) else key[0]}”"  # type: ignore[index]  # else a pair


def main() -> None:
    """Bring every catalogue up to date, or only check; exit status 1 where something is lacking."""
    prepare_output()
    code, lacking = wanted(), False
    for language in LANGUAGES:
        if language is SOURCE:
            continue
        if sys.argv[1:] != ["check"]:
            path = catalogue_path(language)
            content = written(updated(language, code))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for complaint in complaints(language, code):
            print(f"{language.tag}: {complaint}")
            lacking = True
    print(f"words: {len(code)} sentences, {'lacking as above' if lacking else 'all there'}")
    sys.exit(1 if lacking else 0)


if __name__ == "__main__":
    main()
