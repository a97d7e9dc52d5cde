"""Two people open and close a meeting: either order, on two accounts or with a one-time code."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from app.actions.account import (
    account_by_name,
    change_account,
    create_account,
    reset_password,
)
from app.actions.closing import close_meeting
from app.actions.confirmation import content_digest, standing_of
from app.actions.meeting import get_meeting
from app.actions.organisation import create_organisation
from app.domain.code import WITNESS as CODES
from app.domain.confirmation import HOLDS_SECONDS
from app.models import Account, AccountCode, AuditEntry, Confirmation, db
from tests.admin.conftest import BASE, PASSWORD, Office

PAGE = "/admin/meetings/1"
CLOSE = {"present": "20", "understood": "y"}
SETTINGS = {"title": "党员群众测评会", "host": "党总支", "wifi": "", "base_url": BASE}


@pytest.fixture
def ready_id(office: Office, draft_id: int) -> int:
    """A draft that may open."""
    office.post(f"{PAGE}/subjects", {"record": ["1", "2"]})
    office.post(f"{PAGE}/groups", {"name": ["党员", "群众"], "expected": ["20", "9"]})
    office.post(f"{PAGE}/policy", {"policy": "batched", "k": "5"})
    return draft_id


@pytest.fixture
def phone(app: Flask, office: Office) -> Office:
    """The scrutineer, on an account of the role and a phone of their own."""
    return _person(app, "李监票", "scrutineer", 1)


def _person(app: Flask, name: str, role: str, place: int | None) -> Office:
    with app.app_context():
        account = create_account(name, PASSWORD)
        account.role, account.organisation_id = role, place
        db.session.commit()
    found = Office(app, app.test_client())
    assert found.log_in(name).status_code == 302
    return found


def _digest(who: Office, path: str = f"{PAGE}/confirm") -> str:
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', who.get(path).text)
    return found[1] if found else ""


def _host_opens(office: Office) -> Any:
    return office.post(f"{PAGE}/open", {"digest": _digest(office, f"{PAGE}/review")})


def _witness(phone: Office, action: str) -> Any:
    wish = {"action": action, "digest": _digest(phone), "understood": "y"}
    return phone.post(f"{PAGE}/confirm", wish)


def _state(app: Flask) -> str:
    with app.app_context():
        return str(get_meeting(1).state)


def _codes(phone: Office) -> list[str]:
    return re.findall(r'<li class="code">([^<]+)</li>', phone.post("/admin/codes").text)


def _type(office: Office, name: str, code: str, action: str = "open") -> Any:
    page = f"{PAGE}/review" if action == "open" else f"{PAGE}/close"
    wish = {"action": action, "digest": _digest(office, page), "name": name, "code": code}
    return office.post(f"{PAGE}/confirm/code", wish)


def test_the_host_waits_and_the_scrutineer_opens_from_a_phone(
    app: Flask, office: Office, phone: Office, ready_id: int
) -> None:
    assert _host_opens(office).location == f"{PAGE}/review"
    assert _state(app) == "draft"
    page = office.get(f"{PAGE}/review").text
    assert "等监票人确认开启" in page
    watched = re.search(r'data-refresh="([^"]+)"', page)
    assert watched
    path = watched[1].replace("&amp;", "&")
    assert "还没有确认" in office.get(path).text
    assert phone.get(PAGE).location == f"{PAGE}/confirm"
    shown = phone.get(f"{PAGE}/confirm").text
    assert all(word in shown for word in ("第一党支部", "党员 20 人", BASE, "每批 5 票"))
    assert _witness(phone, "open").status_code == 302
    assert _state(app) == "open"
    # The host's page finds that it shows what is no longer so, and what it then loads is the next.
    assert office.get(path).status_code == 409
    assert office.get(f"{PAGE}/review").location == PAGE
    assert "发放测评票" in office.get(PAGE).text


def test_the_scrutineer_may_be_first_and_then_the_host_opens_at_once(
    app: Flask, office: Office, phone: Office, ready_id: int
) -> None:
    _witness(phone, "open")
    assert _state(app) == "draft"
    assert "您已确认开启" in phone.get(f"{PAGE}/confirm").text
    assert "李监票</strong> 已确认开启" in office.get(f"{PAGE}/review").text
    assert _host_opens(office).location == PAGE
    assert _state(app) == "open"


def test_closing_waits_for_both_in_either_order(
    app: Flask, office: Office, phone: Office, open_id: int
) -> None:
    assert office.post(f"{PAGE}/close", CLOSE).location == f"{PAGE}/close"
    assert _state(app) == "open"
    assert "等监票人确认结束" in office.get(f"{PAGE}/close").text
    assert "主持人报实到 <strong>20</strong> 人" in phone.get(f"{PAGE}/confirm").text
    assert "请监票人确认结束" in phone.get(PAGE).text
    form = {"action": "close", "place": "desk"}
    assert office.post(f"{PAGE}/confirm/back", form).location == f"{PAGE}/close"
    _witness(phone, "close")
    assert _state(app) == "open"
    assert "已确认结束" in office.get(f"{PAGE}/progress").text
    assert office.post(f"{PAGE}/close", CLOSE).location == PAGE
    assert _state(app) == "closed"
    with app.app_context():
        assert get_meeting(1).present == 20
    sheet = office.get(f"{PAGE}/count-sheet").text
    assert "结束并计票：主持人 王秘书、监票人 李监票 各自确认" in sheet
    assert "开启：" not in sheet
    assert "监票人 李监票" in phone.get(f"{PAGE}/confirm").text


def test_the_number_present_is_the_one_that_the_host_stated(
    app: Flask, office: Office, phone: Office, open_id: int
) -> None:
    office.post(f"{PAGE}/close", CLOSE)
    office.post(f"{PAGE}/close", {**CLOSE, "present": "19"})
    _witness(phone, "close")
    with app.app_context():
        assert (get_meeting(1).state, get_meeting(1).present) == ("closed", 19)


@pytest.mark.parametrize("again", [{"present": "19"}, {"ending": "60"}])
def test_a_scrutineer_closes_on_the_number_and_the_ending_that_he_saw(
    app: Flask, office: Office, phone: Office, open_id: int, again: dict[str, str]
) -> None:
    office.post(f"{PAGE}/close", CLOSE)
    seen = {"action": "close", "digest": _digest(phone), "understood": "y"}
    office.post(f"{PAGE}/close", {**CLOSE, **again})
    stale = phone.post(f"{PAGE}/confirm", seen)
    assert (stale.status_code, "重新核对" in stale.text) == (409, True)
    codes = _codes(phone)
    typed = {"action": "close", "digest": seen["digest"], "name": "李监票", "code": codes[0]}
    assert office.post(f"{PAGE}/confirm/code", typed).status_code == 409
    assert _state(app) == "open"
    with app.app_context():
        assert standing_of(get_meeting(1), "close").witness is None
    assert _witness(phone, "close").status_code == 302
    with app.app_context():
        now = get_meeting(1)
        assert now.present == 19 if "present" in again else now.state == "open"


@pytest.mark.parametrize(
    ("step", "wish"),
    [
        ("settings", {**SETTINGS, "title": "另一个名称"}),
        ("settings", {**SETTINGS, "base_url": "http://192.168.1.11:8000"}),
        ("subjects", {"record": ["2", "1"]}),
        ("groups", {"name": ["党员", "群众"], "expected": ["20", "10"]}),
        ("policy", {"policy": "turnout", "k": "5"}),
        ("policy", {"policy": "batched", "k": "4"}),
    ],
)
@pytest.mark.parametrize("first", ["host", "witness"])
def test_a_confirmation_of_what_was_changed_since_opens_nothing_and_says_so(
    app: Flask,
    office: Office,
    phone: Office,
    ready_id: int,
    step: str,
    wish: dict[str, Any],
    first: str,
) -> None:
    old = _digest(phone)
    _host_opens(office) if first == "host" else _witness(phone, "open")
    assert office.post(f"{PAGE}/{step}", wish).status_code == 302
    assert "之后内容改过" in office.get(f"{PAGE}/review").text
    assert "之后内容改过" in phone.get(f"{PAGE}/confirm").text
    # What the other one was shown is no longer there either.
    stale = phone.post(f"{PAGE}/confirm", {"action": "open", "digest": old})
    assert stale.status_code == 409
    assert "请刷新页面，重新核对" in stale.text
    _witness(phone, "open") if first == "host" else _host_opens(office)
    assert _state(app) == "draft"
    _host_opens(office) if first == "host" else _witness(phone, "open")
    assert _state(app) == "open"


def test_one_account_is_one_person(app: Flask, office: Office, ready_id: int) -> None:
    _host_opens(office)
    answer = office.post(
        f"{PAGE}/confirm", {"action": "open", "digest": _digest(office, f"{PAGE}/review")}
    )
    assert answer.status_code == 400
    assert "另一人须用自己的账号" in answer.text
    assert _state(app) == "draft"
    office.post(f"{PAGE}/confirm/back", {"action": "open"})
    _witness(office, "open")
    assert _host_opens(office).status_code == 409
    assert _state(app) == "draft"


def test_a_confirmation_holds_for_half_an_hour(
    app: Flask, office: Office, phone: Office, ready_id: int
) -> None:
    _witness(phone, "open")
    with app.app_context():
        db.session.execute(update(Confirmation).values(at=Confirmation.at - HOLDS_SECONDS - 1))
        db.session.commit()
    assert "已过 30 分钟" in office.get(f"{PAGE}/review").text
    _host_opens(office)
    assert _state(app) == "draft"
    _witness(phone, "open")
    assert _state(app) == "open"


@pytest.mark.parametrize("how", ["disabled", "role", "place", "moved", "password"])
@pytest.mark.parametrize("action", ["open", "close"])
def test_a_confirmation_is_worth_nothing_once_its_account_may_not_give_it(
    app: Flask,
    office: Office,
    phone: Office,
    request: pytest.FixtureRequest,
    how: str,
    action: str,
) -> None:
    request.getfixturevalue("ready_id" if action == "open" else "open_id")
    before = _state(app)
    _witness(phone, action)
    _loses_the_right(app, "李监票", how)
    page = f"{PAGE}/review" if action == "open" else f"{PAGE}/close"
    said = "那次确认已失效，须由有权的人" in office.get(page).text
    assert said == (how != "password")
    _host_opens(office) if action == "open" else office.post(f"{PAGE}/close", CLOSE)
    assert _state(app) == before
    _witness(_person(app, "赵书记", "superior", None), action)
    assert _state(app) != before


def _loses_the_right(app: Flask, name: str, how: str) -> None:
    with app.app_context():
        who, chief = account_by_name(name), account_by_name("王秘书")
        assert who
        assert chief
        elsewhere = create_organisation("别处党总支", "general_branch", None).id
        if how == "password":
            reset_password(who.id, chief, None)
        elif how == "moved":
            db.session.execute(
                text("UPDATE organisations SET parent_id = :to WHERE id = 2"), {"to": elsewhere}
            )
            db.session.commit()
        else:
            role = "host" if how == "role" else "scrutineer"
            place = elsewhere if how == "place" else 1
            change_account(who.id, chief, None, role, place, how == "disabled")


def test_a_host_who_is_one_no_more_opens_nothing_by_the_scrutineers_hand(
    app: Flask, phone: Office, ready_id: int
) -> None:
    _host_opens(_person(app, "张主持", "host", 1))
    _loses_the_right(app, "张主持", "disabled")
    _witness(phone, "open")
    assert _state(app) == "draft"


def test_what_is_taken_back_counts_no_more(
    app: Flask, office: Office, phone: Office, ready_id: int
) -> None:
    _witness(phone, "open")
    assert phone.post(f"{PAGE}/confirm/back", {"action": "open"}).status_code == 302
    assert phone.post(f"{PAGE}/confirm/back", {"action": "open"}).status_code == 409
    _host_opens(office)
    assert _state(app) == "draft"


def test_a_draft_that_is_not_ready_cannot_be_confirmed(
    office: Office, phone: Office, draft_id: int, unchanged: Callable[[], None]
) -> None:
    with office.app.app_context():
        # Made by somebody of the scrutineer's part of the tree: it tests nobody yet.
        get_meeting(draft_id).organisation_id = 1
        db.session.commit()
    page = phone.get(f"{PAGE}/confirm").text
    assert "主持人还没有准备好：还没有选测评对象" in page
    unchanged()
    with office.app.app_context():
        digest = content_digest(get_meeting(1), "open")
    for who, path in ((phone, "confirm"), (office, "open")):
        answer = who.post(f"{PAGE}/{path}", {"action": "open", "digest": digest})
        assert answer.status_code == 409
        assert "还不能开启" in answer.text


def test_a_scrutineer_with_a_code_confirms_at_the_hosts_computer(
    app: Flask, office: Office, phone: Office, ready_id: int
) -> None:
    codes = _codes(phone)
    assert len(set(codes)) == CODES.number
    assert all(re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", code) for code in codes)
    assert "还有 <strong>5</strong> 个" in phone.get("/admin/codes").text
    _host_opens(office)
    assert _type(office, "李监票", codes[0].lower().replace("-", " ")).location == PAGE
    assert _state(app) == "open"
    office.post(f"{PAGE}/close", CLOSE)
    assert _type(office, "李监票", codes[0], "close").status_code == 401
    assert _state(app) == "open"
    assert _type(office, "李监票", codes[1], "close").location == PAGE
    assert _state(app) == "closed"
    with app.app_context():
        kept = db.session.scalars(select(AccountCode)).all()
        assert len(kept) == CODES.number - 2
        assert not any(code.replace("-", "").encode() in row.hash for row in kept for code in codes)
        notes = [(e.who, e.action, e.changes) for e in db.session.scalars(select(AuditEntry))]
        assert sum("一次性码，在主持人的电脑上" in changes for _, _, changes in notes) == 2
        assert {who for who, action, _ in notes if action == "监票人确认开启"} == {"王秘书"}
        assert not any(code in str(notes) for code in codes)


def test_few_wrong_codes_are_let_through_and_then_none_is_good(
    app: Flask, office: Office, phone: Office, ready_id: int
) -> None:
    codes = _codes(phone)
    _host_opens(office)
    for number in range(3):
        answer = _type(office, "李监票", f"0000-000{number}")
        assert answer.status_code == 401
        assert "不对" in answer.text
        assert 'value="李监票"' in answer.text
    assert _type(office, "李监票", codes[0]).status_code == 302
    with app.app_context():
        db.session.execute(text("UPDATE meetings SET state = 'draft'"))
        db.session.execute(text("DELETE FROM confirmations WHERE NOT done"))
        db.session.commit()
    for number in range(CODES.tries or 0):
        assert _type(office, "李监票", f"0000-000{number}").status_code == 401
    assert _type(office, "李监票", codes[1]).status_code == 401
    assert "还有 <strong>0</strong> 个" in phone.get("/admin/codes").text
    # It locks nobody out of anything else.
    assert phone.log_in("李监票").status_code == 302


@pytest.mark.parametrize("who", ["别处的监票人", "支部书记", "没有这个人", "停用的监票人"])
def test_a_code_of_somebody_who_may_not_witness_this_meeting_is_refused_alike(
    app: Flask, office: Office, phone: Office, ready_id: int, who: str
) -> None:
    with app.app_context():
        elsewhere = create_organisation("别处党总支", "general_branch", None).id
    codes = ["0000-0000"]
    if who == "别处的监票人":
        codes = _codes(_person(app, who, "scrutineer", elsewhere))
    elif who == "停用的监票人":
        codes = _codes(_person(app, who, "scrutineer", 1))
        with app.app_context():
            db.session.execute(update(Account).where(Account.name == who).values(disabled=True))
            db.session.commit()
    elif who == "支部书记":
        _person(app, who, "branch_secretary", 2)
    _host_opens(office)
    answer = _type(office, who, codes[0])
    assert answer.status_code == 401
    assert _state(app) == "draft"
    with app.app_context():
        assert not db.session.scalars(select(AccountCode).where(AccountCode.tries > 0)).all()


def test_the_hosts_own_code_makes_no_second_person(
    app: Flask, office: Office, ready_id: int
) -> None:
    codes = _codes(office)
    _host_opens(office)
    answer = _type(office, "王秘书", codes[0])
    assert "另一人须用自己的账号" in answer.text
    assert _state(app) == "draft"
    with app.app_context():
        assert len(db.session.scalars(select(AccountCode)).all()) == CODES.number


def test_a_new_password_makes_codes_worthless(
    app: Flask, office: Office, phone: Office, ready_id: int
) -> None:
    _codes(phone)
    wish = {"old": PASSWORD, "password": "quite another one", "again": "quite another one"}
    phone.post("/admin/password", wish)
    with app.app_context():
        assert db.session.scalars(select(AccountCode)).all() == []
    phone.log_in("李监票", "quite another one")
    _codes(phone)
    with app.app_context():
        who, chief = account_by_name("李监票"), account_by_name("王秘书")
        assert who
        assert chief
        reset_password(who.id, chief, None)
        assert db.session.scalars(select(AccountCode)).all() == []


def test_guessing_from_one_account_is_slowed_down(
    office: Office, phone: Office, ready_id: int
) -> None:
    _host_opens(office)
    answers = [_type(office, f"某人{number}", "0000-0000").status_code for number in range(12)]
    assert answers == [401] * 10 + [429] * 2


def test_a_rehearsal_takes_one_person(app: Flask, office: Office, ready_id: int) -> None:
    assert office.post(f"{PAGE}/rehearse").location == "/admin/meetings/2"
    page = office.get("/admin/meetings/2/close").text
    assert "两人确认" not in page
    assert "等监票人" not in page
    assert office.post("/admin/meetings/2/close", CLOSE).location == "/admin/meetings/2"
    assert "各自确认" not in office.get("/admin/meetings/2/count-sheet").text


def test_the_command_line_closes_without_and_the_sheet_names_nobody(
    app: Flask, office: Office, phone: Office, open_id: int
) -> None:
    office.post(f"{PAGE}/close", CLOSE)
    with app.app_context():
        close_meeting(1)
    assert "各自确认" not in office.get(f"{PAGE}/count-sheet").text


def test_a_role_that_only_looks_sees_who_confirmed_and_no_button(
    app: Flask, office: Office, ready_id: int
) -> None:
    secretary = _person(app, "支书", "branch_secretary", 1)
    assert secretary.get(PAGE).location == f"{PAGE}/confirm"
    page = secretary.get(f"{PAGE}/confirm").text
    assert "只能查看" in page
    assert 'id="confirm"' not in page
    assert secretary.post(f"{PAGE}/confirm", {"action": "open"}).status_code == 403
    assert secretary.get("/admin/codes").status_code == 403


def test_a_second_click_of_the_second_person_changes_nothing(
    app: Flask, office: Office, phone: Office, ready_id: int
) -> None:
    digest = _digest(phone)
    _host_opens(office)
    wish = {"action": "open", "digest": digest}
    assert phone.post(f"{PAGE}/confirm", wish).status_code == 302
    assert phone.post(f"{PAGE}/confirm", wish).status_code == 409
    assert office.post(f"{PAGE}/open", wish).status_code == 409


def test_a_tap_too_many_after_opening_does_not_confirm_closing(
    app: Flask, office: Office, phone: Office, open_id: int, unchanged: Callable[[], None]
) -> None:
    unchanged()
    answer = phone.post(f"{PAGE}/confirm", {"action": "close"})
    assert answer.status_code == 400
    assert "请先勾选" in answer.text


@pytest.mark.parametrize(
    "wish", [{}, {"action": "void"}, {"action": "open"}, {"action": "open", "digest": "x" * 5000}]
)
def test_a_form_that_says_nothing_sensible_confirms_nothing(
    app: Flask,
    office: Office,
    phone: Office,
    ready_id: int,
    wish: dict[str, str],
    unchanged: Callable[[], None],
) -> None:
    unchanged()
    assert phone.post(f"{PAGE}/confirm", wish).status_code in (400, 409)
