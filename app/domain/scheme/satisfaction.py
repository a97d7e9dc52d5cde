"""满意率: what counts as satisfied and what it is divided by, for one group or by groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from app.domain.scheme.groups import EmptyGroup, MergedGroups, VoterGroup, weights_words
from app.domain.scheme.ladder import Ladder

QuestionKind = Literal["grade", "satisfaction", "indicator"]


@dataclass(frozen=True)
class SatisfactionRule:
    """How satisfaction is formed from the marks of one subject; frozen when a meeting opens.

    satisfied, left_out: choice values. left_out (such as 不了解), and abstentions unless
    abstain_counts, do not stand in the denominator. invalid_counts: spoilt paper ballots do.
    formula: in Chinese. convention: why it is so where the document does not say.
    bounds: the rates that a rule of the scheme compares satisfaction with. weighted: the voter
    groups have weights, so that a rate of all marks together is not the one that counts.
    """

    question_ids: tuple[str, ...]
    satisfied: frozenset[str]
    left_out: frozenset[str]
    abstain_counts: bool
    formula: str
    convention: str | None = None
    invalid_counts: bool = False
    bounds: tuple[Fraction, ...] = ()
    weighted: bool = False

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
            "weighted": self.weighted,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SatisfactionRule:
        """The inverse of `to_json`; also of forms frozen before weights were known."""
        return cls(
            question_ids=tuple(value["question_ids"]),
            satisfied=frozenset(value["satisfied"]),
            left_out=frozenset(value["left_out"]),
            abstain_counts=value["abstain_counts"],
            formula=value["formula"],
            convention=value["convention"],
            invalid_counts=value["invalid_counts"],
            bounds=tuple(Fraction(bound) for bound in value["bounds"]),
            weighted=value.get("weighted", False),
        )


@dataclass(frozen=True)
class SatisfactionForm:
    """Satisfaction as the file has it. satisfied: labels, by ladder name or `*` for every one.

    empty_group, merged_groups: what becomes of a weighted result where a group has no ballots, or
    where groups may only be published together; None where the document does not say.
    """

    kind: QuestionKind
    satisfied: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...]
    abstain_counts: bool
    invalid_counts: bool
    clause: str
    convention: str | None
    empty_group: EmptyGroup | None = None
    merged_groups: MergedGroups | None = None

    def satisfied_for(self, ladder: Ladder) -> tuple[str, ...]:
        """The labels that count as satisfied where `ladder` is in force."""
        return self.satisfied.get(ladder.name) or self.satisfied.get("*", ())


def formula_words(
    form: SatisfactionForm, labels: tuple[str, ...], weighted: tuple[VoterGroup, ...]
) -> str:
    """How satisfaction is formed, in Chinese. labels: what counts as satisfied."""
    ballots = "全部选票" if form.invalid_counts else "有效票"
    counted = (["废票"] if form.invalid_counts else []) + (["弃权"] if form.abstain_counts else [])
    without = ([] if form.abstain_counts else ["弃权"]) + list(form.left_out)
    remarks = [f"含{'、'.join(counted)}"] if counted else []
    remarks += [f"不含{'、'.join(without)}"] if without else []
    one = f"（{' + '.join(labels)}）÷ {ballots}（{'，'.join(remarks)}）"
    if not weighted:
        return f"满意率 ={one}"
    return f"各类参会人员的满意率 ={one}；再按比重相加：{weights_words(weighted)}"
