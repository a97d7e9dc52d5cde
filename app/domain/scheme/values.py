"""What a scheme says, as frozen values. Points, bounds and rates are exact fractions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

from app.domain.errors import DomainUnknown, LadderNotChosen, LadderUnknown
from app.domain.scheme.adjusting import Adjustment, AdjustmentKind, adjustments_in
from app.domain.scheme.condition import Condition
from app.domain.scheme.groups import VoterGroup, groups_in
from app.domain.scheme.ladder import GradeTarget, Ladder, LadderChoice
from app.domain.scheme.satisfaction import (
    QuestionKind,
    SatisfactionForm,
    SatisfactionRule,
    formula_words,
)

Graded = Literal["self", "every_level"]
Effect = Literal["cap", "floor_to", "flag", "veto"]
FactType = Literal["integer", "number", "yes_no"]
Points = Fraction | Literal["unstated"]
MassFrom = Literal["rate", "satisfaction", "indicator"]

OPTIONS_MOST = 9
"""Choices of one question: their values `option1` … `option9` are of one length."""

SCORE_TITLES: Mapping[str, str] = {"self": "自评分", "mass": "测评分", "superior": "上级评定分"}


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
    """A part of an indicator."""

    name: str
    points: Points
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
class FactField:
    """A fact that is entered for each organisation. title: what the form calls it."""

    name: str
    title: str
    type: FactType
    clause: str = ""


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
    """weights: by score name, summing to 1; empty where the superior's score decides (综合).

    mass_from: of what the mass score is formed: `rate`, the satisfaction; a kind of question whose
    options have points; None where the document does not say. bounded: deductions and bonuses
    leave the score between 0 and the total. deductions_most, bonuses_most: of all items together.
    """

    weights: Mapping[str, Fraction] = field(default_factory=dict)
    clause: str = ""
    convention: str | None = None
    mass_from: MassFrom | None = None
    bounded: bool = True
    deductions_most: Fraction | None = None
    bonuses_most: Fraction | None = None

    def most_of(self, kind: AdjustmentKind) -> Fraction | None:
        """The limit on all deductions or all bonuses together."""
        return self.deductions_most if kind == "deductions" else self.bonuses_most


@dataclass(frozen=True)
class Scheme:
    """One document's way of grading. data: sections as plain values (app.domain.scheme.data).

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
            formula=formula_words(form, labels, self.weighted_groups(domain)),
            convention=form.convention,
            invalid_counts=form.invalid_counts,
            bounds=self.satisfaction_bounds,
            weighted=bool(self.weighted_groups(domain)),
        )

    def voter_groups(self, domain: str) -> tuple[VoterGroup, ...]:
        """The groups that the document names for this domain, in its order."""
        return groups_in(self.data.get("voter_groups", ()), self.domain(domain).code)

    def weighted_groups(self, domain: str) -> tuple[VoterGroup, ...]:
        """Those of them that have a weight: none, or all of them, and then they make 1."""
        return tuple(group for group in self.voter_groups(domain) if group.weight is not None)

    def adjustments(self, kind: AdjustmentKind, domain: str) -> tuple[Adjustment, ...]:
        """The deductions or the bonuses of this domain."""
        return adjustments_in(self.data.get(kind, ()), kind, self.domain(domain).code)

    @cached_property
    def satisfaction_bounds(self) -> tuple[Fraction, ...]:
        """Every rate with which a rule compares satisfaction, falling."""
        found = {b for rule in self.rules for b in rule.when.bounds_on("satisfaction", "")}
        return tuple(sorted(found, reverse=True))


def _numbered(labels: Iterable[str]) -> tuple[Choice, ...]:
    return tuple(Choice(f"option{n}", label) for n, label in enumerate(labels, 1))
