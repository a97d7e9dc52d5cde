"""On which line of a scheme file each key stands, so that a complaint can name it.

The TOML reader of Python keeps no lines. This one reads only as much of the notation as it takes
to find the keys again; what it cannot follow it leaves out, and then no line is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from app.domain.errors import Problem

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = re.compile(r"[^,\]}\n#]*")
_TOLD = re.compile(r"第(\d+)行")
_LAST_STEP = re.compile(r"(\.[^.\[]*|\[\d+\])$")


class Located(NamedTuple):
    """A problem, and the line of the file at fault, from 1; None where it cannot be told."""

    line: int | None
    problem: Problem


def located(text: str, problems: Iterable[Problem]) -> list[Located]:
    """The problems of a file in the order of its lines, those without one first."""
    lines = key_lines(text)
    found = [Located(line_of(lines, problem.key), problem) for problem in problems]
    return sorted(found, key=lambda one: one.line or 0)


def line_of(lines: dict[str, int], key: str) -> int | None:
    """The line of a complaint's key, or of what it would have to stand in."""
    if told := _TOLD.match(key):
        return int(told[1])
    while key:
        if key in lines:
            return lines[key]
        shorter = _LAST_STEP.sub("", key)
        if shorter == key:
            return None
        key = shorter
    return None


def key_lines(text: str) -> dict[str, int]:
    """Key (`rules[2].grade`, as complaints have it) → its line, from 1."""
    scanner = _Scanner(text.removeprefix("\ufeff"))
    # What has been found until somewhere it gets lost is right.
    with suppress(_Lost, RecursionError):
        scanner.read()
    return scanner.lines


class _Lost(Exception):
    """The text is no TOML from here on."""


class _Scanner:
    """Goes through the text once. lines: what it has found so far."""

    def __init__(self, text: str) -> None:
        self.lines: dict[str, int] = {}
        self._text, self._at, self._line = text, 0, 1
        self._counts: dict[str, int] = {}

    def read(self) -> None:
        """Read the whole text. Raises _Lost."""
        table = ""
        while self._skip():
            if self._next("["):
                table = self._header()
            else:
                self._pair(table)

    # Statements

    def _header(self) -> str:
        """The path of the table whose header stands here."""
        line, many = self._line, self._next("[[")
        self._take("[[" if many else "[")
        parts = self._key()
        self._take("]]" if many else "]")
        path = ""
        for part in parts[:-1]:
            path = self._latest(_joined(path, part))
        path = _joined(path, parts[-1])
        if many:
            self._counts[path] = self._counts.get(path, 0) + 1
            self._put(path, line)
            path = self._latest(path)
        self._put(path, line)
        return path

    def _pair(self, table: str) -> None:
        line = self._line
        path = table
        for part in self._key():
            path = _joined(path, part)
            self._put(path, line)
        self._take("=")
        self._value(path)

    def _latest(self, path: str) -> str:
        """Within an array of tables its latest table is meant."""
        return f"{path}[{self._counts[path]}]" if path in self._counts else path

    # Keys and values

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._blanks()
            if self._next('"') or self._next("'"):
                start = self._at + 1
                self._string()
                parts.append(self._text[start : self._at - 1])
            else:
                bare = _BARE.match(self._text, self._at)
                if bare is None:
                    raise _Lost
                parts.append(bare[0])
                self._at = bare.end()
            self._blanks()
            if not self._next("."):
                return parts
            self._at += 1

    def _value(self, path: str) -> None:
        self._blanks()
        if self._next('"') or self._next("'"):
            self._string()
        elif self._next("["):
            self._array(path)
        elif self._next("{"):
            self._inline_table(path)
        else:
            plain = _PLAIN.match(self._text, self._at)
            if plain is None or not plain[0].strip():
                raise _Lost
            self._at = plain.end()

    def _array(self, path: str) -> None:
        self._take("[")
        number = 0
        while self._skip():
            if self._next("]"):
                self._at += 1
                return
            number += 1
            self._put(f"{path}[{number}]", self._line)
            self._value(f"{path}[{number}]")
            self._skip()
            if self._next(","):
                self._at += 1
            elif not self._next("]"):
                raise _Lost
        raise _Lost

    def _inline_table(self, path: str) -> None:
        self._take("{")
        while self._skip():
            if self._next("}"):
                self._at += 1
                return
            self._pair(path)
            self._skip()
            if self._next(","):
                self._at += 1
            elif not self._next("}"):
                raise _Lost
        raise _Lost

    def _string(self) -> None:
        quote = self._text[self._at]
        mark = quote * 3 if self._next(quote * 3) else quote
        self._at += len(mark)
        while not self._next(mark):
            if self._at >= len(self._text):
                raise _Lost
            escaped = quote == '"' and self._next("\\")
            self._step(2 if escaped else 1)
        self._at += len(mark)
        while len(mark) == 3 and self._next(quote):  # a text may end in quotation marks
            self._at += 1

    # Characters

    def _skip(self) -> bool:
        """Pass blanks, ends of lines and comments; whether anything is left."""
        while self._at < len(self._text):
            if self._next("#"):
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            elif self._text[self._at] in " \t\r\n":
                self._step(1)
            else:
                return True
        return False

    def _blanks(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in " \t":
            self._at += 1

    def _step(self, characters: int) -> None:
        self._line += self._text.count("\n", self._at, self._at + characters)
        self._at += characters

    def _next(self, mark: str) -> bool:
        return self._text.startswith(mark, self._at)

    def _take(self, mark: str) -> None:
        self._blanks()
        if not self._next(mark):
            raise _Lost
        self._at += len(mark)

    def _put(self, path: str, line: int) -> None:
        self.lines.setdefault(path, line)


def _joined(path: str, part: str) -> str:
    return f"{path}.{part}" if path else part
