"""Whether somebody may do something to this very thing: their role, and their part of the tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask import g, has_request_context, request
from sqlalchemy import select

from app.actions.account import SignedIn
from app.domain.errors import NotAllowed
from app.domain.rights import ABOVE, PRACTISED, may
from app.models import (
    Attachment,
    Correction,
    GradingRecord,
    Meeting,
    MeetingSubject,
    Notice,
    Objection,
    Organisation,
    Practice,
    Rectification,
    Round,
    SchemeVersion,
    SelfAssessment,
    Visit,
    db,
)

Reach = frozenset[int] | None
"""The ids of the organisations in somebody's part of the tree; None: everywhere."""


def reach_of(account: SignedIn) -> Reach:
    """Their organisation with all under it; nothing where it is gone.

    A page asks for this at every link that it may show, so it is remembered while one is made.
    """
    if account.organisation_id is None:
        return None
    if not (has_request_context() and request.method == "GET"):
        return _all_under(account.organisation_id)
    known: dict[int, frozenset[int]] = g.setdefault("mingce_reach", {})
    if account.organisation_id not in known:
        known[account.organisation_id] = _all_under(account.organisation_id)
    return known[account.organisation_id]


def _all_under(organisation_id: int) -> frozenset[int]:
    below: dict[int | None, list[int]] = {}
    for row in db.session.execute(select(Organisation.id, Organisation.parent_id)):
        below.setdefault(row.parent_id, []).append(row.id)
    found, waiting = set(), [organisation_id]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += below.get(here, ())
    return frozenset(found)


def require(account: SignedIn, action: str, organisation_ids: Iterable[int | None]) -> None:
    """Raise NotAllowed unless the account may do this to all of these.

    None among them: something that belongs to nobody, which only whoever reaches everything may
    touch.
    """
    reach = reach_of(account)
    if not may(account.role, action):
        raise NotAllowed
    wanted = list(organisation_ids)
    practised = _practised(wanted)
    if practised and (action not in PRACTISED or not practised <= _own_practice(account, reach)):
        raise NotAllowed
    for organisation_id in wanted:
        if organisation_id in practised:
            continue
        if reach is not None and organisation_id not in reach:
            raise NotAllowed
        if action in ABOVE and organisation_id == account.organisation_id is not None:
            raise NotAllowed


def require_round(account: SignedIn, action: str, round_id: int, *, touch: bool = False) -> None:
    """As `require` for a round: its holder must be in reach.

    touch: it is enough that one of its records is.
    """
    round_ = db.session.get(Round, round_id)
    if not may(account.role, action):
        raise NotAllowed
    if round_ is None:
        return  # the page itself says that there is no such round
    reach = reach_of(account)
    if round_.practice:
        require(account, action, (round_.organisation_id,))
        return
    if holds(reach, round_) or (touch and _touches(reach, round_id)):
        return
    raise NotAllowed


def holds(reach: Reach, round_: Round) -> bool:
    """Whether the whole round is somebody's own."""
    return reach is None or round_.organisation_id in reach


def visible_rounds(reach: Reach, rounds: Sequence[Round]) -> list[Round]:
    """Those of the rounds that somebody holds or has a record in."""
    if reach is None:
        return list(rounds)
    touched = set(
        db.session.scalars(
            select(GradingRecord.round_id).where(GradingRecord.organisation_id.in_(reach))
        )
    )
    return [r for r in rounds if holds(reach, r) or r.id in touched]


def visible_meetings(reach: Reach, meetings: Sequence[Meeting]) -> list[Meeting]:
    """Those that test nobody outside of reach, and drafts made there that test nobody yet."""
    if reach is None:
        return list(meetings)
    tested = _tested([meeting.id for meeting in meetings])
    return [m for m in meetings if (tested.get(m.id) or {m.organisation_id}) <= reach]


def require_meeting(account: SignedIn, action: str, meeting_id: int) -> None:
    """As `require` for a meeting: everybody whom it tests, or its maker's part of the tree."""
    meeting = db.session.get(Meeting, meeting_id)
    if meeting is None:
        require(account, action, ())
        return
    tested = _tested([meeting_id]).get(meeting_id)
    require(account, action, tested or (meeting.organisation_id,))


def require_record(account: SignedIn, action: str, record_id: int) -> None:
    """As `require` for a grading record."""
    _require_of(account, action, select(GradingRecord.organisation_id), GradingRecord.id, record_id)


