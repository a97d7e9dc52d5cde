"""How many voters an attack links by luck alone, and from which number on it is no luck."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb, factorial, sqrt
from statistics import NormalDist

ERROR = 1e-6
"""How often a row of the table may accuse a store that gives nothing away."""


def bound(tries: int, candidates: int = 1) -> int:
    """The most voters that luck links in the best of so many tries, but for one case of a million.

    A try puts two orders beside each other and calls a voter linked where the two places differ
    by little, so that `candidates` places count (1: the same place only). If one of the orders is
    chance, m given voters are linked with a probability of at most candidates^m (n-m)!/n!; there
    are n!/(m!(n-m)!) ways to choose them. So m or more are linked in at most candidates^m/m! of
    all cases, for any number of voters and however the other order came about.
    """
    most = candidates
    while candidates ** (most + 1) / factorial(most + 1) * max(tries, 1) > ERROR:
        most += 1
    return most


def drift(one: Sequence[int], other: Sequence[int]) -> float:
    """How strongly two orders of the same voters go together, or against each other.

    Spearman's rank correlation, in standard deviations of what chance gives.
    """
    voters = len(one)
    if voters < 3:
        return 0.0
    places = {voter: place for place, voter in enumerate(other)}
    squares = sum((places[voter] - place) ** 2 for place, voter in enumerate(one))
    return abs(1 - 6 * squares / (voters * (voters**2 - 1))) * sqrt(voters - 1)


def drift_bound(tries: int) -> float:
    """The strongest drift of so many tries by luck, but for one case of a million.

    By the normal distribution, whose tails are heavier than those of the correlation.
    """
    return NormalDist().inv_cdf(1 - ERROR / (2 * max(tries, 1)))


def interval(linked: int, voters: int, error: float = 0.05) -> tuple[float, float]:
    """The Clopper-Pearson interval: every rate that could well have given so many of so many."""
    if not voters:
        return 0.0, 1.0
    low = 0.0 if linked == 0 else _solve(lambda p: 1 - _below(linked, voters, p), error / 2)
    high = (
        1.0
        if linked == voters
        else _solve(lambda p: 1 - _below(linked + 1, voters, p), 1 - error / 2)
    )
    return low, high


def _below(number: int, voters: int, rate: float) -> float:
    """The probability of fewer than `number` among `voters`."""
    return sum(comb(voters, k) * rate**k * (1 - rate) ** (voters - k) for k in range(number))


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return low
