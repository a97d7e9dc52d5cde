"""The forms of a round, opened again and read cell by cell."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any
from urllib.parse import unquote

import docx
import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import event

from app.actions.correction import propose_correction
from app.actions.finalising import finalise
from app.actions.notice import NoticeWish, publish_notice
from app.actions.organisation import change_profile, create_organisation, get_organisation
from app.actions.record import change_scores
from app.actions.rectification import Plan, begin_rectification
from app.actions.report import ROUND_FORMS, figures_of
from app.actions.round import Member, RoundWish, create_round, get_round
from app.actions.step import today
from app.domain.report import TITLES
from app.models import db
from tests.admin.conftest import Office, make_round

TITLE = "2012年分类定级"
SUMMARY, DETAILS = "基层党组织分类定级情况汇总表", "各领域基层党组织分类定级明细表"


@pytest.fixture
def school(app: Flask, office: Office) -> int:
    """Three branches of a school with scores, a notice that has ended, final grades and a plan."""
    round_id = make_round(app, "huaixiang-2012", "institution")
    day = today()
    with app.app_context():
        for record_id, own, superior in ((1, "95", "92.5"), (2, "90", "89.999"), (3, "70", "59")):
            change_scores(record_id, own, superior)
        change_profile(2, "机关事业单位", "=张书记", "12", "2011", day.year)
        body = get_organisation(3)
        body.name = "=HYPERLINK(1)党支部"
        db.session.commit()
        wish = NoticeWish(
            "公示", "现予公示。", "党总支", "电话", 1, "calendar", "", "", (1, 2, 3)
        )  # fmt: skip
        publish_notice(round_id, wish, day)
        finalise(round_id, day + timedelta(days=2), "抽样测评，没有抽到。")
        plan = Plan("组织生活不正常。", "每月开会。", "李书记", day + timedelta(days=60), False)
        begin_rectification(3, plan, day)
    return round_id


def _cells(sheet: Any) -> list[list[Any]]:
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    return [row for row in rows if any(value is not None for value in row)]


def _excel(office: Office, path: str) -> Any:
    answer = office.get(f"{path}.xlsx")
    assert answer.status_code == 200
    return load_workbook(io.BytesIO(answer.data))


def _word(office: Office, path: str) -> Any:
    answer = office.get(f"{path}.docx")
    assert answer.status_code == 200
    return docx.Document(io.BytesIO(answer.data))


def _table(document: Any, number: int = 0) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in document.tables[number].rows]


def test_the_summary_counts_every_grade_and_gives_its_share(office: Office, school: int) -> None:
    path = f"/admin/rounds/{school}/forms/summary"
    cells = _cells(_excel(office, path).worksheets[0])
    assert cells[0][0] == SUMMARY
    assert cells[2] == [
        "领域", "党组织数", "好", "占比", "较好", "占比", "一般", "占比", "较差", "占比",
    ]  # fmt: skip
    figures = [3, 1, "33.33%", 1, "33.33%", 0, "0.00%", 1, "33.33%"]
    assert cells[3] == ["机关事业单位", *figures]
    assert cells[4] == ["合计", *figures]
    table = _table(_word(office, path))
    assert table[0] == cells[2]
    assert table[2] == ["合计", *map(str, figures)]


def test_the_details_say_what_was_entered_and_nothing_else(office: Office, school: int) -> None:
    path = f"/admin/rounds/{school}/forms/details"
    book = _excel(office, path)
    assert book.sheetnames == ["机关事业单位"]
    sheet = book.worksheets[0]
    cells = _cells(sheet)
    assert cells[0][0] == DETAILS
    wanted = [
        [1, "第一党支部", "怀乡中学党总支", "=张书记", 12, "95", "未测评", "92.5", "好", ""],
        [2, "=HYPERLINK(1)党支部", "怀乡中学党总支", "", "", "90", "未测评", "89.999", "较好", ""],
        [3, "第三党支部", "怀乡中学党总支", "", "", "70", "未测评", "59", "较差", ""],
    ]
    assert [["" if v is None else v for v in row] for row in cells[4:7]] == wanted
    types = {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "f" not in types, "a name that begins with = is no formula"
    assert _table(_word(office, path))[1:] == [[str(v) for v in row] for row in wanted]
    assert sheet.print_title_rows == "$4:$4", "the head comes again on every page"
    assert "w:tblHeader" in _word(office, path).tables[0].rows[0]._tr.xml


def test_a_correction_under_way_is_named_and_the_old_grade_stands(
    app: Flask, office: Office, school: int
) -> None:
    with app.app_context():
        propose_correction(1, "较好", "复查发现算错", today())
    words = "正在更正为“较好”，公示期满、意见都已答复才生效"
    details = _table(_word(office, f"/admin/rounds/{school}/forms/details"))
    assert details[1][8:] == ["好", words]
    ledger = _table(_word(office, f"/admin/rounds/{school}/forms/ledger"))
    assert (ledger[1][3], ledger[1][-1]) == ("好", f"未测评；{words}")
    register = _table(_word(office, "/admin/records/1/forms/register"))
    assert ["备注", words, words, words] in register


def test_the_ledger_goes_from_the_best_to_the_last_with_what_is_put_right(
    app: Flask, office: Office, school: int
) -> None:
    deadline = today() + timedelta(days=60)
    table = _table(_word(office, f"/admin/rounds/{school}/forms/ledger"))
    assert [row[3] for row in table[1:]] == ["好", "较好", "较差"]
    assert table[3][4:] == [
        "组织生活不正常。", "每月开会。", "李书记",
        f"{deadline.year}年{deadline.month}月{deadline.day}日", "整改中", "未测评",
    ]  # fmt: skip


def test_the_register_of_one_organisation_has_room_for_opinions_and_seals(
    office: Office, school: int
) -> None:
    path = "/admin/records/1/forms/register"
    table = _table(_word(office, path))
    assert table[0] == ["党组织名称", "第一党支部", "第一党支部", "第一党支部"]
    assert table[3] == ["党组织书记", "=张书记", "自评得分", "95"]
    assert table[6] == ["满意率", "未测评", "评定等级", "好"]
    assert "（盖章）" in table[9][1]
    cells = _cells(_excel(office, path).worksheets[0])
    assert [str(v) for v in cells[5] if v is not None] == [
        "党组织书记",
        "=张书记",
        "自评得分",
        "95",
    ]
    name = unquote(office.get(f"{path}.docx").headers["Content-Disposition"])
    assert "基层党组织分类定级登记表（第一党支部）.docx" in name


def test_the_plan_of_rectification_is_a_form_too(office: Office, school: int) -> None:
    table = _table(_word(office, "/admin/records/3/forms/plan"))
    assert table[1] == ["定级等级", "较差", "责任人", "李书记"]
    assert table[3][1] == "组织生活不正常。"


def test_who_admitted_nobody_in_three_years_is_listed(
    app: Flask, office: Office, school: int
) -> None:
    with app.app_context():
        change_profile(4, "", "", "9", str(today().year - 2), today().year)
    table = _table(_word(office, f"/admin/rounds/{school}/forms/no-new-members"))
    assert [row[1] for row in table[1:]] == ["第一党支部"]
    assert table[1][5] == str(today().year - 2012)


def test_the_analysis_adds_up(office: Office, school: int) -> None:
    text = "\n".join(
        paragraph.text
        for paragraph in _word(office, f"/admin/rounds/{school}/forms/analysis").paragraphs
    )
    assert "对 3 个党组织分类定级，涉及机关事业单位3个。" in text
    assert "共召开党员群众测评会 0 次" in text
    assert "“好”1个（33.33%）、“较好”1个（33.33%）、“较差”1个（33.33%）" in text
    assert "没有测评的 3 个，原因：抽样测评，没有抽到。" in text
    assert "已定整改方案 1 个，整改中 1 个。" in text


def test_what_is_not_final_says_so_on_every_form(app: Flask, office: Office) -> None:
    round_id = make_round(app, "shangdu-2012", "village")
    page = office.get(f"/admin/rounds/{round_id}/forms").text
    for name in set(ROUND_FORMS) - {"standard"}:
        assert TITLES[name] in page
        path = f"/admin/rounds/{round_id}/forms/{name}"
        assert "（未定稿）" in office.get(path).text
        assert _excel(office, path).worksheets[0]["A1"].value.endswith("（未定稿）")
        assert _word(office, path).paragraphs[0].text.endswith("（未定稿）")


def test_every_form_is_a4_with_its_faces_named(office: Office, school: int) -> None:
    for name in ROUND_FORMS:
        path = f"/admin/rounds/{school}/forms/{name}"
        sheet = _excel(office, path).worksheets[0]
        assert int(sheet.page_setup.paperSize) == 9
        title = sheet["A1"]
        assert (title.font.name, title.font.bold) == ("方正小标宋简体", True)
        assert title.alignment.horizontal == "center"
        document = _word(office, path)
        section = document.sections[0]
        assert {round(section.page_width.mm), round(section.page_height.mm)} == {210, 297}
        run = document.paragraphs[0].runs[0]
        assert (run.font.name, run.font.bold) == ("方正小标宋简体", True)
        assert "共 " in "".join(p.text for p in section.footer.paragraphs)
        for table in document.tables:
            assert table.style.name == "Table Grid"


def test_there_are_no_other_forms(office: Office, school: int) -> None:
    for path in ("rounds/1/forms/nothing", "rounds/1/forms/summary.pdf", "records/1/forms/ledger"):
        assert office.get(f"/admin/{path}").status_code == 404


def _statements(app: Flask, members: int) -> int:
    counted = []
    with app.app_context():
        root = create_organisation(f"党委{members}", "committee", None)
        bodies = [
            create_organisation(f"支部{members}-{n}", "branch", root.id) for n in range(members)
        ]
        chosen = tuple(Member(body.id, "institution") for body in bodies)
        wish = RoundWish(f"第{members}轮", "huaixiang-2012", None, True, chosen)
        round_id = create_round(wish).id
        db.session.remove()
        event.listen(db.engine, "before_cursor_execute", lambda *a: counted.append(a[2]))
        figures = figures_of(get_round(round_id), date(2012, 4, 5))
        assert len(figures.entries) == members
    return len(counted)


def test_the_number_of_statements_does_not_grow_with_the_round(app: Flask) -> None:
    few = _statements(app, 3)
    many = _statements(app, 40)
    assert many == few
