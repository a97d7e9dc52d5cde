"""计票: counting marks, satisfaction as an exact fraction, and figures as people read them.

Source of the rounding: `80-89分` means 80 and more but less than 90, so what is short of a bound
must never be printed as if it had reached it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from app.domain.errors import BadBallot
from app.domain.meeting import ABSTAIN
from app.domain.scheme import SatisfactionRule, rate_text

INVALID = "invalid"
"""A spoilt paper ballot (废票); a ballot from a phone cannot be one."""

DECIMALS_LEAST = 2


def count_marks(
    marks: Iterable[tuple[str, str]], cells: Mapping[str, Iterable[str]]
) -> dict[str, dict[str, int]]:
    """Cell id → choice → number, with zeros, `abstain` last.

    marks: (cell id, choice). cells: each cell's lawful choices besides `abstain`. Raises BadBallot
    for a mark that is lawful in none of them.
    """
    counts = {cell: dict.fromkeys([*sorted(cells[cell]), ABSTAIN], 0) for cell in cells}
    for cell, choice in marks:
        if cell not in counts or choice not in counts[cell]:
            raise BadBallot
        counts[cell][choice] += 1
    return counts


Counts = Mapping[str, Mapping[str, int]]
"""Question id → choice value → number."""


class Share(NamedTuple):
    """One voter group in a weighted rate: its weight there, and its own marks."""

    name: str
    weight: Fraction
    numerator: int
    denominator: int


@dataclass(frozen=True)
class Satisfaction:
    """满意率 in marks; where groups have weights, the exact sum over `shares` in lowest terms.

    bounds: the rates with which rules compare it.
    """

    numerator: int
    denominator: int
    bounds: tuple[Fraction, ...] = ()
    shares: tuple[Share, ...] = ()

    @property
    def fraction(self) -> Fraction | None:
        """The exact rate; None where there is nothing to divide by."""
        return Fraction(self.numerator, self.denominator) if self.denominator else None

    @property
    def percent(self) -> str:
        """Such as `92.31` (without the sign), see `percent_text`; `—` where there is no rate."""
        return "—" if self.fraction is None else percent_text(self.fraction, self.bounds)

    @property
    def figures(self) -> str:
        """Where it comes from: `44÷50`, or `党员45÷50×60% + 群众代表18÷20×40%`."""
        if not self.shares:
            return f"{self.numerator}÷{self.denominator}"
        return " + ".join(
            f"{s.name}{s.numerator}÷{s.denominator}×{rate_text(s.weight)}" for s in self.shares
        )


def satisfaction(rule: SatisfactionRule, counts_by_question: Counts) -> Satisfaction:
    """The satisfaction with one subject. counts_by_question: question id → choice → number."""
    left_out = set(rule.left_out)
    left_out |= set() if rule.abstain_counts else {ABSTAIN}
    left_out |= set() if rule.invalid_counts else {INVALID}
    asked = [counts_by_question.get(question, {}) for question in rule.question_ids]
    return Satisfaction(
        sum(counts.get(choice, 0) for counts in asked for choice in rule.satisfied),
        sum(n for counts in asked for choice, n in counts.items() if choice not in left_out),
        rule.bounds,
    )


def weighted_satisfaction(
    rule: SatisfactionRule, groups: Sequence[tuple[str, Fraction, Counts]]
) -> Satisfaction:
    """The sum of the groups' rates by their weights, exactly; each group has marks to divide by.

    groups: name, weight, counts; the weights make 1.
    """
    shares = tuple(
        Share(name, weight, found.numerator, found.denominator)
        for name, weight, counts in groups
        for found in [satisfaction(rule, counts)]
    )
    rate = sum((s.weight * Fraction(s.numerator, s.denominator) for s in shares), Fraction(0))
    return Satisfaction(rate.numerator, rate.denominator, rule.bounds, shares)


def percent_text(fraction: Fraction, bounds: Iterable[Fraction] = ()) -> str:
    """A rate in percent, without the sign: `92.31`.

    Two decimals, rounded half up; more where two would look as if the rate had reached the next
    whole percent or one of `bounds` (rates, such as 9/10): 89.999 stays `89.999`.
    """
    return score_text(fraction * 100, [bound * 100 for bound in bounds], DECIMALS_LEAST)


def score_text(score: Fraction, bounds: Iterable[Fraction] = (), decimals: int = 0) -> str:
    """A score in points, never rounded up to the next whole number or to one of `bounds`.

    decimals: how many are printed at least. Scores are printed exactly (`89.5`) where their
    decimals end within six places.
    """
    if decimals == 0:
        decimals = next((d for d in range(7) if (score * 10**d).denominator == 1), DECIMALS_LEAST)
    next_above = min([Fraction(score // 1 + 1), *(bound for bound in bounds if bound > score)])
    while _rounded(score, decimals) >= next_above:
        decimals += 1
    scaled = int(_rounded(score, decimals) * 10**decimals)
    whole, rest = divmod(abs(scaled), 10**decimals)
    text = f"{whole}.{rest:0{decimals}d}" if decimals else str(whole)
    return f"-{text}" if scaled < 0 else text


def _rounded(value: Fraction, decimals: int) -> Fraction:
    return Fraction((value * 10**decimals + Fraction(1, 2)) // 1, 10**decimals)
