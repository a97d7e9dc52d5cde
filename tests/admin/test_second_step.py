"""两步登录: set up, asked for, never twice with one code, and nobody is locked out by others."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from pyotp import HOTP
from sqlalchemy import select, text

from app.actions import second_step
from app.actions.account import account_by_name, reset_password, signed_in
from app.actions.audit import verify_history
from app.actions.second_step import FAILURES_MOST, finish_setup, pass_second_step
from app.domain.errors import SecondStepFailed
from app.domain.totp import STEP_SECONDS, setup_uri, step_of
from app.models import Account, AccountCode, AuditEntry, db
from tests.admin.conftest import NAME, PASSWORD, Office

PAGE = "/admin/second-step"
CODE = "/admin/login/code"


class Phone:
    """An authenticator, and the clock that it shares with the server."""

    def __init__(self) -> None:
        self.now = 1_795_000_000
        self.secret = ""

    def shows(self, steps: int = 0) -> str:
        """The six digits of now, or of so many steps later."""
        return str(HOTP(self.secret).at(self.now // STEP_SECONDS + steps))

    def wait(self, steps: int = 1) -> None:
        self.now += steps * STEP_SECONDS


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Phone:
    found = Phone()
    monkeypatch.setattr(second_step, "_now", lambda: found.now)
    return found


@pytest.fixture
def codes(office: Office, phone: Phone) -> list[str]:
    """Switches the second step on; the recovery codes."""
    return switch_on(office, phone)


def switch_on(office: Office, phone: Phone) -> list[str]:
    assert office.post(PAGE, {"do": "begin", "password": PASSWORD}).location == PAGE
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', office.get(PAGE).text)
    assert found
    phone.secret = found[1].replace(" ", "")
    page = office.post(PAGE, {"do": "confirm", "code": phone.shows()}).text
    return re.findall(r'<li class="code">([^<]+)</li>', page)


def _enter(who: Office, code: str, **options: Any) -> Any:
    return who.post(CODE, {"code": code}, **options)


def test_the_password_alone_no_longer_lets_in(
    app: Flask, office: Office, codes: list[str], phone: Phone
) -> None:
    assert len(set(codes)) == 8
    assert office.get("/admin/").status_code == 200
    other = Office(app, app.test_client())
    assert other.post("/admin/login", {"name": NAME, "password": PASSWORD}).location.startswith(
        CODE
    )
    assert other.get("/admin/rounds").location.startswith("/admin/login")
    phone.wait()
    wanted = {"query_string": {"next": "/admin/rounds"}}
    assert _enter(other, phone.shows(), **wanted).location == "/admin/rounds"
    assert other.get("/admin/rounds").status_code == 200


def test_switching_on_ends_the_other_sessions(app: Flask, office: Office, phone: Phone) -> None:
    other = Office(app, app.test_client())
    other.log_in()
    assert other.get("/admin/").status_code == 200
    switch_on(office, phone)
    assert other.get("/admin/").location.startswith("/admin/login")


def test_a_code_is_good_once(app: Flask, office: Office, codes: list[str], phone: Phone) -> None:
    phone.wait()
    digits = phone.shows()
    office.post("/admin/logout")
    office.log_in()
    assert _enter(office, f" {digits[:3]} {digits[3:]}").status_code == 302
    thief = Office(app, app.test_client())
    thief.log_in()
    for old in (digits, phone.shows(-1), phone.shows(2), "", "12345", "一二三四五六"):
        assert _enter(thief, old).status_code in (401, 429), old
    # The same one, that switched it on, is used up as well.
    with app.app_context():
        who = account_by_name(NAME)
        assert who
        with pytest.raises(SecondStepFailed):
            pass_second_step(who.id, who.session_version, digits)
        assert pass_second_step(who.id, who.session_version, phone.shows(1)).failures > 0


def test_a_recovery_code_is_good_once(
    app: Flask, office: Office, codes: list[str], phone: Phone
) -> None:
    office.log_in()
    assert _enter(office, codes[0].lower()).status_code == 302
    assert 'id="codes-left">7<' in office.get(PAGE).text
    office.log_in()
    assert _enter(office, codes[0]).status_code == 401
    assert _enter(office, codes[1]).status_code == 302
    page = office.post(PAGE, {"do": "codes", "password": PASSWORD}).text
    fresh = re.findall(r'<li class="code">([^<]+)</li>', page)
    assert len(fresh) == 8
    office.log_in()
    assert _enter(office, codes[2]).status_code == 401
    assert _enter(office, fresh[0]).status_code == 302


def test_wrong_codes_are_limited_where_they_come_from_and_lock_nobody_out_elsewhere(
    app: Flask, office: Office, codes: list[str], phone: Phone
) -> None:
    thief = Office(app, app.test_client())
    away = {"environ_base": {"REMOTE_ADDR": "10.0.0.66"}}
    thief.log_in(**away)
    answers = [_enter(thief, "000000", **away).status_code for _ in range(7)]
    assert answers == [401] * 5 + [429] * 2
    phone.wait()
    office.log_in()
    assert _enter(office, phone.shows()).status_code == 302
    page = office.get("/admin/").text
    assert "有 5 次密码对而验证码不对" in page


def test_after_many_wrong_codes_only_a_recovery_code_lets_in(
    app: Flask, office: Office, codes: list[str], phone: Phone
) -> None:
    with app.app_context():
        who = account_by_name(NAME)
        assert who
        for _ in range(FAILURES_MOST):
            with pytest.raises(SecondStepFailed, match="验证码不对"):
                pass_second_step(who.id, who.session_version, "000000")
        phone.wait()
        with pytest.raises(SecondStepFailed, match="现在只能用恢复码登录"):
            pass_second_step(who.id, who.session_version, phone.shows())
        db.session.remove()
    office.log_in()
    assert _enter(office, codes[0]).status_code == 302
    office.post("/admin/logout")
    office.log_in()
    assert _enter(office, phone.shows()).status_code == 302


def test_only_the_password_sets_it_up_or_takes_it_away(
    app: Flask, office: Office, phone: Phone, unchanged: Callable[[], None]
) -> None:
    unchanged()
    for wish in (
        {"do": "begin"},
        {"do": "begin", "password": "wrong"},
        {"do": "confirm", "code": "000000"},
        {"do": "remove", "password": "wrong"},
        {},
    ):
        assert office.post(PAGE, wish).status_code in (401, 429), wish


def test_it_is_taken_away_with_the_password(
    app: Flask, office: Office, codes: list[str], phone: Phone
) -> None:
    assert office.post(PAGE, {"do": "remove", "password": "wrong"}).status_code == 401
    assert office.post(PAGE, {"do": "remove", "password": PASSWORD}).location == PAGE
    assert office.log_in().location == "/admin/"
    with app.app_context():
        account = db.session.scalars(select(Account)).one()
        assert (account.totp_on, account.totp_secret, account.totp_step) == (False, None, None)
        assert db.session.scalars(select(AccountCode)).all() == []


def test_a_wrong_code_does_not_switch_it_on(app: Flask, office: Office, phone: Phone) -> None:
    office.post(PAGE, {"do": "begin", "password": PASSWORD})
    assert "核对手机的时间" in office.post(PAGE, {"do": "confirm", "code": "000000"}).text
    assert office.log_in().location == "/admin/"


def test_an_admin_who_resets_the_password_removes_it_and_is_told(
    app: Flask, office: Office, codes: list[str], phone: Phone
) -> None:
    from app.actions.account import create_account

    with app.app_context():
        create_account("另一位管理员", PASSWORD)
    other = Office(app, app.test_client())
    other.log_in("另一位管理员")
    assert "两步登录" in other.get("/admin/accounts").text
    page = other.post("/admin/accounts/1/password").text
    assert "两步登录，已一并取消" in page
    once = re.search(r'id="password">([^<]+)<', page)
    assert once
    assert office.get("/admin/").location.startswith("/admin/login")
    assert office.log_in(NAME, once[1]).location == "/admin/"
    assert "两步登录，已一并取消" not in other.post("/admin/accounts/1/password").text


def test_whoever_operates_the_server_lets_the_only_admin_in_again(
    app: Flask, office: Office, codes: list[str]
) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["account", "reset", "没有这个人"]).exit_code == 2
    done = run(args=["account", "reset", NAME])
    assert (done.exit_code, "两步登录已取消" in done.stderr) == (0, True)
    assert office.log_in(NAME, done.stdout.strip()).location == "/admin/"
    assert office.get("/admin/rounds").location == "/admin/password"


def test_what_is_kept_is_sealed_for_this_account_and_this_service(
    app: Flask, office: Office, codes: list[str], phone: Phone
) -> None:
    with app.app_context():
        row = db.session.execute(text("SELECT * FROM accounts")).one()
        audit = "".join(e.subject + e.changes for e in db.session.scalars(select(AuditEntry)))
        assert phone.secret.encode() not in row.totp_secret
        assert phone.secret not in audit
        assert not any(code in audit for code in codes)
        assert '"两步登录": ["否", "是"]' in audit
        assert verify_history().fault is None
        db.session.execute(
            text("UPDATE accounts SET totp_secret = :found"),
            {"found": row.totp_secret[:-1] + bytes([row.totp_secret[-1] ^ 1])},
        )
        db.session.commit()
        phone.wait()
        with pytest.raises(SecondStepFailed):
            pass_second_step(row.id, row.session_version, phone.shows())
        db.session.execute(
            text("UPDATE accounts SET totp_secret = :found"), {"found": row.totp_secret}
        )
        db.session.commit()
        app.config["SECRET_KEY"] = "another installation"
        with pytest.raises(SecondStepFailed):
            pass_second_step(row.id, row.session_version, phone.shows())
        assert pass_second_step(row.id, row.session_version, codes[0]).account.name == NAME


def test_half_way_is_nowhere(app: Flask, office: Office, codes: list[str], phone: Phone) -> None:
    other = Office(app, app.test_client())
    assert other.get(CODE).location == "/admin/login?next=/admin/"
    other.log_in()
    with other.client.session_transaction(path="/admin") as session:
        session["since"] -= 301
    phone.wait()
    assert _enter(other, phone.shows()).location.startswith("/admin/login?")
    # A new password ends what was begun with the old one.
    other.log_in()
    with app.app_context():
        who = account_by_name(NAME)
        assert who
        reset_password(who.id, who._replace(id=99), None)
    assert _enter(other, phone.shows()).location.startswith("/admin/login?")


def test_a_code_that_two_use_at_once_lets_one_in(
    app: Flask, office: Office, codes: list[str], phone: Phone
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    phone.wait()
    digits = phone.shows()

    def enter(_: int) -> bool:
        with app.app_context():
            try:
                pass_second_step(1, 2, digits)
            except SecondStepFailed:
                return False
            finally:
                db.session.remove()
            return True

    with app.app_context():
        assert signed_in(1, 2)
    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(enter, range(6))) == [False] * 5 + [True]


def test_a_setup_that_was_finished_cannot_be_finished_again(
    app: Flask, office: Office, codes: list[str], phone: Phone
) -> None:
    with app.app_context():
        phone.wait()
        with pytest.raises(Exception, match="过期"):
            finish_setup(1, phone.shows())


def test_the_picture_holds_what_an_authenticator_reads() -> None:
    parts = urlsplit(setup_uri("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "七台镇 王秘书"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parse_qs(parts.query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["明测"],
    }


def test_the_codes_are_those_of_the_standard() -> None:
    # RFC 6238, appendix B, SHA-1, the last six of eight digits.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for now, digits in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert step_of(secret, digits, now) == now // 30
        assert step_of(secret, digits, now + 30) == now // 30
        assert step_of(secret, digits, now + 90) is None
