"""Many simulated voters at once, and what they choose."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, NamedTuple, Protocol

from app.domain.meeting import ABSTAIN
from app.phones.voter import (
    Door,
    Meeting,
    NotCast,
    Sealed,
    SlipUrl,
    blind,
    check_keys,
    redeem,
    seal_ballot,
    send,
)

WEIGHTS = (60, 25, 10, 5)
"""How often a simulated voter picks the first, second, … choice of a cell; any later one as
seldom as the last. Made up, so that a simulated result looks like one."""
ABSTAIN_WEIGHT = 4

Choices = Mapping[str, str]
"""Cell id → choice, for every cell of the form."""


class Outcome(NamedTuple):
    """What became of one voter. failure: None where the server said that the ballot is in.

    ballot: as sealed, whether or not it arrived; None where it did not come to that.
    """

    choices: Choices
    group: str = ""
    ballot: Sealed | None = None
    failure: NotCast | None = None


class Chance(Protocol):
    """What is drawn with: a `random.Random`, seeded or the system's."""

    def choices(self, population: Sequence[str], weights: Sequence[float], *, k: int) -> list[str]:
        """So many of these, each by its weight."""

    def shuffle(self, x: MutableSequence[str]) -> None:
        """Any order."""


def random_choices(meeting: Meeting, voters: int, chance: Chance) -> list[Choices]:
    """Choices of `voters` voters, drawn at random."""
    drawn = {}
    for cell, lawful in meeting.cells.items():
        weights = [*WEIGHTS, *[WEIGHTS[-1]] * len(lawful)][: len(lawful)]
        drawn[cell] = chance.choices(
            [*lawful, ABSTAIN], weights=[*weights, ABSTAIN_WEIGHT], k=voters
        )
    return _by_voter(drawn, voters)


def planned_choices(
    meeting: Meeting, marks: Mapping[str, Mapping[str, int]], voters: int, chance: Chance
) -> list[Choices]:
    """Choices that add up to exactly `marks` (cell id → choice → number), in any order.

    Whoever is left over abstains. Raises ValueError for a cell with more marks than voters.
    """
    drawn = {}
    for cell in meeting.cells:
        wanted = [choice for choice, number in marks.get(cell, {}).items() for _ in range(number)]
        if len(wanted) > voters:
            raise ValueError(cell)
        drawn[cell] = wanted + [ABSTAIN] * (voters - len(wanted))
        chance.shuffle(drawn[cell])
    return _by_voter(drawn, voters)


def vote_all(
    new_door: Callable[[], Door],
    meeting: Meeting,
    slips: Sequence[SlipUrl],
    choices: Sequence[Choices],
    concurrency: int,
    progress: Callable[[], None],
) -> list[Outcome]:
    """Let every slip vote, `concurrency` at a time; `progress` is called after each."""
    own = threading.local()
    doors: list[Door] = []

    def vote(slip: SlipUrl, wish: Choices) -> Outcome:
        if not hasattr(own, "door"):
            own.door = new_door()
            doors.append(own.door)
        return vote_once(own.door, meeting, slip, wish)

    outcomes = []
    with ThreadPoolExecutor(concurrency) as pool:
        pending = [pool.submit(vote, *pair) for pair in zip(slips, choices, strict=True)]
        for done in as_completed(pending):
            outcomes.append(done.result())
            progress()
    for door in doors:
        door.close()
    return outcomes


def vote_once(door: Door, meeting: Meeting, slip: SlipUrl, choices: Choices) -> Outcome:
    """One voter from slip to ballot."""
    group, ballot = "", None
    try:
        check_keys(meeting, slip)
        credential = redeem(door, meeting, slip, blind())
        group = credential.group
        ballot = seal_ballot(meeting, credential, choices)
        send(door, meeting, ballot)
    except NotCast as failure:
        return Outcome(choices, group, ballot, failure)
    return Outcome(choices, group, ballot)


def report(meeting: Meeting, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What was cast, as the server has confirmed it.

    unanswered: of those that failed, how many had sent a ballot and never learnt whether it is in.
    """
    cast = [outcome for outcome in outcomes if outcome.failure is None]
    failures = [outcome for outcome in outcomes if outcome.failure is not None]
    cells = {cell: dict.fromkeys([*lawful, ABSTAIN], 0) for cell, lawful in meeting.cells.items()}
    for outcome in cast:
        for cell, choice in outcome.choices.items():
            cells[cell][choice] += 1
    groups = Counter(outcome.group for outcome in cast)
    return {
        "meeting": meeting.code,
        "voters": len(outcomes),
        "cast": len(cast),
        "failed": len(failures),
        "unanswered": sum(1 for o in failures if o.ballot and _unanswered(o)),
        "errors": dict(Counter(o.failure.code for o in failures if o.failure)),
        "groups": {group: groups[group] for group in meeting.groups},
        "cells": cells,
    }


def _unanswered(outcome: Outcome) -> bool:
    return outcome.failure is not None and not 400 <= outcome.failure.status < 500


def _by_voter(drawn: Mapping[str, Sequence[str]], voters: int) -> list[Choices]:
    return [{cell: column[number] for cell, column in drawn.items()} for number in range(voters)]
