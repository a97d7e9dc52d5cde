"""比例控制 and 排名 in a round: how its quotas stand, and who comes before whom."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.actions.assessment import decided_grades
from app.actions.grading import deciding_scores, scheme_of
from app.domain.quota import Graded, QuotaState, quotas
from app.domain.ranking import Ranked, places
from app.models import Correction, FinalGrade, GradingRecord, Round, db


def quotas_of(round_: Round) -> list[QuotaState]:
    """Every quota of the round's scheme over the grades decided, or proposed where none is."""
    scheme = scheme_of(round_)
    return quotas(scheme, graded(round_)) if scheme.data.get("quotas") else []


def graded(round_: Round) -> list[Graded]:
    """The round's records with their grades and deciding scores, in three statements."""
    decided = decided_grades(round_)
    records = db.session.scalars(
        select(GradingRecord)
        .where(GradingRecord.round_id == round_.id)
        .options(joinedload(GradingRecord.organisation), selectinload(GradingRecord.adjustments))
        .order_by(GradingRecord.id)
    ).all()
    scores = deciding_scores(round_, records)
    return [
        Graded(
            record.id,
            record.organisation.name,
            record.domain,
            decided.get(record.id, record.proposed),
            scores[record.id],
        )
        for record in records
    ]


def placed(round_: Round) -> dict[int, Ranked]:
    """Record id → its place: by final grades where there are any, with corrections in force."""
    final = _graded_as(round_)
    return places(
        scheme_of(round_),
        [one._replace(grade=final.get(one.id, one.grade)) for one in graded(round_)],
    )


def _graded_as(round_: Round) -> dict[int, str]:
    """Record id → final grade; who has risen since by rectification is where the round put it."""
    rows = db.session.execute(
        select(FinalGrade.record_id, FinalGrade.grade)
        .join(GradingRecord, GradingRecord.id == FinalGrade.record_id)
        .where(GradingRecord.round_id == round_.id, FinalGrade.kind != "upgrade")
        .order_by(FinalGrade.version)
    )
    return {row.record_id: row.grade for row in rows}


def broken_by(round_: Round, correction: Correction) -> list[str]:
    """A sentence for each quota that holds now and would not with the correction in force.

    Who has risen since by rectification is counted where the round had put it: quotas are over the
    grading, not over what has become of it.
    """
    scheme = scheme_of(round_)
    if not scheme.data.get("quotas"):
        return []
    now = _graded_as(round_)
    then = {**now, correction.record_id: correction.grade}
    everybody = graded(round_)
    before, after = (
        quotas(scheme, [one._replace(grade=grades.get(one.id)) for one in everybody])
        for grades in (now, then)
    )
    return [
        f"更正以后{there.words}"
        for here, there in zip(before, after, strict=True)
        if here.holds and not there.holds
    ]
