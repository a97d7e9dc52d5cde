"""Cast a ballot: spend its credential and put its cells into the box, once."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from app.actions.gate import OpenMeeting, open_meeting_by_code
from app.actions.urn import put_marks, read_marks_of
from app.domain.ballot import Mark, read_marks, unseal
from app.domain.credential import evaluator, output
from app.domain.errors import AlreadyCast, BadSeal
from app.domain.meeting import snapshot_due
from app.domain.tally import count_marks
from app.models import snapshots, spent_nonces
from app.models.base import reading, writing


class SealedBallot(NamedTuple):
    """What a phone sends: group code, nonce of 32 bytes, iv of 12 bytes, and the sealed text."""

    group: str
    nonce: bytes
    iv: bytes
    sealed: bytes


def cast_ballot(meeting_code: str, ballot: SealedBallot) -> bool:
    """True where the ballot went into the box, False where it was there already.

    Durable before it returns. Raises BadSeal, BadBallot, AlreadyCast and the meeting's errors;
    a refusal leaves the box as it was.
    """
    with reading() as connection:
        meeting = open_meeting_by_code(connection, meeting_code)
    marks = _open(meeting, ballot)
    with writing() as connection:
        meeting = open_meeting_by_code(connection, meeting_code)
        if not _spend(connection, meeting.id, ballot):
            return False
        put_marks(connection, meeting.id, meeting.seed, ballot.group, marks)
        if meeting.policy == "batched":
            _photograph(connection, meeting)
    return True


def cast_number(connection: Connection, meeting_id: int) -> int:
    """How many ballots are in the box of an open meeting."""
    spent = select(func.count()).select_from(spent_nonces)
    return connection.scalar(spent.where(spent_nonces.c.meeting_id == meeting_id)) or 0


def _open(meeting: OpenMeeting, ballot: SealedBallot) -> tuple[Mark, ...]:
    if ballot.group not in meeting.groups:
        raise BadSeal
    credential = output(evaluator(meeting.seed, meeting.code, ballot.group), ballot.nonce)
    plain = unseal(credential, meeting.code, ballot.group, ballot.iv, ballot.sealed)
    return read_marks(plain, meeting.form.lawful())


def _spend(connection: Connection, meeting_id: int, ballot: SealedBallot) -> bool:
    """Mark the nonce as spent; False where this very ballot has spent it. Raises AlreadyCast."""
    sealed_hash = hashlib.sha256(ballot.sealed).digest()
    spent = connection.execute(
        insert(spent_nonces)
        .values(
            meeting_id=meeting_id,
            nonce=ballot.nonce,
            group_code=ballot.group,
            sealed_hash=sealed_hash,
        )
        .on_conflict_do_nothing()
    )
    if spent.rowcount == 1:
        return True
    before = connection.scalar(
        select(spent_nonces.c.sealed_hash).where(
            spent_nonces.c.meeting_id == meeting_id,
            spent_nonces.c.nonce == ballot.nonce,
            spent_nonces.c.group_code == ballot.group,
        )
    )
    if before != sealed_hash:
        raise AlreadyCast
    return False


def _photograph(connection: Connection, meeting: OpenMeeting) -> None:
    """Keep the tally of every full batch; the screen shows the last but one."""
    cast = cast_number(connection, meeting.id)
    if not snapshot_due(cast, meeting.k):
        return
    marks = ((mark.cell, mark.choice) for mark in read_marks_of(connection, meeting.id))
    counts = count_marks(marks, meeting.form.lawful())
    mine = snapshots.c.meeting_id == meeting.id
    connection.execute(delete(snapshots).where(mine, snapshots.c.cast < cast - meeting.k))
    connection.execute(snapshots.insert().values(meeting_id=meeting.id, cast=cast, counts=counts))
