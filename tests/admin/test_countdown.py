"""倒计时: voting ends by itself, waits if asked, can be called off, and outlives a crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update

from app.actions.account import (
    account_by_name,
    change_account,
    create_account,
    reset_password,
)
from app.actions.countdown import seen_countdown
from app.actions.ending import finish_countdown, give_up_countdown
from app.actions.meeting import get_meeting
from app.domain.countdown import GRACE, Countdown
from app.domain.errors import MeetingStateChanged
from app.keeper import Keeper
from app.models import Confirmation, countdowns, db
from app.models.urn_file import urn_writing
from app.phones.voter import Credential, blind, fetch_meeting, redeem, seal_ballot, send
from tests.admin.conftest import PASSWORD, Office, witness
from tests.admin.test_meeting import _issue, _urls, _vote
from tests.admin.test_paper import PAGE, _count, _papers, other
from tests.admin.test_replacement import _scan
from tests.voters import ClientDoor

CLOSE = "/admin/meetings/1/close"
BACK = "/admin/meetings/1/countdown"
WISH = {"present": "20", "understood": "y", "ending": "60"}
__all__ = ["other"]


def _live(office: Office) -> dict[str, Any]:
    with office.app.app_context():
        code = get_meeting(1).code
    live: dict[str, Any] = office.app.test_client().get(f"/api/v1/meetings/{code}/live").get_json()
    return live


def _state(app: Flask) -> str:
    with app.app_context():
        return str(get_meeting(1).state)


def _stand_still(app: Flask) -> None:
    """As if this test took no time: all the seconds are left that were chosen."""
    with app.app_context(), urn_writing(get_meeting(1).code) as urn:
        urn.execute(update(countdowns).values(ends=countdowns.c.ends + 7200))


@pytest.fixture
def keeper(app: Flask) -> Keeper:
    """Looks when a test says so, by the clock of the test."""
    return Keeper(app)


def test_voting_goes_on_until_the_time_is_up_and_then_ends_by_itself(
    app: Flask, office: Office, open_id: int, keeper: Keeper
) -> None:
    tokens = _issue(office, 10)
    _vote(app, tokens[:5])
    assert "closing" not in _live(office)
    assert office.close_meeting(WISH).location == "/admin/meetings/1"
    assert 0 < _live(office)["closing"]["seconds"] <= 60
    _stand_still(app)
    page = office.get("/admin/meetings/1").text
    assert "秒后自动结束并计票" in page
    assert "叫停" in page
    assert office.get(CLOSE).location == "/admin/meetings/1"
    keeper.look(1000.0)
    _vote(app, tokens[5:7])
    keeper.look(1059.0)
    assert _state(app) == "open"
    keeper.look(1060.5)
    assert _state(app) == "closed"
    live = _live(office)
    assert (live["state"], live["cast"], "closing" in live) == ("closed", 7, False)
    with pytest.raises(AssertionError, match="已结束"):
        _vote(app, tokens[7:8])
    with app.app_context():
        assert get_meeting(1).present == 20
    assert "倒计时（王秘书、李监票）" in office.get("/admin/audit").text
    sheet = office.get("/admin/meetings/1/count-sheet").text
    assert "王秘书" in sheet
    assert "李监票" in sheet


def test_nothing_counts_down_before_both_have_confirmed(
    app: Flask, office: Office, open_id: int, keeper: Keeper
) -> None:
    office.post(CLOSE, WISH)
    assert "closing" not in _live(office)
    assert "倒计时 60 秒" in office.get(CLOSE).text
    keeper.look(0.0)
    keeper.look(100.0)
    assert _state(app) == "open"
    witness(app, 1, "close")
    assert _live(office)["closing"]["seconds"] > 0


def test_it_can_be_called_off_and_then_both_confirm_again(
    app: Flask, office: Office, open_id: int, keeper: Keeper
) -> None:
    office.close_meeting(WISH)
    keeper.look(0.0)
    assert office.post(f"{BACK}/off").status_code == 302
    assert "closing" not in _live(office)
    keeper.look(100.0)
    assert _state(app) == "open"
    office.post(CLOSE, {**WISH, "ending": "now"})
    assert _state(app) == "open"
    witness(app, 1, "close")
    assert _state(app) == "closed"


def test_a_scrutineer_who_takes_the_confirmation_back_calls_it_off(
    app: Flask, office: Office, open_id: int
) -> None:
    office.close_meeting(WISH)
    scrutineer = Office(app, app.test_client())
    scrutineer.log_in("李监票")
    page = scrutineer.get("/admin/meetings/1/confirm").text
    assert "倒计时正在进行" in page
    assert "叫停" in page
    back = {"action": "close"}
    assert scrutineer.post("/admin/meetings/1/confirm/back", back).status_code == 302
    assert "closing" not in _live(office)


def test_more_time_is_given_to_those_who_ask(
    app: Flask, office: Office, open_id: int, keeper: Keeper
) -> None:
    office.close_meeting(WISH)
    _stand_still(app)
    keeper.look(0.0)
    office.post(f"{BACK}/more")
    assert _live(office)["closing"]["seconds"] == 120
    keeper.look(1.0)
    keeper.look(120.0)
    assert _state(app) == "open"
    keeper.look(121.5)
    assert _state(app) == "closed"


def test_if_asked_it_waits_for_those_who_have_scanned(
    app: Flask, office: Office, open_id: int, keeper: Keeper
) -> None:
    tokens = _issue(office, 5)
    _vote(app, tokens[:3])
    cast = _scan(app, tokens[3])
    office.close_meeting({**WISH, "ending": "0"})
    assert _live(office)["closing"] == {"seconds": None}
    for moment in (0.0, 1000.0, 100000.0):
        keeper.look(moment)
        assert _state(app) == "open"
    assert "还有 <strong>1</strong> 人扫了码没有投出" in office.get("/admin/meetings/1").text
    assert "没有倒计时" in office.post(f"{BACK}/more", follow_redirects=True).text
    cast()
    keeper.look(100001.0)
    assert _state(app) == "closed"


def test_where_somebody_has_not_cast_the_page_says_so_and_proposes_a_countdown(
    app: Flask, office: Office, open_id: int
) -> None:
    tokens = _issue(office, 2)
    assert _chosen(office) == "now"
    cast = _scan(app, tokens[0])
    page = office.get(CLOSE).text
    assert "还有 1 人扫了码没有投出" in page
    assert _chosen(office) == "60"
    cast()
    assert _chosen(office) == "now"


def _chosen(office: Office) -> str:
    page = office.get(CLOSE).text
    controls = [part.split(">")[0] for part in page.split("<input ")[1:]]
    chosen = next(c for c in controls if 'name="ending"' in c and "checked" in c)
    return chosen.split('value="')[1].split('"')[0]


def test_it_ends_before_its_time_only_where_everybody_has_cast(
    app: Flask, office: Office, open_id: int
) -> None:
    tokens = _issue(office, 4)
    _vote(app, tokens[:3])
    cast = _scan(app, tokens[3])
    office.close_meeting(WISH)
    assert "现在结束" not in office.get("/admin/meetings/1").text
    assert "还有人扫了码" in office.post(f"{BACK}/now", follow_redirects=True).text
    assert _state(app) == "open"
    cast()
    assert "现在结束" in office.get("/admin/meetings/1").text
    office.post(f"{BACK}/now")
    assert _state(app) == "closed"


def test_who_scans_in_the_very_moment_of_ending_it_early_may_still_cast(
    app: Flask, office: Office, open_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = _issue(office, 4)
    _vote(app, tokens[:3])
    office.close_meeting(WISH)
    door, url = ClientDoor(app.test_client()), _urls(app, [tokens[3]])[0]
    meeting = fetch_meeting(door, url)
    scanned: list[Credential] = []

    def look(code: str) -> tuple[Countdown | None, bool]:
        """Everybody has cast; between this look and the closing somebody scans."""
        seen = seen_countdown(code)
        scanned.append(redeem(door, meeting, url, blind()))
        return seen

    monkeypatch.setattr("app.actions.ending.seen_countdown", look)
    assert "还有人扫了码" in office.post(f"{BACK}/now", follow_redirects=True).text
    monkeypatch.undo()
    assert _state(app) == "open"
    assert _live(office)["closing"]["seconds"] > 0
    choices = dict.fromkeys(meeting.cells, "option1")
    send(door, meeting, seal_ballot(meeting, scanned[0], choices))
    office.post(f"{BACK}/now")
    assert _state(app) == "closed"


def test_a_countdown_that_nobody_kept_gives_phones_some_seconds_after_the_restart(
    app: Flask, office: Office, open_id: int
) -> None:
    office.close_meeting(WISH)
    Keeper(app).look(0.0)
    with app.app_context(), urn_writing(get_meeting(1).code) as urn:
        # The machine was off while the time ran out.
        urn.execute(update(countdowns).values(ends=countdowns.c.ends - 3600))
    started_anew = Keeper(app)
    started_anew.look(5000.0)
    assert _state(app) == "open"
    assert 0 < _live(office)["closing"]["seconds"] <= GRACE
    started_anew.look(5001.0)
    started_anew.look(5001.0 + GRACE - 2)
    assert _state(app) == "open"
    started_anew.look(5001.0 + GRACE)
    assert _state(app) == "closed"


def test_a_clock_that_is_set_back_makes_it_no_longer(
    app: Flask, office: Office, open_id: int, keeper: Keeper
) -> None:
    office.close_meeting(WISH)
    _stand_still(app)
    assert _live(office)["closing"]["seconds"] == 60
    keeper.look(0.0)
    keeper.look(60.5)
    assert _state(app) == "closed"


def test_what_stands_in_the_way_when_the_time_is_up_is_said_and_voting_goes_on(
    app: Flask, office: Office, other: Office, open_id: int, keeper: Keeper
) -> None:
    tokens = _issue(office, 8)
    _vote(app, tokens[:6])
    office.post(f"{PAGE}/issued", {"issued.g1": "6"})
    for who in (office, other):
        _count(who, _papers(app, 5))
    office.close_meeting(WISH)
    # A teller corrects meanwhile.
    _count(other, _papers(app, 4))
    keeper.look(0.0)
    keeper.look(61.0)
    assert _state(app) == "open"
    assert "closing" not in _live(office)
    page = office.get("/admin/meetings/1").text
    assert "倒计时到了，但没有结束" in page
    assert "不一致" in page
    _vote(app, tokens[6:7])
    _count(other, _papers(app, 5))
    office.close_meeting({**WISH, "ending": "now"})
    assert _state(app) == "closed"


def test_a_rehearsal_is_counted_down_by_one_person(
    app: Flask, office: Office, draft_id: int, keeper: Keeper
) -> None:
    office.post("/admin/meetings/1/subjects", {"record": ["1"]})
    office.post("/admin/meetings/1/groups", {"name": ["党员"], "expected": ["20"]})
    office.post("/admin/meetings/1/rehearse")
    with app.app_context():
        code = get_meeting(2).code
    office.post("/admin/meetings/2/close", WISH)
    live = office.client.get(f"/api/v1/meetings/{code}/live").get_json()
    assert live["closing"]["seconds"] > 0
    keeper.look(0.0)
    keeper.look(61.0)
    with app.app_context():
        assert get_meeting(2).state == "closed"


@pytest.mark.parametrize("ending", ["30", "-1", "x", "99999999999"])
def test_an_ending_that_nobody_offered_is_refused(
    office: Office, open_id: int, ending: str, unchanged: Callable[[], None]
) -> None:
    unchanged()
    answer = office.post(CLOSE, {**WISH, "ending": ending})
    assert answer.status_code == 400
    assert "请选择结束的方式" in answer.text


def test_while_one_runs_nobody_confirms_another_ending(
    app: Flask, office: Office, open_id: int
) -> None:
    office.close_meeting(WISH)
    assert office.post(CLOSE, {**WISH, "ending": "now"}).status_code == 409
    assert _state(app) == "open"


def test_where_there_is_none_there_is_nothing_to_call_off(office: Office, open_id: int) -> None:
    for what in ("off", "more", "now"):
        assert "没有倒计时" in office.post(f"{BACK}/{what}", follow_redirects=True).text


def test_an_urn_of_an_earlier_version_can_be_counted_down(
    app: Flask, office: Office, open_id: int, keeper: Keeper
) -> None:
    with app.app_context(), urn_writing(get_meeting(1).code) as urn:
        urn.execute(text("DROP TABLE countdown"))
    assert "closing" not in _live(office)
    office.close_meeting(WISH)
    keeper.look(0.0)
    keeper.look(61.0)
    assert _state(app) == "closed"


def test_a_late_arrival_recorded_meanwhile_stands_in_nobodys_way(
    app: Flask, office: Office, open_id: int, keeper: Keeper
) -> None:
    attendance = "/admin/meetings/1/attendance"
    office.post(attendance, {"present.g1": "18", "present.g2": "2"})
    office.close_meeting(WISH)
    office.post(attendance, {"present.g1": "18", "late.g1": "1", "present.g2": "2"})
    keeper.look(0.0)
    keeper.look(61.0)
    with app.app_context():
        assert (get_meeting(1).state, get_meeting(1).present) == ("closed", 21)


def test_somebody_without_the_right_gives_no_time_and_calls_nothing_off(
    app: Flask, office: Office, open_id: int
) -> None:
    office.close_meeting(WISH)
    with app.app_context():
        create_account("张审计", PASSWORD).role = "auditor"
        db.session.commit()
    auditor = Office(app, app.test_client())
    auditor.log_in("张审计")
    for what in ("off", "more", "now"):
        assert auditor.post(f"{BACK}/{what}").status_code == 403
    assert _live(office)["closing"]["seconds"] > 0


def _seen() -> Countdown:
    found = seen_countdown(get_meeting(1).code)[0]
    assert found
    return found


@pytest.mark.parametrize("meanwhile", ["off", "more"])
def test_what_is_called_off_or_prolonged_in_the_last_moment_does_not_end_the_voting(
    app: Flask, office: Office, open_id: int, meanwhile: str
) -> None:
    office.close_meeting(WISH)
    with app.app_context():
        seen = _seen()
    assert office.post(f"{BACK}/{meanwhile}").status_code == 302
    with app.app_context():
        with pytest.raises(MeetingStateChanged):
            finish_countdown(1, seen)
        give_up_countdown(1, seen, "来不及了")
    assert _state(app) == "open"
    assert ("closing" in _live(office)) == (meanwhile == "more")


@pytest.mark.parametrize("how", ["disabled", "password", "crash"])
def test_a_countdown_does_not_end_the_voting_on_less_than_two_confirmations(
    app: Flask, office: Office, open_id: int, keeper: Keeper, how: str
) -> None:
    office.close_meeting(WISH)
    keeper.look(0.0)
    with app.app_context():
        who, chief = account_by_name("李监票"), account_by_name("王秘书")
        assert who
        assert chief
        if how == "disabled":
            change_account(who.id, chief, None, "scrutineer", 1, disabled=True)
        elif how == "password":
            reset_password(who.id, chief, None)
        else:
            # The countdown lies in the urn; the second confirmation was not committed any more.
            db.session.execute(delete(Confirmation).where(Confirmation.part == "host"))
            db.session.commit()
    keeper.look(7201.0)
    assert _state(app) == "open"
    assert "closing" not in _live(office)
    assert "两人的确认已经不全" in office.get("/admin/meetings/1").text
    with app.app_context():
        assert db.session.scalars(select(Confirmation)).all() == []
    if how == "crash":
        office.close_meeting({**WISH, "ending": "now"})
        assert _state(app) == "closed"
