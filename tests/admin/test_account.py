"""The first admin, failed tries, passwords."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select, update

from admin.browser import COOKIE
from app.actions.account import create_account, create_first_admin, first_admin_link
from app.domain.errors import LinkInvalid
from app.models import Account, db
from tests.admin.conftest import NAME, PASSWORD, Office


@pytest.fixture
def link(app: Flask) -> str:
    with app.app_context():
        found = first_admin_link()
    assert found
    return found


def test_the_first_admin_sets_name_and_password_once(stranger: Office, link: str) -> None:
    wish = {"name": NAME, "password": PASSWORD, "again": PASSWORD}
    assert stranger.get(link).status_code == 200
    assert stranger.post(link, wish).location == "/admin/"
    assert stranger.get("/admin/").status_code == 200
    again = stranger.post(link, {**wish, "name": "second"})
    assert again.status_code == 403
    assert "已经设置过" in again.text


def test_of_two_first_admins_one_wins(app: Flask, link: str) -> None:
    signed, outcomes = link.rsplit("/", 1)[1], []

    def try_it(name: str) -> None:
        with app.app_context():
            try:
                create_first_admin(signed, name, PASSWORD)
                outcomes.append("made")
            except LinkInvalid:
                outcomes.append("refused")

    threads = [threading.Thread(target=try_it, args=(f"admin {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["made", "refused", "refused", "refused"]


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"name": "", "password": PASSWORD, "again": PASSWORD},
        {"name": "x" * 41, "password": PASSWORD, "again": PASSWORD},
        {"name": "a\tb", "password": PASSWORD, "again": PASSWORD},
        {"name": NAME, "password": "short", "again": "short"},
        {"name": NAME, "password": PASSWORD, "again": PASSWORD + "x"},
        {"name": NAME, "password": "x" * 201, "again": "x" * 201},
    ],
)
def test_a_bad_first_admin_is_refused_and_the_name_kept(
    stranger: Office, link: str, wish: dict[str, str], unchanged: Callable[[], None]
) -> None:
    unchanged()
    answer = stranger.post(link, wish)
    assert answer.status_code == 400
    assert "invalid-feedback" in answer.text or "alert-danger" in answer.text
    assert PASSWORD not in answer.text


def test_a_wrong_name_and_a_wrong_password_look_alike(stranger: Office, account: None) -> None:
    wrong = [stranger.log_in(NAME, "wrong password"), stranger.log_in("nobody", PASSWORD)]
    assert [answer.status_code for answer in wrong] == [401, 401]
    assert all("用户名或密码不对" in answer.text for answer in wrong)


def test_failed_tries_are_limited_and_good_ones_are_not(stranger: Office, account: None) -> None:
    for _ in range(8):
        assert stranger.log_in().status_code == 302
        stranger.post("/admin/logout")
    answers = [stranger.log_in(NAME, "wrong password").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert stranger.log_in().status_code == 429


def test_one_address_cannot_lock_an_account_out_at_another(
    app: Flask, stranger: Office, account: None
) -> None:
    for _ in range(7):
        stranger.log_in(NAME, "wrong password", environ_base={"REMOTE_ADDR": "10.0.0.66"})
    owner = Office(app, app.test_client())
    assert owner.log_in(environ_base={"REMOTE_ADDR": "10.0.0.5"}).status_code == 302


@pytest.mark.parametrize(
    ("others", "last"),
    [
        ("2001:db8:0:7:{:x}::1", 429),
        ("2001:db8:0:{:x}::1", 401),
        ("::ffff:10.0.0.{}", 401),
    ],
)
def test_addresses_of_one_ipv6_network_are_counted_together(
    stranger: Office, account: None, others: str, last: int
) -> None:
    answers = [
        stranger.log_in(NAME, "wrong password", environ_base={"REMOTE_ADDR": others.format(n)})
        for n in range(1, 7)
    ]
    assert [answer.status_code for answer in answers] == [401] * 5 + [last]


def test_one_address_cannot_try_many_accounts(stranger: Office, account: None) -> None:
    answers = [stranger.log_in(f"name {n}", "wrong password").status_code for n in range(31)]
    assert answers == [401] * 30 + [429]


def test_behind_one_address_nobody_locks_out_who_has_logged_in_there_before(
    app: Flask, office: Office, account: None
) -> None:
    office.post("/admin/logout")
    thief = Office(app, app.test_client())
    answers = [thief.log_in(NAME, "wrong password").status_code for _ in range(7)]
    assert answers == [401] * 5 + [429] * 2
    for number in range(30):
        thief.log_in(f"name {number}", "wrong password")
    assert thief.log_in("another name", "wrong password").status_code == 429
    # A browser that is new, or has a note of its own making, is counted with the others.
    newcomer = Office(app, app.test_client())
    assert newcomer.log_in().status_code == 429
    newcomer.client.set_cookie(COOKIE, f'["x","{NAME}"].forged', path="/admin")
    assert newcomer.log_in().status_code == 429
    assert office.log_in().status_code == 302
    # It is no way to guess more often either, nor for another name.
    office.post("/admin/logout")
    answers = [office.log_in(NAME, "wrong password").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert office.log_in("another name", "wrong password").status_code == 429


def test_the_note_of_who_has_logged_in_stays_at_this_door(stranger: Office, account: None) -> None:
    answer = stranger.log_in()
    (cookie,) = (c for c in answer.headers.getlist("Set-Cookie") if c.startswith(COOKIE))
    assert all(word in cookie for word in ("Path=/admin;", "HttpOnly", "SameSite=Lax"))
    assert COOKIE not in str(stranger.log_in("nobody", "wrong password").headers)


def test_somebody_at_the_same_address_does_not_keep_others_from_a_new_password(
    app: Flask, office: Office
) -> None:
    with app.app_context():
        create_account("另一人", PASSWORD)
    other = Office(app, app.test_client())
    other.log_in("另一人")
    wrong = {"old": "wrong password", "password": "long enough", "again": "long enough"}
    assert [other.post("/admin/password", wrong).status_code for _ in range(6)][-1] == 429
    assert office.post("/admin/password", {**wrong, "old": PASSWORD}).status_code == 302


def test_a_hash_of_other_parameters_is_made_anew_at_log_in(
    app: Flask, stranger: Office, account: None
) -> None:
    def kept() -> str:
        with app.app_context():
            return str(db.session.scalars(select(Account.password_hash)).one())

    with app.app_context():
        old = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(PASSWORD)
        db.session.execute(update(Account).values(password_hash=old))
        db.session.commit()
    assert stranger.log_in(NAME, "wrong password").status_code == 401
    assert kept() == old
    assert stranger.log_in().status_code == 302
    fresh = kept()
    assert "m=8,t=1,p=1" in fresh
    assert stranger.log_in().status_code == 302
    assert kept() == fresh


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({}, 400),
        ({"old": "wrong password", "password": PASSWORD, "again": PASSWORD}, 401),
        ({"old": PASSWORD, "password": "short", "again": "short"}, 400),
        ({"old": PASSWORD, "password": "one password", "again": "other password"}, 400),
    ],
)
def test_a_bad_change_of_password_changes_nothing(
    office: Office, wish: dict[str, str], status: int, unchanged: Callable[[], None]
) -> None:
    unchanged()
    assert office.post("/admin/password", wish).status_code == status
    assert office.get("/admin/").status_code == 200
