"""到会人数: numbers by group, fixed when voting opens, on the count sheet."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app.actions.meeting import open_meeting
from tests.admin.conftest import Office

PAGE = "/admin/meetings/1/attendance"
NUMBERS = {"present.g1": "15", "late.g1": "2", "gone.g1": "1", "present.g2": "4"}


def test_who_came_stands_on_the_count_sheet(office: Office, open_id: int) -> None:
    assert office.post(PAGE, NUMBERS).status_code == 302
    office.post("/admin/meetings/1/close", {"present": "21", "understood": "y"})
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
