"""Compare the box of a closed meeting with what its voters were answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields

from app.domain.box import TOGETHER, Box, findings
from tests.chaos.phone import NEW, Voter


@dataclass
class Counts:
    """What was verified, summed over meetings.

    unknown: ballots in the box whose owner never learnt it, as the meeting ended under their hands.
    recovered: slips whose redeeming or casting went unanswered and then succeeded.
    """

    meetings: int = 0
    kills: int = 0
    slips: int = 0
    acknowledged: int = 0
    in_the_box: int = 0
    unknown: int = 0
    resent: int = 0
    duplicates_refused: int = 0
    recovered: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        """Add the counts of another meeting."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(frozen=True)
class Expected:
    """What the host did with the slips. issued, voided: as many, or one of these numbers where
    the process that did it was killed.
    """

    issued: frozenset[int]
    voided: frozenset[int] = frozenset({0})
    ended_early: bool = False


def reconcile(box: Box, voters: Sequence[Voter], expected: Expected) -> Counts:
    """Count what is in the box, and say what is wrong with it.

    ended_early: whether voters were still voting when the meeting was closed.
    """
    counts = Counts(meetings=1)
    counts.wrong += findings(box)
    groups: dict[tuple[str, str], str] = {}
    choices: dict[tuple[str, str], str] = {}
    lines: Counter[tuple[str, str]] = Counter()
    for entry in box.lists:
        for number, choice in entry.marks:
            mark = (entry.cell, number)
            lines[mark] += 1
            choices[mark], groups[mark] = choice, entry.group
    counts.wrong += [f"{mark} is in the box {n} times" for mark, n in lines.items() if n > 1]
    known = set()
    for voter in voters:
        if voter.begun and voter.credential is None and not expected.ended_early:
            counts.wrong.append(f"a slip was lost to its owner: {voter.refused or 'no answer'}")
        if voter.ballot is None:
            continue
        marks = voter.marks()
        known |= marks.keys()
        found = {mark for mark in marks if mark in choices}
        counts.wrong += _ballot_findings(voter, marks, found, choices, groups, expected)
        if len(found) == len(marks):
            counts.in_the_box += 1
            counts.unknown += not voter.acknowledged
    if strangers := len(choices.keys() - known):
        counts.wrong.append(f"{strangers} marks in the box that nobody cast")
    counts.slips = len(voters)
    counts.acknowledged = sum(voter.acknowledged for voter in voters)
    counts.resent = sum(voter.resent for voter in voters)
    counts.recovered = sum(bool(v.unanswered) and v.acknowledged for v in voters)
    counts.wrong += _total_findings(box, voters, counts, expected)
    return counts


def _ballot_findings(
    voter: Voter,
    marks: dict[tuple[str, str], str],
    found: set[tuple[str, str]],
    choices: dict[tuple[str, str], str],
    groups: dict[tuple[str, str], str],
    expected: Expected,
) -> Iterator[str]:
    group = voter.credential.group if voter.credential else ""
    if voter.acknowledged and len(found) < len(marks):
        yield f"an acknowledged ballot has {len(found)} of {len(marks)} marks in the box"
    if not voter.acknowledged and found and len(found) < len(marks):
        yield f"half a ballot: {len(found)} of {len(marks)} marks in the box"
    if any(choices[mark] != marks[mark] for mark in found):
        yield "a ballot is in the box with other choices"
    if any(groups[mark] not in (group, TOGETHER) for mark in found):
        yield "a ballot is in the box under another group"
    if voter.answers.count(NEW) > 1:
        yield f"a ballot was answered as new {voter.answers.count(NEW)} times"
    if not voter.acknowledged and not expected.ended_early:
        yield f"a ballot was never acknowledged: {voter.refused or 'no answer'}"


def _total_findings(
    box: Box, voters: Sequence[Voter], counts: Counts, expected: Expected
) -> Iterator[str]:
    total = Counter[str]()
    for group in box.counts.values():
        total.update(
            issued=group.issued, redeemed=group.redeemed, cast=group.cast, voided=group.voided
        )
        if group.issued != group.redeemed + group.voided + group.unused:
            yield f"issued is not redeemed + voided + unused: {group}"
        if group.cast > group.redeemed:
            yield f"more cast than redeemed: {group}"
    if total["issued"] not in expected.issued:
        yield f"{total['issued']} slips issued, not {sorted(expected.issued)}"
    if total["voided"] not in expected.voided:
        yield f"{total['voided']} slips voided, not {sorted(expected.voided)}"
    if total["cast"] != counts.in_the_box:
        yield f"{total['cast']} cast by the counts, {counts.in_the_box} ballots in the lists"
    least = sum(voter.credential is not None for voter in voters)
    # Who drew an element and was never answered may have been redeemed.
    most = sum(voter.begun for voter in voters) if expected.ended_early else least
    if not least <= total["redeemed"] <= most:
        yield f"{total['redeemed']} redeemed, not {least} to {most}"
