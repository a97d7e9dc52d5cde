"""Who has confirmed the opening or closing of a meeting, and whose confirmation no longer holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

from sqlalchemy import ColumnElement, select

from app.actions.account import SignedIn, account_by_id, account_by_name
from app.actions.rights import require_meeting
from app.domain.confirmation import Action, Given
from app.domain.errors import NotAllowed
from app.models import Confirmation, Meeting, db

RIGHTS: dict[str, str] = {"host": "meeting.run", "witness": "meeting.witness"}
"""Part → the right that it takes, still when the second of the two confirms."""


class Signatories(NamedTuple):
    """The names of the two who opened or closed a meeting."""

    host: str
    witness: str


def signatories(meeting: Meeting, action: Action) -> Signatories | None:
    """Who opened or closed a meeting; None where no two people did, as at the command line."""
    names = {one.part: one.name for one in given_to(meeting, action) if one.done}
    return Signatories(**names) if len(names) == len(Signatories._fields) else None


def scrutineer(meeting_id: int, name: str) -> SignedIn | None:
    """The account of this name, if it may confirm for this meeting."""
    who = account_by_name(name)
    return who if _may(who, "witness", meeting_id) else None


def barred(meeting: Meeting, given: Sequence[Given]) -> set[int]:
    """Whose account has been disabled, given another role or moved away since."""
    return {one.account_id for one in given if not may_still(one.account_id, one.part, meeting.id)}


def may_still(account_id: int, part: str, meeting_id: int) -> bool:
    """Whether an account may give this part of a confirmation by now."""
    return _may(account_by_id(account_id), part, meeting_id)


def _may(who: SignedIn | None, part: str, meeting_id: int) -> bool:
    try:
        if who is not None:
            require_meeting(who, RIGHTS[part], meeting_id)
    except NotAllowed:
        return False
    return who is not None


def given_to(meeting: Meeting, action: Action) -> Sequence[Given]:
    """All confirmations of an action, whether or not they still hold; at most one for each part."""
    columns = [getattr(Confirmation, name) for name in Given._fields]
    rows = db.session.execute(select(*columns).where(*confirmations_of(meeting, action)))
    return [
        Given(*cast("tuple[str, int, str, bool, str, int, int, bool, int]", row)) for row in rows
    ]


def confirmations_of(meeting: Meeting, action: Action) -> tuple[ColumnElement[bool], ...]:
    """What selects an action's confirmations in the database."""
    return (Confirmation.meeting_id == meeting.id, Confirmation.action == action)


def subject_of(meeting: Meeting) -> str:
    """How the audit log names a meeting."""
    return f"{meeting.title}（{meeting.code}）"
