"""What a scheme says, as frozen values. Points, bounds and rates are exact fractions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

from app.domain.errors import DomainUnknown, LadderNotChosen, LadderUnknown
from app.domain.scheme.condition import Condition
from app.domain.scheme.numbers import number_text

Graded = Literal["self", "every_level"]
QuestionKind = Literal["grade", "satisfaction", "indicator"]
Effect = Literal["cap", "floor_to", "flag", "veto"]
FactType = Literal["integer", "number", "yes_no"]
Place = Literal["top", "below_top", "bottom"]
Points = Fraction | Literal["unstated"]

OPTIONS_MOST = 9
"""Choices of one question: their values `option1` … `option9` are of one length."""

SCORE_TITLES: Mapping[str, str] = {"self": "自评分", "mass": "测评分", "superior": "上级评定分"}


@dataclass(frozen=True)
class Grade:
    """at_least: the lower bound in points, itself included; None for the bottom grade."""

    label: str
    at_least: Fraction | None


@dataclass(frozen=True)
class Ladder:
    """grades: best first, bounds strictly falling, the last without one."""

    name: str
    title: str
    grades: tuple[Grade, ...]
    clause: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """The grades' labels, best first."""
        return tuple(grade.label for grade in self.grades)

    @property
    def bounds(self) -> tuple[Fraction, ...]:
        """The lower bounds in points, highest first."""
        return tuple(g.at_least for g in self.grades if g.at_least is not None)

    def grade_for(self, score: Fraction) -> Grade:
        """The grade of a score in points: the first bound from above that it reaches."""
        return next(g for g in self.grades if g.at_least is None or score >= g.at_least)

    def span(self, grade: Grade) -> str:
        """The grade's half-open range in words, such as `80分以上、不足90分`."""
        above = self.bounds[self.rank(grade.label) - 1] if self.rank(grade.label) else None
        parts = [] if grade.at_least is None else [f"{number_text(grade.at_least)}分以上"]
        return "、".join(parts if above is None else [*parts, f"不足{number_text(above)}分"])

    def rank(self, label: str) -> int:
        """0 for the best grade. Raises ValueError for a label that is not of this ladder."""
        return self.labels.index(label)

    def worst(self, labels: Iterable[str]) -> str | None:
        """The lowest of these grades; None of none."""
        return max(labels, key=self.rank, default=None)


@dataclass(frozen=True)
class LadderChoice:
    """One of the ladders that an admin may choose where the document is silent."""

    name: str
    title: str
    ladder: Ladder


@dataclass(frozen=True)
class Domain:
    """领域. graded: only the body itself, or every level under it too.

    chosen: None while the scheme leaves the ladder to the admin (`Scheme.with_ladder`).
    """

    code: str
    name: str
    graded: Graded
    chosen: Ladder | None
    aliases: tuple[str, ...] = ()
    clause: str = ""

    @property
    def ladder(self) -> Ladder:
        """The domain's ladder. Raises LadderNotChosen."""
        if self.chosen is None:
            raise LadderNotChosen
        return self.chosen


@dataclass(frozen=True)
class Item:
    """A part of an indicator; or a deduction or bonus, which has a most (封顶分)."""

    name: str
    points: Points
    most: Fraction | None = None
    clause: str = ""


@dataclass(frozen=True)
class Indicator:
    """指标. points: unstated where the document gives none; it is never made up."""

    name: str
    points: Points
    reference: str = ""
    items: tuple[Item, ...] = ()
    clause: str = ""


@dataclass(frozen=True)
class Choice:
    """value: what stands on the ballot (`option1` is the best). weight: in points, if stated."""

    value: str
    label: str
    weight: Fraction | None = None


@dataclass(frozen=True)
class BallotQuestion:
    """One question to be answered for each subject; choices best first."""

    id: str
    kind: QuestionKind
    title: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class QuestionForm:
    """A question as the file has it; grades take their choices from the domain's ladder."""

    kind: QuestionKind
    title: str
    options: tuple[Choice, ...] = ()
    clause: str = ""
    convention: str | None = None


