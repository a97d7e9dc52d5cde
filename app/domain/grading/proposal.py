"""定级: the proposed grade of one organisation, with every reason and its clause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from app.domain.grading.facts import OrganisationFacts
from app.domain.grading.mass import MassResult, mass_result
from app.domain.grading.score import DecidingScore, deciding_score
from app.domain.grading.verdict import Case
from app.domain.scheme import SCORE_TITLES, Ladder, Rule, Scheme, effect_words, rate_text
from app.domain.tally import Satisfaction, score_text

ADJUSTMENT_EFFECTS = {"deductions": "deduction", "bonuses": "bonus"}


@dataclass(frozen=True)
class TraceLine:
    """One reason. rule: its id, or `ladder`, `score`, `mass`, `deductions`, `bonuses`,
    `voter_groups`.

    effect: `ladder` (the grade that the score reaches), a rule's effect (it fired), `pending` (a
    rule that cannot be judged yet), `missing` (no score), `computed` (how a figure was formed),
    `deduction`, `bonus`, `unformed` (a figure that cannot be formed, and what can be done).
    clause: the document's words. because: the exact figures, in Chinese.
    """

    rule: str
    effect: str
    clause: str
    because: str


@dataclass(frozen=True)
class Proposal:
    """score: the one that decides, in points. proposed: None while that cannot be said.

    scores: by `self`, `mass`, `superior`, as far as they are known. deciding: how score came about.
    """

    satisfaction: Satisfaction | None
    score: Fraction | None
    proposed: str | None
    trace: tuple[TraceLine, ...]
    scores: Mapping[str, Fraction]
    deciding: DecidingScore

    def to_json(self) -> dict[str, Any]:
        """The promise of `scheme grade`; the score exact, as text."""
        return {
            "satisfaction": None if self.satisfaction is None else rate_json(self.satisfaction),
            "score": None if self.score is None else score_text(self.score),
            "proposed": self.proposed,
            "trace": [
                {"rule": t.rule, "effect": t.effect, "clause": t.clause, "because": t.because}
                for t in self.trace
            ],
        }


def rate_json(rate: Satisfaction) -> dict[str, Any]:
    """A rate in JSON terms; where groups have weights also `groups` and `figures`, in words."""
    found: dict[str, Any] = {
        "numerator": rate.numerator,
        "denominator": rate.denominator,
        "percent": rate.percent,
    }
    if rate.shares:
        found["figures"] = rate.figures
        found["groups"] = [
            {
                "name": share.name,
                "weight": rate_text(share.weight),
                "numerator": share.numerator,
                "denominator": share.denominator,
            }
            for share in rate.shares
        ]
    return found


def decides(scheme: Scheme, facts: OrganisationFacts) -> Fraction | None:
    """The score that decides, alone: for whole rounds, of which nobody reads the reasons."""
    return _scores(scheme, facts, mass_result(scheme, facts)).value


def _scores(scheme: Scheme, facts: OrganisationFacts, mass: MassResult) -> DecidingScore:
    scores = {**({} if mass.score is None else {"mass": mass.score}), **facts.scores}
    return deciding_score(scheme, facts, scores)


def propose(scheme: Scheme, facts: OrganisationFacts) -> Proposal:
    """The grade that the scheme proposes, by the strictest of its ladder and of all its rules.

    Where no score decides yet, only a rule that fixes the grade outright can propose one. A mass
    score that is given goes before one formed from the tallies. Raises DomainUnknown and
    LadderNotChosen.
    """
    domain = scheme.domain(facts.domain)
    mass = mass_result(scheme, facts)
    score = _scores(scheme, facts, mass)
    scores = score.scores
    case = Case(
        scheme=scheme,
        domain=domain.code,
        ladder=domain.ladder,
        satisfaction=mass.satisfaction,
        scores={**scores, **({} if score.value is None else {"final": score.value})},
        tallies=facts.tallies,
        facts=facts.facts,
    )
    fired = [rule for rule in scheme.rules if case.judge(rule.when).holds]
    return Proposal(
        satisfaction=mass.satisfaction,
        score=score.value,
        proposed=_strictest(domain.ladder, score.value, fired),
        trace=(
            _ladder_line(scheme, domain.ladder, score),
            *_score_lines(scheme, score),
            *_mass_lines(scheme, facts, mass),
            *(line for rule in scheme.rules for line in _rule_lines(case, rule)),
        ),
        scores=scores,
        deciding=score,
    )


def _strictest(ladder: Ladder, score: Fraction | None, fired: list[Rule]) -> str | None:
    reached = None if score is None else ladder.grade_for(score).label
    limits = [(rule.effect, rule.target.of(ladder)) for rule in fired if rule.target]
    if reached is None and not any(effect in ("floor_to", "veto") for effect, _ in limits):
        return None
    return ladder.worst(label for label in (reached, *(lim for _, lim in limits)) if label)


def _ladder_line(scheme: Scheme, ladder: Ladder, score: DecidingScore) -> TraceLine:
    clause = scheme.scoring.clause
    if score.value is None:
        lacking = "、".join(SCORE_TITLES[name] for name in score.lacking)
        return TraceLine("score", "missing", clause, f"尚无{lacking}，还不能按分数定级")
    grade = ladder.grade_for(score.value)
    because = f"{score.words(ladder.bounds)}，属{ladder.span(grade)}，对应“{grade.label}”"
    return TraceLine("ladder", "ladder", ladder.clause or clause, because)


def _score_lines(scheme: Scheme, score: DecidingScore) -> Iterator[TraceLine]:
    """How a composite score is made up, and every deduction and bonus."""
    if score.formula:
        yield TraceLine("score", "computed", scheme.scoring.clause, score.formula)
    for adjusted in score.adjusted:
        effect = ADJUSTMENT_EFFECTS[adjusted.kind]
        for applied in adjusted.applied:
            yield TraceLine(adjusted.kind, effect, applied.item.clause, applied.words)
        if adjusted.limited:
            yield TraceLine(adjusted.kind, "computed", scheme.scoring.clause, adjusted.limited)


def _mass_lines(scheme: Scheme, facts: OrganisationFacts, mass: MassResult) -> Iterator[TraceLine]:
    """How satisfaction and mass score were formed where it is not plain, or why they were not."""
    weighing, rate = mass.weighing, mass.satisfaction
    if rate is not None and rate.shares:
        because = f"加权满意率 = {rate.figures} = {rate.percent}%"
        yield TraceLine("voter_groups", "computed", weighing.clause, because)
    for remark in weighing.remarks:
        yield TraceLine("voter_groups", "computed", weighing.clause, remark)
    if weighing.hindrance:
        because = f"加权满意率不能得出：{weighing.hindrance}"
        yield TraceLine("voter_groups", "unformed", weighing.clause, because)
    scoring = scheme.scoring
    if "mass" in facts.scores:
        return
    if mass.words:
        effect = "unformed" if mass.score is None else "computed"
        yield TraceLine("mass", effect, scoring.clause, mass.words)
    elif scoring.mass_from is None and "mass" in scoring.weights:
        because = "方案写了测评分占的比重，没有写测评分怎样由票数得出，须由上级另行给出"
        yield TraceLine("mass", "unformed", scoring.clause, because)


def _rule_lines(case: Case, rule: Rule) -> list[TraceLine]:
    """The line of a rule that fired, or that lacks something to be judged by; else none."""
    verdict = case.judge(rule.when)
    if verdict.holds:
        effect = effect_words(rule, case.ladder)
        return [TraceLine(rule.id, rule.effect, rule.clause, f"{verdict.because}，{effect}")]
    if verdict.holds is None:
        return [TraceLine(rule.id, "pending", rule.clause, f"{verdict.because}，本条还不能判断")]
    return []
