"""The open ballot box: marks in blocks of a fixed size that show no order of arrival.

A database file keeps traces of the order in which rows came. So the marks of a cell lie in a fixed
number of blocks, made before the first ballot. A block is always as long as it is when full, its
entries are sorted by tracker, and it is overwritten where it lies: the bytes on disk follow from
the set of marks alone.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from app.domain.ballot import TRACKER_BYTES
from app.domain.credential import Seed
from app.domain.errors import BadBallot
from app.domain.meeting import ABSTAIN

ENTRIES_MOST = 64
ENTRIES_EXPECTED = 16
"""With 16 entries in a block on average, one of 65 would come once in 10^18 blocks."""

_ENTRY_BYTES = TRACKER_BYTES + 2
BLOCK_BYTES = ENTRIES_MOST * _ENTRY_BYTES
EMPTY_BLOCK = bytes(BLOCK_BYTES)
_ABSTAIN = 255


class Entry(NamedTuple):
    """One mark. tracker: 10 bytes. choice: `abstain` or `option1` … `option9`. group: `g1` …"""

    tracker: bytes
    choice: str
    group: str


class BlockFull(Exception):
    """The cell needs more blocks."""


def blocks_needed(ballots: int) -> int:
    """How many blocks each cell needs for so many ballots."""
    return max(1, -(-ballots // ENTRIES_EXPECTED))


def block_of(seed: Seed, tracker: bytes, blocks: int) -> int:
    """The number of the block that holds `tracker`, from 0; nobody without the seed can aim."""
    return int.from_bytes(hashlib.blake2b(tracker, key=seed, digest_size=8).digest()) % blocks


def with_entry(block: bytes, entry: Entry) -> bytes:
    """The block with one more entry.

    Raises BadBallot where its tracker stands there already, BlockFull where there is no room.
    """
    number = _number(block)
    place = bisect_left(range(number), entry.tracker, key=lambda at: _tracker(block, at))
    if place < number and _tracker(block, place) == entry.tracker:
        raise BadBallot
    if number == ENTRIES_MOST:
        raise BlockFull
    at = place * _ENTRY_BYTES
    # What falls off at the end is free.
    return block[:at] + _pack(entry) + block[at:-_ENTRY_BYTES]


def entries(block: bytes) -> Iterator[Entry]:
    """The entries of a block, sorted by tracker."""
    return (
        _unpack(block[at : at + _ENTRY_BYTES])
        for at in range(0, _number(block) * _ENTRY_BYTES, _ENTRY_BYTES)
    )


def _number(block: bytes) -> int:
    """How many entries there are; the last byte of each is a group's number, which is not 0."""
    return -(-len(block.rstrip(b"\x00")) // _ENTRY_BYTES)


def _tracker(block: bytes, place: int) -> bytes:
    at = place * _ENTRY_BYTES
    return block[at : at + TRACKER_BYTES]


def _pack(entry: Entry) -> bytes:
    choice = _ABSTAIN if entry.choice == ABSTAIN else int(entry.choice.removeprefix("option"))
    return entry.tracker + bytes((choice, int(entry.group.removeprefix("g"))))


def _unpack(item: bytes) -> Entry:
    choice, group = item[TRACKER_BYTES:]
    return Entry(
        tracker=item[:TRACKER_BYTES],
        choice=ABSTAIN if choice == _ABSTAIN else f"option{choice}",
        group=f"g{group}",
    )
