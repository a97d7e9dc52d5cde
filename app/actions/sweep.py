"""Destroy the urns of meetings that have ended, and resume those that a crash has stopped."""

from __future__ import annotations

from contextlib import suppress

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from app.actions.urn_state import last_stop, resume_urn
from app.models import Meeting, slips
from app.models.base import reading, writing
from app.models.urn_file import UrnMissing, destroy_urn, urn_codes, urn_reading

log = structlog.get_logger()


def sweep() -> bool:
    """Make the urns on this machine agree with the states of their meetings.

    Returns False where a file could not be removed. An urn whose meeting is not in the database, or
    is not open there yet, is left alone: it may belong to a newer database that is to be restored.
    """
    swept = True
    for code in urn_codes():
        swept = settle(code) and swept
    return swept


def settle_ended() -> None:
    """Destroy the urns here of meetings that another host has ended."""
    codes = urn_codes()
    if not codes:
        return
    with reading() as connection:
        ended = list(
            connection.scalars(
                select(Meeting.code).where(
                    Meeting.code.in_(codes), Meeting.state.in_(("closed", "voided"))
                )
            )
        )
    for code in ended:
        settle(code)


def settle(code: str) -> bool:
    """Make one urn agree with the state of its meeting; False as `sweep`.

    Where it cannot be read that is noted: it shall not keep the other meetings from going on.
    """
    # While this transaction lasts nobody opens or closes a meeting.
    with writing() as connection:
        try:
            stop = last_stop(code)
        except (UrnMissing, DatabaseError) as error:
            stop = None
            log.error("urn_unreadable", kind=type(error).__name__)
        state = connection.scalar(select(Meeting.state).where(Meeting.code == code))
        if state == "open" and stop is not None:
            with suppress(UrnMissing):
                resume_urn(code, stop)
        # A draft has an urn where its opening failed, and then nobody has voted; with slips in it,
        # it is the database that is older than the urn.
        if state in (None, "open") or (state == "draft" and _has_slips(code)):
            return True
        return destroy_after_ending(code)


def _has_slips(code: str) -> bool:
    try:
        with urn_reading(code) as urn:
            return urn.execute(select(slips.c.group_code).limit(1)).first() is not None
    except (UrnMissing, DatabaseError):
        return False


def destroy_after_ending(code: str) -> bool:
    """Destroy one urn; False where that failed, and then the next start tries again."""
    try:
        destroy_urn(code)
    except OSError as error:
        log.error("urn_not_destroyed", kind=type(error).__name__)
        return False
    return True
