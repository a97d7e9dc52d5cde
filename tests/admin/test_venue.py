"""The room's page: the address, what is wrong with it, and another one for an open meeting."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from app.actions import address
from app.actions.account import create_account
from app.actions.attendance import record_attendance
from app.actions.audit import look_up
from app.actions.code import make_codes
from app.actions.confirmation import content_digest
from app.actions.credential import redeem_slip
from app.actions.meeting import get_meeting
from app.actions.quorum import Attendance
from app.actions.slip import issue_slips
from app.domain.address import Interface
from app.domain.code import WITNESS as CODES
from app.domain.encoding import b64url
from app.domain.entrance import label
from app.phones.voter import blind
from tests.admin.conftest import BASE, PASSWORD, WITNESS, Office
from tests.doors import DoorScreen, meeting_with_screens

NEW = "http://192.168.1.23:8000"


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets this machine have these addresses."""

    def put(*addresses: str) -> None:
        found = [Interface("lo", "127.0.0.1"), *(Interface("wlan0", one) for one in addresses)]
        monkeypatch.setattr(address, "interfaces", lambda: found)

    return put


def test_the_page_names_the_address_the_machines_own_and_the_devices_links(
    office: Office, open_id: int, on: Callable[..., None]
) -> None:
    on("192.168.1.10", "169.254.1.1")
    page = office.get(f"/admin/meetings/{open_id}/venue")
    code = office.get(f"/admin/meetings/{open_id}").text.split('class="code">')[1][:6]
    assert f'id="base-url">{BASE}<' in page.text
    assert f'value="{BASE}/t/{code}"' in page.text
    assert "没有从路由器取得地址" in page.text
    assert page.text.count("建议") == 1
    assert "address-trouble" not in page.text
    assert "不是 https，浏览器不给用摄像头" in page.text


@pytest.mark.parametrize("path", ["", "/progress", "/venue"])
def test_an_open_meeting_whose_address_is_gone_says_so_and_what_to_do(
    office: Office, open_id: int, on: Callable[..., None], path: str
) -> None:
    on("192.168.1.23")
    page = office.get(f"/admin/meetings/{open_id}{path}").text
    assert "这台电脑的地址变了" in page
    assert BASE in page
    assert NEW in page
    assert ("用回原来的地址" in page) == (path == "/venue")
    on()
    assert "没有接上会场的网络" in office.get(f"/admin/meetings/{open_id}{path}").text


@pytest.mark.parametrize("path", ["review", "venue"])
def test_a_draft_whose_address_is_not_this_machines_is_told_before_it_opens(
    office: Office, draft_id: int, on: Callable[..., None], path: str
) -> None:
    on("192.168.1.23")
    page = office.get(f"/admin/meetings/{draft_id}/{path}").text
    assert "这台电脑的地址变了" in page
    assert f'/admin/meetings/{draft_id}/settings"' in page
    assert 'id="change-address"' not in page
    settings = office.get(f"/admin/meetings/{draft_id}/settings").text
    assert '<span class="code">192.168.1.23</span>（wlan0，建议）' in settings


def test_who_came_by_the_address_is_not_told_that_it_leads_nowhere(
    office: Office, open_id: int, on: Callable[..., None]
) -> None:
    on("10.0.0.1")
    path = f"/admin/meetings/{open_id}/venue"
    assert "这台电脑的地址变了" in office.get(path).text
    cookie = office.client.get_cookie("mingce_admin", path="/admin")
    assert cookie is not None
    office.client.set_cookie(cookie.key, cookie.value, domain="192.168.1.10", path="/admin")
    page = office.get(path, base_url=BASE)
    assert page.status_code == 200
    assert "address-trouble" not in page.text


def codes_of_witness(app: Flask) -> list[str]:
    """One-time codes of the scrutineer."""
    with app.app_context():
        return make_codes(create_account(WITNESS, PASSWORD).id, CODES)


def test_an_open_meeting_goes_on_at_another_address(
    app: Flask, office: Office, open_id: int, on: Callable[..., None]
) -> None:
    on("192.168.1.23")
    with app.app_context():
        issue_slips(open_id, "g1", 5)
        before = get_meeting(open_id).key_digest
    answer = office.post(f"/admin/meetings/{open_id}/venue/address", {"base_url": f"{NEW}/"})
    assert answer.status_code == 302
    page = office.get(f"/admin/meetings/{open_id}").text
    assert f"手机访问 {NEW}" in page
    assert f'value="{NEW}/screen/' in page
    assert "address-trouble" not in page
    with app.app_context():
        found = get_meeting(open_id)
        assert (found.state, found.base_url, found.key_digest) == ("open", NEW, before)
        assert "访问地址" in str(look_up().entries[0].changes)


