"""统计图: bars in the rows of a table, so that every bar carries its numbers, also on paper.

A look is a number: 0 is blank, 1 to 9 are patterns that differ without colour. Places on a bar are
percent of its length, exact until they are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.domain.scheme import rate_text
from app.domain.tally import percent_text

LOOKS = 9
BLANK, CROSSED = 0, 4
_PLACES = 10_000


@dataclass(frozen=True)
class Column:
    """Of the numbers beside the bars. look: of the parts that it counts; None: of none."""

    title: str
    look: int | None = None


@dataclass(frozen=True)
class Part:
    """A part of a bar. name: what it stands for, for those who do not see it."""

    name: str
    number: int
    look: int
    written: bool = True


@dataclass(frozen=True)
class Segment:
    """A part as it is drawn. at, length, middle: percent of the bar. number: empty without room."""

    look: int
    at: str
    length: str
    middle: str
    number: str


@dataclass(frozen=True)
class Row:
    """One bar. whole: what its full length stands for. cells: one text for each column.

    key: of the page that the label leads to, if any. note: beside the label, such as 暂定.
    """

    label: str
    parts: tuple[Part, ...]
    whole: int
    cells: tuple[str, ...]
    key: int | None = None
    note: str = ""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The parts that have a length, from the left."""
        found, at = [], Fraction(0)
        for part in self.parts:
            length = Fraction(part.number, self.whole) if self.whole else Fraction(0)
            if length:
                written = str(part.number) if part.written and _has_room(part, length) else ""
                middle = at + length / 2
                found.append(
                    Segment(part.look, _place(at), _place(length), _place(middle), written)
                )
            at += length
        return tuple(found)

    @property
    def said(self) -> str:
        """The bar in words: `好 12、较好 7`."""
        return "、".join(f"{part.name} {part.number}" for part in self.parts) or "没有数据"


@dataclass(frozen=True)
class Mark:
    """A line across all bars, such as a bound of a rule. at: of the bars' length, 0 to 1."""

    at: Fraction
    title: str

    @property
    def place(self) -> str:
        """In percent."""
        return _place(self.at)


@dataclass(frozen=True)
class Chart:
    """rows_are: what the rows stand for. foot: a sentence under it, or empty."""

    title: str
    rows_are: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    marks: tuple[Mark, ...] = ()
    foot: str = ""


def share(number: int, whole: int, unit: str = "") -> str:
    """A number with its share: `12（40.00%）`; `12 票（40.00%）` with a unit."""
    written = f"{number} {unit}".strip()
    return f"{written}（{percent_text(Fraction(number, whole))}%）" if whole else written


def looks(names: Sequence[str]) -> dict[str, int]:
    """A look for each name, at most LOOKS, in their order; the last is always the crossed one."""
    others = [look for look in range(1, LOOKS + 1) if look != CROSSED]
    return dict(zip(names, [*others[: len(names) - 1], CROSSED], strict=True))


def marks(bounds: Iterable[Fraction]) -> tuple[Mark, ...]:
    """A line for each rate with which a rule compares."""
    return tuple(Mark(bound, rate_text(bound)) for bound in bounds)


def _has_room(part: Part, length: Fraction) -> bool:
    """Whether the number can be read within the part, also on A4; it stands beside the bar too."""
    return length >= Fraction(4 + 3 * len(str(part.number)), 100)


def _place(part: Fraction) -> str:
    scaled = part * 100 * _PLACES // 1
    return f"{scaled // _PLACES}.{scaled % _PLACES:04d}"
