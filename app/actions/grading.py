"""Work out a record's proposed grade from all that it holds."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from sqlalchemy import select

from app.domain.grading import OrganisationFacts, Proposal, Tallies, propose
from app.domain.scheme import Scheme, parse_scheme
from app.models import GradingRecord, Meeting, Round, RoundPoints, VoterGroup, db


def scheme_of(round_: Round) -> Scheme:
    """The scheme that a round applies, with the ladder it has chosen."""
    scheme = _parsed(round_.scheme_text, round_.scheme_id)
    return scheme.with_ladder(round_.ladder) if round_.ladder else scheme


def facts_of(record: GradingRecord) -> OrganisationFacts:
    """All that is known of a record's organisation, as the engine takes it."""
    scores = {"self": record.self_score, "superior": record.superior_score}
    return OrganisationFacts(
        domain=record.domain,
        scores={name: Fraction(score) for name, score in scores.items() if score is not None},
        tallies=_tallies(record),
        facts=record.facts,
        points=_points(record.round),
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
    return proposal


def _tallies(record: GradingRecord) -> Tallies:
    """Of the final meeting; by the names of its groups where names matter, else by their codes."""
    if not record.mass:
        return {}
    tallies: Tallies = record.mass["tallies"]
    if not scheme_of(record.round).weighted_groups(record.domain):
        return tallies
    names = db.session.execute(
        select(VoterGroup.code, VoterGroup.name)
        .join(Meeting, Meeting.id == VoterGroup.meeting_id)
        .where(Meeting.code == record.mass["meeting"])
    )
    known = {row.code: row.name for row in names}
    return {known.get(code, code): counts for code, counts in tallies.items()}


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
