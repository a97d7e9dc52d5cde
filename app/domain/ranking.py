"""排位: places by score, with ties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple


class Ranked(NamedTuple):
    """place: from 1; None without a score. shared: others have the same score."""

    id: int
    score: Fraction | None
    place: int | None
    shared: bool


def ranking(scores: Iterable[tuple[int, Fraction | None]]) -> list[Ranked]:
    """The best first; equal scores share a place and the next ones are left out (1, 2, 2, 4).

    Who has no score stands at the end without a place; equals stay in the order given.
    """
    pairs = list(scores)
    known = Counter(score for _, score in pairs if score is not None)
    places, before = {}, 0
    for score in sorted(known, reverse=True):
        places[score] = 1 + before
        before += known[score]
    found = [
        Ranked(
            id_,
            score,
            None if score is None else places[score],
            score is not None and known[score] > 1,
        )
        for id_, score in pairs
    ]
    return sorted(found, key=lambda ranked: ranked.place or len(pairs) + 1)
