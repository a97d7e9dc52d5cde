"""Take a picture of the tally at every full batch, and release it one batch later.

What is released is public. The newest picture is not: an urn less that picture would be the total
of the last few ballots, of one perhaps. So it is kept sealed under a key that lies in no file; a
server that starts anew has lost it, and the screen waits for the next one.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from app.actions.urn import cast_by_group, cast_number, read_marks_of
from app.domain.meeting import Ballots, Form, released_at, snapshot_due, with_span
from app.domain.tally import count_marks
from app.models import pictures
from app.process import GROUP_KEY

Counts = dict[str, dict[str, int]]
"""Cell id → choice (with `abstain`) → number."""

_IV_BYTES = 12


class Picture(NamedTuple):
    """The tally when exactly `at` ballots were in."""

    at: int
    counts: Counts


class _Kept(msgspec.Struct):
    """A picture at rest. ballots: how many of each group were in, of one that is pending; spans:
    see app.domain.meeting.with_span, of one that is released."""

    counts: Counts
    ballots: Ballots = {}
    spans: list[Ballots] = []


def take_picture(connection: Connection, form: Form, k: int) -> None:
    """After a ballot went in: where a batch is full, release the last picture and take another."""
    cast = cast_number(connection)
    if not snapshot_due(cast, k):
        return
    before = _pending(connection)
    if before is not None and before[0] == released_at(cast, k):
        at, picture = before
        picture.spans = with_span(spans_of_pictures(connection), picture.ballots)
        picture.ballots = {}
        _keep(connection, "released", at, msgspec.json.encode(picture))
    marks = ((mark.cell, mark.choice) for mark in read_marks_of(connection))
    taken = _Kept(count_marks(marks, form.lawful()), ballots=cast_by_group(connection))
    _keep(connection, "pending", cast, _seal(cast, msgspec.json.encode(taken)))


def released_picture(connection: Connection) -> Picture | None:
    """The picture that everybody may see of an open meeting, if there is one."""
    row = _row(connection, "released")
    return None if row is None else Picture(row[0], _kept(row[1]).counts)


def spans_of_pictures(connection: Connection) -> list[Ballots]:
    """What the released pictures are made of, for `groups_shown`."""
    row = _row(connection, "released")
    return [] if row is None else _kept(row[1]).spans


def _pending(connection: Connection) -> tuple[int, _Kept] | None:
    """None where there is none, or where an earlier start of the server has sealed it."""
    row = _row(connection, "pending")
    if row is None:
        return None
    cast, content = row
    iv, sealed = content[:_IV_BYTES], content[_IV_BYTES:]
    try:
        plain = ChaCha20Poly1305(GROUP_KEY).decrypt(iv, sealed, str(cast).encode())
    except InvalidTag:
        return None
    return cast, _kept(plain)


def _row(connection: Connection, kind: str) -> tuple[int, bytes] | None:
    row = connection.execute(
        select(pictures.c.cast, pictures.c.content).where(pictures.c.kind == kind)
    ).first()
    return None if row is None else (row.cast, row.content)


def _kept(content: bytes) -> _Kept:
    return msgspec.json.decode(content, type=_Kept)


def _seal(cast: int, plain: bytes) -> bytes:
    iv = secrets.token_bytes(_IV_BYTES)
    return iv + ChaCha20Poly1305(GROUP_KEY).encrypt(iv, plain, str(cast).encode())


def _keep(connection: Connection, kind: str, cast: int, content: bytes) -> None:
    statement = insert(pictures).values(kind=kind, cast=cast, content=content)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[pictures.c.kind],
            set_={"cast": statement.excluded.cast, "content": statement.excluded.content},
        )
    )
