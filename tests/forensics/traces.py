"""The orders in which one copy shows its voters' values: each is a trace of what came when."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.domain.encoding import b64url
from tests.forensics import heap, sqlite_file
from tests.forensics.capture import PAGE, Capture, Piece
from tests.forensics.meeting import Voter

OCCURRENCES_MOST = 64
VALUE_LONGEST = 32
"""Of what we look for, in bytes: in a longer column there may be several."""

ORDER_LEAST = 3
"""One or two voters are no order. What a single commit shows is for tests.forensics.instants."""

_TEXT = re.compile(rb"[A-Za-z0-9_-]{13,}")

Values = Mapping[tuple[str, int], bytes]
"""Family (`token_hash`, `blinded`, `nonce`, `sealed_hash`, or a cell's id) and voter → value."""

Places = dict[tuple[str, int], list[int]]


class Trace(NamedTuple):
    """orders: family → the voters whose values are there. kind: what the attack is called."""

    kind: str
    name: str
    orders: dict[str, tuple[int, ...]]


def values_of(voters: Sequence[Voter]) -> Values:
    """All that the system was told of these voters, by their numbers."""
    values = {}
    for number, voter in enumerate(voters):
        for family, value in {**voter.known, **voter.trackers}.items():
            values[family, number] = value
    return values


def traces(capture: Capture, values: Values) -> list[Trace]:
    """Every order that one copy shows."""
    look = _Look(values)
    found: list[Trace] = []
    for name, piece in capture.pieces.items():
        found += _of_file(look, capture, name, piece)
    for name, text in capture.rows.items():
        kind = "transaction id" if "ORDER BY xm" in name else "place on disk"
        found += look.in_bytes(kind, f"rows of {name}", text.encode())
    found += _files(look, capture)
    return [trace for trace in found if trace.orders]


def _of_file(look: _Look, capture: Capture, name: str, piece: Piece) -> Iterator[Trace]:
    if name.startswith("proc/") or name.endswith(".log") or "/logs/" in name:
        yield from look.in_bytes("log lines", name, piece.content)
    elif name.startswith("removed/"):
        yield from look.in_bytes("leftover bytes", name, piece.content)
    elif name.endswith(("-wal", "-journal")):
        yield from look.in_bytes("journal", name, piece.content)
        if name.endswith("-wal"):
            yield from _frames(look, name, capture.files[name].content)
    elif "/pg_wal/" in name:
        yield from look.in_bytes("journal", name, piece.content)
        yield from _records(look, capture, name, piece)
    else:
        yield from look.in_bytes("place on disk", name, piece.content)
        whole = capture.files[name].content
        if whole.startswith(sqlite_file.HEADER):
            yield from _database(look, capture, name, whole)
        elif name.startswith("pgdata/base/") and len(piece.content) % PAGE == 0:
            yield from _pages(look, name, piece)


def _database(look: _Look, capture: Capture, name: str, whole: bytes) -> Iterator[Trace]:
    spans = sqlite_file.leftover(whole)
    yield from look.in_bytes("leftover bytes", name, b"\x00".join(whole[a:b] for a, b in spans))
    beside = [
        capture.files[name + suffix].content if name + suffix in capture.files else b""
        for suffix in ("-wal", "-journal")
    ]
    for table, row_values in sqlite_file.tables(whole, *beside).items():
        yield from look.in_bytes("place on disk", f"{name}, {table}", b"\x00".join(row_values))
        yield from _within_values(look, f"{name}, {table}", row_values)


def _within_values(look: _Look, name: str, row_values: Sequence[bytes]) -> Iterator[Trace]:
    """The places inside columns that hold many values: the further on, the later, perhaps."""
    places: Places = {}
    for value in row_values:
        if len(value) > VALUE_LONGEST:
            for key, offsets in look.raw(value).items():
                places.setdefault(key, []).extend(offsets)
    yield from look.by("place on disk", f"{name}, within a value", places)


def _frames(look: _Look, name: str, whole: bytes) -> Iterator[Trace]:
    listed = sqlite_file.frames(whole)
    order = sorted(range(len(listed)), key=lambda n: (listed[n][0], n))
    stream = b"".join(whole[listed[n][1] : listed[n][2]] for n in order)
    yield from look.in_bytes("journal", f"{name}, frames", stream)


def _pages(look: _Look, name: str, piece: Piece) -> Iterator[Trace]:
    places = look.raw(piece.content)
    spots = {
        key: [heap.spot(piece.content, offset) for offset in offsets]
        for key, offsets in places.items()
    }
    yield from look.by(
        "page LSN", name, {k: [(s.lsn, s.item) for s in v] for k, v in spots.items()}
    )
    for what in ("xmin", "xmax"):
        ids = {k: [getattr(s, what) for s in v if getattr(s, what)] for k, v in spots.items()}
        yield from look.by("transaction id", f"{name}, {what}", ids)
    items = {
        key: [
            (offset // PAGE, spot.item, offset, _dead(spot))
            for offset, spot in zip(places[key], spots[key], strict=True)
        ]
        for key in places
    }
    yield from look.by("place on disk", f"{name}, items", items)
    left = {key: [item for item in found if item[-1]] for key, found in items.items()}
    yield from look.by("leftover bytes", f"{name}, items", left)
    offsets = {key: [offset for _, _, offset, _ in found] for key, found in left.items()}
    yield from look.by("leftover bytes", name, offsets)


def _dead(spot: heap.Spot) -> bool:
    return spot.item == 0 or spot.xmax != 0


def _records(look: _Look, capture: Capture, name: str, piece: Piece) -> Iterator[Trace]:
    log = heap.Log(capture.records)
    segment = name.rpartition("/")[2]
    found: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for key, offsets in look.raw(piece.content).items():
        places = (piece.pages[o // PAGE] * PAGE + o % PAGE for o in offsets)
        found[key] = [r for place in places if (r := log.record(segment, place))]
    yield from look.by(
        "journal", f"{name}, records", {k: [r[0] for r in v] for k, v in found.items()}
    )
    yield from look.by(
        "transaction id", f"{name}, records", {k: [r[1] for r in v] for k, v in found.items()}
    )


def _files(look: _Look, capture: Capture) -> Iterator[Trace]:
    """In which files values lie: by their names, and by the times when they changed."""
    names: dict[tuple[str, int], list[tuple[str, int]]] = {}
    times: dict[tuple[str, int], list[int]] = {}
    for name, piece in sorted(capture.pieces.items()):
        for key, offsets in look.raw(piece.content).items():
            names.setdefault(key, []).extend((name, offset) for offset in offsets)
            times.setdefault(key, []).append(piece.changed)
    yield from look.by("place on disk", "all files", names)
    yield from look.by("file times", "all files", times)


class _Look:
    """Looks for values in bytes."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._texts = [
            (key, form)
            for key, value in values.items()
            for form in (value.hex().encode(), b64url(value).encode())
        ]
        self._cache: dict[bytes, Places] = {}

    def raw(self, content: bytes) -> Places:
        """Where each value lies as it is."""
        if content not in self._cache:
            self._cache[content] = _places(content, self._values.items())
        return self._cache[content]

    def in_bytes(self, kind: str, name: str, content: bytes) -> Iterator[Trace]:
        """The orders of the first and of the last places, of bytes and of text."""
        yield from self.by(kind, name, self.raw(content))
        text = b" ".join(_TEXT.findall(content))
        if text:
            yield from self.by(kind, f"{name}, text", _places(text, self._texts))

    def by(
        self, kind: str, name: str, keys: Mapping[tuple[str, int], Sequence[Any]]
    ) -> Iterator[Trace]:
        """The orders by the least and by the greatest key of each value."""
        pick: Callable[[Sequence[Any]], Any]
        for which, pick in (("first", min), ("last", max)):
            by_family: dict[str, list[tuple[Any, bytes, int]]] = {}
            for (family, voter), found in keys.items():
                if found:
                    # Where two have the same key, chance decides, and not our own list.
                    lot = hashlib.sha256(name.encode() + self._values[family, voter]).digest()
                    by_family.setdefault(family, []).append((pick(found), lot, voter))
            orders = {
                family: tuple(voter for _, _, voter in sorted(rows))
                for family, rows in by_family.items()
                if len({key for key, _, _ in rows}) >= ORDER_LEAST
            }
            if orders:
                yield Trace(kind, f"{name}, {which}", orders)


def _places(content: bytes, forms: Iterable[tuple[tuple[str, int], bytes]]) -> Places:
    places: Places = {}
    for key, form in forms:
        at = content.find(form)
        while at >= 0 and len(places.setdefault(key, [])) < OCCURRENCES_MOST:
            places[key].append(at)
            at = content.find(form, at + 1)
        # What lies there more often is in an index of everything; the last place counts too.
        if at >= 0:
            places[key].append(content.rfind(form))
    return places
