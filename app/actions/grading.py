"""Work out a record's proposed grade from all that it holds."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

from sqlalchemy import select

from app.domain.errors import BadInput
from app.domain.grading import OrganisationFacts, Proposal, Tallies, decides, propose, rate_json
from app.domain.scheme import AdjustmentKind, Scheme, parse_scheme
from app.models import GradingRecord, Round, RoundPoints, db

NO_RATE = {"numerator": 0, "denominator": 0, "percent": "—"}
"""A satisfaction that could not be formed."""


def scheme_of(round_: Round) -> Scheme:
    """The scheme that a round applies, with the ladder it has chosen."""
    scheme = _parsed(round_.scheme_text, round_.scheme_id)
    return scheme.with_ladder(round_.ladder) if round_.ladder else scheme


def facts_of(record: GradingRecord) -> OrganisationFacts:
    """All that is known of a record's organisation, as the engine takes it."""
    scheme = scheme_of(record.round)
    scores = {"self": record.self_score, "superior": record.superior_score}
    return OrganisationFacts(
        domain=record.domain,
        scores={name: Fraction(score) for name, score in scores.items() if score is not None},
        tallies=_tallies(record),
        facts=record.facts,
        deductions=_times(scheme, record, "deductions"),
        bonuses=_times(scheme, record, "bonuses"),
        points=_points(record.round),
    )


def deciding_scores(round_: Round, records: Iterable[GradingRecord]) -> dict[int, Fraction | None]:
    """Record id → the score that decides its grade, after deductions and bonuses."""
    scheme = scheme_of(round_)
    made_up = scheme.scoring.weights or scheme.data.keys() & {"deductions", "bonuses"}
    return {
        record.id: decides(scheme, facts_of(record))
        if made_up
        else None
        if record.superior_score is None
        else Fraction(record.superior_score)
        for record in records
    }


def needs_points(scheme: Scheme) -> bool:
    """Whether the score that decides waits for points that the document does not state."""
    scoring = scheme.scoring
    asked = scoring.mass_from == "indicator" and "mass" in scoring.weights
    return asked and not scheme.points_stated


def require_points(round_: Round) -> None:
    """Raise BadInput while the score that decides waits for points that the round has not set.

    Once somebody has scored, they cannot be set any more.
    """
    if needs_points(scheme_of(round_)) and _points(round_) is None:
        raise BadInput(
            "方案的测评分由各项指标的票数得出，要先在轮次的“指标分值”里定下各项的分值，再录分。"
        )


def proposal_of(record: GradingRecord) -> Proposal:
    """The grade that follows from the record as it stands; nothing is written."""
    return propose(scheme_of(record.round), facts_of(record))


def reassess(record: GradingRecord) -> Proposal:
    """Write the record's proposed grade and trace anew. The caller commits."""
    proposal = proposal_of(record)
    record.proposed = proposal.proposed
    record.trace = [
        {"rule": line.rule, "effect": line.effect, "clause": line.clause, "because": line.because}
        for line in proposal.trace
    ]
    if record.mass and scheme_of(record.round).weighted_groups(record.domain):
        rate = proposal.satisfaction
        record.mass = {
            **record.mass,
            "satisfaction": rate_json(rate) if rate else NO_RATE,
            # What all marks together come to stays beside the rate that counts.
            "together": record.mass.get("together", record.mass["satisfaction"]),
        }
    return proposal


def _tallies(record: GradingRecord) -> Tallies:
    """Of the final meeting; by the names of its groups, which the scheme knows them by."""
    mass = record.mass or {}
    names, tallies = mass.get("groups", {}), mass.get("tallies", {})
    return {names.get(code, code): counts for code, counts in tallies.items()}


def _times(scheme: Scheme, record: GradingRecord, kind: AdjustmentKind) -> dict[str, int]:
    items = {item.position: item.name for item in scheme.adjustments(kind, record.domain)}
    if not items:
        return {}
    return {
        items[kept.position]: kept.times
        for kept in record.adjustments
        if kept.kind == kind and kept.position in items
    }


def _points(round_: Round) -> tuple[Fraction, ...] | None:
    """The points that the round gave its indicators, where the mass score asks for them."""
    scheme = scheme_of(round_)
    if scheme.scoring.mass_from != "indicator" or scheme.points_stated:
        return None
    kept = db.session.scalars(
        select(RoundPoints.points)
        .where(RoundPoints.round_id == round_.id)
        .order_by(RoundPoints.position)
    ).all()
    return tuple(map(Fraction, kept)) or None


@lru_cache(maxsize=64)
def _parsed(text: str, source: str) -> Scheme:
    return parse_scheme(text, source)
