"""`make forensics`: all attacks on both databases, the leaky control beside the product."""

from __future__ import annotations

import time
from itertools import product

from tests.forensics.instants import Instants
from tests.forensics.meeting import Pattern, Variant
from tests.forensics.run import STORES, Outcome, Plan, Store, hold, observe
from tests.forensics.table import NOTES, faults, instants_lines, lines

VOTERS_OBSERVED = 250

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
    outcomes: list[Outcome] = []
    instants: dict[Store, Instants] = {}
    for store, (variant, pattern) in product(STORES, MEETINGS):
        print(f"{store}, {variant}, {pattern} …", flush=True)
        outcomes += hold(store, variant, pattern, Plan())
    for store in STORES:
        print(f"{store}, copies at moments of chance …", flush=True)
        instants[store] = observe(store, VOTERS_OBSERVED)
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
