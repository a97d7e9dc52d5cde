"""党员群众测评: the satisfaction and, where the scheme forms one, the mass score, both exact."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial

from app.domain.grading.facts import OrganisationFacts
from app.domain.grading.weighing import Weighing, weigh
from app.domain.meeting import ABSTAIN
from app.domain.scheme import BallotQuestion, Scheme, number_text, rate_text
from app.domain.tally import (
    INVALID,
    Counts,
    Satisfaction,
    satisfaction,
    score_text,
    weighted_satisfaction,
)


@dataclass(frozen=True)
class MassResult:
    """score: in points, exact. Either is None where it cannot be formed (yet).

    weighing: of the satisfaction. say: see `words`, which take longer than the figures.
    """

    satisfaction: Satisfaction | None
    weighing: Weighing
    score: Fraction | None = None
    say: Callable[[], str] = str

    @property
    def words(self) -> str:
        """How the score was formed, or why it was not, in Chinese; empty: nothing yet."""
        return self.say()


@dataclass(frozen=True)
class _Part:
    """A score that marks give. ratio: the points and the marks, such as `4380÷50`, if it is one."""

    value: Fraction
    ratio: tuple[Fraction, int] | None = None

    @property
    def words(self) -> str:
        """Where it comes from."""
        if self.ratio is None:
            return f"{score_text(self.value)}分"
        return f"{number_text(self.ratio[0])}÷{self.ratio[1]}"


@dataclass(frozen=True)
class _Form:
    """How the mass score is formed in one domain.

    points: question id → choice value → points; shares: question id → its share of the whole.
    """

    points: Mapping[str, Mapping[str, Fraction]]
    shares: Mapping[str, Fraction]
    left_out: frozenset[str] = field(default_factory=frozenset)

    def counted(self, counts: Counts) -> bool:
        return any(self._whole(counts, question) for question in self.points)

    def part(self, counts: Counts) -> _Part | str:
        """The score of one group; else the id of a question without marks to divide by."""
        sums = {q: self._sum(counts, q) for q in self.points}
        wholes = {q: self._whole(counts, q) for q in self.points}
        if not self.shares:
            total, whole = sum(sums.values(), Fraction(0)), sum(wholes.values())
            return _Part(total / whole, (total, whole))
        if empty := [q for q, whole in wholes.items() if not whole]:
            return empty[0]
        value = sum((self.shares[q] * sums[q] / wholes[q] for q in sums), Fraction(0))
        return _Part(value)

    def _sum(self, counts: Counts, question: str) -> Fraction:
        numbers = counts.get(question, {})
        points = self.points[question]
        return sum((points[c] * n for c, n in numbers.items() if c in points), Fraction(0))

    def _whole(self, counts: Counts, question: str) -> int:
        return sum(n for c, n in counts.get(question, {}).items() if c not in self.left_out)


def mass_result(scheme: Scheme, facts: OrganisationFacts) -> MassResult:
    """What the testing meeting says of one organisation. Raises DomainUnknown, LadderNotChosen."""
    rule = scheme.satisfaction_rule(facts.domain)
    weighing = weigh(
        scheme, facts.domain, facts.tallies, lambda c: bool(satisfaction(rule, c).denominator)
    )
    rate: Satisfaction | None = None
    if weighing.weights:
        rate = weighted_satisfaction(
            rule, [(name, w, weighing.tallies[name]) for name, w in weighing.weights.items()]
        )
    elif not weighing.hindrance:
        together = satisfaction(rule, weighing.counts)
        rate = together if together.denominator else None
    score, say = _mass_score(scheme, facts, rate)
    return MassResult(rate, weighing, score, say)


Score = tuple[Fraction | None, Callable[[], str]]
"""The score, and how to say whence it comes; without a score, why there is none."""

_NOTHING_YET: Score = (None, str)


def _mass_score(scheme: Scheme, facts: OrganisationFacts, rate: Satisfaction | None) -> Score:
    source = scheme.scoring.mass_from
    if source is None or not facts.tallies:
        return _NOTHING_YET
    if source == "rate":
        if rate is None or rate.fraction is None:
            return _NOTHING_YET
        return rate.fraction * scheme.total, partial(_rate_words, rate, scheme.total)
    form = _form(scheme, facts)
    if form is None:
        return None, lambda: "各项指标的分值还没有定，不能由各项的票数得出测评分"
    weighing = weigh(scheme, facts.domain, facts.tallies, form.counted)
    if weighing.hindrance:
        return None, lambda: f"测评分：{weighing.hindrance}"
    return _scored(scheme, facts.domain, form, weighing)


def _rate_words(rate: Satisfaction, total: Fraction) -> str:
    score = score_text((rate.fraction or Fraction(0)) * total)
    return f"测评分 = 满意率{rate.percent}%×{number_text(total)} = {score}分"


def _scored(scheme: Scheme, domain: str, form: _Form, weighing: Weighing) -> Score:
    weights = weighing.weights or {"": Fraction(1)}
    parts: list[tuple[str, Fraction, _Part]] = []
    for name, weight in weights.items():
        counts = weighing.tallies[name] if name else weighing.counts
        if not form.counted(counts):
            return _NOTHING_YET
        part = form.part(counts)
        if isinstance(part, str):
            title = next(q.title for q in scheme.ballot_questions(domain) if q.id == part)
            why = f"{name}对“{title}”没有可以计算的票，不能得出测评分"
            return None, partial(str, why)
        parts.append((name, weight, part))
    score = sum((weight * part.value for _, weight, part in parts), Fraction(0))
    return score, partial(_score_words, score, parts, weighing)


def _score_words(
    score: Fraction, parts: Sequence[tuple[str, Fraction, _Part]], weighing: Weighing
) -> str:
    if weighing.weights:
        sums = [f"{name}{part.words}×{rate_text(weight)}" for name, weight, part in parts]
    else:
        sums = [parts[0][2].words]
    formed = " + ".join(sums)
    equal = "" if formed == f"{score_text(score)}分" else f" = {score_text(score)}分"
    remarks = "".join(f"；{remark}" for remark in weighing.remarks)
    return f"测评分 = {formed}{equal}{remarks}"


def _form(scheme: Scheme, facts: OrganisationFacts) -> _Form | None:
    """None where the questions are of indicators that have no points yet."""
    kind = scheme.scoring.mass_from
    asked = [q for q in scheme.ballot_questions(facts.domain) if q.kind == kind]
    form = scheme.satisfaction
    left_out = {c.value for c in asked[0].choices if c.label in form.left_out}
    left_out |= set() if form.abstain_counts else {ABSTAIN}
    left_out |= set() if form.invalid_counts else {INVALID}
    points = {q.id: {c.value: c.weight or Fraction(0) for c in q.choices} for q in asked}
    if kind != "indicator":
        return _Form(points, {}, frozenset(left_out))
    shares = _shares(scheme, asked, facts.points)
    return None if shares is None else _Form(points, shares, frozenset(left_out))


def _shares(
    scheme: Scheme, asked: Sequence[BallotQuestion], given: tuple[Fraction, ...] | None
) -> dict[str, Fraction] | None:
    """Question id → the indicator's points out of the total; given: those of the round."""
    stated = [i.points for i in scheme.indicators if i.points != "unstated"]
    points = given or (tuple(stated) if len(stated) == len(asked) else None)
    if points is None:
        return None
    return {q.id: p / scheme.total for q, p in zip(asked, points, strict=True)}
