"""Every form says the same on the page, in Excel and in Word; and every form asked for is there."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import docx
import pytest
from flask import Flask
from openpyxl import load_workbook
from openpyxl.cell.cell import MergedCell
from sqlalchemy import select

from app.actions.account import create_account
from app.actions.assessment import ScoreWish, save_scores
from app.actions.attendance import Attendance, record_attendance
from app.actions.closing import close_meeting
from app.actions.correction import propose_correction
from app.actions.finalising import finalise
from app.actions.meeting import (
    Settings,
    choose_subjects,
    create_meeting,
    get_meeting,
    open_meeting,
    set_groups,
    set_policy,
)
from app.actions.notice import NoticeWish, correct_notice, notices_of, publish_notice
from app.actions.organisation import change_profile, get_organisation
from app.actions.paper import enter_papers, issue_papers
from app.actions.points import set_points
from app.actions.record import change_facts
from app.actions.rectification import Plan, add_entry, begin_rectification
from app.actions.report import MEETING_FORMS, RECORD_FORMS, ROUND_FORMS
from app.actions.round import Member, RoundWish, create_round, get_round
from app.actions.scheme import list_shipped, load_shipped
from app.actions.step import today
from app.actions.survey import VisitWish, add_visit, save_survey
from app.domain.paper import PaperGroup
from app.domain.report import KINDS, TITLES, serving
from app.domain.scheme import Scheme
from app.models import Account, Round, db
from tests.admin.conftest import BASE, Office, make_round
from tests.admin.test_meeting import _issue, _vote

Rows = list[list[str]]
NAMED = "=HYPERLINK(1)党支部"
HOUSEHOLD = "户主王五"
NOISE = "\x07"
"""What an office file may not hold, pasted into a text."""


class _Page(HTMLParser):
    """The tables of a form's page, and its lines of words."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Rows = []
        self.words: list[str] = []
        self._text: list[str] | None = None
        self._in_table = self._in_main = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "main":
            self._in_main = True
        elif tag == "table":
            self._in_table = True
        elif tag == "tr":
            self.rows.append([])
        elif tag == "br" and self._text is not None:
            if self._in_table:
                self._text.append("\n")
            else:
                self._end()
                self._text = []
        elif tag in ("td", "th", "caption", "h1", "h2", "span", "p"):
            self._end()
            self._text = []

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._text is not None:
            self.rows[-1].append(_plain("".join(self._text)))
            self._text = None
        elif tag in ("caption", "h1", "h2", "span", "p"):
            self._end()
        elif tag == "table":
            self._in_table = False
        elif tag == "main":
            self._in_main = False

    def handle_data(self, data: str) -> None:
        if self._in_main and self._text is not None:
            self._text.append(data)

    def _end(self) -> None:
        if self._text is not None:
            self.words.append("".join(self._text))
        self._text = None


def _plain(text: str) -> str:
    return "\n".join(line.strip() for line in text.replace(NOISE, "").split("\n")).strip("\n")


def _said(words: Any) -> set[str]:
    """Words as a set: what stands beside each other on a line is laid out in its own way."""
    return {word.strip() for text in words for word in re.split("[\n\t]", text)} - {""}


def _on_page(office: Office, path: str) -> tuple[Rows, set[str]]:
    answer = office.get(path)
    assert answer.status_code == 200, (path, answer.text)
    page = _Page()
    page.feed(answer.text)
    return page.rows, _said(page.words)


def _in_word(office: Office, path: str) -> tuple[Rows, set[str]]:
    answer = office.get(f"{path}.docx")
    assert answer.status_code == 200, path
    document = docx.Document(io.BytesIO(answer.data))
    rows = []
    for table in document.tables:
        for row in table.rows:
            cells = list(dict.fromkeys(cell._tc for cell in row.cells))
            found = {cell._tc: cell.text for cell in row.cells}
            rows.append([_plain(found[cell]) for cell in cells])
    return rows, _said(paragraph.text for paragraph in document.paragraphs)


def _in_excel(office: Office, path: str) -> tuple[Rows, set[str]]:
    """The cells with borders are the tables, the others the lines of words."""
    answer = office.get(f"{path}.xlsx")
    assert answer.status_code == 200, path
    rows, words = [], []
    for sheet in load_workbook(io.BytesIO(answer.data)).worksheets:
        assert int(sheet.page_setup.paperSize) == 9
        for line in sheet.iter_rows():
            cells = [cell for cell in line if not isinstance(cell, MergedCell)]
            assert "f" not in {cell.data_type for cell in cells}, "a name is no formula"
            bordered = [cell for cell in cells if cell.border.left.style]
            if bordered:
                values = ["" if cell.value is None else str(cell.value) for cell in bordered]
                rows.append([_plain(value) for value in values])
            else:
                words += [str(cell.value) for cell in cells if cell.value is not None]
    return rows, _said(words)


