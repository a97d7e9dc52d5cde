"""What a demo and a simulation make up."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.demo import share_out
from app.cli.presets import PRESETS, branch_name, chinese_number
from app.phones.crowd import planned_choices, random_choices
from app.phones.voter import Meeting

MEETING = Meeting("7K3M9P", {}, {"s01.q1": ["option1", "option2"], "s02.q1": ["option1"]}, {})


@given(st.integers(0, 500), st.lists(st.integers(0, 100), min_size=1, max_size=9).filter(any))
def test_slips_are_shared_out_to_the_last_one(slips: int, persons: list[int]) -> None:
    shares = share_out(slips, persons)
    assert sum(shares) == slips
    total = sum(persons)
    for number, share in zip(persons, shares, strict=True):
        assert abs(share * total - slips * number) < total


@given(st.integers(1, 60), st.integers())
def test_the_same_seed_makes_the_same_votes(voters: int, seed: int) -> None:
    once = random_choices(MEETING, voters, random.Random(seed))  # noqa: S311
    again = random_choices(MEETING, voters, random.Random(seed))  # noqa: S311
    assert once == again
    assert len(once) == voters
    assert all(set(choices) == set(MEETING.cells) for choices in once)


@given(st.data())
def test_planned_votes_add_up_and_the_rest_abstain(data: st.DataObject) -> None:
    voters = data.draw(st.integers(1, 40))
    first = data.draw(st.integers(0, voters))
    second = data.draw(st.integers(0, voters - first))
    marks = {"s01.q1": {"option1": first, "option2": second}}
    ballots = planned_choices(MEETING, marks, voters, random.Random(1))  # noqa: S311
    column = [ballot["s01.q1"] for ballot in ballots]
    assert column.count("option1") == first
    assert column.count("option2") == second
    assert column.count("abstain") == voters - first - second
    assert [ballot["s02.q1"] for ballot in ballots] == ["abstain"] * voters


def test_more_marks_than_voters_are_refused() -> None:
    with pytest.raises(ValueError, match="s01"):
        planned_choices(MEETING, {"s01.q1": {"option1": 3}}, 2, random.Random(1))  # noqa: S311


@pytest.mark.parametrize(
    ("number", "written"),
    [(1, "一"), (9, "九"), (10, "十"), (11, "十一"), (20, "二十"), (39, "三十九"), (40, "四十")],
)
def test_numbers_are_written_in_chinese(number: int, written: str) -> None:
    assert chinese_number(number) == written


@pytest.mark.parametrize("scheme", PRESETS)
def test_forty_branches_of_every_example_have_forty_names(scheme: str) -> None:
    taken: set[str] = set()
    for _ in range(40):
        taken.add(branch_name(PRESETS[scheme], PRESETS[scheme].domain, taken))
    assert len(taken) == 40


def test_the_six_villages_come_first() -> None:
    taken: list[str] = []
    for _ in range(7):
        taken.append(branch_name(PRESETS["awu-villages-2012"], "village", taken))
    assert taken == [
        *(f"{name}村党支部" for name in ("金布川", "金木", "下罗", "聂仁", "大卦", "力藏")),
        "阿坞乡第一党支部",
    ]
