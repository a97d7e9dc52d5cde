"""Counting, satisfaction, and figures that never flatter."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import BadBallot
from app.domain.scheme import SatisfactionRule
from app.domain.tally import count_marks, percent_text, satisfaction, score_text

RATES = st.fractions(0, 1, max_denominator=10_000_000)


def rule(**changes: object) -> SatisfactionRule:
    fields: dict[str, object] = {
        "question_ids": ("q1",),
        "satisfied": frozenset({"option1", "option2"}),
        "left_out": frozenset(),
        "abstain_counts": True,
        "formula": "",
    }
    return SatisfactionRule(**{**fields, **changes})  # type: ignore[arg-type]


def test_every_lawful_choice_is_counted_from_zero() -> None:
    cells = {"s01.q1": ["option2", "option1"], "s02.q1": ["option1"]}
    counts = count_marks([("s01.q1", "option2"), ("s01.q1", "abstain")], cells)
    assert counts == {
        "s01.q1": {"option1": 0, "option2": 1, "abstain": 1},
        "s02.q1": {"option1": 0, "abstain": 0},
    }
    assert list(counts["s01.q1"]) == ["option1", "option2", "abstain"]


@pytest.mark.parametrize("mark", [("s09.q1", "option1"), ("s01.q1", "option3")])
def test_a_mark_that_the_form_does_not_know_is_refused(mark: tuple[str, str]) -> None:
    with pytest.raises(BadBallot):
        count_marks([mark], {"s01.q1": ["option1"]})


def test_abstentions_stand_in_the_denominator_unless_the_scheme_leaves_them_out() -> None:
    counts = {"q1": {"option1": 20, "option2": 3, "option3": 2, "abstain": 1}}
    counted = satisfaction(rule(), counts)
    assert (counted.numerator, counted.denominator, counted.percent) == (23, 26, "88.46")
    assert satisfaction(rule(abstain_counts=False), counts).fraction == Fraction(23, 25)


def test_left_out_choices_and_spoilt_ballots_do_not_divide() -> None:
    counts = {"q1": {"option1": 8, "option3": 2, "option4": 5, "abstain": 0, "invalid": 4}}
    assert satisfaction(rule(left_out=frozenset({"option4"})), counts).fraction == Fraction(8, 10)
    assert satisfaction(rule(invalid_counts=True), counts).denominator == 19


def test_several_questions_are_added_up_and_others_ignored() -> None:
    counts = {"q1": {"option1": 1}, "q2": {"option3": 1}, "q3": {"option1": 50}}
    assert satisfaction(rule(question_ids=("q1", "q2")), counts).fraction == Fraction(1, 2)


def test_no_ballots_give_no_rate() -> None:
    nothing = satisfaction(rule(), {})
    assert nothing.fraction is None
    assert nothing.percent == "—"


def test_a_satisfaction_rule_survives_json() -> None:
    frozen = rule(convention="惯例", bounds=(Fraction(2, 3), Fraction(9, 10)))
    assert SatisfactionRule.from_json(frozen.to_json()) == frozen


@pytest.mark.parametrize(
    ("rate", "written"),
    [
        (Fraction(0), "0.00"),
        (Fraction(1), "100.00"),
        (Fraction(12, 13), "92.31"),
        (Fraction(8996, 10000), "89.96"),
        (Fraction(89999, 100000), "89.999"),
        (Fraction(8999999, 10000000), "89.99999"),
        (Fraction(89994, 100000), "89.99"),
        (Fraction(1, 8), "12.50"),
        (Fraction(12345, 1000000), "1.23"),
        (Fraction(12355, 1000000), "1.24"),
        (Fraction(99999, 100000), "99.999"),
    ],
)
def test_percentages_have_two_decimals_unless_that_would_flatter(
    rate: Fraction, written: str
) -> None:
    assert percent_text(rate) == written


def test_a_bound_between_whole_percents_is_not_reached_by_rounding_either() -> None:
    rate = Fraction(66666, 100000)
    assert percent_text(rate) == "66.67"
    assert percent_text(rate, [Fraction(2, 3)]) == "66.666"


@given(rate=RATES, bounds=st.lists(RATES, max_size=3))
def test_a_printed_percentage_never_crosses_what_the_rate_has_not_reached(
    rate: Fraction, bounds: list[Fraction]
) -> None:
    written = percent_text(rate, bounds)
    printed = Fraction(written) / 100
    for bound in [*bounds, *(Fraction(percent, 100) for percent in range(101))]:
        assert (printed >= bound) <= (rate >= bound) or printed == rate
    decimals = len(written.partition(".")[2])
    assert decimals >= 2
    assert abs(printed - rate) <= Fraction(1, 2 * 100 * 10**decimals)


@pytest.mark.parametrize(
    ("score", "written"),
    [("95", "95"), ("89.5", "89.5"), ("89.999", "89.999"), ("0", "0"), ("100", "100")],
)
def test_scores_are_printed_exactly(score: str, written: str) -> None:
    assert score_text(Fraction(score), [Fraction(90)]) == written


def test_a_score_without_end_is_cut_short_of_its_bound() -> None:
    assert score_text(Fraction(200, 3)) == "66.67"
    assert score_text(Fraction(269999999, 3000000), [Fraction(90)]) == "89.9999997"
