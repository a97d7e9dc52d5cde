"""公示 and 整改: which day is the last."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import BadInput
from app.domain.notice import is_over, last_day
from app.domain.rectification import months_later

TUESDAY = date(2012, 4, 3)


def test_the_day_of_publication_does_not_count() -> None:
    assert last_day(TUESDAY, 2, "calendar") == date(2012, 4, 5)
    assert not is_over(date(2012, 4, 5), date(2012, 4, 5))
    assert is_over(date(2012, 4, 5), date(2012, 4, 6))


def test_working_days_leave_out_weekends_and_holidays_and_count_weekends_worked() -> None:
    friday = date(2012, 3, 30)
    assert last_day(friday, 2, "working") == TUESDAY
    off = [date(2012, 4, day) for day in (2, 3, 4)]
    assert last_day(friday, 2, "working", off) == date(2012, 4, 6)
    worked = [date(2012, 3, 31), date(2012, 4, 1)]
    assert last_day(friday, 2, "working", off, worked) == date(2012, 4, 1)


@given(
    published=st.dates(date(2012, 1, 1), date(2030, 12, 31)),
    days=st.integers(1, 60),
    off=st.sets(st.integers(1, 40), max_size=10),
    worked=st.sets(st.integers(1, 40), max_size=10),
)
def test_the_period_holds_just_as_many_whole_days_as_the_document_says(
    published: date, days: int, off: set[int], worked: set[int]
) -> None:
    def later(numbers: set[int]) -> set[date]:
        return {published + timedelta(days=n) for n in numbers}

    holidays, weekends = later(off), later(worked)
    assert last_day(published, days, "calendar") == published + timedelta(days=days)
    ends = last_day(published, days, "working", holidays, weekends)
    within = [published + timedelta(days=n) for n in range(1, (ends - published).days + 1)]
    counted = [
        day for day in within if day in weekends or (day.weekday() < 5 and day not in holidays)
    ]
    assert len(counted) == days
    assert counted[-1] == ends
    assert not is_over(ends, ends)
    assert is_over(ends, ends + timedelta(days=1))


@pytest.mark.parametrize("days", [0, -1, 61])
def test_a_period_that_cannot_be_is_refused(days: int) -> None:
    with pytest.raises(BadInput):
        last_day(TUESDAY, days, "calendar")
    with pytest.raises(BadInput):
        last_day(TUESDAY, 2, "unstated")


def test_half_a_year_ends_on_the_same_day_or_the_months_last() -> None:
    assert months_later(date(2012, 4, 3), 6) == date(2012, 10, 3)
    assert months_later(date(2012, 8, 31), 6) == date(2013, 2, 28)
    assert months_later(date(2012, 12, 31), 12) == date(2013, 12, 31)
