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

from app.actions.urn import cast_number, read_marks_of
from app.domain.meeting import Form, released_at, snapshot_due
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


def take_picture(connection: Connection, form: Form, k: int) -> None:
    """After a ballot went in: where a batch is full, release the last picture and take another."""
    cast = cast_number(connection)
    if not snapshot_due(cast, k):
        return
    before = _pending(connection)
    if before is not None and before.at == released_at(cast, k):
        _keep(connection, "released", before.at, msgspec.json.encode(before.counts))
    marks = ((mark.cell, mark.choice) for mark in read_marks_of(connection))
    counts = count_marks(marks, form.lawful())
    _keep(connection, "pending", cast, _seal(cast, msgspec.json.encode(counts)))


def released_picture(connection: Connection) -> Picture | None:
    """The picture that everybody may see of an open meeting, if there is one."""
    row = connection.execute(
        select(pictures.c.cast, pictures.c.content).where(pictures.c.kind == "released")
    ).first()
    return None if row is None else Picture(row.cast, msgspec.json.decode(row.content, type=Counts))


def _pending(connection: Connection) -> Picture | None:
    """None where there is none, or where an earlier start of the server has sealed it."""
    row = connection.execute(
        select(pictures.c.cast, pictures.c.content).where(pictures.c.kind == "pending")
    ).first()
    if row is None:
        return None
    iv, sealed = row.content[:_IV_BYTES], row.content[_IV_BYTES:]
    try:
        plain = ChaCha20Poly1305(GROUP_KEY).decrypt(iv, sealed, str(row.cast).encode())
    except InvalidTag:
        return None
    return Picture(row.cast, msgspec.json.decode(plain, type=Counts))


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
