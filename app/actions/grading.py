"""Work out a record's proposed grade from all that it holds."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from app.domain.grading import OrganisationFacts, Proposal, propose
from app.domain.scheme import Scheme, parse_scheme
from app.models import GradingRecord, Round


def scheme_of(round_: Round) -> Scheme:
    """The scheme that a round applies, with the ladder it has chosen."""
    scheme = _parsed(round_.scheme_text, round_.scheme_id)
    return scheme.with_ladder(round_.ladder) if round_.ladder else scheme


def reassess(record: GradingRecord) -> Proposal:
    """Write the record's proposed grade and trace anew. The caller commits."""
    scores = {"self": record.self_score, "superior": record.superior_score}
    facts = OrganisationFacts(
        domain=record.domain,
        scores={name: Fraction(score) for name, score in scores.items() if score is not None},
        tallies=record.mass["tallies"] if record.mass else {},
        facts=record.facts,
    )
    proposal = propose(scheme_of(record.round), facts)
    record.proposed = proposal.proposed
    record.trace = [
        {"rule": line.rule, "effect": line.effect, "clause": line.clause, "because": line.because}
        for line in proposal.trace
    ]
    return proposal


@lru_cache(maxsize=64)
def _parsed(text: str, source: str) -> Scheme:
    return parse_scheme(text, source)
