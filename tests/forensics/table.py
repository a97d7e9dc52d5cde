"""The outcome of all attacks as one table, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tests.forensics.attacks import ANY_TWO, ARRIVAL, KINDS, LATER, REMAINS, SUBTRACTION, Links
from tests.forensics.chance import drift_bound, interval
from tests.forensics.instants import Instants
from tests.forensics.run import MOMENTS, STORES, Outcome, Store

ATTACKS = (*KINDS, ANY_TWO, ARRIVAL, SUBTRACTION, LATER, REMAINS)
ADMITTED = frozenset({LATER})
"""What docs/threat-model.md says that a copy shows."""

HEAD = (
    *("attack", "store", "moment", "linked", "chance", "bound", "95 %", "drift", "bound"),
    *("product", "leaky", ""),
)
NOTES = """\
linked: voters whose slip is put together with their marks, or whose marks are put together, by
the best of all pairs of traces; in brackets, those missed by two places at most. chance: what one
guess links. bound: what the best of so many guesses exceeds in one case of a million. 95 %: the
rates that fit. drift: how strongly any two traces go together as a whole, in standard deviations.
Subtraction counts ballots, the byte for byte search counts values found. The leaky column is the
control: the same server with rows as they come."""


def lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The table, row by row, with its head; the worst of all patterns of voting stands for them."""
    rows = [HEAD]
    for attack in ATTACKS:
        for store in STORES:
            for moment in MOMENTS:
                here = [
                    outcome
                    for outcome in outcomes
                    if (outcome.links.attack, outcome.store, outcome.moment)
                    == (attack, store, moment)
                ]
                product = _worst(o.links for o in here if o.variant == "product")
                leaky = _worst(o.links for o in here if o.variant != "product")
                if any(links is not None and links.tries for links in (product, leaky)):
                    rows.append((attack, store, moment, *_figures(product), *_control(leaky)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def instants_lines(found: dict[Store, Instants]) -> Iterator[str]:
    """What copies in the very moment of writing have shown, of the product."""
    for store, seen in found.items():
        for what, number, admitted in (
            ("marks of the ballot being written", seen.ballot, True),
            ("the slip being redeemed", seen.slip, True),
            ("both in one copy", seen.both, False),
        ):
            _, most = interval(number, seen.copies)
            verdict = "admitted" if admitted else ("LINKED" if number else "never")
            yield (
                f"{store}: {what}: {number} of {seen.copies} copies, {seen.writing} of them in a"
                f" commit (at most {most:.1%}): {verdict}"
            )


def faults(outcomes: Sequence[Outcome], found: dict[Store, Instants]) -> list[str]:
    """What must not be: a product that is linked, or an attack that does not bite."""
    wrong = [
        f"{o.links.attack}, {o.store}, {o.moment}, {o.pattern}: the product is linked: {o.links}"
        for o in outcomes
        if o.variant == "product" and o.links.beats_chance and o.links.attack not in ADMITTED
    ]
    for attack in ATTACKS:
        tried = [o.links for o in outcomes if o.links.attack == attack and o.variant != "product"]
        if attack not in ADMITTED and tried and not any(links.complete for links in tried):
            wrong.append(f"{attack}: the leaky control is not linked: {_worst(tried)}")
    wrong += [
        f"{store}: {seen.both} copies show a slip with marks"
        for store, seen in found.items()
        if seen.both
    ]
    return wrong


def _worst(found: Iterable[Links]) -> Links | None:
    def badness(links: Links) -> tuple[float, ...]:
        return links.beats_chance, links.linked, links.near, links.drift

    return max(found, key=badness, default=None)


def _figures(links: Links | None) -> tuple[str, ...]:
    if links is None:
        return *[""] * 6, "not run"
    if not links.tries:
        return f"0/{links.voters}", *[""] * 5, "no trace"
    low, high = interval(links.linked, links.voters)
    ordered = links.attack not in (SUBTRACTION, LATER, REMAINS)
    near = f" ({links.near})" if ordered else ""
    same, nearly = links.bounds
    verdict = "chance" if ordered else "nothing"
    if links.beats_chance:
        verdict = "admitted" if links.attack in ADMITTED else "LINKED"
    return (
        f"{links.linked}/{links.voters}{near}",
        "1" if ordered else "0",
        f"{same} ({nearly})" if ordered else "0",
        f"{low:.0%}–{high:.0%}",
        f"{links.drift:.1f}" if ordered else "",
        f"{drift_bound(links.tries):.1f}" if ordered else "",
        verdict,
    )


def _control(links: Links | None) -> tuple[str, str]:
    if links is None or not links.tries:
        return "", ""
    return f"{links.linked}/{links.voters}", "linked" if links.beats_chance else "chance"
