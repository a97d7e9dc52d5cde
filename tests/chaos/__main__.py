"""`make chaos`: every fault on both databases, and a table of what was verified.

CHAOS_SEED repeats the draws of an earlier run, CHAOS_KILLS sets how many processes are killed under
load on each database.
"""

from __future__ import annotations

import os
import secrets
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.chaos.run import KILLS, everything
from tests.chaos.stand import STORES
from tests.chaos.table import NOTES, faults, lines


def main() -> None:
    """Break everything, print the table; exit status 1 where something in it is wrong."""
    started = time.monotonic()
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(10**6))
    number = int(os.environ.get("CHAOS_KILLS") or KILLS)
    print(f"CHAOS_SEED={seed}", flush=True)
    with ProcessPoolExecutor(2, get_context("spawn")) as beside:
        held = [beside.submit(everything, store, seed, number) for store in STORES]
    outcomes = [outcome for done in held for outcome in done.result()]
    print()
    for line in (*lines(outcomes), "", NOTES):
        print(line)
    wrong = faults(outcomes)
    print(f"\nCHAOS_SEED={seed}, {time.monotonic() - started:.0f} s")
    for fault in wrong:
        print(f"WRONG: {fault}")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
