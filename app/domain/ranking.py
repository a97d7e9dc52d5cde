"""排位: places within a domain, by score or by grade and then by score, with ties.

Source of the second: 四坝学校 2013, “按照‘先进’、‘较好’、‘一般’、‘后进’四个等级进行排位”: who
is held down by a rule does not stand before those whose grade is better, whatever the score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeVar

from app.domain.quota import Graded
from app.domain.scheme import Scheme

Merit = TypeVar("Merit", Fraction, tuple[int, Fraction])


class Ranked(NamedTuple):
    """place: from 1; None where there is nothing to rank by. shared: others stand equal."""

    id: int
    place: int | None
    shared: bool


def places(scheme: Scheme, records: Sequence[Graded]) -> dict[int, Ranked]:
    """Record id → its place among those of its domain, whose ladder is the same."""
    by_grade = scheme.data.get("ranking", {}).get("by") == "grade"
    found: dict[int, Ranked] = {}
    for domain in scheme.domains:
        inside = [record for record in records if record.domain == domain.code]
        if by_grade:
            labels = domain.ladder.labels
            ranked = ranking(
                (r.id, None if r.grade is None or r.score is None
                 else (-labels.index(r.grade), r.score))
                for r in inside
            )  # fmt: skip
        else:
            ranked = ranking((r.id, r.score) for r in inside)
        found |= {one.id: one for one in ranked}
    return found


def ranking(merits: Iterable[tuple[int, Merit | None]]) -> list[Ranked]:
    """The best first; equals share a place and the next ones are left out (1, 2, 2, 4).

    Who has no merit stands at the end without a place; equals stay in the order given.
    """
    pairs = list(merits)
    known = Counter(merit for _, merit in pairs if merit is not None)
    at, before = {}, 0
    for merit in sorted(known, reverse=True):
        at[merit] = 1 + before
        before += known[merit]
    found = [
        Ranked(
            id_,
            None if merit is None else at[merit],
            merit is not None and known[merit] > 1,
        )
        for id_, merit in pairs
    ]
    return sorted(found, key=lambda ranked: ranked.place or len(pairs) + 1)
