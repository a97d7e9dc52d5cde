"""A form as what is on the paper: a title, lines of words, tables of plain cells, lines to sign."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

Value = str | int
LineKind = Literal["heading", "note", "strong", "address"]


@dataclass(frozen=True)
class Wide:
    """A cell over several columns. centred: as a label; else it is text, from the left."""

    text: str
    columns: int
    centred: bool = False


@dataclass(frozen=True)
class Grid:
    """A table. head: empty for a form of labels and values. widths: of the columns, relative.

    left: the columns (from 0) whose words begin at the left; the others are centred. summed: the
    last row adds the others up. caption: what stands over it, where that is not the title. roomy:
    its cells are to be written in.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Value | Wide, ...], ...]
    widths: tuple[int, ...]
    left: frozenset[int] = frozenset()
    summed: bool = False
    caption: str = ""
    roomy: bool = False

    @property
    def heading(self) -> str:
        """What stands over the table; empty where nothing does."""
        return self.caption or self.title


@dataclass(frozen=True)
class Line:
    """Words that are no ordinary paragraph.

    heading; small print (note); something to be seen (strong); whom a letter is to (address).
    """

    text: str
    kind: LineKind


Block = Grid | Line | str
"""A str is a paragraph."""


@dataclass(frozen=True)
class Document:
    """A form on A4. head: the line under the title; draft: its figures may still change.

    signatures: lines, each of what stands beside each other on it. closing: who issues it and when,
    at the right of a piece of writing. writing: it is read rather than filled in, and set as
    letters are. together: all its tables belong on one sheet; else each has a sheet of its own.
    about: what the file's name says beside the title.
    """

    title: str
    head: tuple[str, ...]
    blocks: tuple[Block, ...]
    signatures: tuple[tuple[str, ...], ...] = ()
    closing: tuple[str, ...] = ()
    landscape: bool = False
    draft: bool = False
    writing: bool = False
    together: bool = False
    about: str = ""

    @property
    def grids(self) -> tuple[Grid, ...]:
        """Its tables alone."""
        return tuple(block for block in self.blocks if isinstance(block, Grid))


SEAL_AND_DAY = "（盖章）　　　　年　　月　　日"
FILLED_IN = (("填表人：", "审核人：", "单位负责人：", SEAL_AND_DAY),)
BOX = "□"


def written_day(day: date) -> str:
    """As documents write it: 2012年4月5日."""
    return f"{day.year}年{day.month}月{day.day}日"


def known(number: int | None) -> Value:
    """A number, or nothing where nobody has entered it."""
    return "" if number is None else number


def listed(parts: Iterable[str]) -> str:
    """Several, with the comma that lists take."""
    return "、".join(parts)


def room_to_sign(who: str) -> str:
    """What an opinion's cell ends with: room to write, and who signs and seals it."""
    return f"\n\n\n\n\n{who}（签名）：　　　　　　　{SEAL_AND_DAY}"