@pytest.fixture
def round_id(app: Flask, office: Office) -> int:
    """Three villages through a whole round: phones and papers, a correction, a plan, visits."""
    made = make_round(app, "awu-villages-2012", "village")
    day = today()
    with app.app_context():
        get_organisation(3).name = NAMED
        db.session.commit()
        change_profile(2, "村", "=赵书记", "21", str(day.year - 4), day.year)
        set_points(made, ["15"] * 6 + ["10"])
        for name in ("李计票", "周计票"):
            create_account(name, "another long password")
        save_survey(
            1, {"members": "21", "place": "yes", "problems": f"阵地陈旧{NOISE}"}, False, day
        )
        ratings = ["满意", "不满意", "", "不了解", "满意", "基本满意", "满意"]
        add_visit(1, VisitWish("2012-03-12", "李干部", HOUSEHOLD, "群众", ratings, "修路"), day)
        meeting = create_meeting(made, Settings("三村测评会", "乡党委", "", BASE)).id
        choose_subjects(meeting, [1, 2, 3])
        set_groups(meeting, [("党员", 20), ("群众代表", 5)])
        set_policy(meeting, "batched", 3)
        came = {"g1": Attendance(9, 1), "g2": Attendance(0)}
        record_attendance(meeting, came)
        open_meeting(meeting)
        issue_papers(meeting, {"g1": 5, "g2": 0})
    _vote(app, _issue(office, 6))
    with app.app_context():
        tellers = db.session.scalars(select(Account.id).where(Account.name.endswith("计票")))
        for teller in tellers.all():
            enter_papers(meeting, teller, _papers(app))
        close_meeting(meeting, present=10)
        for record_id, score in ((1, "14"), (2, "11"), (3, "8")):
            marks = [ScoreWish(mark, "") for mark in [score] * 6 + ["9"]]
            save_scores(record_id, "", marks, day)
        wish = NoticeWish(
            "等级公示", "现予公示。\n请监督。", "乡党委", "电话", 2, "working", "", "", (1, 2, 3)
        )  # fmt: skip
        code = publish_notice(made, wish, day - timedelta(days=9)).code
        finalise(made, day)
        plan = Plan(f"一、会不常开；{NOISE}\r\n二、无阵地。", "每月开会", "李书记", day, True)
        add_entry(begin_rectification(3, plan, day).id, "progress", "已开会", day)
        propose_correction(2, "先进", "少算 6 分", day)
        correct_notice(code, wish, "少算 6 分", day)
    return made


def _papers(app: Flask) -> dict[str, PaperGroup]:
    form = get_meeting(1).form
    assert form
    cells = [cell["id"] for cell in form["cells"]]
    choices = ("option1", "option2", "option3", "abstain")
    return {
        group: PaperGroup(
            valid=valid, invalid=invalid, moved=0,
            counts={cell: dict.fromkeys(choices, 0) | {"option2": valid} for cell in cells},
        )
        for group, valid, invalid in (("g1", 3, 1), ("g2", 0, 0))
    }  # fmt: skip


def _paths(round_id: int) -> list[str]:
    code = notices_of(round_id)[0].code
    return [
        *(f"/admin/rounds/{round_id}/forms/{name}" for name in ROUND_FORMS),
        *(f"/admin/records/{record}/forms/{name}" for name in RECORD_FORMS for record in (1, 3)),
        "/admin/meetings/1/forms/ballot",
        f"/admin/notices/{code}/form",
    ]


def test_page_excel_and_word_of_every_form_say_the_same_cell_by_cell(
    app: Flask, office: Office, round_id: int
) -> None:
    with app.app_context():
        paths = _paths(round_id)
    assert len(paths) == len(ROUND_FORMS) + 2 * len(RECORD_FORMS) + 2
    for path in paths:
        rows, words = _on_page(office, path)
        assert _in_word(office, path) == (rows, words), path
        assert _in_excel(office, path) == (rows, words), path
        assert rows or "letter" in path or "analysis" in path, path


