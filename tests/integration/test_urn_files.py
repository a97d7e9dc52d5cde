"""The file of an open meeting: what becomes of it when opening or ending it is broken off."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from app import process
from app.actions import closing, gate, picture
from app.actions import meeting as meetings
from app.actions.closing import close_meeting
from app.actions.meeting import create_meeting, get_meeting, open_meeting, void_meeting
from app.actions.sweep import sweep
from app.actions.urn_state import found_urn, new_stop, stop_urn
from app.domain.credential import Seed
from app.factory import create_app
from app.models import db
from app.models.urn_file import close_urns, create_urn, urn_codes, urn_path, urn_writing
from tests.urns import urn_rows
from tests.voters import Example


class _Mishap(Exception):
    """Something that nobody foresaw."""


def _fail(*_: object) -> None:
    raise _Mishap


@pytest.fixture
def example(app: Flask) -> Example:
    return Example(app, slips=12)


def path_of(example: Example) -> Path:
    with example.app.app_context():
        return urn_path(example.code)


def stop(example: Example) -> None:
    """As a process that was killed while it closed the meeting."""
    with example.app.app_context(), urn_writing(example.code) as connection:
        stop_urn(connection, new_stop())


def test_nobody_but_the_service_s_account_may_read_it(example: Example) -> None:
    path = path_of(example)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_closing_that_fails_lets_the_voting_go_on(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise _Mishap

    example.vote_all(slips=example.slips[:6])
    with example.app.app_context(), monkeypatch.context() as broken:
        broken.setattr(closing, "_publish", fail)
        with pytest.raises(_Mishap):
            close_meeting(example.id)
    example.vote_all(slips=example.slips[6:])
    assert example.close()["cells"]["s01.q1"]["option1"] == 12


def test_a_voiding_that_fails_lets_the_voting_go_on(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise _Mishap

    with example.app.app_context(), monkeypatch.context() as broken:
        broken.setattr(meetings, "update_state", fail)
        with pytest.raises(_Mishap):
            void_meeting(example.id, "测试")
    example.vote_all()


def test_a_voter_who_meets_a_closing_that_was_broken_off_is_asked_to_wait_and_then_votes(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "CLOSING_SECONDS", 0.2)
    stop(example)
    choices = dict.fromkeys(example.meeting.cells, "option1")
    failure = example.vote(example.slips[0], choices).failure
    assert failure is not None
    assert failure.code == "server_busy"
    live = example.app.test_client().get(f"/api/v1/meetings/{example.code}/live").get_json()
    assert live["state"] == "open"
    example.vote_all()


def test_a_closing_that_was_broken_off_is_done_again(example: Example) -> None:
    example.vote_all()
    stop(example)
    assert example.close()["counts"]["g1"]["cast"] == 12


def test_the_next_start_resumes_a_meeting_whose_closing_was_broken_off(example: Example) -> None:
    stop(example)
    with example.app.app_context():
        assert sweep()
    example.vote_all()


def test_an_urn_left_behind_by_a_crash_after_closing_shows_the_end_and_takes_nothing(
    example: Example,
) -> None:
    example.vote_all(slips=example.slips[:11])
    stop(example)
    kept = path_of(example).read_bytes()
    closed = example.close()
    path_of(example).write_bytes(kept)
    browser = example.app.test_client()
    live = browser.get(f"/api/v1/meetings/{example.code}/live").get_json()
    assert (live["state"], live["released"]["cells"]) == ("closed", closed["cells"])
    with example.app.app_context():
        assert sweep()
        assert urn_codes() == []
    choices = dict.fromkeys(example.meeting.cells, "option1")
    failure = example.vote(example.slips[11], choices).failure
    assert failure is not None
    assert failure.code == "meeting_closed"


def test_an_urn_that_belongs_to_no_meeting_here_is_left_alone(app: Flask) -> None:
    with app.app_context():
        create_urn("7K3M9P")
        assert sweep()
        assert urn_codes() == ["7K3M9P"]


def test_an_opening_that_was_broken_off_is_done_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise _Mishap

    with monkeypatch.context() as broken, app.app_context():
        broken.setattr(db.session, "commit", db.session.commit)
        example = Example(app)
        draft = _draft_like(example)
        broken.setattr(db.session, "commit", fail)
        with pytest.raises(_Mishap):
            open_meeting(draft)
        db.session.rollback()
    with app.app_context():
        code = get_meeting(draft).code
        assert get_meeting(draft).state == "draft"
        assert code in urn_codes()
        live = app.test_client().get(f"/api/v1/meetings/{code}/live")
        assert live.status_code == 404
        open_meeting(draft)
        assert app.test_client().get(f"/api/v1/meetings/{code}/live").get_json()["cast"] == 0


def _draft_like(example: Example) -> int:
    """A draft in the same round with the same subjects and groups, as a rehearsal."""
    model = get_meeting(example.id)
    settings = meetings.Settings("第二次", "", "", "http://192.168.1.10:8000", rehearsal=True)
    draft = create_meeting(model.round_id, settings)
    meetings.choose_subjects(draft.id, [subject.record_id for subject in model.subjects])
    meetings.set_groups(draft.id, [("党员", 20)])
    return draft.id


def test_a_meeting_whose_urn_is_elsewhere_says_so_and_can_be_voided(example: Example) -> None:
    path_of(example).rename(path_of(example).with_name("elsewhere"))
    choices = dict.fromkeys(example.meeting.cells, "option1")
    failure = example.vote(example.slips[0], choices).failure
    assert failure is not None
    assert failure.code == "urn_elsewhere"
    with example.app.app_context():
        with pytest.raises(closing.UrnElsewhere):
            close_meeting(example.id)
        db.session.rollback()
        void_meeting(example.id, "数据丢失")
        assert get_meeting(example.id).state == "voided"


def test_the_picture_that_is_not_released_cannot_be_read_from_the_file(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    example.vote_all(slips=example.slips[:11])
    rows = {row.kind: row for row in urn_rows(example.app, example.code)["pictures"]}
    assert (rows["released"].cast, rows["pending"].cast) == (5, 10)
    assert json.loads(rows["released"].content)["counts"]["s01.q1"]["option1"] == 5
    assert b"option" not in rows["pending"].content
    assert rows["released"].content[:20] not in rows["pending"].content
    content = path_of(example).read_bytes()
    assert content.count(b'"option1":') == content.count(b'"option2":') > 0
    assert process.GROUP_KEY not in content


def test_a_picture_of_an_earlier_start_is_passed_over(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = Example(app, slips=20)
    released = []
    for number, slip in enumerate(example.slips, start=1):
        if number == 12:
            monkeypatch.setattr(picture, "GROUP_KEY", bytes(32))
        example.vote_all(slips=[slip])
        live = app.test_client().get(f"/api/v1/meetings/{example.code}/live").get_json()
        released.append(live["released"] and live["released"]["at"])
    assert released == [None] * 9 + [5] * 10 + [15]


def test_processes_that_know_the_urn_of_a_failed_opening_find_the_next_one(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = create_app(app.config["MINGCE"]).test_client()
    with monkeypatch.context() as broken, app.app_context():
        draft = _draft_like(Example(app))
        code = get_meeting(draft).code
        broken.setattr(meetings, "resume_urn", _fail)
        with pytest.raises(_Mishap):
            open_meeting(draft)
    assert other.get(f"/api/v1/meetings/{code}/live").status_code == 200
    with app.app_context():
        # As if the commit had failed.
        get_meeting(draft).state = "draft"
        db.session.commit()
        open_meeting(draft)
    live = other.get(f"/api/v1/meetings/{code}/live")
    assert (live.status_code, live.get_json()["state"]) == (200, "open")
    close_urns(other.application)


def test_an_urn_that_cannot_be_read_holds_up_no_other_and_can_be_voided(
    app: Flask, example: Example
) -> None:
    other = Example(app, slips=12)
    stop(other)
    path = path_of(example)
    path.write_bytes(secrets.token_bytes(path.stat().st_size))
    with app.app_context():
        assert sweep()
    assert path.exists()
    other.vote_all()
    choices = dict.fromkeys(example.meeting.cells, "option1")
    failure = example.vote(example.slips[0], choices).failure
    assert failure is not None
    assert failure.code == "urn_elsewhere"
    with app.app_context():
        with pytest.raises(closing.UrnElsewhere):
            close_meeting(example.id)
        db.session.rollback()
        void_meeting(example.id, "票箱文件损坏")
    assert not path.exists()


def test_an_urn_that_was_half_made_is_swept_away(app: Flask, example: Example) -> None:
    with app.app_context():
        code = get_meeting(_draft_like(example)).code
        urn_path(code).touch()
        assert sweep()
        assert urn_codes() == [example.code]


def test_who_has_lost_the_turn_does_not_let_ballots_in_behind_a_closing_s_back(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when PostgreSQL cuts the connection of a closing, and another closing begins."""
    monkeypatch.setattr(gate, "CLOSING_SECONDS", 0.2)
    monkeypatch.setattr(gate, "settle", lambda _code: True)

    def fail(*_: object) -> None:
        stop(example)
        raise _Mishap

    with example.app.app_context(), monkeypatch.context() as broken:
        broken.setattr(closing, "_publish", fail)
        with pytest.raises(_Mishap):
            close_meeting(example.id)
    choices = dict.fromkeys(example.meeting.cells, "option1")
    failure = example.vote(example.slips[0], choices).failure
    assert failure is not None
    assert failure.code == "server_busy"


@pytest.mark.parametrize("code", ["../mingce", "..", "mingce.sqlite", "a/b", "x" * 300, "%2e%2e"])
def test_no_code_leads_out_of_the_folder(app: Flask, code: str) -> None:
    assert app.test_client().get(f"/api/v1/meetings/{code}/live").status_code == 404


def test_an_urn_with_slips_outlasts_a_database_that_is_older(example: Example) -> None:
    example.vote_all()
    with example.app.app_context():
        db.session.execute(text("UPDATE meetings SET state = 'draft'"))
        db.session.commit()
        assert sweep()
        assert urn_codes() == [example.code]
        db.session.execute(text("UPDATE meetings SET state = 'open'"))
        db.session.commit()
    assert example.close()["counts"]["g1"]["cast"] == 12


def test_an_urn_that_was_made_anew_is_known_by_its_own_keys(example: Example) -> None:
    with example.app.app_context():
        meeting = get_meeting(example.id)
        before = gate.meeting_here(example.code)
        assert gate.meeting_here(example.code) is before
        for number in range(5):
            # Its file may well get the number of the one before.
            seed = Seed(bytes([number]) * 32)
            found_urn(meeting, seed, meeting.form)
            assert gate.meeting_here(example.code).seed == seed
