"""Make a whole example, from the organisation tree to an open meeting with its slips."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import select

from app.actions.account import create_account
from app.actions.attendance import record_attendance
from app.actions.grading import reassess
from app.actions.meeting import (
    Settings,
    choose_subjects,
    create_meeting,
    get_meeting,
    open_meeting,
    set_groups,
    set_policy,
)
from app.actions.quorum import Attendance, quorum_clause
from app.actions.slip import issue_slips
from app.domain.errors import BadInput, MeetingNotReady
from app.domain.meeting import PlannedGroup, PlannedSubject, obstacles
from app.domain.scheme import Scheme, parse_scheme
from app.domain.slip import Token, crockford
from app.models import GradingRecord, Meeting, Organisation, Round, db

_SHUFFLE = secrets.SystemRandom().shuffle


class DemoSubject(NamedTuple):
    """One branch and what its record holds before the meeting. domain: its code."""

    name: str
    domain: str
    self_score: Decimal | None
    superior_score: Decimal | None
    facts: dict[str, Any]


class DemoGroup(NamedTuple):
    """expected: 应到; slips: how many are issued."""

    name: str
    expected: int
    slips: int


class DemoPlan(NamedTuple):
    """All that an example is made of. root: name and kind of the organisation above."""

    scheme_id: str
    scheme_text: str
    ladder: str | None
    root: tuple[str, str]
    subjects: tuple[DemoSubject, ...]
    groups: tuple[DemoGroup, ...]
    policy: str
    k: int
    rehearsal: bool
    base_url: str

    @property
    def scheme(self) -> Scheme:
        """The scheme with its ladder."""
        scheme = parse_scheme(self.scheme_text, self.scheme_id)
        return scheme.with_ladder(self.ladder) if self.ladder else scheme


class Demo(NamedTuple):
    """tokens: shuffled, of all groups. name, password: of an account made for this example."""

    meeting: Meeting
    tokens: list[Token]
    name: str
    password: str


def check_demo(plan: DemoPlan) -> None:
    """Refuse before anything is written what would not open. Raises MeetingNotReady, BadInput."""
    scheme = plan.scheme
    subjects = [
        PlannedSubject(
            s.name,
            scheme.ballot_questions(s.domain),
            scheme.satisfaction_rule(s.domain),
            scheme.voter_groups(s.domain),
        )
        for s in plan.subjects
    ]
    groups = [PlannedGroup(f"g{n}", g.name, g.expected) for n, g in enumerate(plan.groups, 1)]
    for obstacle in obstacles(subjects, groups, plan.k):
        if obstacle.blocking:
            raise MeetingNotReady(f"演示测评会不能开启：{obstacle.what}{obstacle.remedy}")
    if len({subject.name for subject in plan.subjects}) != len(plan.subjects):
        raise BadInput("测评对象的名称不能相同。")


def make_demo(plan: DemoPlan) -> Demo:
    """Organisations (those that exist are used), a new round, an open meeting, slips, an account.

    Raises what `check_demo` raises, and then leaves the database as it was.
    """
    check_demo(plan)
    round_id, record_ids = _make_round(plan)
    settings = Settings(
        title=f"{plan.root[0]}党员群众测评会",
        host=plan.root[0],
        wifi="",
        base_url=plan.base_url,
        rehearsal=plan.rehearsal,
    )
    meeting_id = create_meeting(round_id, settings).id
    choose_subjects(meeting_id, record_ids)
    set_groups(meeting_id, [(group.name, group.expected) for group in plan.groups])
    set_policy(meeting_id, plan.policy, plan.k)
    if quorum_clause(get_meeting(meeting_id)) is not None:
        everybody = {f"g{n}": Attendance(g.expected) for n, g in enumerate(plan.groups, 1)}
        record_attendance(meeting_id, everybody)
    meeting = open_meeting(meeting_id)
    tokens = [
        token
        for number, group in enumerate(plan.groups, 1)
        if group.slips
        for token in issue_slips(meeting_id, f"g{number}", group.slips)
    ]
    _SHUFFLE(tokens)
    name, password = f"demo-{crockford(secrets.token_bytes(5)).lower()}", secrets.token_urlsafe(12)
    create_account(name, password)
    return Demo(meeting, tokens, name, password)


def _make_round(plan: DemoPlan) -> tuple[int, list[int]]:
    """The ids of a new round and of its records, in the order of the plan."""
    root = _organisation(None, *plan.root)
    round_ = Round(
        title=_fresh_title(plan.scheme.title, db.session.scalars(select(Round.title))),
        scheme_id=plan.scheme_id,
        scheme_text=plan.scheme_text,
        ladder=plan.ladder,
        organisation=root,
    )
    records = [
        GradingRecord(
            round=round_,
            organisation=_organisation(root, subject.name, "branch"),
            domain=subject.domain,
            self_score=subject.self_score,
            superior_score=subject.superior_score,
            facts=subject.facts,
        )
        for subject in plan.subjects
    ]
    db.session.add_all(records)
    for record in records:
        reassess(record)
    db.session.commit()
    return round_.id, [record.id for record in records]


def _organisation(parent: Organisation | None, name: str, kind: str) -> Organisation:
    """The organisation of this name under `parent`, made where there is none."""
    found = db.session.scalar(
        select(Organisation).where(
            Organisation.parent_id == (parent.id if parent else None), Organisation.name == name
        )
    )
    if found is None:
        found = Organisation(parent=parent, name=name, kind=kind)
        db.session.add(found)
        db.session.flush()
    return found


def _fresh_title(title: str, taken: Iterable[str]) -> str:
    known, number = set(taken), 1
    while (fresh := f"{title}（演示{number}）") in known:
        number += 1
    return fresh
