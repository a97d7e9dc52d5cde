"""测评有效: which of a round's closed meetings do not count, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.actions.grading import scheme_of
from app.actions.quorum import attendance_of, quorum_clause, quorum_faults
from app.domain.paper import valid_and_invalid
from app.domain.scheme import Scheme
from app.domain.validity import Fault, Present, asks_who_came, faults
from app.models import (
    GradingRecord,
    Meeting,
    MeetingSubject,
    Round,
    VoterGroup,
    attendance,
    boxes,
    db,
    paper_results,
)

UNRECORDED = "方案要求到会人数达到规定，但没有登记到会人数。"


class Judged(NamedTuple):
    """A closed meeting that does not count. names: the organisations that it tested."""

    meeting_id: int
    title: str
    names: tuple[str, ...]
    faults: tuple[Fault, ...]


def invalid_meetings(round_: Round, only: int | None = None) -> list[Judged]:
    """The closed meetings whose results stand though the scheme does not let them count.

    Only numbers that stand on the count sheet are looked at. only: the id of one meeting.
    """
    scheme = scheme_of(round_)
    query = (
        select(Meeting.id, Meeting.code, Meeting.title, boxes.c.groups)
        .join(boxes, boxes.c.meeting_id == Meeting.id)
        .where(
            Meeting.round_id == round_.id, Meeting.state == "closed", Meeting.rehearsal.is_(False)
        )
        .order_by(Meeting.id)
    )
    rows = db.session.execute(query if only is None else query.where(Meeting.id == only)).all()
    numbers = _Numbers({row.id: row.code for row in rows})
    found = []
    for row in rows:
        subjects = numbers.subjects.get(row.id, [])
        told: dict[str, Fault] = {}
        for domain in dict.fromkeys(domain for _, domain in subjects):
            told |= {f.words: f for f in _judge(scheme, domain, numbers, row)}
        if told:
            names = tuple(name for name, _ in subjects)
            found.append(Judged(row.id, row.title, names, tuple(told.values())))
    return found


def faults_so_far(meeting: Meeting, handed_out: int, came_back: int) -> list[Fault]:
    """Everything by which an open meeting would be void if it were closed now."""
    scheme = scheme_of(meeting.round)
    clause = quorum_clause(meeting)
    domains = dict.fromkeys(subject.record.domain for subject in meeting.subjects)
    found = {
        fault.words: fault
        for domain in domains
        for fault in faults(scheme, domain, (), handed_out, came_back)
    }
    if clause is not None and not attendance_of(meeting):
        found[UNRECORDED] = Fault(UNRECORDED, clause)
    return [*found.values(), *quorum_faults(meeting)]


def _judge(scheme: Scheme, domain: str, numbers: _Numbers, row: Any) -> list[Fault]:
    handed, back = numbers.papers.get(row.id, (0, 0))
    for counts in row.groups.values():
        handed += counts["issued"] - counts["voided"]
        back += counts["cast"]
    came = numbers.came.get(row.id)
    if came is None:
        clause = asks_who_came(scheme, domain)
        unrecorded = [] if clause is None else [Fault(UNRECORDED, clause)]
        return [*faults(scheme, domain, (), handed, back), *unrecorded]
    return faults(scheme, domain, came, handed, back)


class _Numbers:
    """The numbers of several meetings, in four statements however many they are."""

    def __init__(self, codes: Mapping[int, str]) -> None:
        ids = list(codes)
        self.subjects: dict[int, list[tuple[str, str]]] = {}
        for subject, record in db.session.execute(
            select(MeetingSubject, GradingRecord)
            .join(GradingRecord, GradingRecord.id == MeetingSubject.record_id)
            .where(MeetingSubject.meeting_id.in_(ids))
            .options(joinedload(GradingRecord.organisation))
            .order_by(MeetingSubject.meeting_id, MeetingSubject.position)
        ):
            if (record.mass or {}).get("meeting") != codes[subject.meeting_id]:
                continue  # it has been tested again
            body = (record.organisation.name, record.domain)
            self.subjects.setdefault(subject.meeting_id, []).append(body)
        self.came: dict[int, list[Present]] = {}
        for row in db.session.execute(
            select(
                attendance.c.meeting_id, VoterGroup.name, VoterGroup.expected,
                attendance.c.present + attendance.c.late,
            )
            .join(
                VoterGroup,
                (VoterGroup.meeting_id == attendance.c.meeting_id)
                & (VoterGroup.code == attendance.c.group_code),
            )
            .where(attendance.c.meeting_id.in_(ids))
        ):  # fmt: skip
            self.came.setdefault(row[0], []).append(Present(row[1], row[2], row[3]))
        self.papers: dict[int, tuple[int, int]] = {}
        for row in db.session.execute(
            select(paper_results).where(paper_results.c.meeting_id.in_(ids))
        ):
            returned = sum(valid_and_invalid(row.entry).values())
            self.papers[row.meeting_id] = (sum(row.issued.values()), returned)