def test_the_count_sheet_has_the_figures_of_its_page(office: Office, round_id: int) -> None:
    page, _ = _on_page(office, "/admin/meetings/1/count-sheet")
    path = "/admin/meetings/1/forms/count-sheet"
    rows, words = _in_word(office, path)
    assert _in_excel(office, path) == (rows, words)
    assert ["党员", "20", "10", "6", "6", "6", "0", "0", "0"] in rows
    assert ["党员", "5", "4", "3", "1", "0", "1"] in rows
    # The page spans a subject over both channels; here it stands on either line.
    cells = {re.sub(r"\s", "", cell) for row in page for cell in row}
    assert cells == {re.sub(r"\s", "", cell) for row in rows for cell in row}
    page_text = office.get("/admin/meetings/1/count-sheet").text
    text = re.sub(r"<[^>]+>|\s", "", page_text)
    assert [line for line in words if re.sub(r"\s", "", line) not in text] == []
    assert {"主持人：", "监票人：", "计票人："} <= words
    digest = re.search(r'class="code">([0-9a-f ]+)<', page_text)
    assert digest
    assert digest[1].strip() in words


def test_the_ballot_on_paper_has_the_cells_of_the_phone(
    app: Flask, office: Office, round_id: int
) -> None:
    rows, words = _in_word(office, "/admin/meetings/1/forms/ballot")
    with app.app_context():
        form = get_meeting(1).form
    assert form
    labels = [choice["label"] for choice in form["cells"][0]["choices"]]
    assert rows[0] == ["测评对象", *labels]
    assert rows[1:] == [[subject["name"], *("□" for _ in labels)] for subject in form["subjects"]]
    assert "参会人员类别：□党员　□群众代表" in words
    assert "三村测评会" in words


def test_a_draft_has_its_ballot_too_and_no_count_sheet(app: Flask, office: Office) -> None:
    make_round(app, "awu-villages-2012", "village")
    with app.app_context():
        create_meeting(1, Settings("草稿", "", "", BASE))
    assert "还没有选测评对象。" in office.get("/admin/meetings/1/forms/ballot").text
    with app.app_context():
        choose_subjects(1, [1])
    assert "第一党支部" in office.get("/admin/meetings/1/forms/ballot").text
    assert office.get("/admin/meetings/1/forms/ballot.docx").status_code == 200
    for kind in ("", ".xlsx", ".docx"):
        answer = office.get(f"/admin/meetings/1/forms/count-sheet{kind}", follow_redirects=True)
        assert answer.status_code == 409


def test_visits_are_counted_and_listed_without_the_name_of_a_household(
    app: Flask, office: Office, round_id: int
) -> None:
    path = "/admin/records/1/forms/visits"
    rows, _ = _in_word(office, path)
    assert ["党组织带头人", "1", "0", "0", "0"] in rows
    assert rows[-1] == [
        "1", "2012年3月12日", "李干部", "群众", "满意", "不满意", "", "不了解", "满意",
        "基本满意", "满意", "修路",
    ]  # fmt: skip
    assert HOUSEHOLD in office.get("/admin/records/1/survey").text
    for name in RECORD_FORMS:
        assert HOUSEHOLD not in office.get(f"/admin/records/1/forms/{name}").text
    assert HOUSEHOLD not in str(_in_excel(office, path))


def test_the_survey_form_has_what_was_found_and_leaves_the_rest_to_a_pen(
    office: Office, round_id: int
) -> None:
    rows, _ = _in_word(office, "/admin/records/1/forms/survey")
    assert ["党员", "21人", "近三年发展党员", ""] in rows
    assert ["存在的主要问题", "阵地陈旧"] in rows
    assert ["党组织带头人", "15分", "", "14"] in rows
    assert ["合计", "", "", "93"] in rows


def test_points_that_nobody_stated_are_not_made_up(app: Flask, office: Office) -> None:
    round_id = make_round(app, "siba-school-2013", "school")
    rows, words = _in_word(office, f"/admin/rounds/{round_id}/forms/standard")
    assert ["1", "领导班子", "未写明分值", ""] in rows
    assert "中小学校党支部分类定级评分参考标准" in words
    assert any("直接定为“后进”" in cell for row in rows for cell in row)


def test_the_notice_on_paper_says_what_is_being_corrected_until_when_and_to_whom(
    app: Flask, office: Office, round_id: int
) -> None:
    with app.app_context():
        path = _paths(round_id)[-1]
    rows, words = _in_word(office, path)
    assert ["2", NAMED, "村", "先进（拟更正，原为“一般”）"] in rows
    told = "".join(words)
    for piece in (
        "现予公示。",
        "请监督。",
        "联系方式：电话",
        "个工作日",
        "乡党委（盖章）",
        "少算 6 分",
    ):
        assert piece in told, piece


