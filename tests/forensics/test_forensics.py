"""The short form of `make forensics`: a meeting on each database, and the leaky control beside."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import permutations
from math import factorial
from pathlib import Path
from statistics import NormalDist

import pytest

from app.domain.credential import Seed
from app.domain.urn import EMPTY_BLOCK, Entry, block_of, blocks_needed, with_entry
from tests.forensics import sqlite_file
from tests.forensics.attacks import near_place, same_place
from tests.forensics.chance import bound, drift, interval
from tests.forensics.meeting import Pattern, Variant
from tests.forensics.run import VOTED, Plan, Store, hold, observe
from tests.forensics.table import faults

SHORT = Plan(voters=61, last=6, subjects=2)
VOTERS_OBSERVED = 60

ON_BOTH = {"place on disk", "journal", "leftover bytes", "log lines", "file times"}
ON_BOTH |= {"any two traces", "seen in the hall", "subtraction", "byte for byte"}


@pytest.mark.parametrize(
    ("store", "pattern"), [("SQLite", "sequential"), ("PostgreSQL", "overlapping")]
)
def test_no_attack_on_any_copy_links_a_slip_with_marks(store: Store, pattern: Pattern) -> None:
    outcomes = hold(store, "product", pattern, SHORT)
    assert faults(outcomes, {}) == []
    assert {o.links.attack for o in outcomes} >= ON_BOTH
    # The harness does find what it puts in order.
    assert all(o.links.tries for o in outcomes if o.moment == VOTED and "place" in o.links.attack)


@pytest.mark.parametrize(
    ("store", "variant", "bites"),
    [
        ("SQLite", "apart", ON_BOTH),
        ("PostgreSQL", "joined", ON_BOTH | {"transaction id", "page LSN"}),
    ],
)
def test_every_attack_links_a_store_that_keeps_rows_as_they_come(
    store: Store, variant: Variant, bites: set[str]
) -> None:
    outcomes = hold(store, variant, "sequential", SHORT._replace(crash=False))
    assert {o.links.attack for o in outcomes if o.links.complete} == bites


def test_no_copy_taken_in_the_moment_of_writing_shows_a_slip_with_marks() -> None:
    seen = observe("SQLite", VOTERS_OBSERVED)
    assert seen.copies
    assert seen.both == 0


def test_the_same_bytes_lie_on_disk_in_whatever_order_people_vote(tmp_path: Path) -> None:
    marks = [hashlib.sha256(b"%d" % number).digest()[:10] for number in range(60)]
    assert _blocks(tmp_path / "one", marks) == _blocks(tmp_path / "other", marks[::-1])


def test_luck_links_no_more_than_the_bound_says() -> None:
    orders = list(permutations(range(7)))
    for measure, candidates in ((same_place, 1), (near_place, 5)):
        counts = [measure(orders[0], order) for order in orders]
        for most in range(1, 8):
            share = sum(count >= most for count in counts) / len(counts)
            assert share <= candidates**most / factorial(most)
        sizes = [drift(orders[0], order) for order in orders]
        for most in (0.5, 1.0, 1.5, 2.0):
            share = sum(size >= most for size in sizes) / len(sizes)
            assert share <= 2 * (1 - NormalDist().cdf(most)) + 0.06
    assert bound(1) == 9
    assert bound(1000) == 12


def test_the_interval_holds_the_rates_that_fit() -> None:
    assert interval(0, 60) == pytest.approx((0, 0.0596), abs=1e-4)
    assert interval(3, 60) == pytest.approx((0.0104, 0.1392), abs=1e-4)
    assert interval(60, 60) == pytest.approx((0.9404, 1), abs=1e-4)


def test_deleted_rows_are_found_in_what_is_left_over(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as store:
        store.execute("PRAGMA secure_delete=OFF")
        store.execute("CREATE TABLE rows (value BLOB)")
        values = [hashlib.sha256(b"%d" % number).digest() for number in range(60)]
        store.executemany("INSERT INTO rows VALUES (?)", [(value,) for value in values])
        store.execute("DELETE FROM rows WHERE rowid > 30")
    content = path.read_bytes()
    left = b"".join(content[a:b] for a, b in sqlite_file.leftover(content))
    assert {value in left for value in values[:30]} == {False}
    assert {value in left for value in values[30:]} == {True}


def _blocks(path: Path, trackers: Sequence[bytes]) -> bytes:
    """The file of a store of blocks after marks with these trackers came in this order."""
    number, seed = blocks_needed(len(trackers)), Seed(bytes(32))
    with closing(sqlite3.connect(path, isolation_level=None)) as store:
        store.execute("PRAGMA secure_delete=ON")
        store.execute("PRAGMA journal_mode=TRUNCATE")
        store.execute("CREATE TABLE urn (block INTEGER PRIMARY KEY, marks BLOB) WITHOUT ROWID")
        rows = [(block, EMPTY_BLOCK) for block in range(number)]
        store.executemany("INSERT INTO urn VALUES (?, ?)", rows)
        for tracker in trackers:
            place = block_of(seed, tracker, number)
            (block,) = store.execute("SELECT marks FROM urn WHERE block = ?", (place,)).fetchone()
            filled = with_entry(block, Entry(tracker, "option1", "g1"))
            store.execute("UPDATE urn SET marks = ? WHERE block = ?", (filled, place))
    # The header counts the changes.
    return path.read_bytes()[100:]
