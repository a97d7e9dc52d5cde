"""What was verified, as one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.chaos.ledger import Counts
from tests.chaos.run import Outcome

HEAD = (
    *("fault", "store", "meetings", "kills", "slips", "acknowledged", "in the box", "unknown"),
    *("resent", "duplicates refused", "recovered", "wrong", "what was done"),
)
NOTES = """\
acknowledged: ballots whose answer of 200 or 201 was read to its end; each is in the box once, with
its marks. unknown: ballots in the box, whole, whose owner never learnt it, as the meeting was
closed meanwhile. resent: the same ballot sent again. duplicates refused: slips and credentials
tried twice, and turned down. recovered: slips whose request went unanswered or met a busy server,
and which then voted. In every box issued = redeemed + voided + unused, cast is no more than
redeemed, and the lists are as long as cast."""


def lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The table, row by row, with its head and the sums."""
    total = Counts()
    for outcome in outcomes:
        total.add(outcome.counts)
    rows = [HEAD]
    rows += [
        (o.fault, o.store, *_figures(o.counts), ", ".join(f"{w}: {n}" for w, n in _sorted(o)))
        for o in outcomes
    ]
    rows.append(("all", "", *_figures(total), ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def faults(outcomes: Sequence[Outcome]) -> list[str]:
    """All that is wrong, with what had been done."""
    return [f"{o.fault}, {o.store}: {wrong}" for o in outcomes for wrong in o.counts.wrong]


def _sorted(outcome: Outcome) -> list[tuple[str, int]]:
    return sorted(outcome.detail.items())


def _figures(counts: Counts) -> tuple[str, ...]:
    return (
        *(str(counts.meetings), str(counts.kills), str(counts.slips), str(counts.acknowledged)),
        *(str(counts.in_the_box), str(counts.unknown), str(counts.resent)),
        *(str(counts.duplicates_refused), str(counts.recovered), str(len(counts.wrong))),
    )
