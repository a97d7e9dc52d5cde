"""Rounds of grading: start one with a scheme, and choose who takes part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import case, select
from sqlalchemy.exc import IntegrityError

from app.actions.grading import reassess, scheme_of
from app.actions.library import to_apply
from app.actions.record import get_record
from app.domain.errors import BadInput, DomainUnknown, LadderUnknown, RecordInUse, RoundUnknown
from app.domain.scheme import Scheme
from app.models import (
    FinalGrade,
    GradingRecord,
    Meeting,
    MeetingSubject,
    Organisation,
    Round,
    db,
)

TITLE_MOST = 100


class Member(NamedTuple):
    """An organisation that takes part. domain: its code in the scheme."""

    organisation_id: int
    domain: str


class RoundWish(NamedTuple):
    """What a new round is made of. ladder: only where the scheme leaves it open, else None.

    totals_only: the admin has seen that the scheme states no points per indicator. holder: the id
    of the organisation that holds the round for those under it, None for everybody.
    scheme_version: that was looked at, of a scheme of the library; None: whichever is the newest.
    """

    title: str
    scheme_id: str
    ladder: str | None
    totals_only: bool
    members: tuple[Member, ...]
    holder: int | None = None
    scheme_version: int | None = None


def list_rounds() -> Sequence[Round]:
    """All rounds but those of first rehearsals, the newest first."""
    rounds = select(Round).where(Round.practice.is_(False)).order_by(Round.id.desc())
    return db.session.scalars(rounds).all()


def get_round(round_id: int) -> Round:
    """The round of this id; raises RoundUnknown."""
    found = db.session.get(Round, round_id)
    if found is None:
        raise RoundUnknown
    return found


def create_round(wish: RoundWish) -> Round:
    """A new round with its records; the scheme's text is kept in it.

    Raises SchemeUnknown, BadInput.
    """
    title = " ".join(wish.title.split())
    if not 1 <= len(title) <= TITLE_MOST or not title.isprintable():
        raise BadInput(f"请填写本轮名称（{TITLE_MOST} 字以内）。")
    kept = to_apply(wish.scheme_id, wish.scheme_version)
    scheme = _settled(kept.scheme, wish)
    round_ = Round(
        title=title,
        scheme_id=wish.scheme_id,
        scheme_version=kept.version,
        scheme_text=kept.text,
        ladder=wish.ladder,
        scoring="points" if scheme.points_stated and not wish.totals_only else "totals",
        organisation_id=_holder(wish.holder),
    )
    _join(round_, scheme, wish.members)
    db.session.add(round_)
    try:
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise BadInput(f"已经有一轮叫“{title}”，请换一个名称。") from error
    return round_


def add_members(round_id: int, members: Sequence[Member]) -> int:
    """Let further organisations take part; how many they were. Raises BadInput."""
    round_ = get_round(round_id)
    if _is_final(round_):
        raise BadInput("本轮等级已经确定，不能再增加党组织。请为它们另建一轮。")
    db.session.add_all(_join(round_, scheme_of(round_), members))
    db.session.commit()
    return len(members)


def _is_final(round_: Round) -> bool:
    found = (
        select(FinalGrade.id)
        .join(GradingRecord, GradingRecord.id == FinalGrade.record_id)
        .where(GradingRecord.round_id == round_.id)
        .limit(1)
    )
    return db.session.scalar(found) is not None


def remove_member(record_id: int) -> int:
    """Take an organisation out again, while its record is empty; the round's id.

    Raises RecordInUse where there are scores, facts, a result or a meeting.
    """
    record = get_record(record_id)
    used = select(MeetingSubject.record_id).where(MeetingSubject.record_id == record.id)
    filled = record.self_score is not None or record.superior_score is not None or record.mass
    if filled or record.facts or db.session.scalar(used) is not None:
        raise RecordInUse
    round_id = record.round_id
    db.session.delete(record)
    try:
        db.session.commit()
    except IntegrityError as error:
        # A survey, a self-assessment or a decision refers to it.
        db.session.rollback()
        raise RecordInUse from error
    return round_id


def organisations_outside(round_: Round) -> list[int]:
    """The ids of the organisations that do not take part yet."""
    inside = select(GradingRecord.organisation_id).where(GradingRecord.round_id == round_.id)
    return list(
        db.session.scalars(
            select(Organisation.id)
            .where(
                Organisation.id.not_in(inside),
                Organisation.closed_on.is_(None),
                Organisation.practice.is_(False),
            )
            .order_by(Organisation.id)
        )
    )


def suggested_groups(meeting: Meeting) -> list[str]:
    """The voter groups that the scheme names for those who are tested, or members alone."""
    scheme = scheme_of(meeting.round)
    domains = dict.fromkeys(subject.record.domain for subject in meeting.subjects)
    named = [
        group.name
        for domain in domains or [domain.code for domain in scheme.domains]
        for group in scheme.voter_groups(domain)
    ]
    return list(dict.fromkeys(named)) or ["党员"]


def meetings_of(round_ids: Iterable[int]) -> Sequence[Meeting]:
    """The meetings of these rounds: those that run first, then the newest."""
    order = case({"open": 0, "draft": 1, "closed": 2}, value=Meeting.state, else_=3)
    return db.session.scalars(
        select(Meeting)
        .where(Meeting.round_id.in_(list(round_ids)))
        .order_by(order, Meeting.id.desc())
    ).all()


def _settled(scheme: Scheme, wish: RoundWish) -> Scheme:
    """The scheme with everything settled that it leaves to the admin."""
    if "mass" in scheme.scoring.weights and scheme.scoring.mass_from is None:
        raise BadInput(
            "方案写了测评分占的比重，没有写测评分怎样由票数得出，不能建轮次。"
            "请在方案里给测评票的选项写分，或写明 mass_from。"
        )
    if not scheme.points_stated and not wish.totals_only:
        raise BadInput("方案没有写明各项指标的分值。请勾选“本轮只录总分”，确认后再建。")
    if scheme.ladder_chosen:
        if wish.ladder:
            raise BadInput("这个方案的档次已定，不用选。请刷新页面重新填写。")
        return scheme
    if not wish.ladder:
        raise BadInput("方案没有写明分几档，请选择档次。")
    try:
        return scheme.with_ladder(wish.ladder)
    except LadderUnknown as error:
        raise BadInput("没有所选的档次，请刷新页面重选。") from error


def _holder(organisation_id: int | None) -> int | None:
    if organisation_id is None:
        return None
    found = db.session.get(Organisation, organisation_id)
    if found is None or found.kind == "branch" or found.closed_on is not None:
        raise BadInput("组织本轮的党组织应为党委或党总支，请重选。")
    return found.id


def _join(round_: Round, scheme: Scheme, members: Sequence[Member]) -> list[GradingRecord]:
    """A new record for each member, with what can be said of it already."""
    ids = [member.organisation_id for member in members]
    if not ids:
        raise BadInput("请至少选择一个党组织。")
    if len(set(ids)) != len(ids):
        raise BadInput("同一个党组织选了两次，请刷新页面重选。")
    organisations = db.session.scalars(select(Organisation).where(Organisation.id.in_(ids)))
    found = {organisation.id: organisation for organisation in organisations}
    already = {record.organisation_id for record in round_.records}
    closed = any(organisation.closed_on for organisation in found.values())
    if closed or len(found) != len(ids) or already & set(ids):
        raise BadInput("所选党组织有变化（已删除、已撤销，或已在本轮中），请刷新页面重选。")
    domains = []
    for member in members:
        try:
            domains.append(scheme.domain(member.domain).code)
        except DomainUnknown as error:
            raise BadInput(f"请为“{found[member.organisation_id].name}”选择领域。") from error
    records = [
        GradingRecord(
            round=round_, organisation=found[member.organisation_id], domain=domain, facts={}
        )
        for member, domain in zip(members, domains, strict=True)
    ]
    for record in records:
        reassess(record)
    return records
