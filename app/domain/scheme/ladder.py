"""等级: the ladder of grades, and how a rule names one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, get_args

from app.domain.scheme.numbers import number_text

Place = Literal["top", "below_top", "bottom"]


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
class GradeTarget:
    """A grade named by a label, by its place, or by a label for each ladder."""

    label: str = ""
    place: Place | None = None
    by_ladder: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def written(cls, value: Any) -> GradeTarget:
        """The grade as a file has it, which has been checked when it was read."""
        if isinstance(value, Mapping):
            return cls(by_ladder=value)
        return cls(place=value) if value in get_args(Place) else cls(label=value)

    def of(self, ladder: Ladder) -> str | None:
        """The label in this ladder; None where the ladder has no such grade."""
        if self.place:
            return ladder.labels[{"top": 0, "below_top": 1, "bottom": -1}[self.place]]
        label = self.by_ladder.get(ladder.name, "") if self.by_ladder else self.label
        return label if label in ladder.labels else None
