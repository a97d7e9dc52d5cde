"""Let a voter's request in only while its meeting is open."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, select

from app.domain.credential import Seed
from app.domain.errors import MeetingUnknown
from app.domain.meeting import Form, require_state_open
from app.models import Meeting, VoterGroup


class OpenMeeting(NamedTuple):
    """What redeeming and casting need to know. groups: their codes."""

    id: int
    code: str
    seed: Seed
    form: Form
    groups: frozenset[str]
    policy: str
    k: int


def open_meeting_by_code(connection: Connection, code: str) -> OpenMeeting:
    """The open meeting of this code; raises MeetingUnknown, MeetingNotOpen, MeetingClosed."""
    return _open_meeting(connection, Meeting.code == code)


def require_open(connection: Connection, meeting_id: int) -> OpenMeeting:
    """The meeting, as this transaction sees it; raises as `open_meeting_by_code`."""
    return _open_meeting(connection, Meeting.id == meeting_id)


def _open_meeting(connection: Connection, which: ColumnElement[bool]) -> OpenMeeting:
    table = Meeting.__table__.c
    row = connection.execute(
        select(
            table.id, table.code, table.state, table.seed, table.form, table.policy, table.k
        ).where(which)
    ).first()
    if row is None:
        raise MeetingUnknown
    require_state_open(row.state)
    groups = connection.scalars(select(VoterGroup.code).where(VoterGroup.meeting_id == row.id))
    return OpenMeeting(
        id=row.id,
        code=row.code,
        seed=Seed(row.seed),
        form=msgspec.convert(row.form, Form),
        groups=frozenset(groups),
        policy=row.policy,
        k=row.k,
    )
