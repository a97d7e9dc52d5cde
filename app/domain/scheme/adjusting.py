"""扣分和加分: what takes points off the deciding score or adds to it, and how much at most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from app.domain.scheme.numbers import number_text

AdjustmentKind = Literal["deductions", "bonuses"]
ADJUSTMENT_WORDS: Mapping[AdjustmentKind, str] = {"deductions": "扣", "bonuses": "加"}


@dataclass(frozen=True)
class Adjustment:
    """One item. points: each time; most: of it in all, None without a limit.

    position: in its section of the file, from 1.
    """

    kind: AdjustmentKind
    position: int
    name: str
    points: Fraction
    most: Fraction | None = None
    clause: str = ""

    def amount(self, times: int) -> Fraction:
        """The points for so many times."""
        amount = self.points * times
        return amount if self.most is None else min(amount, self.most)

    @property
    def words(self) -> str:
        """Such as `每次扣2分，最多扣6分`."""
        verb = ADJUSTMENT_WORDS[self.kind]
        most = "" if self.most is None else f"，最多{verb}{number_text(self.most)}分"
        return f"每次{verb}{number_text(self.points)}分{most}"


def adjustments_in(
    data: Iterable[Mapping[str, Any]], kind: AdjustmentKind, domain: str
) -> tuple[Adjustment, ...]:
    """The items of one domain (code), in the order of the file."""
    return tuple(
        Adjustment(
            kind,
            position,
            entry["name"],
            entry["points"],
            entry.get("most"),
            entry.get("clause", ""),
        )
        for position, entry in enumerate(data, 1)
        if domain in entry.get("domains", (domain,))
    )
