"""比例控制 and 排名 in a round: how its quotas stand, and who comes before whom."""

from __future__ import annotations

from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.actions.assessment import decided_grades
from app.actions.grading import scheme_of
from app.domain.quota import Graded, QuotaState, quotas
from app.models import GradingRecord, Round, db


def quotas_of(round_: Round) -> list[QuotaState]:
    """Every quota of the round's scheme over the grades decided, or proposed where none is."""
    return quotas(scheme_of(round_), graded(round_))


def graded(round_: Round) -> list[Graded]:
    """The round's records with their grades and deciding scores, in two statements."""
    decided = decided_grades(round_)
    records = db.session.scalars(
        select(GradingRecord)
        .where(GradingRecord.round_id == round_.id)
        .options(joinedload(GradingRecord.organisation))
        .order_by(GradingRecord.id)
    )
    return [
        Graded(
            record.id,
            record.organisation.name,
            record.domain,
            decided.get(record.id, record.proposed),
            None if record.superior_score is None else Fraction(record.superior_score),
        )
        for record in records
    ]
