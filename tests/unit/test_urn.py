"""The blocks of the open ballot box: nothing is lost, and nothing tells what came first."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.credential import Seed
from app.domain.errors import BadBallot
from app.domain.urn import (
    BLOCK_BYTES,
    EMPTY_BLOCK,
    ENTRIES_EXPECTED,
    ENTRIES_MOST,
    BlockFull,
    Entry,
    block_of,
    blocks_needed,
    entries,
    with_entry,
)

SEED = Seed(bytes(range(32)))
marks = st.builds(
    Entry,
    tracker=st.binary(min_size=10, max_size=10),
    choice=st.sampled_from(["abstain", *(f"option{n}" for n in range(1, 10))]),
    group=st.sampled_from([f"g{n}" for n in range(1, 10)]),
)


def filled(found: list[Entry]) -> bytes:
    block = EMPTY_BLOCK
    for entry in found:
        block = with_entry(block, entry)
    return block


@given(
    st.lists(marks, max_size=ENTRIES_MOST, unique_by=lambda m: m.tracker).flatmap(
        lambda found: st.tuples(st.just(found), st.permutations(found))
    )
)
def test_a_block_depends_on_its_entries_only_and_gives_them_all_back(
    both: tuple[list[Entry], list[Entry]],
) -> None:
    one, other = (filled(found) for found in both)
    assert one == other
    assert len(one) == BLOCK_BYTES
    assert list(entries(one)) == sorted(both[0])


def test_a_tracker_that_stands_there_already_is_refused() -> None:
    block = filled([Entry(bytes(10), "option1", "g1")])
    with pytest.raises(BadBallot):
        with_entry(block, Entry(bytes(10), "option2", "g2"))


def test_a_full_block_says_so_and_loses_nothing() -> None:
    found = [Entry(bytes([n]) * 10, "option1", "g1") for n in range(ENTRIES_MOST)]
    with pytest.raises(BlockFull):
        with_entry(filled(found), Entry(b"\xff" * 10, "option1", "g1"))


def test_there_are_blocks_for_every_ballot_and_at_least_one() -> None:
    assert [blocks_needed(n) for n in (0, 1, ENTRIES_EXPECTED, ENTRIES_EXPECTED + 1)] == [
        1,
        1,
        1,
        2,
    ]


def test_trackers_spread_evenly_over_the_blocks() -> None:
    blocks = 300
    places = sorted(block_of(SEED, b"%010d" % n, blocks) for n in range(blocks * ENTRIES_EXPECTED))
    sizes = [len(list(group)) for _, group in groupby(places)]
    assert len(sizes) == blocks
    assert max(sizes) <= ENTRIES_MOST
