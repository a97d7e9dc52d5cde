"""The points that indicators have in a round: the scheme's, the admin's, or totals only."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import delete, or_, select

from app.actions.grading import needs_points, reassess, scheme_of
from app.actions.round import get_round
from app.domain.errors import BadInput
from app.domain.points import read_points
from app.models import (
    GradingRecord,
    Round,
    RoundPoints,
    SelfAssessment,
    SuperiorLine,
    db,
)


def points_of(round_: Round) -> tuple[Decimal, ...] | None:
    """The points of each indicator, in the scheme's order; None where there are totals only."""
    if round_.scoring != "points":
        return None
    kept = db.session.scalars(
        select(RoundPoints.points)
        .where(RoundPoints.round_id == round_.id)
        .order_by(RoundPoints.position)
    ).all()
    if kept:
        return tuple(kept)
    stated = [indicator.points for indicator in scheme_of(round_).indicators]
    return tuple(
        Decimal(points.numerator) / points.denominator
        for points in stated
        if points != "unstated"
    )  # fmt: skip


def set_points(round_id: int, typed: Sequence[str] | None) -> Round:
    """Give every indicator its points, or None: totals only. Raises BadInput.

    Only while nobody has scored by the old ones, and only where the document states none.
    """
    round_ = get_round(round_id)
    scheme = scheme_of(round_)
    if scheme.points_stated:
        raise BadInput("方案已写明各项指标的分值，不能改。")
    if typed is None and needs_points(scheme):
        raise BadInput("方案的测评分由各项指标的票数得出，须定下各项的分值，不能只录总分。")
    points = () if typed is None else read_points(scheme, typed)
    if _scored(round_):
        raise BadInput("已有党组织按现在的办法自评或评分，不能再改分值。")
    db.session.execute(delete(RoundPoints).where(RoundPoints.round_id == round_.id))
    db.session.add_all(
        RoundPoints(round_id=round_.id, position=number, points=value)
        for number, value in enumerate(points, 1)
    )
    round_.scoring = "points" if points else "totals"
    if scheme.scoring.mass_from == "indicator":
        # Their points say what each indicator weighs in the mass score of meetings already held.
        db.session.flush()
        for record in round_.records:
            reassess(record)
    db.session.commit()
    return round_


def _scored(round_: Round) -> bool:
    """Whether a score stands in any record of the round."""
    record = (
        select(GradingRecord.id)
        .outerjoin(SelfAssessment, SelfAssessment.record_id == GradingRecord.id)
        .outerjoin(SuperiorLine, SuperiorLine.record_id == GradingRecord.id)
        .where(
            GradingRecord.round_id == round_.id,
            or_(
                GradingRecord.self_score.is_not(None),
                GradingRecord.superior_score.is_not(None),
                SelfAssessment.id.is_not(None),
                SuperiorLine.score.is_not(None),
            ),
        )
        .limit(1)
    )
    return db.session.scalar(record) is not None
