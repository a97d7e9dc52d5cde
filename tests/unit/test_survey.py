"""What a survey and household visits say, and which facts follow."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.actions.scheme import load_shipped as shipped
from app.domain.errors import BadInput
from app.domain.survey import (
    FIELDS,
    RATINGS,
    facts_from,
    fields_for,
    read_answers,
    read_ratings,
    require_whole,
    sum_up,
)

WHOLE = {
    "leadership_complete": "no",
    "members": "23",
    "years_without_new_member": "3",
    "problems": "阵地陈旧",
    "income": "12.5",
}


def test_answers_are_kept_exactly_and_what_is_empty_is_left_out() -> None:
    answers = read_answers(FIELDS, {**WHOLE, "funds": " ", "stranger": "x"})
    assert answers == {
        "leadership_complete": False,
        "members": 23,
        "years_without_new_member": 3,
        "problems": "阵地陈旧",
        "income": "12.5",
    }
    require_whole(FIELDS, answers)
    with pytest.raises(BadInput, match="党员"):
        require_whole(FIELDS, {"problems": "有"})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"members": "-1"}, "整数"),
        ({"members": "1.5"}, "整数"),
        ({"income": "12.5万"}, "数字"),
        ({"leadership_complete": "maybe"}, "是或否"),
        ({"problems": "长" * 1001}, "1000"),
        ({"members_developed": "1"}, "不会连续三年"),
        ({"leaders": "24"}, "比党员还多"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(change: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_answers(FIELDS, {**WHOLE, **change})


def test_the_survey_hands_the_scheme_the_facts_that_its_rules_ask_for() -> None:
    answers: dict[str, Any] = read_answers(FIELDS, WHOLE)
    none = sum_up([], [])
    assert facts_from(shipped("siba-school-2013"), answers, none) == {"years_without_new_member": 3}
    assert facts_from(shipped("huaixiang-2012"), answers, none) == {}
    assert {fact.name for fact in shipped("siba-school-2013").facts} <= {
        field.name for field in fields_for(shipped("siba-school-2013"))
    }


@given(st.lists(st.dictionaries(st.sampled_from(["甲", "乙"]), st.sampled_from(RATINGS))))
def test_a_summary_counts_every_answer_once(visits: list[dict[str, str]]) -> None:
    summary = sum_up(["甲", "乙"], visits)
    assert summary.visits == len(visits)
    counted = sum(n for counts in summary.ratings.values() for n in counts.values())
    assert counted == sum(map(len, visits))
    assert summary.satisfied <= summary.rated <= counted


def test_ratings_are_those_of_the_form() -> None:
    assert read_ratings(["甲", "乙"], ["满意", ""]) == {"甲": "满意"}
    for typed in (["", ""], ["满意"], ["好", ""]):
        with pytest.raises(BadInput):
            read_ratings(["甲", "乙"], typed)
