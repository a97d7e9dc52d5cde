"""Simulated phones vote in a rehearsal, at the pace of people, so that one person sees it all move.

They are voters as app.phones plays them, who speak to the actions instead of the network. A meeting
that is no rehearsal is refused: by whoever begins, and by the door that they would have to use.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import structlog
from sqlalchemy import CursorResult, select, update

from app.actions.ballot import SealedBallot, cast_ballot
from app.actions.credential import redeem_slip
from app.actions.meeting import get_meeting
from app.actions.public import public_meeting
from app.actions.slip import issue_slips
from app.domain.credential import ELEMENT_BYTES, NONCE_BYTES
from app.domain.encoding import b64url, from_b64url
from app.domain.errors import BadInput, MeetingStateChanged, MingceError, OnlyRehearsals
from app.domain.slip import crockford, parse_token
from app.models import Meeting, Simulation, db
from app.models.base import reading, writing
from app.phones.crowd import Choices, random_choices
from app.phones.voter import (
    Credential,
    Door,
    NotCast,
    SlipUrl,
    blind,
    fetch_meeting,
    redeem,
    seal_ballot,
    send,
)
from app.phones.voter import Meeting as Face
from app.process import chance

VOTERS_MOST = 200
LAST_SCAN_SECONDS = 45.0
THINKING_SECONDS = (3.0, 12.0)
"""All have scanned within so long, and each takes so long over the ballot."""

log = structlog.get_logger()


class Begun(NamedTuple):
    """Phones that wait to be played. run: their name; whoever stops them gives it up."""

    meeting_id: int
    code: str
    run: int
    slips: tuple[SlipUrl, ...]


class _Deed(NamedTuple):
    """What one phone does at a moment, in seconds from the beginning."""

    at: float
    voter: int
    casts: bool


def begin_simulation(meeting_id: int, voters: int) -> Begun:
    """Issue slips to so many simulated phones; `play` lets them vote.

    Raises OnlyRehearsals, MeetingStateChanged, BadInput.
    """
    with writing():
        meeting = _rehearsal(meeting_id)
        if not 1 <= voters <= VOTERS_MOST:
            raise BadInput(f"模拟手机的部数应为 1 到 {VOTERS_MOST} 的整数。")
        if simulation_runs(meeting_id):
            raise BadInput("模拟手机正在投票，请等它们投完，或先停下。")
        run = secrets.randbelow(2**31 - 1) + 1
        found = db.session.get(Simulation, meeting_id) or Simulation(meeting_id=meeting_id)
        found.run, found.voters, found.cast, found.failed = run, voters, 0, 0
        db.session.add(found)
        code, digest = meeting.code, meeting.key_digest or b""
        shares = _shares(meeting, voters)
    try:
        slips = [
            SlipUrl(code, crockford(token), digest)
            for group, number in shares.items()
            for token in issue_slips(meeting_id, group, number)
        ]
    except MingceError:
        # It has just been closed, or the disk is full: nobody plays, and somebody may try again.
        stop_simulation(meeting_id)
        raise
    chance.shuffle(slips)
    return Begun(meeting_id, code, run, tuple(slips))


def play(begun: Begun, pause: Callable[[float], None] = time.sleep) -> None:
    """Let them scan and vote, one deed after the other; ends early where somebody stops them."""
    door = RehearsalDoor(begun.meeting_id)
    face = fetch_meeting(door, begun.slips[0])
    choices = random_choices(face, len(begun.slips), chance)
    held: dict[int, Credential] = {}
    now = 0.0
    for deed in _plan(len(begun.slips)):
        pause(deed.at - now)
        now = deed.at
        if not _goes_on(begun):
            return
        _do(door, face, begun, deed, choices, held)
    _finish(begun)


def stop_simulation(meeting_id: int) -> bool:
    """Stop them; False where none were under way. Who has scanned and not cast stays so."""
    with writing():
        done = db.session.execute(
            update(Simulation)
            .where(Simulation.meeting_id == meeting_id, Simulation.run != 0)
            .values(run=0)
        )
    return isinstance(done, CursorResult) and done.rowcount == 1


def simulation_of(meeting_id: int) -> Simulation | None:
    """The latest, if there were any."""
    return db.session.get(Simulation, meeting_id)


def simulation_runs(meeting_id: int) -> bool:
    """Whether simulated phones are under way."""
    found = simulation_of(meeting_id)
    return found is not None and found.run != 0


class RehearsalDoor(Door):
    """The voters' door without a network, for rehearsals and nothing else."""

    def __init__(self, meeting_id: int) -> None:
        super().__init__("http://127.0.0.1", patience=20)
        self._code = _rehearsal(meeting_id).code

    def _once(self, method: str, path: str, body: Mapping[str, str] | None) -> tuple[int, bytes]:
        code, _, what = path.partition("/")
        if code != self._code:
            raise OnlyRehearsals
        try:
            return 200, json.dumps(self._answer(what, body or {})).encode()
        except MingceError as refusal:
            answer = {"error": refusal.code, "message": str(refusal)}
            return refusal.status, json.dumps(answer).encode()

    def _answer(self, what: str, body: Mapping[str, str]) -> dict[str, Any]:
        if what == "credentials":
            blinded = from_b64url(body["blinded"], ELEMENT_BYTES)
            redeemed = redeem_slip(self._code, parse_token(body["token"]), blinded)
            return {
                "group": redeemed.group,
                "evaluated": b64url(redeemed.evaluation.evaluated),
                "proof": b64url(redeemed.evaluation.proof),
            }
        if what == "ballots":
            nonce = from_b64url(body["nonce"], NONCE_BYTES)
            iv, sealed = from_b64url(body["iv"]), from_b64url(body["sealed"])
            cast_ballot(self._code, SealedBallot(body["group"], nonce, iv, sealed))
            return {"accepted": True}
        return public_meeting(self._code)


