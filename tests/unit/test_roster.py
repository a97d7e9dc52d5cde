"""A roster, row by row, and what importing it would do."""

from __future__ import annotations

from app.domain.roster import COLUMNS, Known, Line, plan, read_table

HEAD = [f"{name}*" if n < 2 else name for n, name in enumerate(COLUMNS)]
YEAR = 2026


def _lines(*rows: list[object]) -> list[Line]:
    lines, complaints = read_table([HEAD, *rows], YEAR)
    assert complaints == []
    return lines


def _words(*rows: list[object]) -> list[tuple[int, str, str]]:
    lines, complaints = read_table([HEAD, *rows], YEAR)
    return [tuple(c) for c in (*complaints, *plan(lines, []).complaints)]  # type: ignore[misc]


def test_a_superior_may_stand_further_down_in_the_table() -> None:
    found = plan(
        _lines(
            ["第一党支部", "党支部", "商都镇党委", "嘎查村", "张三", 31, 2011.0],
            ["商都镇党委", "党委", "县委"],
            ["县委", "党委"],
        ),
        [],
    )
    assert found.complaints == ()
    assert [item.path for item in found.new] == [
        ("县委",),
        ("县委", "商都镇党委"),
        ("县委", "商都镇党委", "第一党支部"),
    ]
    assert found.new[2].line[4:] == ("嘎查村", "张三", 31, 2011)


def test_two_superiors_of_one_name_must_be_told_apart_by_their_paths() -> None:
    rows: list[list[object]] = [
        ["甲镇党委", "党委"],
        ["乙镇党委", "党委"],
        ["中学总支", "党总支", "甲镇党委"],
        ["中学总支", "党总支", "乙镇党委"],
    ]
    told = _words(*rows, ["一年级支部", "党支部", "中学总支"])
    assert [(row, column) for row, column, _ in told] == [(6, "上级党组织")]
    assert "甲镇党委/中学总支" in told[0][2]
    assert _words(*rows, ["一年级支部", "党支部", "乙镇党委/中学总支"]) == []


def test_what_is_wrong_is_said_by_row_and_column() -> None:
    told = _words(
        ["", "党支部", "县委"],
        ["县委", "党组"],
        ["甲支部", "党支部", "不存在的党委"],
        ["乙支部", "党支部", "", "", "", "三十", 2030],
    )
    assert [(row, column) for row, column, _ in told] == [
        (2, "党组织名称"), (3, "类型"), (5, "党员人数"), (5, "最近发展党员年份"),
        (4, "上级党组织"),
    ]  # fmt: skip


def test_a_branch_has_nobody_under_it_and_nobody_stands_under_himself() -> None:
    told = _words(
        ["县委", "党委"],
        ["甲支部", "党支部", "县委"],
        ["乙支部", "党支部", "甲支部"],
        ["丙委", "党委", "丁委"],
        ["丁委", "党委", "丙委"],
    )
    assert any(row == 4 and "不能设在党支部下面" in words for row, _, words in told)
    assert any("绕了一圈" in words for _, _, words in told)


def test_a_row_twice_is_refused() -> None:
    told = _words(["县委", "党委"], ["甲支部", "党支部", "县委"], ["甲支部", "党支部", "县委"])
    assert told == [(4, "党组织名称", "与第 3 行重复，请删去一行。")]


def test_an_empty_cell_changes_nothing_and_a_filled_one_is_shown_old_and_new() -> None:
    known = [
        Known(1, ("县委",), "committee", "", "", None, None),
        Known(2, ("县委", "甲支部"), "branch", "农村", "张三", 30, None),
    ]
    found = plan(_lines(["县委", "党委"], ["甲支部", "党支部", "县委", "", "李四", 30]), known)
    assert [item.id for item in found.same] == [1]
    assert [(item.id, item.changes) for item in found.changed] == [(2, (("书记", "张三", "李四"),))]
    assert found.new == ()


def test_a_closed_organisation_or_another_kind_is_not_overwritten() -> None:
    known = [
        Known(1, ("县委",), "committee", "", "", None, None),
        Known(2, ("县委", "甲支部"), "branch", "", "", None, None, closed=True),
    ]
    told = plan(_lines(["县委", "党总支"], ["甲支部", "党支部", "县委"]), known).complaints
    assert [(c.row, c.column) for c in told] == [(2, "类型"), (3, "党组织名称")]


def test_rows_above_the_head_empty_rows_and_the_example_are_passed_over() -> None:
    lines, complaints = read_table(
        [["某县党组织花名册"], HEAD, ["例：某某支部", "党支部"], [None, " "], ["县委", "党委"]],
        YEAR,
    )
    assert complaints == []
    assert [(line.row, line.name) for line in lines] == [(5, "县委")]


def test_a_table_without_a_head_or_without_rows_says_so() -> None:
    assert "没有找到表头" in read_table([["甲"], ["乙"]], YEAR)[1][0].words
    assert "没有党组织" in read_table([HEAD], YEAR)[1][0].words
    assert "缺少“上级党组织”" in read_table([["党组织名称", "类型"]], YEAR)[1][0].words
