"""What a SQLite file holds besides its rows: frames of the log, freed pages, slack in pages."""

from __future__ import annotations

import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

HEADER = b"SQLite format 3\x00"
INTERIOR, LEAF = (2, 5), (10, 13)


def page_size(content: bytes) -> int:
    """Bytes of a page, from the file's header."""
    size = int.from_bytes(content[16:18])
    return 65536 if size == 1 else size


def leftover(content: bytes) -> list[tuple[int, int]]:
    """The spans of a database file that belong to no row: freed pages, freed and unused space."""
    size = page_size(content)
    freed = set(_freed_pages(content, size))
    spans = []
    for number in range(1, len(content) // size + 1):
        start = (number - 1) * size
        if number in freed:
            spans.append((start, start + size))
        else:
            page = content[start : start + size]
            spans += [(start + a, start + b) for a, b in _unused(page, 100 if number == 1 else 0)]
    return spans


def frames(content: bytes) -> list[tuple[int, int, int]]:
    """Of a write-ahead log: for each frame its generation, and where its page begins and ends."""
    if len(content) < 32:
        return []
    size = int.from_bytes(content[8:12])
    step = 24 + size
    return [
        (int.from_bytes(content[at + 8 : at + 12]), at + 24, at + step)
        for at in range(32, len(content) - step + 1, step)
    ]


def tables(content: bytes, log: bytes, journal: bytes) -> dict[str, list[bytes]]:
    """Table and order → all values of its rows one behind the other, after SQLite's own repair."""
    with tempfile.TemporaryDirectory(prefix="mingce-copy-") as folder:
        path = Path(folder) / "copy.sqlite"
        for suffix, part in (("", content), ("-wal", log), ("-journal", journal)):
            if part:
                Path(f"{path}{suffix}").write_bytes(part)
        with closing(sqlite3.connect(path)) as store, suppress(sqlite3.DatabaseError):
            return dict(_streams(store))
    return {}


def _streams(store: sqlite3.Connection) -> Iterator[tuple[str, list[bytes]]]:
    names = [row[0] for row in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in names:
        for order in ("", "ORDER BY rowid"):
            with suppress(sqlite3.OperationalError):
                rows = store.execute(f'SELECT * FROM "{name}" {order}')  # noqa: S608 - its own names
                yield f"{name} {order}".strip(), [_bytes(value) for row in rows for value in row]


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _freed_pages(content: bytes, size: int) -> Iterator[int]:
    trunk, seen = int.from_bytes(content[32:36]), set()
    while trunk and trunk not in seen and trunk * size <= len(content):
        seen.add(trunk)
        page = content[(trunk - 1) * size : trunk * size]
        after, leaves = struct.unpack(">II", page[:8])
        yield trunk
        yield from struct.unpack(f">{leaves}I", page[8 : 8 + 4 * leaves])
        trunk = after


def _unused(page: bytes, header: int) -> Iterator[tuple[int, int]]:
    """Spans between the list of cells and the cells, and freed blocks among the cells."""
    kind = page[header]
    if kind not in INTERIOR + LEAF:
        # An overflow page, or one that nobody can read: its end may be old.
        return
    freed, cells, content = struct.unpack(">HHH", page[header + 1 : header + 7])
    first = header + (12 if kind in INTERIOR else 8) + 2 * cells
    yield first, content or 65536
    while freed:
        after, length = struct.unpack(">HH", page[freed : freed + 4])
        yield freed, freed + length
        freed = after if after > freed else 0
