"""最终等级: all versions of it, the one in force, and the correction that is being published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from app.actions.grading import scheme_of
from app.domain.errors import BadInput
from app.models import Correction, CorrectionEnd, FinalGrade, GradingRecord, Round, db

REASON_MOST = 500


def versions_of_grade(record_id: int) -> Sequence[FinalGrade]:
    """All versions of a record's final grade, the newest first."""
    return db.session.scalars(
        select(FinalGrade)
        .where(FinalGrade.record_id == record_id)
        .order_by(FinalGrade.version.desc())
    ).all()


def final_grades(round_: Round) -> dict[int, FinalGrade]:
    """The final grade in force of each record that has one, by the record's id."""
    rows = db.session.scalars(
        select(FinalGrade)
        .join(GradingRecord, GradingRecord.id == FinalGrade.record_id)
        .where(GradingRecord.round_id == round_.id)
        .order_by(FinalGrade.version)
    )
    return {row.record_id: row for row in rows}


def pending_corrections(round_: Round) -> dict[int, Correction]:
    """The correction of each record that has one under way, by the record's id."""
    rows = db.session.scalars(
        _pending()
        .join(GradingRecord, GradingRecord.id == Correction.record_id)
        .where(GradingRecord.round_id == round_.id)
    )
    return {row.record_id: row for row in rows}


def pending_correction(record_id: int) -> Correction | None:
    """The correction of one record that is under way."""
    return db.session.scalar(_pending().where(Correction.record_id == record_id))


def _pending() -> Select[Correction]:
    return (
        select(Correction)
        .outerjoin(CorrectionEnd, CorrectionEnd.correction_id == Correction.id)
        .where(CorrectionEnd.correction_id.is_(None))
        .options(joinedload(Correction.replaces))
    )


def read_change(record: GradingRecord, before: FinalGrade | None, grade: str, reason: str) -> str:
    """The reason as it is to be kept. Raises BadInput where the grade cannot be changed so."""
    reason = " ".join(reason.split())
    labels = scheme_of(record.round).domain(record.domain).ladder.labels
    if grade not in labels:
        raise BadInput(f"请选择等级：{'、'.join(labels)}。")
    if not 1 <= len(reason) <= REASON_MOST:
        raise BadInput(f"请写明更改的原因和依据（{REASON_MOST} 字以内）。")
    if before is None:
        raise BadInput("这个党组织的等级还没有确定，不用更正。")
    if before.grade == grade:
        raise BadInput(f"现在的等级就是“{grade}”，没有更改。")
    return reason


def add_version(before: FinalGrade, kind: str, grade: str, reason: str, day: date) -> FinalGrade:
    """The next version, in the caller's transaction; a constraint lets nobody else add it too."""
    made = FinalGrade(
        record_id=before.record_id, version=before.version + 1, kind=kind,
        grade=grade, reason=reason, decided_on=day,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made
