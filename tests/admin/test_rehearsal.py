"""演练 in one click: a meeting of its own that reaches no record and leaves the draft alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app.actions.meeting import get_meeting
from app.actions.record import get_record
from app.actions.rehearsal import rehearse
from app.models import Meeting, db
from tests.admin.conftest import Office


def test_a_draft_is_rehearsed_in_one_click_and_stays_a_draft(
    app: Flask, office: Office, draft_id: int
) -> None:
    office.post("/admin/meetings/1/subjects", {"record": ["1"]})
    office.post("/admin/meetings/1/groups", {"name": ["党员"], "expected": ["20"]})
    assert "先演练一遍" in office.get("/admin/meetings/1/review").text
    assert office.post("/admin/meetings/1/rehearse").location == "/admin/meetings/2"
    assert "演练" in office.get("/admin/meetings/2").text
    office.post("/admin/meetings/2/close", {"present": "0", "understood": "y"})
    with app.app_context():
        assert get_meeting(1).state == "draft"
        assert not get_meeting(1).rehearsal
        assert get_meeting(2).state == "closed"
        assert get_record(1).mass is None


def test_an_open_meeting_cannot_be_rehearsed(
    office: Office, open_id: int, unchanged: Callable[[], None]
) -> None:
    unchanged()
    assert office.post("/admin/meetings/1/rehearse").status_code == 409


def test_a_rehearsal_that_cannot_open_leaves_nothing_behind(
    app: Flask, office: Office, draft_id: int, unchanged: Callable[[], None]
) -> None:
    # It has somebody to be tested and nobody who votes: that is found when all else is made.
    office.post("/admin/meetings/1/subjects", {"record": ["1"]})
    unchanged()
    assert office.post("/admin/meetings/1/rehearse").status_code == 409
    with app.app_context():
        assert [meeting.id for meeting in db.session.query(Meeting)] == [1]


def test_a_rehearsal_whose_urn_cannot_be_made_leaves_nothing_behind(
    app: Flask, office: Office, draft_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.post("/admin/meetings/1/subjects", {"record": ["1"]})
    office.post("/admin/meetings/1/groups", {"name": ["党员"], "expected": ["20"]})

    def full(*_: object) -> None:
        raise OSError("the disk is full")

    with app.app_context():
        monkeypatch.setattr("app.actions.meeting.found_urn", full)
        with pytest.raises(OSError, match="full"):
            rehearse(1)
        monkeypatch.undo()
        assert [meeting.id for meeting in db.session.query(Meeting)] == [1]
        assert rehearse(1).state == "open"
