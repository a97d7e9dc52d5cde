"""A meeting before it opens: five steps, what stands in the way, and opening."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.actions.meeting import get_meeting
from tests.admin.conftest import BASE, Office, make_round

SETTINGS = {"title": "党员群众测评会", "host": "党总支", "wifi": "", "base_url": BASE}


def _meeting(app: Flask, meeting_id: int = 1) -> dict[str, Any]:
    with app.app_context():
        found = get_meeting(meeting_id)
        return {
            "state": found.state,
            "title": found.title,
            "policy": (found.policy, found.k),
            "subjects": [subject.record_id for subject in found.subjects],
            "groups": [(group.name, group.expected) for group in found.groups],
        }


def test_a_meeting_is_prepared_in_five_steps_and_opened(
    app: Flask, office: Office, round_id: int
) -> None:
    assert office.get("/admin/rounds/1/meetings/new").text.count(BASE) >= 1
    path = office.post("/admin/rounds/1/meetings/new", SETTINGS).location
    assert path == "/admin/meetings/1/subjects"
    path = office.post(path, {"record": ["3", "1"]}).location
    assert path == "/admin/meetings/1/groups"
    rows = {"name": ["党员", "群众代表", ""], "expected": ["20", " 6 ", ""]}
    path = office.post(path, rows).location
    assert path == "/admin/meetings/1/policy"
    path = office.post(path, {"policy": "turnout", "k": "4"}).location
    assert path == "/admin/meetings/1/review"
    assert "各项都已齐备" in office.get(path).text
    assert office.open_meeting().location == "/admin/meetings/1"
    assert _meeting(app) == {
        "state": "open",
        "title": "党员群众测评会",
        "policy": ("turnout", 4),
        "subjects": [3, 1],
        "groups": [("党员", 20), ("群众代表", 6)],
    }
    assert "发放测评票" in office.get("/admin/meetings/1").text


def test_each_step_shows_what_was_saved(app: Flask, office: Office, draft_id: int) -> None:
    office.post("/admin/meetings/1/subjects", {"record": ["2"]})
    office.post("/admin/meetings/1/groups", {"name": ["党员"], "expected": ["12"]})
    office.post("/admin/meetings/1/policy", {"policy": "turnout", "k": "7"})
    assert 'value="2" id="record-2" checked' in office.get("/admin/meetings/1/subjects").text
    assert 'value="12"' in office.get("/admin/meetings/1/groups").text
    page = office.get("/admin/meetings/1/policy").text
    assert 'id="policy-turnout" checked' in page
    assert 'value="7"' in page


def test_obstacles_name_their_remedy_and_lead_to_their_step(
    office: Office, draft_id: int, unchanged: Callable[[], None]
) -> None:
    office.post("/admin/meetings/1/groups", {"name": ["党员"], "expected": ["2"]})
    page = office.get("/admin/meetings/1/review").text
    assert "还没有选测评对象" in page
    assert 'alert-link" href="/admin/meetings/1/subjects"' in page
    assert "“党员”应到 2 人" in page
    assert 'alert-link" href="/admin/meetings/1/groups"' in page
    unchanged()
    assert office.post("/admin/meetings/1/open").status_code == 409


def test_an_address_that_only_this_machine_reaches_is_pointed_out(
    office: Office, round_id: int
) -> None:
    office.post("/admin/rounds/1/meetings/new", {**SETTINGS, "base_url": "http://localhost:8000"})
    page = office.get("/admin/meetings/1/review").text
    assert "别的手机打不开" in page
    assert 'alert-link" href="/admin/meetings/1/settings"' in page


@pytest.mark.parametrize(
    ("step", "wish"),
    [
        ("settings", {}),
        ("settings", {**SETTINGS, "title": " "}),
        ("settings", {**SETTINGS, "title": "x" * 101}),
        ("settings", {**SETTINGS, "host": "x" * 61}),
        ("settings", {**SETTINGS, "wifi": "x" * 61}),
        ("settings", {**SETTINGS, "base_url": "192.168.1.10:8000"}),
        ("settings", {**SETTINGS, "base_url": "http://192.168.1.10:8000/path"}),
        ("settings", {**SETTINGS, "base_url": "javascript:alert(1)"}),
        ("settings", {**SETTINGS, "base_url": "http://a b"}),
        ("subjects", {"record": ["1", "1"]}),
        ("subjects", {"record": ["4"]}),
        ("subjects", {"record": ["x"]}),
        ("subjects", {"record": ["9" * 30]}),
        ("groups", {"name": ["党员"], "expected": [""]}),
        ("groups", {"name": ["党员"], "expected": ["-1"]}),
        ("groups", {"name": ["党员"], "expected": ["1.5"]}),
        ("groups", {"name": ["党员"], "expected": ["20001"]}),
        ("groups", {"name": [""], "expected": ["5"]}),
        ("groups", {"name": ["党员", "党员"], "expected": ["5", "5"]}),
        ("groups", {"name": ["x" * 41], "expected": ["5"]}),
        ("groups", {"name": list("abcdefghij"), "expected": ["5"] * 10}),
        ("policy", {}),
        ("policy", {"policy": "all", "k": "5"}),
        ("policy", {"policy": "batched", "k": "2"}),
        ("policy", {"policy": "batched", "k": "101"}),
        ("policy", {"policy": "batched", "k": "five"}),
    ],
)
def test_a_wrong_step_is_refused_with_a_reason(
    office: Office,
    draft_id: int,
    step: str,
    wish: dict[str, Any],
    unchanged: Callable[[], None],
) -> None:
    unchanged()
    answer = office.post(f"/admin/meetings/1/{step}", wish)
    assert answer.status_code == 400
    assert "alert-danger" in answer.text or "invalid-feedback" in answer.text


def test_groups_that_were_typed_stay_after_a_refusal(office: Office, draft_id: int) -> None:
    rows = {"name": ["党员", "服务对象"], "expected": ["20", "三"]}
    page = office.post("/admin/meetings/1/groups", rows).text
    assert 'value="服务对象"' in page
    assert 'value="三"' in page


def test_records_of_another_round_cannot_stand_on_the_ballot(
    app: Flask, office: Office, draft_id: int, unchanged: Callable[[], None]
) -> None:
    wish = {"title": "另一轮", "totals_only": "y", "organisation": "1", "domain-1": "institution"}
    office.post("/admin/rounds/new/huaixiang-2012", wish)
    unchanged()
    assert office.post("/admin/meetings/1/subjects", {"record": ["1", "4"]}).status_code == 400


def test_an_open_meeting_cannot_be_changed(
    office: Office, open_id: int, unchanged: Callable[[], None]
) -> None:
    unchanged()
    assert office.get("/admin/meetings/1/review").location == "/admin/meetings/1"
    for step in ("settings", "subjects", "groups", "policy"):
        assert office.get(f"/admin/meetings/1/{step}").status_code == 409, step
    for step, wish in (
        ("settings", SETTINGS),
        ("subjects", {"record": ["1"]}),
        ("groups", {"name": ["党员"], "expected": ["9"]}),
        ("policy", {"policy": "turnout", "k": "9"}),
    ):
        assert office.post(f"/admin/meetings/1/{step}", wish).status_code == 409, step
    assert office.post("/admin/meetings/1/open").status_code == 409


def test_a_draft_suggests_the_groups_that_the_document_names(app: Flask, office: Office) -> None:
    make_round(app, "shangdu-2012", "village")
    office.post("/admin/rounds/1/meetings/new", SETTINGS)
    page = office.get("/admin/meetings/1/groups").text
    assert 'value="群众代表"' in page
    assert 'value="服务对象代表"' in page


def test_unknown_meetings_are_not_found(office: Office) -> None:
    paths = ("", "/settings", "/review", "/close", "/void", "/count-sheet", "/progress")
    for path in paths:
        assert office.get(f"/admin/meetings/9{path}").status_code == 404, path
    for path in ("/open", "/slips", "/slips/void", "/slips/void-unused", "/close", "/void"):
        wish = {"group": "g1", "number": "1", "so_far": "0", "token": "0" * 16}
        wish |= {"present": "1", "understood": "y", "reason": "x"}
        assert office.post(f"/admin/meetings/9{path}", wish).status_code == 404, path
