"""What a rule asks of an organisation: conditions as data, in the shape of the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from app.domain.scheme.numbers import number_text, rate_text

Comparison = Literal["at_least", "above", "below", "at_most"]
Measure = Literal["satisfaction", "score", "fact"]

COMPARISON_WORDS: dict[Comparison, str] = {
    "at_least": "达到",
    "above": "超过",
    "below": "低于",
    "at_most": "不超过",
}


@dataclass(frozen=True)
class Bound:
    """A comparison with an exact number; is_rate: it was written as a percentage or a ratio."""

    comparison: Comparison
    value: Fraction
    is_rate: bool = False

    @property
    def text(self) -> str:
        """The number as the file has it, such as `90%` or `3`."""
        return rate_text(self.value) if self.is_rate else number_text(self.value)

    @property
    def words(self) -> str:
        """Such as `低于90%`."""
        return COMPARISON_WORDS[self.comparison] + self.text

    def holds(self, value: Fraction) -> bool:
        """Whether `value` satisfies the comparison, exactly."""
        match self.comparison:
            case "at_least":
                return value >= self.value
            case "above":
                return value > self.value
            case "below":
                return value < self.value
            case "at_most":
                return value <= self.value


class Condition:
    """The base of all conditions."""

    def to_json(self) -> dict[str, Any]:
        """The condition in the shape of the file."""
        raise NotImplementedError

    def walk(self) -> Iterator[Condition]:
        """This condition and all that it is made of."""
        yield self

    def bounds_on(self, measure: Measure, name: str) -> Iterator[Fraction]:
        """The numbers with which one measure is compared."""
        for part in self.walk():
            if isinstance(part, Compare) and (part.measure, part.name) == (measure, name):
                yield from (bound.value for bound in part.bounds)


@dataclass(frozen=True)
class Compare(Condition):
    """A measure is within all bounds. name: which score or fact; empty for satisfaction."""

    measure: Measure
    name: str
    bounds: tuple[Bound, ...]

    def to_json(self) -> dict[str, Any]:
        bounds = {bound.comparison: bound.text for bound in self.bounds}
        if self.measure == "satisfaction":
            return {"satisfaction": bounds}
        return {f"{self.measure}s": {self.name: bounds}}


@dataclass(frozen=True)
class FactIs(Condition):
    """A yes-or-no fact has this value."""

    name: str
    value: bool

    def to_json(self) -> dict[str, Any]:
        return {"facts": {self.name: self.value}}


@dataclass(frozen=True)
class InDomain(Condition):
    """The organisation is of one of these domains (codes)."""

    codes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {"domain": list(self.codes)}


@dataclass(frozen=True)
class Voted(Condition):
    """More than half of the ballots named one of these grades (labels, or top/bottom)."""

    grades: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {"voted": list(self.grades)}


@dataclass(frozen=True)
class AllOf(Condition):
    """Every part holds."""

    parts: tuple[Condition, ...]

    def to_json(self) -> dict[str, Any]:
        return {"all": [part.to_json() for part in self.parts]}

    def walk(self) -> Iterator[Condition]:
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True)
class AnyOf(Condition):
    """At least one part holds."""

    parts: tuple[Condition, ...]

    def to_json(self) -> dict[str, Any]:
        return {"any": [part.to_json() for part in self.parts]}

    def walk(self) -> Iterator[Condition]:
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True)
class Not(Condition):
    """The part does not hold."""

    part: Condition

    def to_json(self) -> dict[str, Any]:
        return {"not": self.part.to_json()}

    def walk(self) -> Iterator[Condition]:
        yield self
        yield from self.part.walk()
