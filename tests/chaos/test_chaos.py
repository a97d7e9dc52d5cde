"""The short form of `make chaos`: ten processes killed under load, and every other fault once."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator

import pytest

from app.domain.box import Box, GroupCounts, StoredMark, build_box
from app.domain.encoding import from_b64url
from app.phones.voter import Credential, Meeting, SlipUrl, blind, seal_ballot
from tests.chaos import run
from tests.chaos.ledger import Expected, reconcile
from tests.chaos.phone import NEW, Voter
from tests.chaos.run import Outcome
from tests.chaos.stand import Stand, standing
from tests.chaos.table import faults, lines

SEED = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(10**6))


def check(outcome: Outcome) -> None:
    print(f"CHAOS_SEED={SEED}", *lines([outcome]), sep="\n")
    assert faults([outcome]) == []
    assert outcome.counts.acknowledged


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with standing("SQLite", faulty=True) as ready:
        yield ready


def test_no_acknowledged_ballot_is_lost_whatever_is_killed() -> None:
    with standing("PostgreSQL") as stand:
        outcome = run.kills(stand, SEED, 5, slips=100)
        check(outcome)
        assert set(outcome.detail) == {"worker", "arbiter", "database"}
        assert outcome.counts.recovered


def test_no_acknowledged_ballot_is_lost_in_the_middle_of_a_commit(stand: Stand) -> None:
    outcome = run.kills(stand, SEED, 5, slips=100, sync=0.01)
    check(outcome)
    assert outcome.counts.kills == 5
    assert outcome.counts.recovered


def test_whatever_the_host_does_may_be_killed(stand: Stand) -> None:
    check(run.broken_off(stand, SEED, 1, ("open", "issue", "close")))


@pytest.mark.parametrize("fault", [run.full_disk, run.clock_set, run.slow_disk, run.half_open])
def test_every_acknowledged_ballot_is_in_the_box(
    fault: Callable[[Stand, int], Outcome], stand: Stand
) -> None:
    check(fault(stand, SEED))


def test_a_ballot_that_is_sent_for_minutes_is_counted_once(stand: Stand) -> None:
    check(run.resends(stand, SEED, 30))


VOTERS = 4
CELLS = ("s01.q1", "s02.q1")


def test_the_ledger_finds_what_is_lost_doubled_or_changed() -> None:
    voters = [_voter(NEW) for _ in range(VOTERS)]
    marks = _stored(voters)
    other = marks[0]._replace(choice="option2")
    early = Expected(frozenset({VOTERS}), ended_early=True)
    assert _wrong(marks, voters) == []
    assert "an acknowledged ballot has 1 of 2 marks in the box" in _wrong(marks[1:], voters)
    assert any("2 times" in said for said in _wrong([*marks, marks[0]], voters))
    assert "a ballot is in the box with other choices" in _wrong([other, *marks[1:]], voters)
    assert "2 marks in the box that nobody cast" in _wrong(marks, voters[1:])
    voters[0].answers.append(NEW)
    assert _wrong(marks, voters) == ["a ballot was answered as new 2 times"]
    voters[0].answers.clear()
    assert _wrong(marks, voters) == ["a ballot was never acknowledged: no answer"]
    assert _wrong(marks, voters, early) == []
    half = _wrong(marks[1:], voters, early)
    assert "half a ballot: 1 of 2 marks in the box" in half


def test_the_ledger_finds_a_slip_that_was_lost_or_a_number_that_is_wrong() -> None:
    voters = [_voter(NEW) for _ in range(VOTERS)]
    marks = _stored(voters)
    assert _wrong(marks, voters, Expected(frozenset({9}))) == [f"{VOTERS} slips issued, not [9]"]
    voided = Expected(frozenset({VOTERS}), voided=frozenset({1}))
    assert _wrong(marks, voters, voided) == ["0 slips voided, not [1]"]
    lost = Voter(SlipUrl("M", "", b""), drawn=blind(), refused="slip_used")
    assert _wrong(marks, [*voters, lost]) == ["a slip was lost to its owner: slip_used"]


def _voter(*answers: int) -> Voter:
    meeting = Meeting("M", {}, {cell: ["option1", "option2"] for cell in CELLS}, {})
    drawn = blind()
    credential = Credential("g1", drawn.nonce, bytes(64))
    choices = dict.fromkeys(CELLS, "option1")
    ballot = seal_ballot(meeting, credential, choices)
    slip = SlipUrl("M", "", b"")
    return Voter(slip, drawn, None, credential, choices, ballot, list(answers))


def _stored(voters: list[Voter]) -> list[StoredMark]:
    return [
        StoredMark("g1", cell, from_b64url(number), choice)
        for voter in voters
        for (cell, number), choice in voter.marks().items()
    ]


def _wrong(
    marks: list[StoredMark],
    voters: list[Voter],
    expected: Expected = Expected(frozenset({VOTERS})),  # noqa: B008 - it cannot change
) -> list[str]:
    """What the ledger says of a box with these marks, whose counts are those of all voters."""
    return reconcile(_box(marks), voters, expected).wrong


def _box(marks: list[StoredMark]) -> Box:
    counts = {"g1": GroupCounts(VOTERS, VOTERS, VOTERS, 0, 0)}
    return build_box("M", counts, frozenset({"g1"}), CELLS, marks)
