"""Keep the marks of an open meeting in its blocks, and read them back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from sqlalchemy import Connection, bindparam, delete, func, select, tuple_, update

from app.domain.ballot import Mark
from app.domain.box import StoredMark
from app.domain.credential import Seed
from app.domain.urn import (
    EMPTY_BLOCK,
    BlockFull,
    Entry,
    block_of,
    blocks_needed,
    entries,
    with_entry,
)
from app.models import spent_nonces, urn_blocks

_columns = urn_blocks.c


def make_room(connection: Connection, seed: Seed, cells: Iterable[str], ballots: int) -> None:
    """See that every cell has the blocks that so many ballots need; what is in them is kept."""
    blocks = blocks_needed(ballots)
    if blocks > _block_count(connection):
        _rebuild(connection, seed, cells, blocks)


def put_marks(connection: Connection, seed: Seed, group: str, marks: tuple[Mark, ...]) -> None:
    """Put one ballot's marks in. Raises BadBallot where one of their trackers is there already."""
    try:
        _put(connection, seed, group, marks)
    except BlockFull:
        blocks = 2 * _block_count(connection)
        _rebuild(connection, seed, [mark.cell for mark in marks], blocks)
        put_marks(connection, seed, group, marks)


def read_marks_of(connection: Connection) -> Iterator[StoredMark]:
    """Every mark of a meeting, in no order that tells anything."""
    rows = connection.execute(select(_columns.cell_id, _columns.marks))
    for cell, block in rows:
        for entry in entries(block):
            yield StoredMark(entry.group, cell, entry.tracker, entry.choice)


def cast_number(connection: Connection) -> int:
    """How many ballots are in."""
    return connection.scalar(select(func.count()).select_from(spent_nonces)) or 0


def cast_by_group(connection: Connection) -> dict[str, int]:
    """Group code → ballots that are in; a group without ballots is missing."""
    rows = connection.execute(
        select(spent_nonces.c.group_code, func.count()).group_by(spent_nonces.c.group_code)
    )
    return {row[0]: row[1] for row in rows}


def _put(connection: Connection, seed: Seed, group: str, marks: tuple[Mark, ...]) -> None:
    blocks = _block_count(connection)
    places = {(mark.cell, block_of(seed, mark.tracker, blocks)): mark for mark in marks}
    rows = connection.execute(
        select(_columns.cell_id, _columns.block, _columns.marks).where(
            tuple_(_columns.cell_id, _columns.block).in_(list(places)),
        )
    ).all()
    changed = []
    for cell, number, block in rows:
        mark = places[cell, number]
        entry = Entry(mark.tracker, mark.choice, group)
        changed.append({"cell": cell, "place": number, "content": with_entry(block, entry)})
    connection.execute(
        update(urn_blocks)
        .where(
            _columns.cell_id == bindparam("cell"),
            _columns.block == bindparam("place"),
        )
        .values(marks=bindparam("content")),
        changed,
    )


def _block_count(connection: Connection) -> int:
    highest = connection.scalar(select(func.max(_columns.block)))
    return 0 if highest is None else int(highest) + 1


def _rebuild(connection: Connection, seed: Seed, cells: Iterable[str], blocks: int) -> None:
    """Lay the marks out anew over so many blocks, or as many more as they need."""
    marks = list(read_marks_of(connection))
    laid = None
    while laid is None:
        with suppress(BlockFull):
            laid = _laid_out(seed, sorted(cells), marks, blocks)
        blocks *= 2
    connection.execute(delete(urn_blocks))
    connection.execute(urn_blocks.insert(), _rows(laid))


def _laid_out(
    seed: Seed, cells: Iterable[str], marks: Iterable[StoredMark], blocks: int
) -> dict[tuple[str, int], bytes]:
    laid = {(cell, number): EMPTY_BLOCK for cell in cells for number in range(blocks)}
    for mark in marks:
        place = mark.cell, block_of(seed, mark.tracker, blocks)
        laid[place] = with_entry(laid[place], Entry(mark.tracker, mark.choice, mark.group))
    return laid


def _rows(laid: Mapping[tuple[str, int], bytes]) -> list[dict[str, object]]:
    return [
        {"cell_id": cell, "block": number, "marks": marks} for (cell, number), marks in laid.items()
    ]
