"""Let a voter's request in only while its meeting is open."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import msgspec
import structlog
from flask import current_app
from sqlalchemy import Connection, select

from app.actions.sweep import settle
from app.actions.urn_state import is_stopped
from app.actions.whereabouts import urn_elsewhere
from app.domain.credential import Evaluator, Seed, evaluator
from app.domain.errors import MeetingUnknown, MingceError, ServerBusy
from app.domain.meeting import Form, require_state_open
from app.models import Meeting, urn_groups, urn_meeting
from app.models.base import reading
from app.models.urn_file import (
    UrnMissing,
    urn_exists,
    urn_line,
    urn_reading,
    urn_writing,
)
from app.models.urn_line import Batch, Outcome, UrnLine, UrnStopped

CLOSING_SECONDS = 10.0
"""How long a voter waits for the end of a closing; it takes a second or two at the most."""

PAUSE_SECONDS = 0.05

_settling = threading.Lock()


_complained: set[str] = set()
"""Urns of which the log has been told, once for all phones that ask."""

log = structlog.get_logger()


class OpenMeeting(NamedTuple):
    """What redeeming and casting need to know. keys: group code → the group's key pair."""

    code: str
    seed: Seed
    form: Form
    lawful: dict[str, tuple[str, ...]]
    keys: dict[str, Evaluator]
    policy: str
    k: int


_KNOWN = "mingce_open_meetings"


class OpenUrn(NamedTuple):
    """A transaction on the urn of an open meeting."""

    connection: Connection
    meeting: OpenMeeting


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
            meeting = meeting_here(meeting_code)
            with urn_writing(meeting_code) as connection:
                if is_stopped(connection):
                    raise UrnStopped
                yield OpenUrn(connection, meeting)
            return
        except UrnMissing:
            raise _why_not(meeting_code) from None
        except UrnStopped:
            _wait_for_outcome(meeting_code, deadline)


def write_in_company(meeting_code: str, batch: Batch, job: object) -> Outcome:
    """Have a job done on the urn of an open meeting, together with others that wait.

    Durable before it returns; waits and raises as `open_urn`, and raises what `batch` refuses.
    """
    deadline = time.monotonic() + CLOSING_SECONDS
    while True:
        try:
            return urn_line(meeting_code).write(batch, job)
        except UrnMissing:
            raise _why_not(meeting_code) from None
        except UrnStopped:
            _wait_for_outcome(meeting_code, deadline)


def meeting_here(meeting_code: str) -> OpenMeeting:
    """The meeting whose urn lies here, open or being closed; raises as `open_urn`.

    What it gives never changes, and is read once.
    """
    known: dict[str, tuple[UrnLine, OpenMeeting]] = current_app.extensions.setdefault(_KNOWN, {})
    try:
        # An opening that failed may have left an urn, with other keys; each has a line of its own.
        line = urn_line(meeting_code)
        found = known.get(meeting_code)
        if found is None or found[0] is not line:
            found = known[meeting_code] = line, _read(meeting_code)
    except UrnMissing:
        for ended in [code for code in known if not urn_exists(code)]:
            del known[ended]
        raise _why_not(meeting_code) from None
    return found[1]


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


def _read(code: str) -> OpenMeeting:
    with urn_reading(code) as connection:
        row = connection.execute(select(urn_meeting)).first()
        groups = list(connection.scalars(select(urn_groups.c.code)))
    if row is None:
        raise UrnMissing
    form = msgspec.convert(row.form, Form)
    return OpenMeeting(
        code=row.code,
        seed=Seed(row.seed),
        form=form,
        lawful=form.lawful(),
        keys={group: evaluator(Seed(row.seed), row.code, group) for group in groups},
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
    return urn_elsewhere(code)