@pytest.mark.parametrize(
    "elsewhere",
    ["http://192.168.1.66:8000", "http://192.168.1.23:8001", "https://192.168.1.23:8000",
     "http://192.168.1.23.evil.example:8000"],
)  # fmt: skip
def test_the_host_alone_leads_phones_to_no_other_machine(
    app: Flask, office: Office, open_id: int, on: Callable[..., None], elsewhere: str
) -> None:
    on("192.168.1.23")
    path, wish = f"/admin/meetings/{open_id}/venue/address", {"base_url": elsewhere}
    answer = office.post(path, wish)
    assert answer.status_code == 400
    assert "要监票人在场" in answer.text
    assert f'value="{elsewhere}"' in answer.text
    wrong = office.post(path, {**wish, "name": WITNESS, "code": "0000-0000"})
    assert wrong.status_code == 401
    assert "一次性码不对" in wrong.text
    with app.app_context():
        assert get_meeting(open_id).base_url == BASE
    code = codes_of_witness(app)[0]
    assert office.post(path, {**wish, "name": WITNESS, "code": code}).status_code == 302
    with app.app_context():
        assert get_meeting(open_id).base_url == elsewhere
        assert WITNESS in look_up().entries[1].changes
    assert office.post(path, {**wish, "name": WITNESS, "code": code}).status_code == 401


def test_guessing_the_scrutineers_code_for_an_address_is_slowed_down(
    office: Office, open_id: int, on: Callable[..., None]
) -> None:
    on("192.168.1.23")
    wish = {"base_url": "http://192.168.1.66:8000", "name": "某人", "code": "0000-0000"}
    path = f"/admin/meetings/{open_id}/venue/address"
    answers = [office.post(path, wish).status_code for _ in range(12)]
    assert answers == [401] * 10 + [429] * 2


@pytest.mark.parametrize("typed", ["", "http://127.0.0.1:8000", "javascript:alert(1)", "x" * 300])
def test_an_address_that_no_phone_reaches_is_refused_and_kept_in_the_form(
    office: Office, open_id: int, on: Callable[..., None], unchanged: Callable[[], None], typed: str
) -> None:
    on("192.168.1.23")
    unchanged()
    answer = office.post(f"/admin/meetings/{open_id}/venue/address", {"base_url": typed})
    assert answer.status_code == 400
    if typed:
        assert f'value="{typed}"' in answer.text


def test_a_draft_or_an_ended_meeting_does_not_change_its_address_here(
    office: Office, draft_id: int, on: Callable[..., None], unchanged: Callable[[], None]
) -> None:
    unchanged()
    answer = office.post(f"/admin/meetings/{draft_id}/venue/address", {"base_url": NEW})
    assert answer.status_code == 409


def test_the_wifi_password_has_no_field_that_a_form_could_send(
    office: Office, open_id: int
) -> None:
    page = office.get(f"/admin/meetings/{open_id}/venue").text
    form = page.split('id="wifi"')[1].split("</form>")[0]
    assert "wifi-password" in form
    assert " name=" not in form
    assert "method=" not in form


def test_screens_at_the_entrance_are_chosen_in_the_draft_knowing_what_they_give_away(
    app: Flask, office: Office, draft_id: int
) -> None:
    page = office.get(f"/admin/meetings/{draft_id}/policy").text
    assert "谁扫了哪个码、第几个扫的，看着门口的人和系统都知道" in page
    assert "没有选用门口屏" in office.get(f"/admin/meetings/{draft_id}/venue").text
    before = plan_of(app, draft_id)
    wish = {"policy": "batched", "k": "3", "entrance": "y"}
    assert office.post(f"/admin/meetings/{draft_id}/policy", wish).status_code == 302
    assert (
        "看着门口的人和系统知道谁扫了哪个码"
        in office.get(f"/admin/meetings/{draft_id}/review").text
    )
    assert 'id="entrance" checked' in office.get(f"/admin/meetings/{draft_id}/policy").text
    page = office.get(f"/admin/meetings/{draft_id}/venue").text
    assert re.search(rf'value="{BASE}/entrance/[^"#]+#[\w-]{{22}}"', page)
    # Whoever has confirmed another plan has not confirmed this one.
    assert plan_of(app, draft_id) != before


def plan_of(app: Flask, meeting_id: int) -> str:
    """What confirmations of the opening are bound to."""
    with app.app_context():
        return content_digest(get_meeting(meeting_id), "open")


def test_an_open_meeting_shows_its_screens_and_dismisses_them(app: Flask, office: Office) -> None:
    meeting_id = meeting_with_screens(app)
    venue = f"/admin/meetings/{meeting_id}/venue"
    assert 'id="screens"' not in office.get(venue).text
    screen = DoorScreen(app, meeting_id)
    screen.next()
    page = office.get(venue).text
    assert f'class="code">{label(screen.screen)}<' in page
    assert b64url(screen.screen) in page
    assert screen.shown not in page
    with app.app_context():
        assert screen.token is not None
        redeem_slip(get_meeting(meeting_id).code, screen.token, blind().blinded)
        record_attendance(meeting_id, {"g1": Attendance(0), "g2": Attendance(0)})
    page = office.get(venue).text
    assert "扫码的比到会的多，请核对" in page
    assert office.post(f"{venue}/entrance/{b64url(screen.screen)}/dismiss").status_code == 302
    assert 'id="screens"' not in office.get(venue).text
    assert office.post(f"{venue}/entrance/nonsense/dismiss").status_code == 400
    assert office.post(f"{venue}/entrance/revoke").status_code == 302
    assert screen.client.get(screen.path).status_code == 403
