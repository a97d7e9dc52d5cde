"""计票单: the figures of a closed meeting as they are printed and signed."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import select

from app.actions.attendance import Attendance, attendance_of
from app.actions.live import picture
from app.actions.meeting import get_meeting
from app.actions.paper import Papers, papers_of
from app.actions.result import Table, result_tables
from app.actions.validity import invalid_meetings
from app.domain.errors import CountSheetNotReady
from app.domain.meeting import Form
from app.domain.validity import Fault
from app.models import Meeting, boxes, db


class Turnout(NamedTuple):
    """One group, or all. issued: without the voided ones; name: of the group."""

    name: str
    expected: int
    issued: int
    voided: int
    unused: int
    redeemed: int
    cast: int


class CountSheet(NamedTuple):
    """formulas: as frozen at opening. reconciled: the numbers of slips add up in every group."""

    meeting: Meeting
    total: Turnout
    groups: tuple[Turnout, ...]
    tables: tuple[Table, ...]
    formulas: tuple[str, ...]
    conventions: tuple[str, ...]
    digest: str
    reconciled: bool
    papers: Papers | None
    attendance: tuple[tuple[str, Attendance], ...]
    faults: tuple[Fault, ...]


def count_sheet(meeting_id: int) -> CountSheet:
    """The sheet of a closed meeting; raises CountSheetNotReady, MeetingUnknown."""
    meeting = get_meeting(meeting_id)
    row = db.session.execute(
        select(boxes.c.digest, boxes.c.cast, boxes.c.counts, boxes.c.groups).where(
            boxes.c.meeting_id == meeting.id
        )
    ).first()
    if row is None or meeting.state != "closed":
        raise CountSheetNotReady
    form = msgspec.convert(meeting.form, Form)
    rules = [form.rule(subject.id) for subject in form.subjects]
    groups = tuple(_turnout(g.name, g.expected, row.groups[g.code]) for g in meeting.groups)
    came = attendance_of(meeting)
    return CountSheet(
        meeting=meeting,
        total=_sum(groups),
        groups=groups,
        tables=result_tables(form, row.counts, picture(form, row.counts, row.cast)["satisfaction"]),
        formulas=tuple(dict.fromkeys(rule.formula for rule in rules)),
        conventions=tuple(dict.fromkeys(rule.convention for rule in rules if rule.convention)),
        digest=row.digest,
        reconciled=all(g.cast <= g.redeemed and g.redeemed + g.unused == g.issued for g in groups),
        papers=papers_of(meeting),
        attendance=tuple((g.name, came[g.code]) for g in meeting.groups if g.code in came),
        faults=tuple(
            f for judged in invalid_meetings(meeting.round, meeting.id) for f in judged.faults
        ),
    )


def _turnout(name: str, expected: int, counts: dict[str, int]) -> Turnout:
    return Turnout(
        name=name,
        expected=expected,
        issued=counts["issued"] - counts["voided"],
        voided=counts["voided"],
        unused=counts["unused"],
        redeemed=counts["redeemed"],
        cast=counts["cast"],
    )


def _sum(groups: tuple[Turnout, ...]) -> Turnout:
    columns = zip(*(group[1:] for group in groups), strict=True)
    return Turnout("合计", *(sum(numbers) for numbers in columns))
