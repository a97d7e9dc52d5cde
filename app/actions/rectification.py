"""整改提升: begin a plan, report on it, accept or return it, raise the grade at the re-test."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.actions.final_grade import (
    add_version,
    pending_correction,
    read_change,
    versions_of_grade,
)
from app.actions.grading import scheme_of
from app.actions.record import get_record
from app.domain.errors import BadInput, NotFound
from app.domain.rectification import Terms, is_overdue, months_later, proof_stands, terms_for
from app.domain.slip import ALPHABET
from app.models import (
    FinalGrade,
    GradingRecord,
    Rectification,
    RectificationChange,
    RectificationEntry,
    Upgrade,
    db,
)
from app.models.base import writing

TEXT_MOST = 4000
CODE_LENGTH = 8
REASON_MOST = 400
_CHANGED = ("grade", "problems", "measures", "responsible", "deadline")
KINDS = {"progress": "进展", "proof": "证明材料", "returned": "退回", "accepted": "验收通过"}


class RectificationUnknown(NotFound):
    code = "rectification_unknown"
    message = "没有这份整改方案。请回到本轮查看。"


class Plan(NamedTuple):
    """What somebody means to put right. deadline: None for the earliest that the scheme allows."""

    problems: str
    measures: str
    responsible: str
    deadline: date | None
    published: bool


class Standing(NamedTuple):
    """Where a plan stands on a day."""

    plan: Rectification
    accepted: bool
    overdue: bool


def terms_of(record: GradingRecord) -> Terms | None:
    """What the scheme asks of the record's final grade; None where it has none or asks nothing."""
    versions = versions_of_grade(record.id)
    if not versions:
        return None
    return _terms(record, versions[0].grade)


def _terms(record: GradingRecord, grade: str) -> Terms | None:
    scheme = scheme_of(record.round)
    ladder = scheme.domain(record.domain).ladder
    return terms_for(scheme.data.get("rectification", ()), ladder, grade)


def begin_rectification(record_id: int, plan: Plan, day: date) -> Rectification:
    """Begin the rectification of an organisation whose grade is final. Raises BadInput.

    Also where the scheme asks for none: nobody is kept from putting something right.
    """
    problems = _text(plan.problems, "存在的问题", TEXT_MOST)
    measures = _text(plan.measures, "整改措施", TEXT_MOST)
    responsible = _text(plan.responsible, "责任人", 40)
    with writing():
        record = get_record(record_id)
        grades = versions_of_grade(record_id)
        if not grades:
            raise BadInput("等级还没有确定，请先公示并确定等级，再定整改方案。")
        if rectification_of(record_id) is not None:
            raise BadInput("这个党组织已经有整改方案，请在原方案上报告进展。")
        terms = terms_of(record)
        made = Rectification(
            record_id=record.id,
            code="".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)),
            organisation=record.organisation.name,
            grade=grades[0].grade,
            problems=problems,
            measures=measures,
            responsible=responsible,
            published=plan.published or bool(terms and terms.published),
            begun_on=day,
            deadline=_deadline(plan.deadline, terms, day),
        )
        db.session.add(made)
    return made


def change_rectification(rectification_id: int, plan: Plan, reason: str, day: date) -> None:
    """Put a plan right, prolong it, or fit it to a grade that was corrected; all but `published`.

    What it said before is kept with the reason. Raises BadInput.
    """
    problems = _text(plan.problems, "存在的问题", TEXT_MOST)
    measures = _text(plan.measures, "整改措施", TEXT_MOST)
    responsible = _text(plan.responsible, "责任人", 40)
    reason = _text(reason, "修改的原因", REASON_MOST)
    with writing():
        found = get_rectification(rectification_id)
        if _is_accepted(found):
            raise BadInput("整改已经验收，方案不能再改。")
        deadline = _deadline(plan.deadline, terms_of(found.record), found.begun_on)
        before = {name: getattr(found, name) for name in _CHANGED}
        found.changes.append(RectificationChange(**before, reason=reason, changed_on=day))
        found.problems, found.measures = problems, measures
        found.responsible, found.deadline = responsible, deadline
        found.grade = versions_of_grade(found.record_id)[0].grade


def too_short(plan: Rectification) -> date | None:
    """The earliest day that the scheme allows for the grade as it is now, where the plan's is
    before it: the grade has been corrected since."""
    if _is_accepted(plan):
        return None
    terms = terms_of(plan.record)
    earliest = months_later(plan.begun_on, terms.months_at_least) if terms else plan.begun_on
    return earliest if plan.deadline < earliest else None


