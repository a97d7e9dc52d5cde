"""计票单: the figures of a closed meeting as they are printed and signed."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import select

from app.actions.grading import scheme_of
from app.actions.live import picture
from app.actions.meeting import get_meeting
from app.actions.paper import Papers, papers_of
from app.actions.quorum import Attendance, attendance_of
from app.actions.result import Table, result_tables
from app.actions.signing import Signatories, signatories
from app.actions.validity import invalid_meetings
from app.actions.weighing import Weighed, weighed_results
from app.domain.box import Box, GroupCounts, box_marks
from app.domain.errors import CountSheetNotReady
from app.domain.meeting import Form
from app.domain.paper import added, channels_shown
from app.domain.reconciliation import Check, GroupPapers, reconcile
from app.domain.tally import count_marks
from app.domain.validity import Fault, more_ballots_clause
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

    @property
    def uncast(self) -> int:
        """扫码未投: slips that were used and whose ballot never came."""
        return self.redeemed - self.cast


class Channel(NamedTuple):
    """The result of the phones alone, or of the papers alone."""

    name: str
    cast: int
    tables: tuple[Table, ...]


class CountSheet(NamedTuple):
    """formulas: as frozen at opening. checks: the sums that must agree, and whether they do.

    channels: phones and papers side by side; empty where there are no papers, or where one of the
    two has fewer than k ballots. weighed: where voter groups have weights; `tables` are without.
    opened, closed: the two who confirmed it; None where the command line did it, or a rehearsal.
    """

    meeting: Meeting
    total: Turnout
    groups: tuple[Turnout, ...]
    tables: tuple[Table, ...]
    formulas: tuple[str, ...]
    conventions: tuple[str, ...]
    digest: str
    checks: tuple[Check, ...]
    papers: Papers | None
    attendance: tuple[tuple[str, Attendance], ...]
    faults: tuple[Fault, ...]
    channels: tuple[Channel, ...]
    weighed: tuple[Weighed, ...]
    opened: Signatories | None
    closed: Signatories | None

    @property
    def reconciled(self) -> bool:
        """Whether all sums agree."""
        return all(check.holds for check in self.checks)


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
    came, papers = attendance_of(meeting), papers_of(meeting)
    return CountSheet(
        meeting=meeting,
        total=_sum(groups),
        groups=groups,
        tables=result_tables(form, row.counts, picture(form, row.counts, row.cast)["satisfaction"]),
        formulas=tuple(dict.fromkeys(rule.formula for rule in rules)),
        conventions=tuple(dict.fromkeys(rule.convention for rule in rules if rule.convention)),
        digest=row.digest,
        checks=reconcile(
            {g.name: msgspec.convert(row.groups[g.code], GroupCounts) for g in meeting.groups},
            {
                g.name: GroupPapers(
                    papers.issued[g.code], papers.entry[g.code], papers.replaced.get(g.code, 0)
                )
                for g in meeting.groups
            }
            if papers
            else {},
            row.counts,
            more_may_return=more_ballots_clause(scheme_of(meeting.round)) is None,
        ),
        papers=papers,
        attendance=tuple((g.name, came[g.code]) for g in meeting.groups if g.code in came),
        faults=tuple(
            f for judged in invalid_meetings(meeting.round, meeting.id) for f in judged.faults
        ),
        channels=_channels(meeting, form, row.cast - papers.valid, papers) if papers else (),
        weighed=weighed_results(meeting, form),
        opened=signatories(meeting, "open"),
        closed=signatories(meeting, "close"),
    )


def _channels(meeting: Meeting, form: Form, cast: int, papers: Papers) -> tuple[Channel, ...]:
    """The box gives the phones' result, and what is left of the whole is the papers'."""
    if not channels_shown(cast, papers.valid, meeting.k):
        return ()
    document = db.session.scalar(select(boxes.c.document).where(boxes.c.meeting_id == meeting.id))
    lawful = form.lawful()
    by_phone = count_marks(box_marks(msgspec.json.decode(document or "", type=Box)), lawful)
    on_paper = added(count_marks((), lawful), papers.entry.values())
    return tuple(
        Channel(name, n, result_tables(form, counts, picture(form, counts, n)["satisfaction"]))
        for name, n, counts in (
            ("手机票", cast, by_phone),
            ("纸质票", papers.valid, on_paper),
        )
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
