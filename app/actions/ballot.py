"""Cast a ballot: spend its credential and put its cells into the box, once."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from app.actions.gate import OpenMeeting, meeting_here, write_in_company
from app.actions.picture import Camera
from app.actions.urn import OpenBlocks, Room
from app.domain.ballot import Mark, read_marks, unseal
from app.domain.credential import output
from app.domain.errors import AlreadyCast, BadSeal, MingceError


class SealedBallot(NamedTuple):
    """What a phone sends: group code, nonce of 32 bytes, iv of 12 bytes, and the sealed text."""

    group: str
    nonce: bytes
    iv: bytes
    sealed: bytes


class _Opened(NamedTuple):
    nonce: bytes
    group: str
    sealed_hash: bytes
    marks: tuple[Mark, ...]
    meeting: OpenMeeting


def cast_ballot(meeting_code: str, ballot: SealedBallot) -> bool:
    """True where the ballot went into the box, False where it was there already.

    Durable before it returns. Raises BadSeal, BadBallot, AlreadyCast, BallotsExceedSlips and the
    meeting's errors; a refusal leaves the box as it was.
    """
    opened = _open(meeting_here(meeting_code), ballot)
    return bool(write_in_company(meeting_code, put_ballots, opened))


def put_ballots(
    connection: sqlite3.Connection, ballots: Sequence[_Opened]
) -> list[bool | MingceError]:
    """Put each ballot in whose credential is not spent; what `cast_ballot` gives or raises."""
    meeting = ballots[0].meeting
    blocks, room = OpenBlocks(connection, meeting.seed), Room(connection)
    camera = Camera(connection, meeting.form, meeting.k) if meeting.policy == "batched" else None
    answers: list[bool | MingceError] = [False] * len(ballots)
    # By nonce, which is chance: the order in which they came is in no journal and in no picture.
    for place in sorted(range(len(ballots)), key=lambda place: ballots[place].nonce):
        ballot = ballots[place]
        try:
            answers[place] = _put(connection, blocks, room, ballot)
        except MingceError as refusal:
            answers[place] = refusal
        if answers[place] is True and camera:
            camera.add(ballot.group, ballot.marks)
    if True in answers:
        blocks.write()
        if camera:
            camera.write()
    return answers


def _put(connection: sqlite3.Connection, blocks: OpenBlocks, room: Room, ballot: _Opened) -> bool:
    """False where this very ballot is in already.

    Raises AlreadyCast, BadBallot, BallotsExceedSlips.
    """
    before = connection.execute(
        "SELECT sealed_hash FROM spent_nonces WHERE nonce = ? AND group_code = ?",
        (ballot.nonce, ballot.group),
    ).fetchone()
    if before is not None:
        if before[0] != ballot.sealed_hash:
            raise AlreadyCast
        return False
    room.require(ballot.group)
    blocks.put(ballot.group, ballot.marks)
    room.take(ballot.group)
    # Nobody else writes to the urn meanwhile; the key of the table would not let a second one in.
    connection.execute(
        "INSERT INTO spent_nonces (nonce, group_code, sealed_hash) VALUES (?, ?, ?)",
        (ballot.nonce, ballot.group, ballot.sealed_hash),
    )
    return True


def _open(meeting: OpenMeeting, ballot: SealedBallot) -> _Opened:
    if ballot.group not in meeting.keys:
        raise BadSeal
    credential = output(meeting.keys[ballot.group], ballot.nonce)
    plain = unseal(credential, meeting.code, ballot.group, ballot.iv, ballot.sealed)
    marks = read_marks(plain, meeting.lawful)
    return _Opened(
        ballot.nonce, ballot.group, hashlib.sha256(ballot.sealed).digest(), marks, meeting
    )
