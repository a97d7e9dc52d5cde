"""What a page of PostgreSQL's holds besides its rows: its place in the log, dead and freed rows."""

from __future__ import annotations

import re
import struct
from bisect import bisect_right
from typing import NamedTuple

from tests.forensics.capture import PAGE

SEGMENT = 16 * 1024 * 1024
LIVE = 1
_RECORD = re.compile(r"tx:\s*(\d+), lsn: ([0-9A-F]+)/([0-9A-F]+)")


class Spot(NamedTuple):
    """Where a value lies. lsn: of its page. xmin, xmax: of its row, 0 where it is in none."""

    lsn: int
    xmin: int
    xmax: int
    item: int


def spot(content: bytes, offset: int) -> Spot:
    """What the page says about the bytes at `offset`."""
    start = offset - offset % PAGE
    page = content[start : start + PAGE]
    high, low, _, _, lower, _, special = struct.unpack("<IIHHHHH", page[:18])
    lsn = high << 32 | low
    for number, (at, length) in enumerate(_items(page, lower), 1):
        if at <= offset - start < at + length:
            if special == PAGE:
                xmin, xmax = struct.unpack("<II", page[at : at + 8])
                return Spot(lsn, xmin, xmax, number)
            return Spot(lsn, 0, 0, number)
    return Spot(lsn, 0, 0, 0)


def _items(page: bytes, lower: int) -> list[tuple[int, int]]:
    found = []
    for place in range(24, min(lower, PAGE), 4):
        (word,) = struct.unpack("<I", page[place : place + 4])
        if word >> 15 & 3 == LIVE:
            found.append((word & 0x7FFF, word >> 17))
    return found


class Log:
    """The records of the write-ahead log: which one wrote the bytes at a place."""

    def __init__(self, text: str) -> None:
        found = [(int(m[2], 16) << 32 | int(m[3], 16), int(m[1])) for m in _RECORD.finditer(text)]
        self._records = sorted(set(found))
        self._starts = [start for start, _ in self._records]

    def record(self, segment: str, offset: int) -> tuple[int, int] | None:
        """Number and transaction of the record at this place of a segment; None where none is."""
        place = (int(segment[8:16], 16) << 32) + int(segment[16:24], 16) * SEGMENT + offset
        number = bisect_right(self._starts, place) - 1
        return (number, self._records[number][1]) if number >= 0 else None
