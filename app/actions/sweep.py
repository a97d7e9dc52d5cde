"""Destroy the urns of meetings that have ended, and resume those that a crash has stopped."""

from __future__ import annotations

import structlog
from sqlalchemy import select

from app.actions.urn_state import resume_urn
from app.models import Meeting
from app.models.base import writing
from app.models.urn_file import destroy_urn, urn_codes

log = structlog.get_logger()


def sweep() -> bool:
    """Make the urns on this machine agree with the states of their meetings.

    Returns False where a file could not be removed. An urn whose meeting is not in the database is
    left alone: it may belong to a database that is to be restored.
    """
    swept = True
    # While this transaction lasts nobody opens or closes a meeting.
    with writing() as connection:
        for code in urn_codes():
            table = Meeting.__table__.c
            state = connection.scalar(select(table.state).where(table.code == code))
            if state == "open":
                resume_urn(code)
            elif state is not None:
                swept = destroy_after_ending(code) and swept
    return swept


def destroy_after_ending(code: str) -> bool:
    """Destroy one urn; False where that failed, and then the next start tries again."""
    try:
        destroy_urn(code)
    except OSError as error:
        log.error("urn_not_destroyed", kind=type(error).__name__)
        return False
    return True