def require_round_of_record(account: SignedIn, action: str, record_id: int) -> None:
    """As `require_record`, and as `require_round` for the round in which it stands."""
    require_record(account, action, record_id)
    round_id = db.session.scalar(
        select(GradingRecord.round_id).where(GradingRecord.id == record_id)
    )
    require_round(account, action, round_id or 0)


def require_correction(account: SignedIn, action: str, correction_id: int) -> None:
    """As `require_round_of_record` for the record whose grade a correction is of."""
    record_id = db.session.scalar(
        select(Correction.record_id).where(Correction.id == correction_id)
    )
    require_round_of_record(account, action, record_id or 0)


def require_record_of(account: SignedIn, action: str, what: str, id_: int) -> None:
    """As `require` for what belongs to a record: `visit`, `attachment` or `rectification`."""
    query = select(GradingRecord.organisation_id)
    if what == "visit":
        query = query.join(Visit, Visit.record_id == GradingRecord.id)
        _require_of(account, action, query, Visit.id, id_)
    elif what == "attachment":
        query = query.join(SelfAssessment, SelfAssessment.record_id == GradingRecord.id)
        query = query.join(Attachment, Attachment.assessment_id == SelfAssessment.id)
        _require_of(account, action, query, Attachment.id, id_)
    else:
        query = query.join(Rectification, Rectification.record_id == GradingRecord.id)
        _require_of(account, action, query, Rectification.id, id_)


def require_notice(account: SignedIn, action: str, code: str) -> None:
    """As `require_round` for the round of a notice."""
    round_id = db.session.scalar(select(Notice.round_id).where(Notice.code == code).limit(1))
    require_round(account, action, round_id or 0)


def require_objection(account: SignedIn, action: str, objection_id: int) -> None:
    """As `require_notice` for an objection to one."""
    code = db.session.scalar(select(Objection.notice_code).where(Objection.id == objection_id))
    require_notice(account, action, code or "")


def require_scheme(account: SignedIn, action: str, scheme_id: str) -> None:
    """As `require` for whoever keeps a scheme of the library; a shipped one has nobody."""
    query = select(SchemeVersion.organisation_id)
    _require_of(account, action, query, SchemeVersion.scheme_id, scheme_id)


def _require_of(account: SignedIn, action: str, query: Any, column: Any, id_: int | str) -> None:
    found = db.session.execute(query.where(column == id_)).first()
    require(account, action, () if found is None else (found[0],))


def _touches(reach: Reach, round_id: int) -> bool:
    return reach is None or (
        db.session.scalar(
            select(GradingRecord.id)
            .where(GradingRecord.round_id == round_id, GradingRecord.organisation_id.in_(reach))
            .limit(1)
        )
        is not None
    )


def _practised(organisation_ids: Iterable[int | None]) -> set[int]:
    """Those of the organisations that were made up for somebody's first rehearsal."""
    ids = {i for i in organisation_ids if i is not None}
    if not ids:
        return set()
    if not (has_request_context() and request.method == "GET"):
        return set(
            db.session.scalars(
                select(Organisation.id).where(Organisation.id.in_(ids), Organisation.practice)
            )
        )
    # A page asks at every link that it may show; there are few of these organisations.
    if "mingce_practised" not in g:
        g.mingce_practised = set(
            db.session.scalars(select(Organisation.id).where(Organisation.practice))
        )
    practised: set[int] = g.mingce_practised
    return ids & practised


def _own_practice(account: SignedIn, reach: Reach) -> set[int]:
    """The organisations of their own first rehearsal; of all, where they reach everything."""
    records = select(GradingRecord.organisation_id).join(Round, Round.id == GradingRecord.round_id)
    holders = select(Round.organisation_id).where(Round.organisation_id.is_not(None))
    if reach is None:
        records, holders = records.where(Round.practice), holders.where(Round.practice)
    else:
        mine = select(Meeting.round_id).join(Practice, Practice.meeting_id == Meeting.id)
        mine = mine.where(Practice.account_id == account.id)
        records, holders = records.where(Round.id.in_(mine)), holders.where(Round.id.in_(mine))
    return {i for i in (*db.session.scalars(records), *db.session.scalars(holders)) if i}


def _tested(meeting_ids: Sequence[int]) -> dict[int, set[int | None]]:
    found: dict[int, set[int | None]] = {}
    for row in db.session.execute(
        select(MeetingSubject.meeting_id, GradingRecord.organisation_id)
        .join(GradingRecord, GradingRecord.id == MeetingSubject.record_id)
        .where(MeetingSubject.meeting_id.in_(meeting_ids))
    ):
        found.setdefault(row.meeting_id, set()).add(row.organisation_id)
    return found
