"""The steps of a round: which the documents have, their days, and who is late."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.actions.scheme import load_shipped as shipped
from app.domain.errors import StepOver
from app.domain.step import (
    Span,
    Step,
    is_due_soon,
    is_late,
    phase,
    problems,
    require_in_time,
    steps_of,
    suggested,
)

KINDS = {
    "huaixiang-2012": "mobilise self mass superior notice rectify report",
    "district-2012": "mobilise survey self mass superior notice report rectify",
    "shangdu-2012": "mobilise self mass superior notice report",
    "awu-villages-2012": "survey self mass",
    "siba-school-2013": "survey self mass superior rectify",
}
SELF = Step(1, "self", "自评")
MASS = Step(2, "mass", "测评")


@pytest.mark.parametrize("scheme_id", KINDS)
def test_every_documents_step_is_of_a_known_kind(scheme_id: str) -> None:
    steps = steps_of(shipped(scheme_id))
    assert [step.kind for step in steps] == KINDS[scheme_id].split()
    assert [step.position for step in steps] == list(range(1, len(steps) + 1))


def test_where_a_document_names_no_steps_the_customary_ones_say_so() -> None:
    assert all(step.usual for step in steps_of(shipped("district-2012")))
    assert not any(step.usual for step in steps_of(shipped("awu-villages-2012")))


def test_the_documents_days_are_offered_for_a_year() -> None:
    spans = suggested(steps_of(shipped("awu-villages-2012")), 2026)
    assert spans[0] == Span(date(2026, 3, 10), date(2026, 3, 23))
    assert spans[2] == Span(date(2026, 3, 30), date(2026, 4, 8))
    shangdu = suggested(steps_of(shipped("shangdu-2012")), 2012)
    assert shangdu[3] == Span(None, date(2012, 4, 18))
    assert shangdu[0] == Span()


def test_days_offered_run_into_the_next_year_and_know_leap_days() -> None:
    steps = [
        replace(SELF, month_days=("12-20", "12-31")),
        replace(MASS, month_days=("01-05", "02-29")),
    ]
    assert suggested(steps, 2025)[1] == Span(date(2026, 1, 5), date(2026, 2, 28))
    assert suggested(steps, 2027)[1].ends == date(2028, 2, 29)


def test_days_that_cannot_be_are_named() -> None:
    first, second = date(2026, 3, 24), date(2026, 3, 29)
    steps = [SELF, MASS]
    assert problems(steps, [Span(first, second), Span(second, second)]) == []
    assert problems(steps, [Span(), Span(first, None)]) == []
    assert "截止日期早于开始日期" in problems(steps, [Span(second, first), Span()])[0]
    assert (
        "“测评”不能早于前面的“自评”" in problems(steps, [Span(second, None), Span(first, None)])[0]
    )
    assert "年份" in problems(steps, [Span(date(26, 3, 1), None), Span()])[0]


def test_the_last_day_is_still_in_time() -> None:
    span = Span(date(2026, 3, 24), date(2026, 3, 29))
    phases = [phase(span, date(2026, 3, day)) for day in (23, 24, 29, 30)]
    assert phases == ["ahead", "running", "running", "over"]
    assert [is_late(span, date(2026, 3, day)) for day in (29, 30)] == [False, True]
    assert [is_due_soon(span, date(2026, 3, day)) for day in (25, 26, 29, 30)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert phase(Span(), date(2026, 3, 1)) == "undated"
    assert not is_late(Span(date(2026, 3, 1), None), date(2027, 1, 1))


def test_late_is_lawful_unless_the_document_says_otherwise() -> None:
    span, after = Span(None, date(2026, 3, 29)), date(2026, 3, 30)
    require_in_time([SELF], [span], "self", after)
    strict = replace(SELF, strict=True)
    require_in_time([strict], [span], "self", date(2026, 3, 29))
    require_in_time([strict], [span], "mass", after)
    with pytest.raises(StepOver, match="2026-03-29"):
        require_in_time([strict], [span], "self", after)
