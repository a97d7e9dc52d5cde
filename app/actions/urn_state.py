"""Begin, stop and resume the taking of ballots into a meeting's urn.

The main database says whether a meeting is open; whoever changes that holds its turn to write for
as long as it takes. The urn is open only while the meeting is: it opens after, and stops before.
"""

from __future__ import annotations

import secrets
from typing import Any, NewType

from sqlalchemy import Connection, select, update

from app.domain.credential import Seed
from app.models import Meeting, urn_groups, urn_meeting
from app.models.urn_file import create_urn, urn_reading, urn_writing

Stop = NewType("Stop", bytes)
"""The name of one stop."""

_STOP_BYTES = 16


def new_stop() -> Stop:
    """A name for a stop that is to come."""
    return Stop(secrets.token_bytes(_STOP_BYTES))


def found_urn(meeting: Meeting, seed: Seed, form: dict[str, Any]) -> Stop:
    """Make the urn of a meeting that is being opened; it takes nothing before `resume_urn`."""
    stop = new_stop()
    create_urn(meeting.code)
    with urn_writing(meeting.code) as connection:
        connection.execute(
            urn_meeting.insert().values(
                code=meeting.code,
                state="closing",
                seed=seed,
                form=form,
                policy=meeting.policy,
                k=meeting.k,
                stop=stop,
            )
        )
        connection.execute(
            urn_groups.insert(),
            [{"code": group.code, "expected": group.expected} for group in meeting.groups],
        )
    return stop


def stop_urn(connection: Connection, stop: Stop) -> None:
    """In a transaction on the urn: whoever comes after it is told to wait. Nothing is lost."""
    connection.execute(update(urn_meeting).values(state="closing", stop=stop))


def resume_urn(code: str, stop: Stop) -> None:
    """Let ballots in (again), unless somebody has stopped the urn since. Raises UrnMissing.

    Whose connection to PostgreSQL is cut has lost its turn without knowing: somebody else may
    have read the urn by now, and what came in after that would be lost.
    """
    with urn_writing(code) as connection:
        connection.execute(
            update(urn_meeting).where(urn_meeting.c.stop == stop).values(state="open")
        )


def last_stop(code: str) -> Stop | None:
    """The stop that is in force, or None where ballots are taken. Raises UrnMissing."""
    with urn_reading(code) as connection:
        row = connection.execute(select(urn_meeting.c.state, urn_meeting.c.stop)).first()
    return None if row is None or row.state == "open" else Stop(row.stop)


def is_stopped(connection: Connection) -> bool:
    """Whether the urn takes nothing."""
    return connection.scalar(select(urn_meeting.c.state)) != "open"
