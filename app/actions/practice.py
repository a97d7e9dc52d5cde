"""先演练一次: all that a first rehearsal needs, made in one click and cleared away in another.

A person practises alone, with an organisation, a round and a meeting of their own that stand in no
list and count nowhere (docs/adr/0019).
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import delete, select, update

from app.actions.account import SignedIn
from app.actions.audit import note
from app.actions.grading import reassess
from app.actions.meeting import Settings, new_draft, void_meeting
from app.actions.scheme import load_shipped, shipped_text
from app.actions.simulation import simulation_of, stop_simulation
from app.actions.sweep import destroy_after_ending
from app.domain.errors import BadInput, OnlyRehearsals
from app.models import (
    Confirmation,
    GradingRecord,
    Meeting,
    MeetingSubject,
    Organisation,
    Practice,
    Round,
    Simulation,
    VoterGroup,
    attendance,
    boxes,
    db,
    paper_entries,
    paper_issues,
    paper_results,
)
from app.models.base import writing
from app.models.urn_file import urn_exists

SCHEME = "huaixiang-2012"
BRANCHES = ("演练第一党支部", "演练第二党支部", "演练第三党支部")
GROUP, PERSONS, K = "党员群众", 20, 5
SEEN = ("screen", "sheet")
"""Steps of which only a click tells that they have been taken."""


class Steps(NamedTuple):
    """Which steps of a first rehearsal are done, in their order."""

    opened: bool
    slips: bool
    screen: bool
    voted: bool
    closed: bool
    sheet: bool

    @property
    def next(self) -> str | None:
        """The first that is not; None where only clearing away is left."""
        return next((name for name, done in self._asdict().items() if not done), None)


def begin_practice(who: SignedIn, base_url: str) -> Practice:
    """A draft that is ready to open; the one that there is already, if there is one.

    In one transaction: of two clicks at once one makes it, and nothing is left of the other.
    """
    with writing():
        found = practice_of(who.id)
        if found is not None:
            return found
        round_ = _round(who)
        settings = Settings("第一次演练", f"演练党总支（{who.name}）", "", base_url, rehearsal=True)
        meeting = new_draft(round_.id, settings, None)
        meeting.subjects = [
            MeetingSubject(position=position, record_id=record.id)
            for position, record in enumerate(round_.records, start=1)
        ]
        meeting.groups = [VoterGroup(code="g1", name=GROUP, expected=PERSONS)]
        meeting.policy, meeting.k = "batched", K
        made = Practice(account_id=who.id, meeting_id=meeting.id)
        db.session.add(made)
    return made


def practice_of(account_id: int) -> Practice | None:
    """Somebody's first rehearsal, if it is there."""
    return db.session.get(Practice, account_id)


def steps_of(practice: Practice, issued: int) -> Steps:
    """How far it is. issued: slips of the meeting so far; 0 where it is not open."""
    simulation = simulation_of(practice.meeting_id)
    simulated = simulation.voters if simulation else 0
    seen, state = practice.seen.split(), practice.meeting.state
    over = state in ("closed", "voided")
    return Steps(
        opened=state != "draft",
        slips=over or issued > simulated,
        screen="screen" in seen or over,
        voted=over or (simulation is not None and simulation.run == 0 and simulation.cast > 0),
        closed=over,
        sheet="sheet" in seen,
    )


def see(practice: Practice, step: str) -> None:
    """Note that a step has been taken."""
    if step not in SEEN:
        raise BadInput("没有这一步。")
    with writing():
        seen = {*practice.seen.split(), step}
        db.session.execute(
            update(Practice)
            .where(Practice.account_id == practice.account_id)
            .values(seen=" ".join(sorted(seen)))
        )


def clear_practice(account_id: int) -> bool:
    """Take everything of somebody's first rehearsal away; False where there is nothing."""
    practice = practice_of(account_id)
    if practice is None:
        return False
    round_ = practice.meeting.round
    if not round_.practice:
        raise OnlyRehearsals("这不是演练的数据，没有作任何改动。")
    meetings = db.session.scalars(select(Meeting).where(Meeting.round_id == round_.id)).all()
    for meeting in meetings:
        stop_simulation(meeting.id)
        if meeting.state in ("draft", "open"):
            void_meeting(meeting.id, "演练结束，清理")
    codes = [meeting.code for meeting in meetings]
    with writing():
        _delete(account_id, round_.id)
        note("清理演练", f"{round_.title}", {"测评会": ("、".join(codes), None)})
    for code in codes:
        if urn_exists(code):
            destroy_after_ending(code)
    return True


def _round(who: SignedIn) -> Round:
    """A round of its own, in the transaction at hand. Its title is like no other's."""
    scheme = load_shipped(SCHEME)
    name = f"演练党总支（{who.name}，{who.id}）"
    root = Organisation(name=name, kind="general_branch", practice=True)
    round_ = Round(
        title=f"演练（{who.name}，{who.id}）",
        scheme_id=SCHEME,
        scheme_text=shipped_text(SCHEME),
        organisation=root,
        practice=True,
    )
    records = [
        GradingRecord(
            round=round_,
            organisation=Organisation(name=name, kind="branch", parent=root, practice=True),
            domain=scheme.domains[0].code,
            facts={},
        )
        for name in BRANCHES
    ]
    db.session.add_all(records)
    for record in records:
        reassess(record)
    db.session.flush()
    db.session.refresh(round_)
    return round_


def _delete(account_id: int, round_id: int) -> None:
    """Rows that refer to others first."""
    meetings = select(Meeting.id).where(Meeting.round_id == round_id).scalar_subquery()
    organisations = list(
        db.session.scalars(
            select(GradingRecord.organisation_id).where(GradingRecord.round_id == round_id)
        )
    )
    root = db.session.scalar(select(Round.organisation_id).where(Round.id == round_id))
    db.session.execute(delete(Practice).where(Practice.account_id == account_id))
    for table in (boxes, paper_results, paper_entries, paper_issues, attendance):
        db.session.execute(delete(table).where(table.c.meeting_id.in_(meetings)))
    for model in (Simulation, Confirmation, MeetingSubject, VoterGroup):
        db.session.execute(delete(model).where(model.meeting_id.in_(meetings)))
    db.session.execute(delete(Meeting).where(Meeting.round_id == round_id))
    db.session.execute(delete(GradingRecord).where(GradingRecord.round_id == round_id))
    db.session.execute(delete(Round).where(Round.id == round_id))
    for ids in (organisations, [root]):
        db.session.execute(delete(Organisation).where(Organisation.id.in_(ids)))
    db.session.expire_all()
