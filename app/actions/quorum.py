"""到会人数 as recorded, and what it lacks of what the scheme demands before voting may begin."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from app.actions.grading import scheme_of
from app.domain.meeting import Obstacle
from app.domain.validity import Fault, Present, asks_who_came, too_few_came
from app.models import Meeting, attendance, db

UNRECORDED = "还没有登记到会人数。"


class Attendance(NamedTuple):
    """One group. present: before voting opened; late: came after; gone: left early."""

    present: int
    late: int = 0
    gone: int = 0

    @property
    def came(self) -> int:
        """实到: everybody who was there, whether or not they stayed."""
        return self.present + self.late

    @property
    def here(self) -> int:
        """在场: who has not left."""
        return self.came - self.gone


def attendance_of(meeting: Meeting) -> dict[str, Attendance]:
    """Group code → who came, of the groups for which it was recorded."""
    rows = db.session.execute(select(attendance).where(attendance.c.meeting_id == meeting.id)).all()
    return {row.group_code: Attendance(row.present, row.late, row.gone) for row in rows}


def came_in_all(meeting: Meeting) -> int | None:
    """实到, of all groups; None where it was not recorded."""
    known = attendance_of(meeting)
    return sum(numbers.came for numbers in known.values()) if known else None


def quorum_clause(meeting: Meeting) -> str | None:
    """The clause that demands that so many come; None where the scheme says nothing of it."""
    scheme = scheme_of(meeting.round)
    clauses = [asks_who_came(scheme, domain) for domain in _domains(meeting)]
    return next((clause for clause in clauses if clause is not None), None)


def quorum_faults(meeting: Meeting) -> list[Fault]:
    """What the numbers recorded so far lack of what the scheme demands."""
    known, scheme = attendance_of(meeting), scheme_of(meeting.round)
    groups = [
        Present(g.name, g.expected, known[g.code].came) for g in meeting.groups if g.code in known
    ]
    found = {
        fault.words: fault
        for domain in _domains(meeting)
        for fault in (too_few_came(scheme, domain, groups) if groups else ())
    }
    return list(found.values())


def quorum_obstacles(meeting: Meeting) -> list[Obstacle]:
    """What stands in the way of opening; mere advice in a rehearsal or where no rule demands it."""
    if not meeting.groups:
        return []
    clause, blocking = quorum_clause(meeting), not meeting.rehearsal
    if not attendance_of(meeting):
        if clause is None:
            remedy = "方案没有规定，可以不登记；登记了的印在计票单上。"
            return [Obstacle(UNRECORDED, remedy, False, "attendance")]
        remedy = f"方案对到会人数有规定，请先清点登记。依据：{clause}"
        return [Obstacle(UNRECORDED, remedy, blocking, "attendance")]
    return [
        Obstacle(
            fault.words.replace("，本次测评无效", "，现在开启测评无效"),
            f"请等人到齐后更正到会人数，或核对应到人数。依据：{fault.clause}",
            blocking,
            "attendance",
        )
        for fault in quorum_faults(meeting)
    ]


def _domains(meeting: Meeting) -> list[str]:
    return list(dict.fromkeys(subject.record.domain for subject in meeting.subjects))
