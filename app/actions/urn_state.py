"""Begin, stop and resume the taking of ballots into a meeting's urn.

The main database says whether a meeting is open; whoever changes that holds its turn to write for
as long as it takes. The urn is open only while the meeting is: it opens after, and stops before.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from app.domain.credential import Seed
from app.models import Meeting, urn_groups, urn_meeting
from app.models.urn_file import create_urn, urn_writing


def found_urn(meeting: Meeting, seed: Seed, form: dict[str, Any]) -> None:
    """Make the urn of a meeting that is being opened; it takes nothing before `resume_urn`."""
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
            )
        )
        connection.execute(
            urn_groups.insert(),
            [{"code": group.code, "expected": group.expected} for group in meeting.groups],
        )


def stop_urn(connection: Connection) -> None:
    """In a transaction on the urn: whoever comes after it is told to wait. Nothing is lost."""
    connection.execute(update(urn_meeting).values(state="closing"))


def resume_urn(code: str) -> None:
    """Let ballots in (again). Raises UrnMissing."""
    with urn_writing(code) as connection:
        connection.execute(update(urn_meeting).values(state="open"))


def is_stopped(connection: Connection) -> bool:
    """Whether the urn takes nothing."""
    return connection.scalar(select(urn_meeting.c.state)) != "open"
