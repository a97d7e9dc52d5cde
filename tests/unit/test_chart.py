"""Charts: every bar carries its numbers, exactly, and looks differ without colour."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.chart import CROSSED, Part, Row, looks, marks, share
from app.domain.dashboard import (
    ENDS,
    Body,
    Gathering,
    Rate,
    StepDone,
    body_chart,
    ends,
    gathering_chart,
    grade_charts,
    ranked,
    satisfaction_chart,
    settled_words,
    step_chart,
)

FOUR = ("好", "较好", "一般", "较差")
THREE = ("先进", "一般", "后进")


def body(number: int, grade: str | None = None, **other: object) -> Body:
    labels = THREE if other.get("domain") == "村" else FOUR
    fields: dict[str, object] = {
        "record_id": number, "name": f"第{number:03}支部", "superior_id": 1, "superior": "甲党委",
        "domain": "学校", "kind": "branch", "ladder": "三个等级" if labels == THREE else "四个等级",
        "labels": labels, "grade": grade, "settled": "proposed" if grade else "none", "rate": None,
        "steps": (StepDone("自评", True, False), StepDone("测评", False, number == 2)),
        **other,
    }  # fmt: skip
    return Body(**fields)  # type: ignore[arg-type]


def rate(numerator: int, denominator: int, note: str = "") -> Rate:
    return Rate(numerator, denominator, "…", f"{numerator} ÷ {denominator}", note)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=9))
def test_the_parts_of_a_bar_lie_side_by_side_and_fill_it(numbers: list[int]) -> None:
    row = Row("甲", tuple(Part("x", n, 1) for n in numbers), sum(numbers), ())
    at = Fraction(0)
    for segment in row.segments:
        assert abs(Fraction(segment.at) - at) <= Fraction(1, 1000)
        at = Fraction(segment.at) + Fraction(segment.length)
    if sum(numbers):
        assert abs(at - 100) <= Fraction(1, 100)
    assert len(row.segments) == sum(n > 0 for n in numbers) if sum(numbers) else not row.segments


def test_a_number_stands_within_its_part_where_there_is_room() -> None:
    row = Row("甲", (Part("好", 95, 1), Part("差", 5, 4)), 100, ())
    assert [segment.number for segment in row.segments] == ["95", ""]
    assert row.said == "好 95、差 5"


@pytest.mark.parametrize("number", range(2, 10))
def test_every_grade_has_a_look_of_its_own_and_the_lowest_always_the_same(number: int) -> None:
    found = looks([str(n) for n in range(number)])
    assert len(set(found.values())) == number
    assert found[str(number - 1)] == CROSSED
    assert found["0"] == 1


def test_a_share_is_never_rounded_up_to_the_next() -> None:
    assert share(1, 3) == "1（33.33%）"
    assert share(99999, 100000) == "99999（99.999%）"
    assert share(0, 0) == "0"
    assert share(20, 20, "票") == "20 票（100.00%）"
    assert [m.place for m in marks([Fraction(9, 10), Fraction(2, 3)])] == ["90.0000", "66.6666"]


def test_domains_with_other_grades_have_a_chart_of_their_own() -> None:
    bodies = [body(1, "好"), body(2, "较好"), body(3, domain="机关"), body(4, "后进", domain="村")]
    charts = grade_charts(bodies, "domain")
    assert [chart.title for chart in charts] == [
        "各领域的等级（四个等级）",
        "各领域的等级（三个等级）",
    ]
    first = charts[0]
    assert [column.title for column in first.columns] == [
        "党组织", "好", "较好", "一般", "较差", "还没有等级",
    ]  # fmt: skip
    assert [(row.label, row.cells[0], row.cells[1]) for row in first.rows] == [
        ("学校", "2", "1（50.00%）"),
        ("机关", "1", "0（0.00%）"),
        ("合计", "3", "1（33.33%）"),
    ]
    assert len(charts[1].rows) == 1  # one domain is its own sum
    assert settled_words(bodies) == "系统建议 3 个、还没有等级 1 个"


def test_levels_come_from_above() -> None:
    bodies = [body(1, "好"), body(2, "好", kind="committee"), body(3, "好", kind="general_branch")]
    (chart,) = grade_charts(bodies, "kind")
    assert [row.label for row in chart.rows] == ["党委", "党总支", "党支部", "合计"]


def test_progress_counts_steps_and_who_is_late() -> None:
    bodies = [body(n) for n in (1, 2, 3)]
    chart = step_chart(bodies)
    assert [(row.label, *row.cells) for row in chart.rows] == [
        ("自评", "3（100.00%）", "0", "0"),
        ("测评", "0（0.00%）", "3", "1"),
    ]
    single = body_chart(bodies)
    assert [(row.label, row.key, row.cells) for row in single.rows][1] == (
        "第002支部", 2, ("已完成", "逾期"),
    )  # fmt: skip
    many = body_chart([body(n, superior=f"{n % 2}党委") for n in range(40)])
    assert [(row.label, row.key, row.cells) for row in many.rows] == [
        ("0党委", None, ("20/20", "0/20")),
        ("1党委", None, ("20/20", "0/20")),
    ]


def test_of_many_the_highest_and_the_lowest_are_shown_exactly() -> None:
    bodies = [body(n, rate=rate(900 + n, 1000)) for n in range(50)]
    low, high = ends(bodies)
    assert [b.record_id for b in low] == list(range(ENDS))
    assert [b.record_id for b in high] == list(range(49, 39, -1))
    assert ends(bodies[:20]) == (ranked(bodies[:20]), [])
    # Two that are printed alike are not equal.
    close = [body(1, rate=rate(89999, 100000)), body(2, rate=rate(9, 10))]
    assert [b.record_id for b in ranked(close)] == [2, 1]


def test_a_satisfaction_that_is_not_final_is_marked() -> None:
    bodies = [body(1, rate=rate(9, 10)), body(2, rate=rate(5, 10, "暂定")), body(3)]
    chart = satisfaction_chart("满意率", bodies, marks([Fraction(9, 10)]))
    assert [(row.label, row.note, row.cells[1]) for row in chart.rows] == [
        ("第001支部", "", "9 ÷ 10"),
        ("第002支部", "暂定", "5 ÷ 10"),
    ]


def test_participation_is_of_those_expected_and_unknown_where_nobody_counted() -> None:
    meetings = [
        Gathering(1, "甲会", "一轮", 50, 48, 40),
        Gathering(2, "乙会", "一轮", 20, None, 20),
        Gathering(3, "丙会", "一轮", 0, 0, 3),
    ]
    rows = gathering_chart(meetings).rows
    assert [row.cells for row in rows] == [
        ("50", "48", "40", "80.00%"),
        ("20", "—", "20", "100.00%"),
        ("0", "0", "3", "—"),
        ("70", "—", "63", "90.00%"),
    ]
