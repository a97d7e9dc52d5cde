"""`make chaos`: every fault on both databases, and a table of what was verified.

CHAOS_SEED repeats the draws of an earlier run, CHAOS_KILLS sets how many processes are killed under
load on each database.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.chaos import run
from tests.chaos.run import Outcome
from tests.chaos.stand import STORES, Store, standing
from tests.chaos.table import NOTES, faults, lines

KILLS = 100
TRIES = 10
RESENDS = 2500


def main() -> None:
    """Break everything, print the table; exit status 1 where something in it is wrong."""
    started = time.monotonic()
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(10**6))
    number = int(os.environ.get("CHAOS_KILLS") or KILLS)
    print(f"CHAOS_SEED={seed}", flush=True)
    with ProcessPoolExecutor(2, get_context("spawn")) as beside:
        held = [beside.submit(_all, store, seed, number) for store in STORES]
    outcomes = [outcome for done in held for outcome in done.result()]
    print()
    for line in (*lines(outcomes), "", NOTES):
        print(line)
    wrong = faults(outcomes)
    print(f"\nCHAOS_SEED={seed}, {time.monotonic() - started:.0f} s")
    for fault in wrong:
        print(f"WRONG: {fault}")
    raise SystemExit(1 if wrong else 0)


def _all(store: Store, seed: int, number: int) -> list[Outcome]:
    """Every fault on one store."""
    found = []
    started = time.monotonic()
    for outcome in _each(store, seed, number):
        found.append(outcome)
        said = "as it should be" if not outcome.counts.wrong else outcome.counts.wrong
        passed = time.monotonic() - started
        print(f"{passed:4.0f} s  {store}, {outcome.fault}: {said}", flush=True)
    return found


def _each(store: Store, seed: int, number: int) -> Iterator[Outcome]:
    with standing(store) as stand:
        yield run.kills(stand, seed, number)
        yield run.broken_off(stand, seed, TRIES)
        yield run.half_open(stand, seed)
        yield run.resends(stand, seed, RESENDS)
    with standing(store, faulty=True) as stand:
        yield run.full_disk(stand, seed)
        yield run.clock_set(stand, seed)
        yield run.slow_disk(stand, seed, seconds=0.2, ballots=40)


if __name__ == "__main__":
    main()
