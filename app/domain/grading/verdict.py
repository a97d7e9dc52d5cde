"""Whether a condition holds for an organisation, with the figures that say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.domain.grading.facts import Tallies
from app.domain.scheme import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    FactIs,
    InDomain,
    Ladder,
    Not,
    Scheme,
    Voted,
    condition_words,
    measure_words,
    number_text,
    read_number,
)
from app.domain.tally import INVALID, Satisfaction, percent_text, score_text


@dataclass(frozen=True)
class Verdict:
    """holds: None where something is not known yet. because: the exact figures, or what lacks."""

    holds: bool | None
    because: str


@dataclass(frozen=True)
class Case:
    """One organisation as conditions see it. scores: with `final`, where it is known."""

    scheme: Scheme
    domain: str
    ladder: Ladder
    satisfaction: Satisfaction | None
    scores: Mapping[str, Fraction]
    tallies: Tallies
    facts: Mapping[str, object]

    def judge(self, condition: Condition) -> Verdict:
        """Decide one condition, in three-valued logic."""
        match condition:
            case AllOf(parts):
                return _joined([self.judge(part) for part in parts], decisive=False)
            case AnyOf(parts):
                return _joined([self.judge(part) for part in parts], decisive=True)
            case Not(part):
                inner = self.judge(part)
                return Verdict(None if inner.holds is None else not inner.holds, inner.because)
        return self._judge_simple(condition)

    def _judge_simple(self, condition: Condition) -> Verdict:
        match condition:
            case Compare():
                return self._compare(condition)
            case FactIs():
                return self._fact(condition)
            case Voted():
                return self._voted(condition)
            case InDomain(codes):
                name = self.scheme.domain(self.domain).name
                return Verdict(self.domain in codes, f"领域为{name}")
        raise TypeError(condition)

    def _compare(self, condition: Compare) -> Verdict:
        title = measure_words(self.scheme, condition.measure, condition.name)
        value, figure = self._measure(condition)
        if value is None:
            return Verdict(None, f"尚无{title}")
        words = "、".join(bound.words for bound in condition.bounds)
        holds = all(bound.holds(value) for bound in condition.bounds)
        return Verdict(holds, f"{title}为{figure}，{words if holds else f'不符合“{words}”'}")

    def _measure(self, condition: Compare) -> tuple[Fraction | None, str]:
        """The value, and how it is written."""
        if condition.measure == "satisfaction":
            rate = self.satisfaction
            if rate is None:
                return None, ""
            return rate.fraction, f"{rate.percent}%（{rate.figures}）"
        if condition.measure == "score":
            score = self.scores.get(condition.name)
            bounds = [bound.value for bound in condition.bounds]
            return score, "" if score is None else f"{score_text(score, bounds)}分"
        value = read_number(self.facts.get(condition.name))
        return value, "" if value is None else number_text(value)

    def _fact(self, condition: FactIs) -> Verdict:
        title = measure_words(self.scheme, "fact", condition.name)
        value = self.facts.get(condition.name)
        if not isinstance(value, bool):
            return Verdict(None, f"尚未填写“{title}”")
        return Verdict(value == condition.value, f"{title}为“{'是' if value else '否'}”")

    def _voted(self, condition: Voted) -> Verdict:
        """More than half of all valid ballots, abstentions among them."""
        question = next(q for q in self.scheme.ballot_questions(self.domain) if q.kind == "grade")
        places = {"top": self.ladder.labels[0], "bottom": self.ladder.labels[-1]}
        labels = {places.get(grade, grade) for grade in condition.grades}
        values = {choice.value for choice in question.choices if choice.label in labels}
        counts = [group.get(question.id, {}) for group in self.tallies.values()]
        named = sum(n for group in counts for choice, n in group.items() if choice in values)
        ballots = sum(n for group in counts for choice, n in group.items() if choice != INVALID)
        if not ballots:
            return Verdict(None, "尚无测评票数")
        share = percent_text(Fraction(named, ballots), [Fraction(1, 2)])
        words = condition_words(self.scheme, Voted(tuple(sorted(labels, key=self._rank))))
        holds = 2 * named > ballots
        figures = f"{named}÷{ballots}，占{share}%"
        return Verdict(holds, f"{words}（{figures}）" if holds else f"没有{words}（{figures}）")

    def _rank(self, label: str) -> int:
        return self.ladder.rank(label) if label in self.ladder.labels else len(self.ladder.labels)


def _joined(verdicts: Sequence[Verdict], decisive: bool) -> Verdict:
    """One decisive part settles the whole; else an unknown part leaves it unknown."""
    for outcome in (decisive, None, not decisive):
        if found := [verdict for verdict in verdicts if verdict.holds is outcome]:
            return Verdict(outcome, ";".join(verdict.because for verdict in found))
    raise ValueError(verdicts)
