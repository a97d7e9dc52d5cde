"""Reading a table that a person typed: every value checked, every problem collected."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

from app.domain.errors import Problem
from app.domain.scheme.numbers import read_number, read_rate

Value = TypeVar("Value")
Word = TypeVar("Word", bound=str)

TEXT_MOST = 2000
KEY_MOST = 60
HINTS_MOST = 20
"""Looking for a similar word is slow; a file full of nonsense is not worth it."""


class Table:
    """One table of a document. Each reading method returns a harmless value where it complains.

    source: the file's name; path: where in it the table stands, empty at the top; problems: the
    list that all tables of one document share.
    """

    def __init__(
        self, values: Mapping[str, object], source: str, problems: list[Problem], path: str = ""
    ) -> None:
        self.values = values
        self._source, self._path, self._problems = source, path, problems
        self._known: set[str] = set()

    def complain(self, key: str, expected: str) -> None:
        """Put down what is wrong at `key` of this table (the table itself if empty)."""
        self._problems.append(Problem(self._source, self.path_of(key), expected))

    def path_of(self, key: str) -> str:
        """The full name of a key, such as `rules[2].grade`."""
        return ".".join(part for part in (self._path, key[:KEY_MOST]) if part) or "(全文)"

    def has(self, key: str) -> bool:
        """Whether the key was written."""
        self._known.add(key)
        return key in self.values

    def read(
        self,
        key: str,
        convert: Callable[[object], Value | None],
        expected: str,
        required: bool = False,
    ) -> Value | None:
        """The converted value; None, and a complaint, where it is wrong or required and lacking.

        expected: what ought to stand there, such as `应为数字`.
        """
        if not self.has(key):
            if required:
                self.complain(key, f"缺少这一项，{expected}。")
            return None
        converted = convert(self.values[key])
        if converted is None:
            self.complain(key, f"{expected}，现在写的是 {shown(self.values[key])}。")
        return converted

    def text(self, key: str, required: bool = False) -> str:
        """A text that is not empty; `""` where it is lacking."""
        expected = f"应为引号中的文字（不空，不超过{TEXT_MOST}字）"
        return self.read(key, _text, expected, required) or ""

    def texts(self, key: str, required: bool = False) -> tuple[str, ...]:
        """A list of texts that are not empty and differ; a single text stands for a list of one."""
        found = self.read(key, _texts, '应为一列文字，如 ["甲", "乙"]', required) or ()
        if len(set(found)) < len(found):
            self.complain(key, "各项不应重复。")
        return found

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        found = self.read(key, _boolean, "应为 true 或 false")
        return default if found is None else found

    def number(self, key: str, required: bool = False) -> Fraction | None:
        """An exact number, 0 or more."""
        return self.read(key, _not_negative, "应为不小于0的数字，如 90", required)

    def rate(self, key: str, required: bool = False) -> Fraction | None:
        """A rate between 0 and 1."""
        return self.read(
            key, read_rate, '应为带引号的百分数或分数（0到1之间），如 "90%" 或 "2/3"', required
        )

    def one_of(self, key: str, allowed: Sequence[Word], required: bool = False) -> Word | None:
        """One of some words; None where it is lacking or another."""
        expected = "应为 " + "、".join(f'"{word}"' for word in allowed) + " 之一"

        def find(value: object) -> Word | None:
            return next((word for word in allowed if word == value), None)

        return self.read(key, find, expected, required)

    def table(self, key: str, required: bool = False, expected: str = "") -> Table | None:
        """A table within this one."""
        expected = expected or f"应为一个表，写作 [{self.path_of(key)}]"
        found = self.read(key, _mapping, expected, required)
        return None if found is None else self._inner(found, self.path_of(key))

    def tables(self, key: str, required: bool = False) -> list[Table]:
        """A list of tables; numbered from 1 in complaints, as people count."""
        expected = f"应为若干个表，每个写作 [[{self.path_of(key)}]]"
        found = self.read(key, _mappings, expected, required) or ()
        if required and self.has(key) and not found:
            self.complain(key, f"{expected}，至少一个。")
        return [self._inner(v, f"{self.path_of(key)}[{n}]") for n, v in enumerate(found, 1)]

    def close(self) -> None:
        """Complain about every key that no one asked for."""
        known = "、".join(sorted(self._known))
        unknown = [key for key in self.values if key not in self._known]
        for number, key in enumerate(unknown):
            near = difflib.get_close_matches(key, self._known, n=1) if number < HINTS_MOST else []
            hint = f"是不是想写 {near[0]}？" if near else ""
            self.complain(key, f"没有这一项。{hint}此处可写：{known}。")

    def _inner(self, values: Mapping[str, object], path: str) -> Table:
        return Table(values, self._source, self._problems, path)


def shown(value: object) -> str:
    """A value as a complaint quotes it: short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "一个表" if isinstance(value, dict) else "一个列表"
    text = f"“{value}”" if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _text(value: object) -> str | None:
    if not isinstance(value, str) or not value.strip() or len(value) > TEXT_MOST:
        return None
    return value.strip()


def _texts(value: object) -> tuple[str, ...] | None:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list):
        return None
    found = [text for item in listed if (text := _text(item)) is not None]
    return tuple(found) if len(found) == len(listed) else None


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _not_negative(value: object) -> Fraction | None:
    number = read_number(value) if not isinstance(value, str) else None
    return None if number is None or number < 0 else number


def _mapping(value: object) -> Mapping[str, object] | None:
    return value if isinstance(value, dict) else None


def _mappings(value: object) -> Sequence[Mapping[str, object]] | None:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return None
    return value
