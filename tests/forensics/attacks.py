"""What somebody does with one copy: put orders beside each other, take tallies from each other,
and search for what should be gone.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations, product
from typing import Any, NamedTuple

from app.domain.encoding import b64url
from tests.forensics.capture import Capture
from tests.forensics.chance import bound, drift, drift_bound
from tests.forensics.meeting import Voter
from tests.forensics.traces import Trace, Values, values_of

KINDS = (
    "transaction id",
    "page LSN",
    "place on disk",
    "journal",
    "leftover bytes",
    "log lines",
    "file times",
)
ARRIVAL = "seen in the hall"
ANY_TWO = "any two traces"
SUBTRACTION = "subtraction"
LATER = "subtraction from a later picture"
REMAINS = "byte for byte"
NEAR = 2
SLIP = frozenset({"token_hash", "blinded"})
CREDENTIAL = frozenset({"nonce", "sealed_hash"})

Order = tuple[int, ...]

Tally = Mapping[str, Counter[str]]
"""Cell id → choice → number."""


class Links(NamedTuple):
    """What one attack has achieved. voters: how many there were to be linked.

    linked: most voters at the same place of two orders, or isolated by a subtraction, or values
    found. near: the same with places that differ by two at most. tries: pairs of orders. how: the
    best pair. drift: how strongly any pair goes together as a whole, in standard deviations.
    drifting: that pair.
    """

    attack: str
    voters: int
    linked: int = 0
    near: int = 0
    tries: int = 0
    how: str = ""
    drift: float = 0.0
    drifting: str = ""

    @property
    def bounds(self) -> tuple[int, int]:
        """The most that luck would link: at the same place, and near it."""
        if self.attack in (SUBTRACTION, LATER, REMAINS):
            return 0, 0
        return bound(self.tries), bound(self.tries, 2 * NEAR + 1)

    @property
    def beats_chance(self) -> bool:
        """Whether this is more than luck."""
        return (
            self.linked > self.bounds[0]
            or self.near > self.bounds[1]
            or self.drift > drift_bound(self.tries)
        )

    @property
    def complete(self) -> bool:
        """Whether nearly everybody is linked; a search bites with whatever it finds."""
        if self.attack == REMAINS:
            return self.linked > 0
        return max(self.linked, self.near) >= max(1, 0.9 * self.voters)


def link(found: Sequence[Trace], redeemed: Order, cast: Order) -> list[Links]:
    """Every attack that puts two orders beside each other.

    redeemed, cast: the voters as somebody in the hall saw them come.
    """
    results = []
    seen = [Trace(ARRIVAL, "arrival", {"redeemed": redeemed, "cast": cast})]
    for kind in KINDS:
        mine = [trace for trace in found if trace.kind == kind]
        results.append(_best(kind, len(cast), mine, mine))
    results.append(_best(ANY_TWO, len(cast), found, found))
    results.append(_best(ARRIVAL, len(cast), seen, found))
    return results


def subtract(capture: Capture, voters: Sequence[Voter], values: Values, k: int) -> Links:
    """Take each tally that can be read in the copy, or on the screen, from the marks in the copy.

    What can be read of the marks: those whose trackers lie in the copy. linked: 1 where two
    tallies differ by fewer than k ballots, and so by one where people come at the wrong time.
    """
    tallies = [_marks_in(capture, voters, values), *_tallies(capture)]
    fewest = min(
        (d for one, other in combinations(tallies, 2) if (d := _between(one, other))), default=0
    )
    how = f"{len(tallies)} tallies, {fewest} ballots between two" if fewest else ""
    return Links(SUBTRACTION, 1, int(0 < fewest < k), 0, len(tallies), how)


def with_later_picture(
    capture: Capture, voters: Sequence[Voter], picture: Mapping[str, Any]
) -> Links:
    """The marks in the copy less a picture that the screen showed later: the last ballots before
    the copy, and one ballot where it was taken at the wrong time. The threat model admits it.

    voters: those who had voted. linked: how many ballots are told from the others, together.
    """
    marks = _marks_in(capture, voters, values_of(voters))
    cells = (picture["released"] or {"cells": {}})["cells"]
    released = {cell: +Counter(counts) for cell, counts in cells.items()}
    fewest = _between(marks, released)
    how = f"the last {fewest} of {len(voters)}" if fewest else ""
    return Links(LATER, len(voters), fewest, 0, 1, how)


def remains(
    capture: Capture, voters: Sequence[Voter], seeds: Sequence[bytes], closed: bool
) -> Links:
    """Search all files for whatever is secret, as bytes and as text.

    closed: trackers are in the published box, and no secret any more. linked: how many values lie
    somewhere.
    """
    wanted = [("seed", number, seed) for number, seed in enumerate(seeds)]
    for number, voter in enumerate(voters):
        secrets = {**voter.known, **voter.secrets}
        if not closed:
            secrets |= {f"tracker in {cell}": value for cell, value in voter.trackers.items()}
        wanted += [(name, number, value) for name, value in secrets.items()]
    contents = {name: piece.content for name, piece in capture.pieces.items()}
    # PostgreSQL keeps long values compressed.
    contents |= {name: rows.encode() for name, rows in _tables(capture)}
    texts = {name: b" ".join(_TEXT.findall(content)) for name, content in contents.items()}
    hits = {
        (what, number, name)
        for what, number, value in wanted
        for forms, files in (((value,), contents), (_texts(value), texts))
        for form in forms
        for name, content in files.items()
        if form in content
    }
    kinds = Counter(f"{what} in {name}" for what, _, name in hits)
    how = "; ".join(f"{number} × {what}" for what, number in kinds.most_common(4))
    found = {(what, number) for what, number, _ in hits}
    return Links(REMAINS, len(wanted), len(found), 0, len(wanted), how)


def same_place(one: Order, other: Order) -> int:
    """How many voters have the same place in both."""
    return sum(a == b for a, b in zip(one, other, strict=False))


def near_place(one: Order, other: Order) -> int:
    """How many voters have places that differ by two at most."""
    places = {voter: place for place, voter in enumerate(other)}
    return sum(
        abs(places[voter] - place) <= NEAR for place, voter in enumerate(one) if voter in places
    )


def _best(attack: str, voters: int, ones: Sequence[Trace], others: Sequence[Trace]) -> Links:
    best, tries = Links(attack, voters), 0
    first, second = _distinct(ones), _distinct(others)
    for family, orders in first.items():
        for other, candidates in second.items():
            if not _tells(family, other) or (first is second and family > other):
                continue
            for (one, by_one), (two, by_two) in product(orders.items(), candidates.items()):
                how = f"{family} by {by_one} = {other} by {by_two}"
                for pair in _aligned(one, two):
                    tries += 1
                    best = _better(best, pair, how)
    return best._replace(tries=tries)


def _better(best: Links, pair: tuple[Order, Order], how: str) -> Links:
    same, near = same_place(*pair), near_place(*pair)
    if (same, near) > (best.linked, best.near):
        best = best._replace(linked=same, near=near, how=how)
    if set(pair[0]) == set(pair[1]) and (strength := drift(*pair)) > best.drift:
        best = best._replace(drift=strength, drifting=how)
    return best


def _tells(one: str, other: str) -> bool:
    """Whether to link the two families is a secret: of a slip, a credential, and each cell."""
    if one in ("redeemed", "cast"):
        # That nonces come in some order leads to no slip and to no mark.
        return other not in CREDENTIAL
    return _part(one) != _part(other)


def _part(family: str) -> str:
    if family in SLIP:
        return "slip"
    return "credential" if family in CREDENTIAL else family


def _distinct(found: Sequence[Trace]) -> dict[str, dict[Order, str]]:
    """Family → its different orders, with the name of a trace that shows them."""
    orders: dict[str, dict[Order, str]] = {}
    for trace in found:
        for family, order in trace.orders.items():
            orders.setdefault(family, {}).setdefault(order, f"{trace.kind} ({trace.name})")
    return orders


def _aligned(one: Order, other: Order) -> Iterator[tuple[Order, Order]]:
    """The ways to put two orders beside each other: as they are, one reversed; if they do not
    cover the same voters also from the end, and with those only whom both cover.
    """
    for second in (other, other[::-1]):
        yield one, second
        if len(one) != len(second):
            yield one[::-1], second[::-1]
        if set(one) != set(second):
            both = set(one) & set(second)
            yield tuple(v for v in one if v in both), tuple(v for v in second if v in both)


def _texts(value: bytes) -> set[bytes]:
    return {
        value.hex().encode(),
        value.hex().upper().encode(),
        b64url(value).encode(),
        base64.b64encode(value).rstrip(b"="),
    }


def _marks_in(capture: Capture, voters: Sequence[Voter], values: Values) -> Tally:
    marks: dict[str, Counter[str]] = {}
    texts = [*(piece.content for piece in capture.pieces.values())]
    texts += [rows.encode() for _, rows in _tables(capture)]
    for number, voter in enumerate(voters):
        for cell in voter.trackers:
            value = values[cell, number]
            if any(value in text or value.hex().encode() in text for text in texts):
                marks.setdefault(cell, Counter())[voter.choices[cell]] += 1
    return marks


_TEXT = re.compile(rb"[A-Za-z0-9_+/=-]{13,}")
_OBJECT = re.compile(rb'\{\s*"s\d\d\.')


def _tables(capture: Capture) -> Iterator[tuple[str, str]]:
    """Each table of PostgreSQL's once, in whatever order."""
    return (item for item in capture.rows.items() if "ORDER BY" not in item[0])


def _tallies(capture: Capture) -> Iterator[Tally]:
    """Every tally that stands somewhere as JSON, and the public picture."""
    released = capture.picture.get("released")
    if released:
        yield {cell: +Counter(counts) for cell, counts in released["cells"].items()}
    for piece in capture.pieces.values():
        for match in _OBJECT.finditer(piece.content):
            text = piece.content[match.start() : match.start() + 20_000].decode(errors="replace")
            with suppress(ValueError):
                value, _ = json.JSONDecoder().raw_decode(text)
                if _is_tally(value):
                    yield {cell: +Counter(counts) for cell, counts in value.items()}


def _is_tally(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(counts, dict) and all(type(number) is int for number in counts.values())
        for counts in value.values()
    )


def _between(one: Tally, other: Tally) -> int:
    """By how many ballots one is ahead of the other; 0 where it is not."""
    if not one or one.keys() != other.keys():
        return 0
    more = {sum((one[cell] - other[cell]).values()) for cell in one}
    less = {sum((other[cell] - one[cell]).values()) for cell in one}
    ahead = max(more | less)
    return (
        ahead if {frozenset(more), frozenset(less)} == {frozenset({ahead}), frozenset({0})} else 0
    )
