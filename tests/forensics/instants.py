"""What a copy shows that is taken in the moment of writing: the journal has what was before."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.forensics.meeting import CHANCE, Stand, Voter

MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
PAUSE_SECONDS = 0.02
COPIES_MOST = 1500

Copy = dict[str, bytes]


class Instants(NamedTuple):
    """How many copies there were, and what they gave away.

    ballot: of somebody at least two marks that belong together. slip: one that was being redeemed.
    both: a slip and marks.
    """

    copies: int
    writing: int
    ballot: int
    slip: int
    both: int


def watch(stand: Stand, voters: int) -> Instants:
    """Copy the databases again and again, at moments of chance, while people vote at once."""
    copies: list[Copy] = []
    with stand.voting(voters, "overlapping") as done:
        while not done():
            time.sleep(CHANCE.uniform(0, PAUSE_SECONDS))
            if len(copies) < COPIES_MOST:
                copies.append(_copy(stand.data))
    shown = [_shown(copy, stand.cast) for copy in copies]
    return Instants(
        copies=len(copies),
        writing=sum(any(name.endswith("-journal") for name in copy) for copy in copies),
        ballot=sum(ballot for ballot, _ in shown),
        slip=sum(slip for _, slip in shown),
        both=sum(ballot and slip for ballot, slip in shown),
    )


def _copy(data: Path) -> Copy:
    """Each database and its journal, in an order of chance; a journal only if there is one."""
    paths = [path for path in data.rglob("*.sqlite*") if not path.name.endswith("-shm")]
    CHANCE.shuffle(paths)
    copy = {}
    for path in paths:
        with suppress(FileNotFoundError):
            content = path.read_bytes()
            if content:
                copy[str(path)] = content
    return copy


def _shown(copy: Copy, voters: Sequence[Voter]) -> tuple[bool, bool]:
    """Whether the copy shows marks of one voter together, and a slip being redeemed."""
    fresh = b""
    before = b""
    for name, content in copy.items():
        if name.endswith("-journal"):
            pages = dict(_pages(content))
            old = copy.get(name.removesuffix("-journal"), b"")
            size = len(next(iter(pages.values()), b""))
            before += b"".join(pages.values())
            fresh += b"".join(old[(n - 1) * size : n * size] for n in pages)
    if not fresh:
        return False, False
    marks: dict[str, list[int]] = {}
    slips = []
    for number, voter in enumerate(voters):
        values: Mapping[str, bytes] = {**voter.trackers, "": voter.known["blinded"]}
        for cell, value in values.items():
            # New where the file has it and the journal has not, or gone the other way about.
            if (value in fresh) != (value in before):
                if cell:
                    marks.setdefault(cell, []).append(number)
                else:
                    slips.append(number)
    alone = [found[0] for found in marks.values() if len(found) == 1]
    return any(alone.count(voter) >= 2 for voter in alone), len(slips) == 1


def _pages(journal: bytes) -> Iterator[tuple[int, bytes]]:
    """The pages as they were before, by their numbers, in all parts of a rollback journal."""
    if not journal.startswith(MAGIC):
        return
    sector, size = int.from_bytes(journal[20:24]), int.from_bytes(journal[24:28])
    at = sector
    while at + 4 + size <= len(journal):
        if journal[at : at + 8] == MAGIC:
            at += sector
            continue
        yield int.from_bytes(journal[at : at + 4]), journal[at + 4 : at + 4 + size]
        at += 8 + size
