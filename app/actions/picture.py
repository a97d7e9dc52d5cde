"""Take a picture of the tally at every full batch, and release it one batch later.

What is released is public. The newest picture is not: an urn less that picture would be the total
of the last few ballots, of one perhaps. So it is kept sealed under a key that lies in no file, and
so is the running tally that pictures are taken from; a server that starts anew has lost both. Then
it counts the urn, and the screen waits for the next picture.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from app.actions.urn import cast_by_group, cast_number, read_marks_of
from app.domain.ballot import Mark
from app.domain.meeting import Ballots, Form, released_at, snapshot_due, with_span
from app.domain.tally import count_marks
from app.process import GROUP_KEY

Counts = dict[str, dict[str, int]]
"""Cell id → choice (with `abstain`) → number."""

_IV_BYTES = 12
_NUMBER_MOST = 99_999
"""Ballots in one meeting, and more."""


class Picture(NamedTuple):
    """The tally when exactly `at` ballots were in."""

    at: int
    counts: Counts


class _Kept(msgspec.Struct):
    """A picture at rest. ballots: how many of each group were in, of one that is not released;
    spans: see app.domain.meeting.with_span, of one that is."""

    counts: Counts
    ballots: Ballots = {}
    spans: list[Ballots] = []


class _Spans(msgspec.Struct):
    """Of a released picture, what it is made of."""

    spans: list[Ballots] = []


class Camera:
    """Takes the pictures while one transaction puts ballots in; `write` when all are in.

    Made before the transaction's first ballot goes in.
    """

    def __init__(self, connection: sqlite3.Connection, form: Form, k: int) -> None:
        self._connection = connection
        self._form = form
        self._k = k
        self._cast, self._running = self._tally()
        self._pending = _unsealed(connection, "pending")
        self._released: tuple[int, _Kept] | None = None
        self._taken = False

    def add(self, group: str, marks: Iterable[Mark]) -> None:
        """One more ballot: where a batch is full, release the last picture and take another."""
        self._cast += 1
        for mark in marks:
            self._running.counts[mark.cell][mark.choice] += 1
        self._running.ballots[group] = self._running.ballots.get(group, 0) + 1
        if not snapshot_due(self._cast, self._k):
            return
        before = self._pending
        if before is not None and before[0] == released_at(self._cast, self._k):
            at, picture = before
            spans = (
                self._released[1].spans if self._released else spans_of_pictures(self._connection)
            )
            self._released = at, _Kept(picture.counts, spans=with_span(spans, picture.ballots))
        counts = {cell: dict(numbers) for cell, numbers in self._running.counts.items()}
        self._pending = self._cast, _Kept(counts, ballots=dict(self._running.ballots))
        self._taken = True

    def write(self) -> None:
        """Keep the running tally, and the newest pictures where any were taken."""
        if self._released is not None:
            at, picture = self._released
            _keep(self._connection, "released", at, msgspec.json.encode(picture))
        if self._taken and self._pending is not None:
            at, picture = self._pending
            _keep(self._connection, "pending", at, _seal("pending", at, picture, self._form))
        _keep(
            self._connection,
            "running",
            self._cast,
            _seal("running", self._cast, self._running, self._form),
        )

    def _tally(self) -> tuple[int, _Kept]:
        """Every transaction with ballots in it has kept the running one, so it is never behind."""
        kept = _unsealed(self._connection, "running")
        if kept is not None:
            return kept
        marks = ((mark.cell, mark.choice) for mark in read_marks_of(self._connection))
        counts = count_marks(marks, self._form.lawful())
        return cast_number(self._connection), _Kept(counts, cast_by_group(self._connection))


def released_picture(connection: sqlite3.Connection) -> Picture | None:
    """The picture that everybody may see of an open meeting, if there is one."""
    row = _row(connection, "released")
    return None if row is None else Picture(row[0], _kept(row[1]).counts)


def spans_of_pictures(connection: sqlite3.Connection) -> list[Ballots]:
    """What the released pictures are made of, for `groups_shown`."""
    row = _row(connection, "released")
    return [] if row is None else msgspec.json.decode(row[1], type=_Spans).spans


def _unsealed(connection: sqlite3.Connection, kind: str) -> tuple[int, _Kept] | None:
    """None where there is none, or where an earlier start of the server has sealed it."""
    row = _row(connection, kind)
    if row is None:
        return None
    cast, content = row
    iv, sealed = content[:_IV_BYTES], content[_IV_BYTES:]
    try:
        plain = ChaCha20Poly1305(GROUP_KEY).decrypt(iv, sealed, _context(kind, cast))
    except InvalidTag:
        return None
    return cast, _kept(plain.rstrip(b" "))


def _row(connection: sqlite3.Connection, kind: str) -> tuple[int, bytes] | None:
    row: tuple[int, bytes] | None = connection.execute(
        'SELECT "cast", content FROM pictures WHERE kind = ?', (kind,)
    ).fetchone()
    return row


def _kept(content: bytes) -> _Kept:
    return msgspec.json.decode(content, type=_Kept)


def _seal(kind: str, cast: int, picture: _Kept, form: Form) -> bytes:
    iv = secrets.token_bytes(_IV_BYTES)
    plain = msgspec.json.encode(picture).ljust(_length(form, picture.ballots))
    return iv + ChaCha20Poly1305(GROUP_KEY).encrypt(iv, plain, _context(kind, cast))


def _length(form: Form, ballots: Ballots) -> int:
    """As long as it can become, so that its length does not tell when ten are reached."""
    counts = count_marks((), form.lawful())
    longest = {cell: dict.fromkeys(numbers, _NUMBER_MOST) for cell, numbers in counts.items()}
    return len(msgspec.json.encode(_Kept(longest, dict.fromkeys(ballots, _NUMBER_MOST))))


def _context(kind: str, cast: int) -> bytes:
    return f"{kind}|{cast}".encode()


def _keep(connection: sqlite3.Connection, kind: str, cast: int, content: bytes) -> None:
    connection.execute(
        'INSERT INTO pictures (kind, "cast", content) VALUES (?, ?, ?)'
        ' ON CONFLICT (kind) DO UPDATE SET "cast" = excluded."cast", content = excluded.content',
        (kind, cast, content),
    )