@dataclass(frozen=True)
class SatisfactionRule:
    """How satisfaction is formed from the marks of one subject; frozen when a meeting opens.

    satisfied, left_out: choice values. left_out (such as 不了解), and abstentions unless
    abstain_counts, do not stand in the denominator. invalid_counts: spoilt paper ballots do.
    formula: in Chinese. convention: why it is so where the document does not say.
    bounds: the rates that a rule of the scheme compares satisfaction with.
    """

    question_ids: tuple[str, ...]
    satisfied: frozenset[str]
    left_out: frozenset[str]
    abstain_counts: bool
    formula: str
    convention: str | None = None
    invalid_counts: bool = False
    bounds: tuple[Fraction, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The rule in JSON terms, for `from_json`."""
        return {
            "question_ids": list(self.question_ids),
            "satisfied": sorted(self.satisfied),
            "left_out": sorted(self.left_out),
            "abstain_counts": self.abstain_counts,
            "invalid_counts": self.invalid_counts,
            "formula": self.formula,
            "convention": self.convention,
            "bounds": [str(bound) for bound in self.bounds],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SatisfactionRule:
        """The inverse of `to_json`."""
        return cls(
            question_ids=tuple(value["question_ids"]),
            satisfied=frozenset(value["satisfied"]),
            left_out=frozenset(value["left_out"]),
            abstain_counts=value["abstain_counts"],
            formula=value["formula"],
            convention=value["convention"],
            invalid_counts=value["invalid_counts"],
            bounds=tuple(Fraction(bound) for bound in value["bounds"]),
        )


@dataclass(frozen=True)
class SatisfactionForm:
    """Satisfaction as the file has it. satisfied: labels, by ladder name or `*` for every one."""

    kind: QuestionKind
    satisfied: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...]
    abstain_counts: bool
    invalid_counts: bool
    clause: str
    convention: str | None

    def satisfied_for(self, ladder: Ladder) -> tuple[str, ...]:
        """The labels that count as satisfied where `ladder` is in force."""
        return self.satisfied.get(ladder.name) or self.satisfied.get("*", ())


@dataclass(frozen=True)
class FactField:
    """A fact that is entered for each organisation. title: what the form calls it."""

    name: str
    title: str
    type: FactType
    clause: str = ""


@dataclass(frozen=True)
class GradeTarget:
    """A grade named by a label, by its place, or by a label for each ladder."""

    label: str = ""
    place: Place | None = None
    by_ladder: Mapping[str, str] = field(default_factory=dict)

    def of(self, ladder: Ladder) -> str | None:
        """The label in this ladder; None where the ladder has no such grade."""
        if self.place:
            return ladder.labels[{"top": 0, "below_top": 1, "bottom": -1}[self.place]]
        label = self.by_ladder.get(ladder.name, "") if self.by_ladder else self.label
        return label if label in ladder.labels else None


@dataclass(frozen=True)
class Rule:
    """target: None for a flag. clause: the document's words."""

    id: str
    effect: Effect
    when: Condition
    target: GradeTarget | None
    clause: str


@dataclass(frozen=True)
class Scoring:
    """weights: by score name, summing to 1; empty where the superior's score decides (综合)."""

    weights: Mapping[str, Fraction] = field(default_factory=dict)
    clause: str = ""
    convention: str | None = None


@dataclass(frozen=True)
class Scheme:
    """One document's way of grading. data: what is stored and shown but not computed with here.

    source: the document's name and date. total: the full score in points.
    """

    id: str
    title: str
    source: str
    notes: tuple[str, ...]
    total: Fraction
    ladders: tuple[Ladder, ...]
    ladder_choices: tuple[LadderChoice, ...]
    domains: tuple[Domain, ...]
    indicators: tuple[Indicator, ...]
    questions: tuple[QuestionForm, ...]
    satisfaction: SatisfactionForm
    scoring: Scoring
    facts: tuple[FactField, ...]
    rules: tuple[Rule, ...]
    data: Mapping[str, Any]

    @property
    def points_stated(self) -> bool:
        """Whether the document gives points for its indicators."""
        return all(indicator.points != "unstated" for indicator in self.indicators)

    @property
    def ladder_chosen(self) -> bool:
        """False while an admin has still to choose a ladder (see `ladder_choices`)."""
        return all(domain.chosen is not None for domain in self.domains)

    def with_ladder(self, name: str) -> Scheme:
        """The scheme with the open choice of its ladder settled, by name or title.

        Raises LadderUnknown, also for a scheme that leaves nothing to choose.
        """
        found = [c.ladder for c in self.ladder_choices if name in (c.name, c.title)]
        if not found:
            names = "、".join(f"{c.name}（{c.title}）" for c in self.ladder_choices)
            raise LadderUnknown(
                f"没有“{name}”这种档次；可选：{names}。" if names else "方案的档次已定，不用选。"
            )
        settled = (d if d.chosen else replace(d, chosen=found[0]) for d in self.domains)
        return replace(self, domains=tuple(settled))

    def domain(self, code_or_name: str) -> Domain:
        """By code, Chinese name or alias. Raises DomainUnknown, which lists the domains."""
        for domain in self.domains:
            if code_or_name in (domain.code, domain.name, *domain.aliases):
                return domain
        names = "、".join(f"{domain.name}（{domain.code}）" for domain in self.domains)
        raise DomainUnknown(f"方案“{self.title}”没有“{code_or_name}”这个领域；应为：{names}。")

    def ballot_questions(self, domain: str) -> tuple[BallotQuestion, ...]:
        """The questions put for each subject of this domain. Raises LadderNotChosen."""
        ladder = self.domain(domain).ladder
        found: list[BallotQuestion] = []
        for form in self.questions:
            titles = [i.name for i in self.indicators] if form.kind == "indicator" else [form.title]
            choices = _numbered(ladder.labels) if form.kind == "grade" else form.options
            for title in titles:
                found.append(BallotQuestion(f"q{len(found) + 1}", form.kind, title, choices))
        return tuple(found)

    def satisfaction_rule(self, domain: str) -> SatisfactionRule:
        """How satisfaction is formed in this domain. Raises LadderNotChosen."""
        form = self.satisfaction
        labels = form.satisfied_for(self.domain(domain).ladder)
        questions = [q for q in self.ballot_questions(domain) if q.kind == form.kind]
        values = {choice.label: choice.value for choice in questions[0].choices}
        return SatisfactionRule(
            question_ids=tuple(question.id for question in questions),
            satisfied=frozenset(values[label] for label in labels),
            left_out=frozenset(values[label] for label in form.left_out),
            abstain_counts=form.abstain_counts,
            formula=_formula(form, labels),
            convention=form.convention,
            invalid_counts=form.invalid_counts,
            bounds=self.satisfaction_bounds,
        )

    @cached_property
    def satisfaction_bounds(self) -> tuple[Fraction, ...]:
        """Every rate with which a rule compares satisfaction, falling."""
        found = {b for rule in self.rules for b in rule.when.bounds_on("satisfaction", "")}
        return tuple(sorted(found, reverse=True))


def _numbered(labels: Iterable[str]) -> tuple[Choice, ...]:
    return tuple(Choice(f"option{n}", label) for n, label in enumerate(labels, 1))


def _formula(form: SatisfactionForm, labels: tuple[str, ...]) -> str:
    ballots = "全部选票" if form.invalid_counts else "有效票"
    counted = (["废票"] if form.invalid_counts else []) + (["弃权"] if form.abstain_counts else [])
    without = ([] if form.abstain_counts else ["弃权"]) + list(form.left_out)
    remarks = [f"含{'、'.join(counted)}"] if counted else []
    remarks += [f"不含{'、'.join(without)}"] if without else []
    return f"满意率 =（{' + '.join(labels)}）÷ {ballots}（{'，'.join(remarks)}）"
