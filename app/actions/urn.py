"""Keep the marks of an open meeting in its blocks, and read them back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from app.domain.ballot import Mark
from app.domain.box import StoredMark
from app.domain.countdown import Countdown
from app.domain.credential import Seed
from app.domain.errors import BallotsExceedSlips
from app.domain.urn import (
    EMPTY_BLOCK,
    BlockFull,
    Entry,
    block_of,
    blocks_needed,
    entries,
    with_entry,
)

Place = tuple[str, int]
"""Cell id and number of the block."""


class OpenBlocks:
    """The blocks of an urn while one transaction puts ballots in; `write` when all are in."""

    def __init__(self, connection: sqlite3.Connection, seed: Seed) -> None:
        self._connection = connection
        self._seed = seed
        self._number = _block_count(connection)
        self._read: dict[Place, bytes] = {}
        self._changed: set[Place] = set()

    def put(self, group: str, marks: Iterable[Mark]) -> None:
        """Put one ballot's marks in. Raises BadBallot where one of their trackers is there already.

        Then nothing of the ballot is in.
        """
        marks = tuple(marks)
        try:
            changed = dict(self._with(group, mark) for mark in marks)
        except BlockFull:
            self.write()
            _rebuild(
                self._connection,
                self._seed,
                sorted({mark.cell for mark in marks}),
                2 * self._number,
            )
            self._read.clear()
            self._number = _block_count(self._connection)
            self.put(group, marks)
            return
        self._read.update(changed)
        self._changed.update(changed)

    def write(self) -> None:
        """Write the blocks that have changed where they lie, in an order that tells nothing."""
        self._connection.executemany(
            "UPDATE urn_blocks SET marks = ? WHERE cell_id = ? AND block = ?",
            [(self._read[place], *place) for place in sorted(self._changed)],
        )
        self._changed.clear()

    def _with(self, group: str, mark: Mark) -> tuple[Place, bytes]:
        place = mark.cell, block_of(self._seed, mark.tracker, self._number)
        block = self._read.get(place)
        if block is None:
            block = self._read[place] = self._connection.execute(
                "SELECT marks FROM urn_blocks WHERE cell_id = ? AND block = ?", place
            ).fetchone()[0]
        return place, with_entry(block, Entry(mark.tracker, mark.choice, group))


class Room:
    """How many more ballots may come while one transaction puts ballots in.

    Without a slip that was voided after use there is always room: who has a credential has used a
    slip. Where there is one, its credential may still come back, and then ballots and papers would
    be more than people.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._left = {
            group: uncast_in(connection, group) for group in replaced_by_group(connection)
        }

    def require(self, group: str) -> None:
        """Raise BallotsExceedSlips where as many ballots are in as slips are used."""
        if self._left.get(group, 1) < 1:
            raise BallotsExceedSlips

    def take(self, group: str) -> None:
        """One more is in."""
        if group in self._left:
            self._left[group] -= 1


def replaced_by_group(connection: sqlite3.Connection) -> dict[str, int]:
    """Group code → slips voided after use for a paper each; groups without any are missing."""
    try:
        rows = connection.execute("SELECT group_code, papers FROM replacements WHERE papers > 0")
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return {}  # an urn that was made by an earlier version
    return dict(rows.fetchall())


def countdown_in(connection: sqlite3.Connection) -> Countdown | None:
    """The countdown to the end of voting, if there is one."""
    try:
        row = connection.execute(
            "SELECT ends, seconds, present, who, problem FROM countdown"
        ).fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return None  # an urn that was made by an earlier version
    return None if row is None else Countdown(*row)


def uncast_in(connection: sqlite3.Connection, group: str) -> int:
    """How many of a group's used slips have not cast."""
    return _used(connection, group) - _cast(connection, group)


def _used(connection: sqlite3.Connection, group: str) -> int:
    query = "SELECT count(*) FROM slips WHERE group_code = ? AND used"
    return int(connection.execute(query, (group,)).fetchone()[0])


def _cast(connection: sqlite3.Connection, group: str) -> int:
    query = "SELECT count(*) FROM spent_nonces WHERE group_code = ?"
    return int(connection.execute(query, (group,)).fetchone()[0])


def make_room(
    connection: sqlite3.Connection, seed: Seed, cells: Iterable[str], ballots: int
) -> None:
    """See that every cell has the blocks that so many ballots need; what is in them is kept."""
    blocks = blocks_needed(ballots)
    if blocks > _block_count(connection):
        _rebuild(connection, seed, cells, blocks)


def read_marks_of(connection: sqlite3.Connection) -> Iterator[StoredMark]:
    """Every mark of a meeting, in no order that tells anything."""
    for cell, block in connection.execute("SELECT cell_id, marks FROM urn_blocks"):
        for entry in entries(block):
            yield StoredMark(entry.group, cell, entry.tracker, entry.choice)


def cast_number(connection: sqlite3.Connection) -> int:
    """How many ballots are in."""
    return int(connection.execute("SELECT count(*) FROM spent_nonces").fetchone()[0])


def cast_by_group(connection: sqlite3.Connection) -> dict[str, int]:
    """Group code → ballots that are in; a group without ballots is missing."""
    return dict(
        connection.execute("SELECT group_code, count(*) FROM spent_nonces GROUP BY group_code")
    )


def _block_count(connection: sqlite3.Connection) -> int:
    # Every cell has as many; to ask for the most of all would read the whole urn.
    highest = connection.execute(
        "SELECT max(block) FROM urn_blocks WHERE cell_id = (SELECT cell_id FROM urn_blocks LIMIT 1)"
    ).fetchone()[0]
    return 0 if highest is None else int(highest) + 1


def _rebuild(connection: sqlite3.Connection, seed: Seed, cells: Iterable[str], blocks: int) -> None:
    """Lay the marks out anew over so many blocks, or as many more as they need."""
    marks = list(read_marks_of(connection))
    laid = None
    while laid is None:
        with suppress(BlockFull):
            laid = _laid_out(seed, sorted(cells), marks, blocks)
        blocks *= 2
    connection.execute("DELETE FROM urn_blocks")
    connection.executemany(
        "INSERT INTO urn_blocks (cell_id, block, marks) VALUES (?, ?, ?)",
        [(*place, block) for place, block in laid.items()],
    )


def _laid_out(
    seed: Seed, cells: Iterable[str], marks: Iterable[StoredMark], blocks: int
) -> Mapping[Place, bytes]:
    laid = {(cell, number): EMPTY_BLOCK for cell in cells for number in range(blocks)}
    for mark in marks:
        place = mark.cell, block_of(seed, mark.tracker, blocks)
        laid[place] = with_entry(laid[place], Entry(mark.tracker, mark.choice, mark.group))
    return laid
