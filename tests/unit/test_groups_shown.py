"""Which groups may stand alone after closing, beside what the screen has shown before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.domain.meeting import groups_shown, with_span

BOTH = frozenset({"g1", "g2"})
courses = st.lists(
    st.dictionaries(st.sampled_from(["g1", "g2", "g3"]), st.integers(1, 4), min_size=1), max_size=8
)


def test_without_pictures_the_numbers_alone_decide() -> None:
    assert groups_shown({"g1": 4, "g2": 3}, 3) == BOTH
    assert groups_shown({"g1": 4, "g2": 2}, 3) == frozenset()
    assert groups_shown({"g1": 5, "g2": 3}, 3, []) == BOTH


def test_a_picture_of_the_members_alone_would_give_the_fourth_member_away() -> None:
    assert groups_shown({"g1": 4, "g2": 3}, 3, [{"g1": 3}]) == frozenset()


def test_a_picture_and_a_group_that_differ_by_three_ballots_are_not_both_shown() -> None:
    """The first seven are one leader and six members; two members more come later."""
    cast = {"g1": 12, "g2": 8}
    assert groups_shown(cast, 7, [{"g1": 1, "g2": 6}]) == frozenset()


def test_a_picture_at_the_very_change_of_groups_gives_nobody_away() -> None:
    assert groups_shown({"g1": 6, "g2": 6}, 3, [{"g1": 6}]) == BOTH


def test_groups_that_vote_mixed_are_shown() -> None:
    assert groups_shown({"g1": 30, "g2": 20}, 5, [{"g1": 24, "g2": 16}]) == BOTH


def test_one_group_is_shown_whatever_the_screen_has_shown() -> None:
    assert groups_shown({"g1": 23}, 5, [{"g1": 15}]) == {"g1"}


@given(courses)
def test_spans_add_up_to_what_was_in(course: list[dict[str, int]]) -> None:
    cast: dict[str, int] = {}
    spans: list[dict[str, int]] = []
    for step in course:
        cast = {g: cast.get(g, 0) + step.get(g, 0) for g in cast.keys() | step.keys()}
        spans = with_span(spans, cast)
    total = {g: sum(span.get(g, 0) for span in spans) for span in spans for g in span}
    assert total == cast
    assert len(spans) == len(course)
