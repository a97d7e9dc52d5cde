"""先演练一次: alone, from an empty database to the count sheet, and nothing of it anywhere else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from app.actions import slip
from app.actions.account import SignedIn, account_by_name, create_account
from app.actions.coverage import due_members
from app.actions.meeting import get_meeting
from app.actions.organisation import create_organisation, organisation_tree
from app.actions.practice import begin_practice, clear_practice, practice_of, steps_of
from app.actions.round import list_rounds
from app.actions.scheme import load_shipped
from app.actions.simulation import (
    RehearsalDoor,
    begin_simulation,
    play,
    simulation_of,
    simulation_runs,
    stop_simulation,
)
from app.domain.errors import BadInput, MeetingStateChanged, MeetingUnknown, OnlyRehearsals
from app.models import GradingRecord, Meeting, Organisation, Round, db
from app.phones.voter import NotCast
from tests.admin.conftest import BASE, NAME, PASSWORD, Office
from tests.admin.test_meeting import _issue, _tokens
from tests.urns import all_rows

PAGE = "/admin/practice"


def _mine(app: Flask) -> Meeting:
    with app.app_context():
        found = practice_of(_me(app).id)
        assert found
        return found.meeting


def _me(app: Flask, name: str = NAME) -> SignedIn:
    with app.app_context():
        found = account_by_name(name)
        assert found
        return found


def _play_at_once(app: Flask, meeting_id: int, voters: int) -> None:
    with app.app_context():
        play(begin_simulation(meeting_id, voters), pause=lambda _: None)


def test_a_first_rehearsal_goes_step_by_step_to_its_end_and_leaves_nothing(
    app: Flask, office: Office
) -> None:
    before = _without_history(app)
    assert "先演练一次" in office.get("/admin/").text
    assert office.post(PAGE).location == PAGE
    page = office.get(PAGE).text
    assert _now(page) == "opened"
    office.post(f"{PAGE}/open")
    meeting = _mine(app)
    assert meeting.rehearsal
    assert _now(office.get(PAGE).text) == "slips"
    wish = {"group": "g1", "number": "3", "so_far": "0"}
    sheet = office.post(f"/admin/meetings/{meeting.id}/slips", wish).text
    assert "【演练】第一次演练" in sheet
    assert len(_tokens(sheet)) == 3
    assert _now(office.get(PAGE).text) == "screen"
    assert "/screen/" in office.post(f"{PAGE}/see/screen").location
    assert _now(office.get(PAGE).text) == "voted"
    _play_at_once(app, meeting.id, 20)
    page = office.get(f"{PAGE}/progress").text
    assert 'id="practice-cast">20<' in page
    assert "投完了" in page
    assert _now(page) == "closed"
    close = f"/admin/meetings/{meeting.id}/close"
    assert "回到演练清单" in office.get(close).text
    assert office.post(close, {"present": "20", "understood": "y"}).status_code == 302
    assert "回到演练清单" in office.get(f"/admin/meetings/{meeting.id}").text
    assert _now(office.get(PAGE).text) == "sheet"
    count_sheet = office.post(f"{PAGE}/see/sheet").location
    assert "演练 · 不作为定级依据" in office.get(count_sheet).text
    assert _now(office.get(PAGE).text) == "clear"
    office.post(f"{PAGE}/clear")
    assert _without_history(app) == before
    assert "先演练一次" in office.get("/admin/").text


def _now(page: str) -> str:
    """The step that the page says is next."""
    item = next(part for part in page.split("<li ")[1:] if "aria-current=step" in part[:200])
    return item.split('id="step-')[1].split('"')[0]


def _without_history(app: Flask) -> dict[str, Any]:
    rows = all_rows(app)
    return {
        name: sorted(found, key=repr) for name, found in rows.items() if name != "audit_entries"
    }


def test_nothing_of_it_stands_in_any_list_or_counts_anywhere(app: Flask, office: Office) -> None:
    office.post(PAGE)
    with app.app_context():
        assert list_rounds() == []
        assert organisation_tree() == []
        assert due_members(load_shipped("huaixiang-2012"), None) == []
        assert db.session.scalar(select(Organisation.id).where(Organisation.practice))
    for path in ("/admin/rounds", "/admin/organisations", "/admin/organisations/export.xlsx"):
        answer = office.get(path)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            assert "演练第一党支部" not in answer.text, path
            assert "演练（" not in answer.text, path
    board = office.get("/admin/").text
    assert "第一次演练" not in board
    assert "继续演练" in board
    assert "从这里开始，三步开一次测评会" in board


@pytest.mark.parametrize(
    "what",
    ["notice", "final", "members", "steps"],
)
def test_nothing_in_it_can_be_published_or_changed_like_a_round(
    app: Flask, office: Office, what: str
) -> None:
    office.post(PAGE)
    round_id = _mine(app).round_id
    path = f"/admin/rounds/{round_id}/{what}"
    assert office.post(path, {"title": "公示"}).status_code == 403
    assert office.get(f"/admin/rounds/{round_id}").status_code == 200


def test_records_and_organisations_of_it_are_nobodys_to_grade_or_change(
    app: Flask, office: Office
) -> None:
    office.post(PAGE)
    with app.app_context():
        record = db.session.scalars(select(GradingRecord)).first()
        assert record
        record_id, organisation_id = record.id, record.organisation_id
    scores = {"self_score": "90", "superior_score": "90"}
    assert office.post(f"/admin/records/{record_id}/scores", scores).status_code == 403
    name = f"/admin/organisations/{organisation_id}/name"
    assert office.post(name, {"name": "真的支部"}).status_code in (403, 404)
    delete = f"/admin/organisations/{organisation_id}/delete"
    assert office.post(delete).status_code == 403


def test_a_host_of_some_place_practises_alone_and_others_do_not_see_it(
    app: Flask, office: Office
) -> None:
    with app.app_context():
        place = create_organisation("甲镇党委", "committee", None).id
        for name in ("主持甲", "主持乙"):
            account = create_account(name, PASSWORD)
            account.role, account.organisation_id = "host", place
        db.session.commit()
    first, second = (Office(app, app.test_client()) for _ in range(2))
    first.log_in("主持甲")
    second.log_in("主持乙")
    first.post(PAGE)
    assert first.post(f"{PAGE}/open").status_code == 302
    with app.app_context():
        found = practice_of(_me(app, "主持甲").id)
        assert found
        meeting_id = found.meeting_id
    page = f"/admin/meetings/{meeting_id}"
    assert first.get(page).status_code == 200
    assert second.get(page).status_code == 403
    assert second.post(f"{page}/simulate", {"voters": "5"}).status_code == 403
    second.post(PAGE)
    assert second.get(PAGE).status_code == 200
    assert second.post(f"{PAGE}/clear").status_code == 302
    with app.app_context():
        assert practice_of(_me(app, "主持甲").id)


def test_begun_twice_it_is_one(app: Flask, office: Office) -> None:
    office.post(PAGE)
    office.post(PAGE)
    with app.app_context():
        assert db.session.query(Round).count() == 1
        first = begin_practice(_me(app), BASE)
        assert first.meeting_id == 1


def test_cleared_away_while_it_runs_it_takes_the_urn_and_the_phones_along(
    app: Flask, office: Office
) -> None:
    office.post(PAGE)
    office.post(f"{PAGE}/open")
    meeting = _mine(app)
    with app.app_context():
        begun = begin_simulation(meeting.id, 10)
        assert clear_practice(_me(app).id)
        # Whoever plays them finds that nobody wants them any more.
        with pytest.raises((NotCast, MeetingUnknown)):
            play(begun, pause=lambda _: None)
        assert not clear_practice(_me(app).id)
    assert all_rows(app).get("slips", []) == []
    assert office.post(f"{PAGE}/open").status_code == 404


def test_a_meeting_in_it_cannot_be_a_real_one(app: Flask, office: Office) -> None:
    office.post(PAGE)
    meeting = _mine(app)
    values = {"title": "正式", "host": "", "wifi": "", "base_url": BASE}
    answer = office.post(f"/admin/meetings/{meeting.id}/settings", values)
    assert answer.status_code == 400
    assert "只能开演练会" in answer.text
    answer = office.post(f"/admin/rounds/{meeting.round_id}/meetings/new", values)
    assert answer.status_code == 400
    with app.app_context():
        turn = text("UPDATE meetings SET rehearsal = false WHERE id = :id")
        add = text(
            "INSERT INTO meetings (code, round_id, title, host, wifi, base_url, policy, k,"
            " rehearsal, state, display_version, void_reason) VALUES ('AAAAAA', :round, '真', '',"
            " '', 'x', 'batched', 5, false, 'draft', 1, '')"
        )
        for statement, values in (
            (turn, {"id": meeting.id}),
            (add, {"round": meeting.round_id}),
        ):
            with pytest.raises(DatabaseError, match="is a rehearsal"):
                db.session.execute(statement, values)
            db.session.rollback()


def test_the_database_lets_no_rehearsal_into_a_record_and_turns_none_real(
    app: Flask, office: Office, draft_id: int
) -> None:
    """Not by any way, whatever the code above it does."""
    office.post("/admin/meetings/1/subjects", {"record": ["1"]})
    office.post("/admin/meetings/1/groups", {"name": ["党员"], "expected": ["20"]})
    office.post("/admin/meetings/1/rehearse")
    with app.app_context():
        rehearsal = get_meeting(2)
        assert rehearsal.rehearsal
        record = db.session.get(GradingRecord, 1)
        assert record
        record.mass = {
            "meeting": rehearsal.code,
            "tallies": {},
            "satisfaction": {"numerator": 1, "denominator": 1, "percent": "100.00"},
        }
        with pytest.raises(DatabaseError, match="never enters a record"):
            db.session.commit()
        db.session.rollback()
        with pytest.raises(DatabaseError, match="stays one"):
            db.session.execute(text("UPDATE meetings SET rehearsal = false WHERE id = 2"))
        db.session.rollback()
        assert get_meeting(2).rehearsal


def test_simulated_phones_vote_like_phones_and_are_counted(
    app: Flask, office: Office, draft_id: int
) -> None:
    office.post("/admin/meetings/1/subjects", {"record": ["1"]})
    groups = {"name": ["党员", "群众"], "expected": ["20", "10"]}
    office.post("/admin/meetings/1/groups", groups)
    office.post("/admin/meetings/1/rehearse")
    _play_at_once(app, 2, 30)
    page = office.get("/admin/meetings/2").text
    assert "模拟手机：30 部，已投 <strong>30</strong>，投完了" in page
    assert 'id="total-cast">30<' in page
    assert 'id="total-redeemed">30<' in page
    office.post("/admin/meetings/2/close", {"present": "30", "understood": "y"})
    sheet = office.get("/admin/meetings/2/count-sheet").text
    assert "印发 30 = 发出 30 + 作废 0 ✓" in sheet


def test_a_real_meeting_refuses_simulated_phones_by_every_way(
    app: Flask, office: Office, open_id: int, unchanged: Callable[[], None]
) -> None:
    tokens = _issue(office, 3)
    unchanged()
    page = office.get("/admin/meetings/1").text
    assert "模拟手机" not in page
    answer = office.post("/admin/meetings/1/simulate", {"voters": "3"})
    assert answer.status_code == 409
    assert "只能在演练里用" in answer.text
    with app.app_context():
        with pytest.raises(OnlyRehearsals):
            begin_simulation(1, 3)
        with pytest.raises(OnlyRehearsals):
            RehearsalDoor(1)
        assert simulation_of(1) is None
    assert tokens


def test_the_door_of_a_rehearsal_leads_to_no_other_meeting(
    app: Flask, office: Office, open_id: int
) -> None:
    """Another round's real meeting has slips; a rehearsal's simulated phone tries them there."""
    tokens = _issue(office, 3)
    office.post(PAGE)
    office.post(f"{PAGE}/open")
    mine = _mine(app)
    with app.app_context():
        door = RehearsalDoor(mine.id)
        code = get_meeting(1).code
        with pytest.raises(OnlyRehearsals):
            door.ask("GET", code)
        body = {"token": tokens[0], "blinded": "A" * 43}
        with pytest.raises(OnlyRehearsals):
            door.ask("POST", f"{code}/credentials", body)
    assert not any(row.used for row in _slips(app))


def _slips(app: Flask) -> list[Any]:
    from tests.urns import urn_rows

    with app.app_context():
        code = get_meeting(1).code
    return urn_rows(app, code)["slips"]


@pytest.mark.parametrize("voters", ["0", "-1", "201", "1.5", "很多", ""])
def test_a_number_of_phones_that_cannot_be_is_refused(
    app: Flask, office: Office, voters: str
) -> None:
    office.post(PAGE)
    office.post(f"{PAGE}/open")
    meeting = _mine(app)
    answer = office.post(f"/admin/meetings/{meeting.id}/simulate", {"voters": voters})
    assert answer.location == PAGE
    assert "整数" in office.get(PAGE).text
    with app.app_context():
        assert simulation_of(meeting.id) is None


def test_phones_that_are_stopped_stop_and_others_may_follow(app: Flask, office: Office) -> None:
    office.post(PAGE)
    office.post(f"{PAGE}/open")
    meeting = _mine(app)
    with app.app_context():
        begun = begin_simulation(meeting.id, 10)
        with pytest.raises(BadInput, match="正在投票"):
            begin_simulation(meeting.id, 10)
        pauses = 0

        def stop_soon(_seconds: float) -> None:
            nonlocal pauses
            pauses += 1
            if pauses == 8:
                assert stop_simulation(meeting.id)

        play(begun, pause=stop_soon)
        found = simulation_of(meeting.id)
        assert found
        assert found.cast < 10
        assert found.run == 0
        assert not stop_simulation(meeting.id)
        play(begin_simulation(meeting.id, 5), pause=lambda _: None)
        db.session.expire_all()
        found = simulation_of(meeting.id)
        assert found
        assert (found.voters, found.cast) == (5, 5)
    page = office.get(PAGE).text
    assert "再来 20 部" in page


def test_phones_keep_the_pace_of_people(app: Flask, office: Office) -> None:
    office.post(PAGE)
    office.post(f"{PAGE}/open")
    pauses: list[float] = []
    with app.app_context():
        play(begin_simulation(_mine(app).id, 20), pause=pauses.append)
    assert len(pauses) == 40
    assert min(pauses) >= 0
    assert 20 < sum(pauses) < 60
    with app.app_context():
        practice = practice_of(_me(app).id)
        assert practice
        assert steps_of(practice, 20).voted


def test_phones_that_got_no_slips_are_not_waited_for(
    app: Flask, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.post(PAGE)
    office.post(f"{PAGE}/open")
    meeting = _mine(app)
    with app.app_context(), monkeypatch.context() as full:
        full.setattr(slip, "SLIPS_MOST", 3)
        with pytest.raises(BadInput, match="张数"):
            begin_simulation(meeting.id, 5)
    with app.app_context():
        assert not simulation_runs(meeting.id)
        begin_simulation(meeting.id, 5)


def test_a_draft_has_no_phones_yet(app: Flask, office: Office) -> None:
    office.post(PAGE)
    with app.app_context(), pytest.raises(MeetingStateChanged):
        begin_simulation(_mine(app).id, 5)


def test_a_scrutineer_is_offered_no_rehearsal(app: Flask, office: Office) -> None:
    with app.app_context():
        create_account("监票人甲", PASSWORD).role = "scrutineer"
        db.session.commit()
    scrutineer = Office(app, app.test_client())
    scrutineer.log_in("监票人甲")
    assert "先演练一次" not in scrutineer.get("/admin/").text
    assert scrutineer.get(PAGE).status_code == 403


def test_two_clicks_at_once_make_one_first_rehearsal_and_leave_nothing_beside_it(
    app: Flask, office: Office
) -> None:
    start = Barrier(6)

    def begin(_: int) -> int:
        with app.app_context():
            who = account_by_name(NAME)
            assert who
            start.wait()
            try:
                return begin_practice(who, BASE).meeting_id
            finally:
                db.session.remove()

    with ThreadPoolExecutor(6) as threads:
        assert len(set(threads.map(begin, range(6)))) == 1
    with app.app_context():
        assert db.session.query(Round).count() == 1
        assert db.session.query(Meeting).count() == 1
        assert db.session.query(Organisation).count() == 4
