"""Let a voter's request in only while its meeting is open."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import msgspec
import structlog
from sqlalchemy import Connection, select

from app.actions.sweep import settle
from app.domain.credential import Seed
from app.domain.errors import MeetingUnknown, MingceError, ServerBusy, UrnElsewhere
from app.domain.meeting import Form, require_state_open
from app.models import Meeting, urn_groups, urn_meeting
from app.models.base import reading
from app.models.urn_file import UrnMissing, urn_exists, urn_reading, urn_writing

CLOSING_SECONDS = 10.0
"""How long a voter waits for the end of a closing; it takes a second or two at the most."""

PAUSE_SECONDS = 0.05

_settling = threading.Lock()


_complained: set[str] = set()
"""Urns of which the log has been told, once for all phones that ask."""

log = structlog.get_logger()


class OpenMeeting(NamedTuple):
    """What redeeming and casting need to know. groups: their codes."""

    code: str
    seed: Seed
    form: Form
    groups: frozenset[str]
    policy: str
    k: int


class OpenUrn(NamedTuple):
    """A transaction on the urn of an open meeting."""

    connection: Connection
    meeting: OpenMeeting


class _Stopped(Exception):
    """The meeting is being closed at this moment, or that was broken off."""


@contextmanager
def open_urn(meeting_code: str) -> Iterator[OpenUrn]:
    """Write to the urn of an open meeting; durable at the end of the block, or left as it was.

    Who comes while the meeting is being closed waits for the outcome; where none comes, because
    the process that closed it has died, the meeting is resumed. Raises MeetingUnknown,
    MeetingNotOpen, MeetingClosed; ServerBusy where the outcome takes long; UrnElsewhere where the
    meeting is open but its urn is not here.
    """
    deadline = time.monotonic() + CLOSING_SECONDS
    while True:
        try:
            with urn_writing(meeting_code) as connection:
                yield OpenUrn(connection, _open_meeting(connection))
            return
        except UrnMissing:
            raise _why_not(meeting_code) from None
        except _Stopped:
            _wait_for_outcome(meeting_code, deadline)


def look_at_open_meeting(meeting_code: str) -> OpenMeeting:
    """The open meeting of this code; waits and raises as `open_urn`."""
    deadline = time.monotonic() + CLOSING_SECONDS
    while True:
        try:
            with urn_reading(meeting_code) as connection:
                return _open_meeting(connection)
        except UrnMissing:
            raise _why_not(meeting_code) from None
        except _Stopped:
            _wait_for_outcome(meeting_code, deadline)


def _wait_for_outcome(code: str, deadline: float) -> None:
    if time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
        return
    # It waits for whoever is closing the meeting; one at a time, as that takes a connection.
    if _settling.acquire(blocking=False):
        try:
            settle(code)
        finally:
            _settling.release()
    raise ServerBusy from None


def code_of(meeting_id: int) -> str:
    """The code of the meeting of this id; raises MeetingUnknown."""
    with reading() as connection:
        code = connection.scalar(select(Meeting.code).where(Meeting.id == meeting_id))
    if code is None:
        raise MeetingUnknown
    return str(code)


def _open_meeting(connection: Connection) -> OpenMeeting:
    row = connection.execute(select(urn_meeting)).one()
    if row.state != "open":
        raise _Stopped
    return OpenMeeting(
        code=row.code,
        seed=Seed(row.seed),
        form=msgspec.convert(row.form, Form),
        groups=frozenset(connection.scalars(select(urn_groups.c.code))),
        policy=row.policy,
        k=row.k,
    )


def _why_not(code: str) -> MingceError:
    with reading() as connection:
        state = connection.scalar(select(Meeting.state).where(Meeting.code == code))
    if state is None:
        return MeetingUnknown()
    try:
        require_state_open(state)
    except MingceError as refusal:
        return refusal
    if urn_exists(code) and code not in _complained:
        _complained.add(code)
        log.error("urn_unreadable")
    return UrnElsewhere()
