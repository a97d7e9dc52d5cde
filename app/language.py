"""The languages of the voters' door: which one a page speaks, and its words.

Chinese is the source: it stands in templates and scripts, and every other language is a catalogue
of it under translations/ (docs/languages.md). A catalogue is compiled in memory when it is first
needed: there is nothing to build, and nothing that could be older than what it is made of.

A page speaks the language of its address (`?lang=en`), or else the one that the browser asks for,
or else Chinese. From then on its script changes words in place (static/src/words/words.js): what
somebody chooses is kept by the phone, and no request tells of it. The admins' door speaks Chinese.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, has_request_context, request, url_for
from flask_babel import Babel, Domain, format_date, get_locale, gettext
from markupsafe import Markup, escape

from app.security import ADMIN_DOOR

CATALOGUES = Path(__file__).resolve().parent.parent / "translations"
PARAMETER = "lang"
ROOM = "/screen/"
"""What a whole room reads goes by no single browser: Chinese, unless somebody there chooses."""


@dataclass(frozen=True)
class Language:
    """tag: as HTML and browsers name it; locale: as Babel does; name: in the language itself;
    direction: `ltr` or `rtl`."""

    tag: str
    locale: str
    name: str
    direction: str


LANGUAGES = tuple(
    Language(**one) for one in json.loads((CATALOGUES / "languages.json").read_text("utf-8"))
)
SOURCE = LANGUAGES[0]


class Own(str):
    """Words of a document, such as a branch's name: they stay as they are, marked as Chinese."""

    __slots__ = ()

    def __html__(self) -> str:
        return Markup('<span lang="{}">{}</span>').format(SOURCE.tag, str(self))


def use_languages(app: Flask) -> None:
    """Give templates `say()`, `say_n()`, `own()` and the language of the page."""
    _Speaking().init_app(
        app, default_locale=SOURCE.locale, locale_selector=lambda: _wanted().locale
    )
    app.jinja_env.globals.update(say=say, say_n=say_n, own=Own)
    app.context_processor(
        lambda: {"language": spoken(), "next_language": next_language(), "in_language": in_language}
    )


def spoken() -> Language:
    """The language of the page at hand."""
    locale = str(get_locale() or SOURCE.locale)
    return next((one for one in LANGUAGES if one.locale == locale), SOURCE)


def next_language() -> Language:
    """The language that the page's switch leads to: they follow one another in a circle."""
    return LANGUAGES[(LANGUAGES.index(spoken()) + 1) % len(LANGUAGES)]


def say(sentence: str, tag: str = "span", **values: object) -> Markup:
    """An element with a sentence of the page, which a script can turn into another language.

    tag: the element's name, with attributes if it has any. The sentence is text, never markup;
    `values` stand for its `%(name)s`: texts, numbers, dates, and `Own` words of a document.
    """
    return _said(escape(gettext(sentence)), sentence, tag, values)


def say_n(sentence: str, count: int, tag: str = "span", **values: object) -> Markup:
    """As `say`; the form of the sentence may follow its `%(count)s`."""
    shown = escape(_CATALOGUES.get_translations().ungettext(sentence, sentence, count))
    return _said(shown, sentence, tag, {**values, "count": count})


def _said(shown: Markup, sentence: str, tag: str, values: dict[str, object]) -> Markup:
    if values:
        shown %= {name: _shown(value) for name, value in values.items()}
    # Where the page is Chinese, what is shown is the sentence; it need not stand there twice.
    source = "" if shown == escape(sentence) else Markup('="{}"').format(sentence)
    given = json.dumps({n: _given(v) for n, v in values.items()}, ensure_ascii=False)
    return Markup("<{} data-say{}{}>{}</{}>").format(
        Markup(tag),  # noqa: S704 - a template's own
        source,
        Markup(' data-values="{}"').format(given) if values else "",
        shown,
        Markup(tag.split(maxsplit=1)[0]),  # noqa: S704 - the same
    )


def _shown(value: object) -> object:
    return format_date(value, "long") if isinstance(value, date) else value


def _given(value: object) -> object:
    """A value as words.js reads it."""
    if isinstance(value, Own):
        return {"own": str(value)}
    return {"day": value.isoformat()} if isinstance(value, date) else value


def in_language(endpoint: str, **values: Any) -> str:
    """`url_for` a page that shall speak as this one does, where this one's address says how."""
    if PARAMETER in request.args:
        values[PARAMETER] = spoken().tag
    return url_for(endpoint, **values)


def best(asked: Iterable[str]) -> Language | None:
    """The first language that we have of tags such as `en-GB`, the most wanted first."""
    for tag in asked:
        wanted = tag.lower()
        for one in LANGUAGES:
            if one.tag.lower() == wanted:
                return one
        for one in LANGUAGES:
            if one.tag.lower().split("-")[0] == wanted.split("-")[0]:
                return one
    return None


def _wanted() -> Language:
    if not has_request_context() or request.path.startswith(ADMIN_DOOR):
        return SOURCE
    asked = [tag for tag, quality in request.accept_languages if quality > 0]
    if request.path.startswith(ROOM):
        asked = []
    return best([request.args.get(PARAMETER, "")]) or best(asked) or SOURCE


class _Speaking(Babel):
    """Babel with catalogues that are compiled when they are needed."""

    @property
    def domain_instance(self) -> Domain:
        return _CATALOGUES


class _Catalogues(Domain):
    def get_translations(self) -> Translations:
        return _translations(str(get_locale() or SOURCE.locale))


_CATALOGUES = _Catalogues()


@cache
def _translations(locale: str) -> Translations:
    source = CATALOGUES / locale / "LC_MESSAGES" / "messages.po"
    if not source.is_file():
        return Translations()  # Chinese: the sentences themselves
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=locale))
    compiled.seek(0)
    return Translations(compiled)