def test_what_was_put_right_is_reported_upward(office: Office, round_id: int) -> None:
    rows, _ = _in_word(office, f"/admin/rounds/{round_id}/forms/rectifications")
    assert rows[1][:5] == ["1", "第三党支部", "后进", "一、会不常开；\n二、无阵地。", "每月开会"]
    assert rows[1][7] == "进展：已开会"


SCHEMES = list_shipped()


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.id)
def test_every_form_that_a_shipped_scheme_names_is_produced_under_that_name(
    app: Flask, office: Office, scheme: Scheme
) -> None:
    round_id = _begin(app, scheme)
    asked = [form["name"] for form in scheme.data["forms"]]
    assert asked
    page = office.get(f"/admin/rounds/{round_id}/forms").text
    assert "本系统没有这张表" not in page
    for name in asked:
        assert name in page
        kind = serving(name)
        assert kind is not None, name
        place = {
            "round": f"rounds/{round_id}", "record": "records/1", "meeting": "meetings/1",
        }[kind.place]  # fmt: skip
        path = f"/admin/{place}/forms/{kind.name}"
        for found in (_on_page, _in_word, _in_excel):
            _, words = found(office, path)
            assert words & {name, f"{name}（未定稿）"}, (path, words)


def _begin(app: Flask, scheme: Scheme) -> int:
    """A round of this scheme with a draft of a meeting."""
    choices = load_shipped(scheme.id).ladder_choices
    if not choices:
        round_id = make_round(app, scheme.id, scheme.domains[0].code)
    else:
        make_round(app, "huaixiang-2012", "institution")
        with app.app_context():
            round_ = db.session.scalars(select(Round)).one()
            bodies = [record.organisation_id for record in round_.records]
            members = tuple(Member(body, scheme.domains[0].code) for body in bodies)
            wish = RoundWish("另一轮", scheme.id, choices[0].name, True, members)
            round_id = create_round(wish).id
    with app.app_context():
        meeting = create_meeting(round_id, Settings("测评会", "", "", BASE))
        choose_subjects(meeting.id, [get_round(round_id).records[0].id])
    return round_id


def test_a_form_that_nobody_knows_is_said_to_be_missing(app: Flask, office: Office) -> None:
    round_id = make_round(app, "siba-school-2013", "school")
    with app.app_context():
        round_ = db.session.get(Round, round_id)
        assert round_
        round_.scheme_text += '\n[[forms]]\nname = "党费收缴登记簿"\n'
        db.session.commit()
        change_facts(1, {"years_without_new_member": "0"})
    page = office.get(f"/admin/rounds/{round_id}/forms").text
    assert "党费收缴登记簿" in page
    assert "本系统没有这张表" in page


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("各领域基层党组织分类定级台帐", "ledger"),
        ("嘎查村党支部三年未发展党员名单", "no-new-members"),
        ("基层党组织分类定级入户走访调查表", "visit"), ("整改情况报告", "rectifications"),
        ("整改方案汇总表", "summary"), ("中小学校党支部分类定级评分参考标准", "standard"),
        ("教育系统基层党组织(党支部)调查摸底与分类定级表", "survey"), ("民主评议党员表", None),
    ],
)  # fmt: skip
def test_a_form_is_known_by_the_words_of_its_name(name: str, found: str | None) -> None:
    kind = serving(name)
    assert (kind and kind.name) == found


def test_every_kind_of_form_has_its_place_and_its_name() -> None:
    by_place = {
        "round": set(ROUND_FORMS), "record": set(RECORD_FORMS), "meeting": set(MEETING_FORMS),
        "notice": {"notice"},
    }  # fmt: skip
    assert {(kind.place, kind.name) for kind in KINDS} == {
        (place, name) for place, names in by_place.items() for name in names
    }
    assert len(TITLES) == len(KINDS)


def test_what_is_no_form_is_not_found(app: Flask, office: Office, round_id: int) -> None:
    for path in (
        "meetings/1/forms/register", "meetings/1/forms/ballot.pdf", "records/1/forms/count-sheet",
        "notices/00000000/form", "notices/00000000/form.docx", "records/9/forms/letter",
    ):  # fmt: skip
        assert office.get(f"/admin/{path}").status_code == 404, path
