"""定级: the proposed grade of one organisation, with every reason and its clause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from app.domain.grading.facts import OrganisationFacts, Tallies
from app.domain.grading.verdict import Case
from app.domain.scheme import SCORE_TITLES, Ladder, Rule, Scheme, effect_words, number_text
from app.domain.tally import Satisfaction, satisfaction, score_text


@dataclass(frozen=True)
class TraceLine:
    """One reason. rule: its id, or `ladder`, `score`, `voter_groups`.

    effect: `ladder` (the grade that the score reaches), a rule's effect (it fired), `pending` (a
    rule that cannot be judged yet), `missing` (no score), `not_applied` (kept, not computed with).
    clause: the document's words. because: the exact figures, in Chinese.
    """

    rule: str
    effect: str
    clause: str
    because: str


@dataclass(frozen=True)
class Proposal:
    """score: the one that decides, in points. proposed: None while that cannot be said."""

    satisfaction: Satisfaction | None
    score: Fraction | None
    proposed: str | None
    trace: tuple[TraceLine, ...]

    def to_json(self) -> dict[str, Any]:
        """The promise of `scheme grade`; the score exact, as text."""
        rate = self.satisfaction
        return {
            "satisfaction": rate
            and {
                "numerator": rate.numerator,
                "denominator": rate.denominator,
                "percent": rate.percent,
            },
            "score": None if self.score is None else score_text(self.score),
            "proposed": self.proposed,
            "trace": [
                {"rule": t.rule, "effect": t.effect, "clause": t.clause, "because": t.because}
                for t in self.trace
            ],
        }


def propose(scheme: Scheme, facts: OrganisationFacts) -> Proposal:
    """The grade that the scheme proposes, by the strictest of its ladder and of all its rules.

    Where no score decides yet, only a rule that fixes the grade outright can propose one. Raises
    DomainUnknown and LadderNotChosen.
    """
    domain = scheme.domain(facts.domain)
    score = _deciding_score(scheme, facts.scores)
    case = Case(
        scheme=scheme,
        domain=domain.code,
        ladder=domain.ladder,
        satisfaction=_satisfaction(scheme, domain.code, facts.tallies),
        scores={**facts.scores, **({} if score is None else {"final": score})},
        tallies=facts.tallies,
        facts=facts.facts,
    )
    fired = [rule for rule in scheme.rules if case.judge(rule.when).holds]
    return Proposal(
        satisfaction=case.satisfaction,
        score=score,
        proposed=_strictest(domain.ladder, score, fired),
        trace=(
            _ladder_line(scheme, domain.ladder, score, facts.scores),
            *(line for rule in scheme.rules for line in _rule_lines(case, rule)),
            *_weight_lines(scheme),
        ),
    )


def _deciding_score(scheme: Scheme, scores: Mapping[str, Fraction]) -> Fraction | None:
    if any(name not in scores for name in _score_names(scheme)):
        return None
    weights = scheme.scoring.weights or {"superior": Fraction(1)}
    return sum((weight * scores[name] for name, weight in weights.items()), Fraction(0))


def _score_names(scheme: Scheme) -> tuple[str, ...]:
    return tuple(scheme.scoring.weights) or ("superior",)


def _satisfaction(scheme: Scheme, domain: str, tallies: Tallies) -> Satisfaction | None:
    """Over all groups together; None where there is nothing to divide by."""
    rule = scheme.satisfaction_rule(domain)
    together: dict[str, dict[str, int]] = {}
    for group in tallies.values():
        for question, counts in group.items():
            sums = together.setdefault(question, {})
            for choice, number in counts.items():
                sums[choice] = sums.get(choice, 0) + number
    found = satisfaction(rule, together)
    return found if found.denominator else None


def _strictest(ladder: Ladder, score: Fraction | None, fired: list[Rule]) -> str | None:
    reached = None if score is None else ladder.grade_for(score).label
    limits = [(rule.effect, rule.target.of(ladder)) for rule in fired if rule.target]
    if reached is None and not any(effect in ("floor_to", "veto") for effect, _ in limits):
        return None
    return ladder.worst(label for label in (reached, *(lim for _, lim in limits)) if label)


def _ladder_line(
    scheme: Scheme, ladder: Ladder, score: Fraction | None, scores: Mapping[str, Fraction]
) -> TraceLine:
    clause = scheme.scoring.clause
    if score is None:
        lacking = "、".join(SCORE_TITLES[n] for n in _score_names(scheme) if n not in scores)
        return TraceLine("score", "missing", clause, f"尚无{lacking}，还不能按分数定级")
    grade = ladder.grade_for(score)
    written = score_text(score, ladder.bounds)
    title = "加权得分" if scheme.scoring.weights else SCORE_TITLES["superior"]
    because = f"{title}{written}分，属{ladder.span(grade)}，对应“{grade.label}”"
    return TraceLine("ladder", "ladder", ladder.clause or clause, because)


def _rule_lines(case: Case, rule: Rule) -> list[TraceLine]:
    """The line of a rule that fired, or that lacks something to be judged by; else none."""
    verdict = case.judge(rule.when)
    if verdict.holds:
        effect = effect_words(rule, case.ladder)
        return [TraceLine(rule.id, rule.effect, rule.clause, f"{verdict.because}，{effect}")]
    if verdict.holds is None:
        return [TraceLine(rule.id, "pending", rule.clause, f"{verdict.because}，本条还不能判断")]
    return []


def _weight_lines(scheme: Scheme) -> list[TraceLine]:
    groups = scheme.data.get("voter_groups", [])
    weighted = [f"{g['name']}{number_text(g['weight'] * 100)}%" for g in groups if "weight" in g]
    if not weighted:
        return []
    because = (
        f"方案写有参会人员权重（{'、'.join(weighted)}），这里的满意率按票数直接合计，请另行核算"
    )
    return [TraceLine("voter_groups", "not_applied", "", because)]
