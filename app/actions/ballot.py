"""Cast a ballot: spend its credential and put its cells into the box, once."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from app.actions.gate import OpenMeeting, look_at_open_meeting, open_urn
from app.actions.picture import take_picture
from app.actions.urn import put_marks
from app.domain.ballot import Mark, read_marks, unseal
from app.domain.credential import evaluator, output
from app.domain.errors import AlreadyCast, BadSeal
from app.models import spent_nonces


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
    marks = _open(look_at_open_meeting(meeting_code), ballot)
    with open_urn(meeting_code) as (connection, meeting):
        if not _spend(connection, ballot):
            return False
        put_marks(connection, meeting.seed, ballot.group, marks)
        if meeting.policy == "batched":
            take_picture(connection, meeting.form, meeting.k)
    return True


def _open(meeting: OpenMeeting, ballot: SealedBallot) -> tuple[Mark, ...]:
    if ballot.group not in meeting.groups:
        raise BadSeal
    credential = output(evaluator(meeting.seed, meeting.code, ballot.group), ballot.nonce)
    plain = unseal(credential, meeting.code, ballot.group, ballot.iv, ballot.sealed)
    return read_marks(plain, meeting.form.lawful())


def _spend(connection: Connection, ballot: SealedBallot) -> bool:
    """Mark the nonce as spent; False where this very ballot has spent it. Raises AlreadyCast."""
    sealed_hash = hashlib.sha256(ballot.sealed).digest()
    spent = connection.execute(
        insert(spent_nonces)
        .values(nonce=ballot.nonce, group_code=ballot.group, sealed_hash=sealed_hash)
        .on_conflict_do_nothing()
    )
    if spent.rowcount == 1:
        return True
    before = connection.scalar(
        select(spent_nonces.c.sealed_hash).where(
            spent_nonces.c.nonce == ballot.nonce,
            spent_nonces.c.group_code == ballot.group,
        )
    )
    if before != sealed_hash:
        raise AlreadyCast
    return False
