"""What somebody does with one copy of the files while a meeting is open.

Every attack gets the bytes of all files and, for each voter, the values by which that voter's rows
can be found; it answers an order. Ground truth is the order of voting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Truth(NamedTuple):
    """One voter, in the order of voting. trackers: cell id → tracker."""

    token_hash: bytes
    trackers: Mapping[str, bytes]


def files_of(data: Path) -> dict[str, bytes]:
    """All files below a folder, as they lie at this moment."""
    return {
        str(path.relative_to(data)): path.read_bytes()
        for path in sorted(data.rglob("*"))
        if path.is_file()
    }


def order_on_disk(content: bytes, values: Sequence[bytes], last_first: bool) -> list[int]:
    """The voters in the order in which their values lie; SQLite fills a page from its end."""
    places = [content.find(value) for value in values]
    return sorted(range(len(values)), key=lambda voter: places[voter], reverse=last_first)


def linked(one: Sequence[int], other: Sequence[int]) -> int:
    """How many voters stand at the same place in both orders; by chance, one on average."""
    return sum(a == b for a, b in zip(one, other, strict=True))


def best_link(content: bytes, truth: Sequence[Truth]) -> int:
    """The most voters linked by any pair of columns: slips with a cell, or two cells.

    Slips with a cell tell who voted what; two cells put whole ballots together again.
    """
    columns = [[voter.token_hash for voter in truth]]
    columns += [[voter.trackers[cell] for voter in truth] for cell in truth[0].trackers]
    orders = [
        [order_on_disk(content, values, last_first) for last_first in (False, True)]
        for values in columns
    ]
    return max(
        linked(one, other)
        for number, column in enumerate(orders)
        for later in orders[number + 1 :]
        for one in column
        for other in later
    )


def best_guess_of_arrival(content: bytes, truth: Sequence[Truth]) -> int:
    """The most voters whose place in the order of voting shows in the order on disk."""
    arrival = list(range(len(truth)))
    columns = [[voter.token_hash for voter in truth]]
    columns += [[voter.trackers[cell] for voter in truth] for cell in truth[0].trackers]
    return max(
        linked(order_on_disk(content, values, last_first), arrival)
        for values in columns
        for last_first in (False, True)
    )
