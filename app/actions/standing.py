"""Where each organisation of a round stands, who is late, and what to remind of.

However many organisations there are, it takes the same few statements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Row, func, null, select
from sqlalchemy.orm import aliased

from app.actions.grading import scheme_of
from app.actions.step import Planned, plan
from app.domain.decision import is_outdated
from app.domain.scheme import Scheme
from app.domain.step import OWN, Step, is_due_soon, is_late
from app.models import (
    Decision,
    GradingRecord,
    Meeting,
    MeetingSubject,
    Organisation,
    Round,
    SelfAssessment,
    Survey,
    db,
)

PAGE = 50
SORTS = ("order", "name", "superior", "domain", "next", "late", "grade")


class StepState(NamedTuple):
    """How far one organisation is with one step. soon: to be done within days."""

    step: Step
    word: str
    done: bool
    late: bool
    soon: bool


class Standing(NamedTuple):
    """One line of the board. superior: the organisation above, or empty. grade: decided."""

    record_id: int
    name: str
    superior_id: int
    superior: str
    domain: str
    domain_name: str
    states: tuple[StepState, ...]
    grade: str

    @property
    def late(self) -> int:
        """How many steps are late."""
        return sum(state.late for state in self.states)

    @property
    def next(self) -> StepState | None:
        """The first step that is not done; None where all are."""
        return next((state for state in self.states if not state.done), None)


class Wish(NamedTuple):
    """What of the board is wanted. step: its position, 0 for any; state: late, todo, done, check.

    sort: one of SORTS, with `-` before it the other way round.
    """

    text: str = ""
    domain: str = ""
    superior_id: int = 0
    step: int = 0
    state: str = ""
    sort: str = "order"
    page: int = 1


class Reminder(NamedTuple):
    """What to see to. step, state: the part of the board that shows whom it is about."""

    words: str
    urgent: bool
    step: int = 0
    state: str = ""


class Board(NamedTuple):
    """A page of the board. all: in the round; found: by the wish. superiors: id → name."""

    planned: list[Planned]
    standings: list[Standing]
    all: int
    found: int
    page: int
    pages: int
    superiors: dict[int, str]
    reminders: list[Reminder]


def look_at(round_: Round, wish: Wish, day: date) -> Board:
    """The board of a round on a day."""
    planned = plan(round_, day)
    everyone = _standings(round_, planned, day)
    found = _sorted([s for s in everyone if _wanted(s, wish)], wish.sort)
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(wish.page, 1), pages)
    superiors = {s.superior_id: s.superior for s in everyone if s.superior_id}
    return Board(
        planned,
        found[(page - 1) * PAGE : page * PAGE],
        len(everyone),
        len(found),
        page,
        pages,
        dict(sorted(superiors.items(), key=lambda item: item[1])),
        _reminders(planned, everyone),
    )


def standings(round_: Round, day: date) -> list[Standing]:
    """Where everybody in a round stands, in the order of the records."""
    return _standings(round_, plan(round_, day), day)


def reminders(round_: Round, day: date) -> list[Reminder]:
    """What to see to in a round, the urgent first."""
    planned = plan(round_, day)
    return _reminders(planned, _standings(round_, planned, day))


def _standings(round_: Round, planned: Sequence[Planned], day: date) -> list[Standing]:
    scheme, open_now = scheme_of(round_), _being_tested(round_)
    own = [p for p in planned if p.step.kind in OWN]
    names = {domain.code: domain.name for domain in scheme.domains}
    return [
        Standing(
            row.id,
            row.name,
            row.parent_id or 0,
            row.parent or "",
            row.domain,
            names[row.domain],
            tuple(_state(scheme, p, row, open_now, day) for p in own),
            row.grade or "",
        )
        for row in db.session.execute(_lines(round_))
    ]


def _lines(round_: Round) -> Any:
    """One row for each record, with the latest version of what has versions."""
    parent = aliased(Organisation)
    latest_self = _latest(SelfAssessment)
    latest_decision = _latest(Decision)
    return (
        select(
            GradingRecord.id,
            GradingRecord.domain,
            GradingRecord.proposed,
            GradingRecord.self_score,
            GradingRecord.superior_score,
            GradingRecord.mass.is_not(null()).label("tested"),
            Organisation.name,
            Organisation.parent_id,
            parent.name.label("parent"),
            Survey.finished,
            SelfAssessment.state,
            Decision.grade,
            Decision.reason,
        )
        .join(Organisation, Organisation.id == GradingRecord.organisation_id)
        .outerjoin(parent, parent.id == Organisation.parent_id)
        .outerjoin(Survey, Survey.record_id == GradingRecord.id)
        .outerjoin(latest_self, latest_self.c.record_id == GradingRecord.id)
        .outerjoin(
            SelfAssessment,
            (SelfAssessment.record_id == GradingRecord.id)
            & (SelfAssessment.version == latest_self.c.version),
        )
        .outerjoin(latest_decision, latest_decision.c.record_id == GradingRecord.id)
        .outerjoin(
            Decision,
            (Decision.record_id == GradingRecord.id)
            & (Decision.version == latest_decision.c.version),
        )
        .where(GradingRecord.round_id == round_.id)
        .order_by(GradingRecord.id)
    )


def _latest(table: type[SelfAssessment] | type[Decision]) -> Any:
    return (
        select(table.record_id, func.max(table.version).label("version"))
        .group_by(table.record_id)
        .subquery()
    )


def _being_tested(round_: Round) -> frozenset[int]:
    """The records that are on the ballot of an open meeting."""
    return frozenset(
        db.session.scalars(
            select(MeetingSubject.record_id)
            .join(Meeting, Meeting.id == MeetingSubject.meeting_id)
            .where(Meeting.round_id == round_.id, Meeting.state == "open", ~Meeting.rehearsal)
        )
    )


def _state(
    scheme: Scheme, planned: Planned, row: Row[Any], open_now: frozenset[int], day: date
) -> StepState:
    words: Mapping[str, Callable[[], tuple[str, bool]]] = {
        "survey": lambda: _survey(row),
        "self": lambda: _self(row),
        "mass": lambda: _mass(row, open_now),
        "superior": lambda: _superior(scheme, row),
    }
    word, done = words[planned.step.kind]()
    late = not done and is_late(planned.span, day)
    return StepState(planned.step, word, done, late, not done and is_due_soon(planned.span, day))


def _survey(row: Row[Any]) -> tuple[str, bool]:
    if row.finished is None:
        return "未填", False
    return ("已填完", True) if row.finished else ("填写中", False)


def _self(row: Row[Any]) -> tuple[str, bool]:
    if row.state is None:
        return ("已录分", True) if row.self_score is not None else ("未开始", False)
    return {
        "draft": ("填写中", False),
        "submitted": ("待复核", True),
        "returned": ("已退回", False),
        "accepted": ("已复核", True),
    }[row.state]


def _mass(row: Row[Any], open_now: frozenset[int]) -> tuple[str, bool]:
    if row.id in open_now:
        return "进行中", False
    return ("已计票", True) if row.tested else ("未测评", False)


def _superior(scheme: Scheme, row: Row[Any]) -> tuple[str, bool]:
    if row.grade is None:
        return ("已评分", False) if row.superior_score is not None else ("未评定", False)
    if is_outdated(scheme.domain(row.domain).ladder, row.grade, row.reason, row.proposed):
        return "须重评", False
    return f"评为{row.grade}", True


def _wanted(standing: Standing, wish: Wish) -> bool:
    if wish.text and wish.text.lower() not in standing.name.lower():
        return False
    if wish.domain and wish.domain != standing.domain:
        return False
    if wish.superior_id and wish.superior_id != standing.superior_id:
        return False
    states = [s for s in standing.states if wish.step in (0, s.step.position)]
    if not wish.state:
        return True
    if wish.state == "done":
        return all(state.done for state in states)
    tests: Mapping[str, Callable[[StepState], bool]] = {
        "late": lambda state: state.late,
        "todo": lambda state: not state.done,
        "check": lambda state: state.word == "待复核",
    }
    return any(map(tests[wish.state], states)) if wish.state in tests else True


def _sorted(standings: list[Standing], sort: str) -> list[Standing]:
    """In the order wished; what is equal stays in the order of the records."""
    keys: Mapping[str, Callable[[Standing], Any]] = {
        "name": lambda s: s.name,
        "superior": lambda s: (s.superior, s.name),
        "domain": lambda s: s.domain_name,
        "next": lambda s: s.next.step.position if s.next else 99,
        "late": lambda s: -s.late,
        "grade": lambda s: s.grade or "\uffff",
    }
    key = keys.get(sort.removeprefix("-"))
    if key is None:
        return standings[::-1] if sort == "-order" else standings
    return sorted(standings, key=key, reverse=sort.startswith("-"))


def _reminders(planned: Sequence[Planned], everyone: Sequence[Standing]) -> list[Reminder]:
    found: list[Reminder] = []
    if not any(p.span.starts or p.span.ends for p in planned):
        found.append(Reminder("本轮还没有定各步的日期，定了才看得出谁逾期。", True))
    for p in planned:
        states = [s for one in everyone for s in one.states if s.step == p.step]
        late, soon = sum(s.late for s in states), sum(s.soon for s in states)
        if late:
            words = f"“{p.step.name}”已于 {_month_day(p)}截止，还有 {late} 个党组织没有完成。"
            found.append(Reminder(words, True, p.step.position, "late"))
        if soon:
            words = f"“{p.step.name}”到 {_month_day(p)}截止，还有 {soon} 个党组织没有完成。"
            found.append(Reminder(words, False, p.step.position, "todo"))
    waiting = [s for one in everyone for s in one.states if s.word == "待复核"]
    if waiting:
        words = f"{len(waiting)} 个党组织的自评已经提交，等待上级复核。"
        found.append(Reminder(words, False, waiting[0].step.position, "check"))
    return sorted(found, key=lambda reminder: not reminder.urgent)


def _month_day(planned: Planned) -> str:
    day = planned.span.ends
    return f"{day.month}月{day.day}日" if day else ""