def _rehearsal(meeting_id: int) -> Meeting:
    meeting = get_meeting(meeting_id)
    if not meeting.rehearsal:
        raise OnlyRehearsals
    if meeting.state != "open":
        raise MeetingStateChanged
    return meeting


def _shares(meeting: Meeting, voters: int) -> dict[str, int]:
    """Group code → simulated voters, in proportion to those expected; groups without any miss."""
    persons = [group.expected for group in meeting.groups]
    total = sum(persons) or 1
    shares = [voters * number // total for number in persons]
    for place in range(voters - sum(shares)):
        shares[place % len(shares)] += 1
    return {g.code: number for g, number in zip(meeting.groups, shares, strict=True) if number}


def _plan(voters: int) -> Iterator[_Deed]:
    deeds = []
    for voter in range(voters):
        scans = chance.uniform(0, LAST_SCAN_SECONDS * min(1.0, voters / 20))
        deeds.append(_Deed(scans, voter, casts=False))
        deeds.append(_Deed(scans + chance.uniform(*THINKING_SECONDS), voter, casts=True))
    return iter(sorted(deeds))


def _do(
    door: Door,
    face: Face,
    begun: Begun,
    deed: _Deed,
    choices: Sequence[Choices],
    held: dict[int, Credential],
) -> None:
    try:
        if not deed.casts:
            held[deed.voter] = redeem(door, face, begun.slips[deed.voter], blind())
        elif deed.voter in held:
            ballot = seal_ballot(face, held.pop(deed.voter), choices[deed.voter])
            send(door, face, ballot)
            _count(begun, cast=1)
    except NotCast as failure:
        log.info("simulated_phone_failed", kind=failure.code)
        held.pop(deed.voter, None)
        _count(begun, failed=1)


def _goes_on(begun: Begun) -> bool:
    with reading() as connection:
        run = connection.scalar(
            select(Simulation.run).where(Simulation.meeting_id == begun.meeting_id)
        )
    return run == begun.run


def _count(begun: Begun, cast: int = 0, failed: int = 0) -> None:
    _change(begun, cast=Simulation.cast + cast, failed=Simulation.failed + failed)


def _finish(begun: Begun) -> None:
    _change(begun, run=0)


def _change(begun: Begun, **values: Any) -> None:
    with writing():
        db.session.execute(
            update(Simulation)
            .where(Simulation.meeting_id == begun.meeting_id, Simulation.run == begun.run)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
