"""`make forensics`: all attacks on both databases, the leaky control beside the product."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product
from multiprocessing import get_context

from tests.forensics.meeting import Pattern, Variant
from tests.forensics.run import STORES, Plan, hold, observe
from tests.forensics.table import NOTES, faults, instants_lines, lines

VOTERS_OBSERVED = 500

MEETINGS: tuple[tuple[Variant, Pattern], ...] = (
    ("product", "sequential"),
    ("product", "overlapping"),
    ("product", "reordered"),
    ("joined", "sequential"),
    ("apart", "sequential"),
)


def main() -> None:
    """Hold the meetings, print the table; exit status 1 where something in it is wrong."""
    started = time.monotonic()
    with ProcessPoolExecutor(2, get_context("spawn")) as beside:
        watched = {store: beside.submit(observe, store, VOTERS_OBSERVED) for store in STORES}
        held = {
            beside.submit(hold, store, variant, pattern, Plan()): f"{store}, {variant}, {pattern}"
            for store, (variant, pattern) in product(STORES, MEETINGS)
        }
        for done in as_completed(held):
            print(f"{held[done]}: {len(done.result())} attacks", flush=True)
    outcomes = [outcome for done in held for outcome in done.result()]
    instants = {store: done.result() for store, done in watched.items()}
    print()
    for line in (*lines(outcomes), "", NOTES, "", *instants_lines(instants)):
        print(line)
    wrong = faults(outcomes, instants)
    print(f"\n{len(outcomes)} attacks, {time.monotonic() - started:.0f} s")
    for fault in wrong:
        print(f"WRONG: {fault}")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
