"""到会人数: numbers by group, fixed when voting opens, on the count sheet."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update

from app.actions.meeting import Settings, create_meeting, get_meeting, open_meeting
from app.models import attendance, db
from tests.admin.conftest import BASE, Office, make_round
from tests.admin.test_meeting import _issue, _vote

PAGE = "/admin/meetings/1/attendance"
NUMBERS = {"present.g1": "15", "late.g1": "2", "gone.g1": "1", "present.g2": "4"}


def test_who_came_stands_on_the_count_sheet(office: Office, open_id: int) -> None:
    assert office.post(PAGE, NUMBERS).status_code == 302
    office.close_meeting({"present": "21", "understood": "y"})
    sheet = office.get("/admin/meetings/1/count-sheet").text
    assert "党员：投票开始前到会 15 人，迟到 2 人，提前离开 1 人，实到 17 人" in sheet
    assert office.post(PAGE, NUMBERS).status_code == 409


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"present.g1": "21"}, "应到 20 人"),
        ({"gone.g1": "18"}, "提前离开的人数多于"),
        ({"late.g1": "-1"}, "应为整数"),
        ({"late.g1": "两人"}, "应为整数"),
    ],
)
def test_numbers_that_cannot_be_are_refused_and_kept(
    office: Office,
    open_id: int,
    change: dict[str, str],
    sentence: str,
    unchanged: Callable[[], None],
) -> None:
    unchanged()
    answer = office.post(PAGE, {**NUMBERS, **change})
    assert answer.status_code == 400
    assert sentence in answer.text
    assert f'value="{next(iter(change.values()))}"' in answer.text


def test_who_was_present_before_voting_stands_once_the_meeting_is_open(
    office: Office, open_id: int
) -> None:
    office.post(PAGE, NUMBERS)
    refused = office.post(PAGE, {**NUMBERS, "present.g1": "17"})
    assert refused.status_code == 400
    assert "迟到" in refused.text
    assert office.post(PAGE, {**NUMBERS, "late.g1": "3"}).status_code == 302


def test_groups_of_a_draft_can_be_changed_after_attendance_was_recorded(
    app: Flask, office: Office, draft_id: int
) -> None:
    office.post("/admin/meetings/1/subjects", {"record": ["1"]})
    office.post("/admin/meetings/1/groups", {"name": ["党员"], "expected": ["20"]})
    assert office.post(PAGE, {"present.g1": "12"}).status_code == 302
    office.post("/admin/meetings/1/groups", {"name": ["群众"], "expected": ["9"]})
    assert 'value="12"' not in office.get(PAGE).text
    with app.app_context():
        assert open_meeting(draft_id).state == "open"


CLAUSE = "机关事业单位的测评,应由全体党员群众参加。"


@pytest.fixture
def office_draft(app: Flask, office: Office) -> None:
    """A draft, of number 1, whose scheme demands that everybody comes: 10 members, 5 others."""
    round_id = make_round(app, "shangdu-2012", "机关事业单位")
    with app.app_context():
        create_meeting(round_id, Settings("测评会", "县委", "", BASE))
    office.post("/admin/meetings/1/subjects", {"record": ["1"]})
    office.post("/admin/meetings/1/groups", {"name": ["党员", "群众"], "expected": ["10", "5"]})


def test_where_the_scheme_demands_a_number_voting_does_not_open_before_it_is_recorded_and_met(
    app: Flask, office: Office, office_draft: None
) -> None:
    review = "/admin/meetings/1/review"
    assert "还没有登记到会人数" in office.get(review).text
    assert CLAUSE in office.get(review).text
    assert CLAUSE in office.get(PAGE).text
    refused = office.post("/admin/meetings/1/open")
    assert refused.status_code == 409
    assert CLAUSE in refused.text
    office.post(PAGE, {"present.g1": "9", "present.g2": "5"})
    page = office.get(review).text
    assert "应到 15 人，实到 14 人" in page
    assert 'href="/admin/meetings/1/attendance">去“到会人数”' in page
    assert office.post("/admin/meetings/1/open").status_code == 409
    office.post(PAGE, {"present.g1": "10", "present.g2": "5"})
    assert office.open_meeting().status_code == 302


def test_without_a_rule_attendance_is_advice(office: Office, draft_id: int) -> None:
    office.post("/admin/meetings/1/subjects", {"record": ["1"]})
    office.post("/admin/meetings/1/groups", {"name": ["党员"], "expected": ["20"]})
    page = office.get("/admin/meetings/1/review").text
    assert "请注意：还没有登记到会人数" in page
    assert "可以开启" in page
    office.post(PAGE, {"present.g1": "12"})
    assert "还没有登记到会人数" not in office.get("/admin/meetings/1/review").text
    assert office.open_meeting().status_code == 302


def test_a_rehearsal_opens_without_anybody_there(
    app: Flask, office: Office, office_draft: None
) -> None:
    assert office.post("/admin/meetings/1/open").status_code == 409
    with app.app_context():
        meeting = get_meeting(1)
        values = {"title": meeting.title, "host": "", "wifi": "", "base_url": BASE}
    office.post("/admin/meetings/1/settings", {**values, "rehearsal": "y"})
    assert office.post("/admin/meetings/1/open").status_code == 302


def test_who_comes_late_is_told_of_until_a_slip_or_a_paper_is_handed_out(
    office: Office, open_id: int
) -> None:
    page = "/admin/meetings/1/progress"
    _issue(office, 15)
    assert "人没有票" not in office.get(page).text
    office.post(PAGE, {"present.g1": "15", "present.g2": "0"})
    assert "人没有票" not in office.get(page).text
    office.post(PAGE, {"present.g1": "15", "late.g1": "2"})
    assert "还有 <strong>2</strong> 人没有票" in office.get(page).text
    office.post("/admin/meetings/1/papers/issued", {"issued.g1": "1"})
    _issue(office, 1, so_far=15)
    assert "人没有票" not in office.get(page).text
    _issue(office, 1, so_far=16)
    assert "多 <strong>1</strong> 张" in office.get(page).text


def test_the_number_at_closing_is_the_number_recorded(
    app: Flask, office: Office, open_id: int, unchanged: Callable[[], None]
) -> None:
    office.post(PAGE, NUMBERS)
    assert 'value="21"' in office.get("/admin/meetings/1/close").text
    unchanged()
    refused = office.post("/admin/meetings/1/close", {"present": "20", "understood": "y"})
    assert refused.status_code == 400
    assert "登记的到会人数合计 21 人，这里填的是 20 人" in refused.text


def test_closing_without_a_number_takes_the_one_recorded(
    app: Flask, office: Office, open_id: int
) -> None:
    office.post(PAGE, NUMBERS)
    with app.app_context():
        code = get_meeting(1).code
    assert app.test_cli_runner().invoke(args=["meeting", "close", code]).exit_code == 0
    with app.app_context():
        assert get_meeting(1).present == 21


def test_the_page_that_closes_says_beforehand_that_the_meeting_would_not_count(
    app: Flask, office: Office, office_draft: None
) -> None:
    office.post(PAGE, {"present.g1": "10", "present.g2": "5"})
    office.open_meeting()
    assert "本次测评无效" not in office.get("/admin/meetings/1/close").text
    _vote(app, _issue(office, 6), "option1")
    with app.app_context():
        # As an earlier version let it be opened.
        db.session.execute(update(attendance).values(present=9).where(attendance.c.present == 10))
        db.session.commit()
    page = office.get("/admin/meetings/1/close").text
    assert "现在结束，本次测评无效" in page
    assert CLAUSE in page
