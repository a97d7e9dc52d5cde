"""定级得分: the score that decides, of the three scores, deductions and bonuses; exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from app.domain.grading.facts import OrganisationFacts
from app.domain.scheme import (
    ADJUSTMENT_WORDS,
    SCORE_TITLES,
    Adjustment,
    AdjustmentKind,
    Scheme,
    number_text,
    rate_text,
)
from app.domain.tally import score_text


@dataclass(frozen=True)
class Applied:
    """A deduction or bonus, and what it comes to for so many times."""

    item: Adjustment
    times: int
    amount: Fraction

    @property
    def words(self) -> str:
        """Such as `材料迟报2次，每次扣2分，最多扣6分：扣4分`."""
        verb = ADJUSTMENT_WORDS[self.item.kind]
        amount = f"{verb}{number_text(self.amount)}分"
        return f"{self.item.name}{self.times}次，{self.item.words}：{amount}"


@dataclass(frozen=True)
class Adjusted:
    """All deductions, or all bonuses. amount: together, within the limit on all of them."""

    kind: AdjustmentKind
    applied: tuple[Applied, ...]
    amount: Fraction
    most: Fraction | None

    @property
    def limited(self) -> str:
        """Such as `扣分合计8分，最多扣6分：扣6分`; empty where the limit on all is not reached."""
        whole = sum((a.amount for a in self.applied), Fraction(0))
        if self.most is None or whole <= self.most:
            return ""
        verb, most = ADJUSTMENT_WORDS[self.kind], number_text(self.most)
        return f"{verb}分合计{number_text(whole)}分，最多{verb}{most}分：{verb}{most}分"


@dataclass(frozen=True)
class DecidingScore:
    """value: in points, None while a score is missing. base: before deductions and bonuses.

    weights: empty where the superior's score decides. scores: by name, as far as they are known.
    """

    value: Fraction | None
    base: Fraction | None
    lacking: tuple[str, ...]
    adjusted: tuple[Adjusted, ...]
    weights: Mapping[str, Fraction]
    scores: Mapping[str, Fraction]

    @property
    def title(self) -> str:
        """What the score before deductions and bonuses is called."""
        return "加权得分" if self.weights else SCORE_TITLES["superior"]

    @property
    def formula(self) -> str:
        """How a composite score is made up; empty where there is none."""
        if not self.weights or self.base is None:
            return ""
        sums = " + ".join(
            f"{SCORE_TITLES[name]}{score_text(self.scores[name])}×{rate_text(weight)}"
            for name, weight in self.weights.items()
        )
        return f"加权得分 = {sums} = {score_text(self.base)}分"

    def words(self, bounds: tuple[Fraction, ...]) -> str:
        """Such as `加权得分95.8分，扣4分，加3分，定级得分94.8分`; needs a value."""
        if self.value is None or self.base is None:
            return ""
        if not any(a.applied for a in self.adjusted):
            return f"{self.title}{score_text(self.value, bounds)}分"
        parts = [f"{self.title}{score_text(self.base)}分"]
        moved = self.base
        for a in self.adjusted:
            if a.applied:
                parts.append(f"{ADJUSTMENT_WORDS[a.kind]}{number_text(a.amount)}分")
                moved += a.amount if a.kind == "bonuses" else -a.amount
        held = ""
        if moved != self.value:
            held = "（不超过总分）" if moved > self.value else "（不低于0分）"
        return "，".join([*parts, f"定级得分{score_text(self.value, bounds)}分{held}"])


def deciding_score(
    scheme: Scheme, facts: OrganisationFacts, scores: Mapping[str, Fraction]
) -> DecidingScore:
    """scores: by `self`, `mass`, `superior`, as far as they are known. Raises DomainUnknown.

    Deductions and bonuses are each summed up within their limits and then put to the composite
    score together, which the scheme keeps between 0 and the total unless it says otherwise.
    """
    weights = scheme.scoring.weights or {"superior": Fraction(1)}
    lacking = tuple(name for name in weights if name not in scores)
    adjusted = tuple(_adjusted(scheme, facts, kind) for kind in ADJUSTMENT_WORDS)
    base = value = None
    if not lacking:
        base = sum((weight * scores[name] for name, weight in weights.items()), Fraction(0))
        value = base - adjusted[0].amount + adjusted[1].amount
        if scheme.scoring.bounded:
            value = max(Fraction(0), min(value, scheme.total))
    return DecidingScore(value, base, lacking, adjusted, scheme.scoring.weights, scores)


def _adjusted(scheme: Scheme, facts: OrganisationFacts, kind: AdjustmentKind) -> Adjusted:
    times = facts.times(kind)
    applied = tuple(
        Applied(item, times[item.name], item.amount(times[item.name]))
        for item in scheme.adjustments(kind, facts.domain)
        if times.get(item.name)
    )
    amount = sum((a.amount for a in applied), Fraction(0))
    most = scheme.scoring.most_of(kind)
    return Adjusted(kind, applied, amount if most is None else min(amount, most), most)