def add_entry(rectification_id: int, kind: str, text: str, day: date) -> RectificationEntry:
    """Report `progress` or `proof`, or as the superior `returned` or `accepted`.

    Nothing follows an acceptance, and nothing is accepted without proof, after a return without
    new proof. Raises BadInput.
    """
    if kind not in KINDS:
        raise BadInput("请选择记录的种类。")
    text = _text(text, "内容", TEXT_MOST)
    with writing():
        plan = get_rectification(rectification_id)
        kinds = [entry.kind for entry in plan.entries]
        if "accepted" in kinds:
            raise BadInput("整改已经验收，不能再添加记录。")
        if kind == "accepted" and not proof_stands(kinds):
            lacking = "退回以后还没有新的证明材料" if "returned" in kinds else "还没有证明材料"
            raise BadInput(f"{lacking}，不能验收。请先写明证明材料。")
        made = RectificationEntry(rectification_id=plan.id, kind=kind, text=text, made_on=day)
        plan.entries.append(made)
    return made


def upgrade(rectification_id: int, grade: str, reason: str, day: date) -> FinalGrade:
    """升级晋位: a better grade after acceptance and a re-test, as a new version. Raises BadInput.

    reason: what the re-test gave. The grade that was final before stays as it was. An acceptance
    raises the grade once. It takes no notice: the documents publish the grading (怀乡中学 2012,
    四之5; 商都县 2012, 四之5) and say of the way up only 推动升级晋位 (ADR 13).
    """
    with writing():
        plan = get_rectification(rectification_id)
        if not _is_accepted(plan):
            raise BadInput("整改还没有验收，不能升级晋位。")
        before = versions_of_grade(plan.record_id)[0]
        reason = read_change(plan.record, before, grade, reason)
        labels = scheme_of(plan.record.round).domain(plan.record.domain).ladder.labels
        if labels.index(grade) > labels.index(before.grade):
            raise BadInput("升级晋位后的等级不能比原来低。")
        if pending_correction(plan.record_id) is not None:
            raise BadInput("正在更正这个党组织的等级。请等更正生效或撤回，再升级晋位。")
        if has_risen(plan):
            raise BadInput("这次整改已经升级晋位过一次，不能再升。")
        made = add_version(before, "upgrade", grade, reason, day)
        db.session.add(Upgrade(rectification_id=plan.id, final_grade=made))
        return made


def has_risen(plan: Rectification) -> bool:
    """Whether its acceptance has raised the grade already."""
    return db.session.get(Upgrade, plan.id) is not None


def get_rectification(rectification_id: int) -> Rectification:
    """The plan of this id; raises RectificationUnknown."""
    found = db.session.get(Rectification, rectification_id)
    if found is None:
        raise RectificationUnknown
    return found


def rectification_of(record_id: int) -> Rectification | None:
    """The plan of a record, where there is one."""
    return db.session.scalar(select(Rectification).where(Rectification.record_id == record_id))


def list_rectifications(day: date) -> list[Standing]:
    """All plans: the overdue first, then by deadline, the accepted last."""
    plans: Sequence[Rectification] = db.session.scalars(
        select(Rectification)
        .options(
            selectinload(Rectification.entries),
            joinedload(Rectification.record).joinedload(GradingRecord.round),
        )
        .order_by(Rectification.deadline, Rectification.id)
    ).all()
    found = [standing(plan, day) for plan in plans]
    return sorted(found, key=lambda s: (not s.overdue, s.accepted))


def standing(plan: Rectification, day: date) -> Standing:
    """Where one plan stands."""
    accepted = _is_accepted(plan)
    return Standing(plan, accepted, is_overdue(plan.deadline, accepted, day))


def records_to_rectify() -> list[GradingRecord]:
    """Records whose final grade asks for rectification and that have no plan yet.

    Two statements, however many records there are.
    """
    without = FinalGrade.record_id.not_in(select(Rectification.record_id))
    rows = db.session.execute(
        select(FinalGrade.record_id, FinalGrade.grade).where(without).order_by(FinalGrade.version)
    )
    grades = {row.record_id: row.grade for row in rows}
    records = db.session.scalars(
        select(GradingRecord)
        .where(GradingRecord.id.in_(select(FinalGrade.record_id).where(without)))
        .options(joinedload(GradingRecord.organisation), joinedload(GradingRecord.round))
        .order_by(GradingRecord.id)
    )
    return [record for record in records if _terms(record, grades[record.id]) is not None]


def _is_accepted(plan: Rectification) -> bool:
    return any(entry.kind == "accepted" for entry in plan.entries)


def _deadline(wished: date | None, terms: Terms | None, day: date) -> date:
    months = terms.months_at_least if terms else 0
    earliest = months_later(day, months)
    if wished is None:
        if not months:
            raise BadInput("请填写整改期限。")
        return earliest
    if wished < earliest:
        least = f"方案规定整改至少 {months} 个月，" if months else ""
        raise BadInput(f"{least}整改期限不能早于 {earliest.isoformat()}。")
    return wished


def _text(text: str, what: str, most: int) -> str:
    text = text.strip()
    if not 1 <= len(text) <= most:
        raise BadInput(f"请填写{what}（{most} 字以内）。")
    return text
