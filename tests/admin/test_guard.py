"""Who may come in, and what the voters' door must never hand out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app.config import Config, ConfigError
from tests.admin.conftest import NAME, PASSWORD, Office

OPEN = {"admin.first", "admin.log_in", "admin.log_in_code"}


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:int:)?\w+>", "1", rule.rule)


def _rules(app: Flask, door: str) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(f"{door}.")]


def test_every_admin_route_sends_a_stranger_to_the_login_page(
    app: Flask, client: FlaskClient
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    asked = 0
    for rule in _rules(app, "admin"):
        if rule.endpoint in OPEN:
            continue
        for method in (rule.methods or set()) & {"GET", "POST"}:
            answer = client.open(_path(rule), method=method)
            assert answer.status_code == 302, rule
            assert answer.location.startswith("/admin/login"), rule
            asked += 1
    assert asked > 40


def test_a_stranger_may_log_in_and_nothing_else(client: FlaskClient) -> None:
    assert client.get("/admin/login").status_code == 200
    assert client.get("/admin/first/forged").status_code == 403


def test_no_voters_route_sets_a_cookie(app: Flask, office: Office, open_id: int) -> None:
    for rule in _rules(app, "voting"):
        if "events" in rule.rule or "screen" in rule.rule:
            continue
        for method in (rule.methods or set()) & {"GET", "POST"}:
            answer = office.client.open(_path(rule), method=method)
            assert "Set-Cookie" not in answer.headers, rule


def test_the_session_cookie_stays_at_the_admin_door(stranger: Office, account: None) -> None:
    answer = stranger.log_in()
    cookie = answer.headers["Set-Cookie"]
    assert "Path=/admin" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_the_session_is_a_new_one_after_login(stranger: Office, account: None) -> None:
    stranger.get("/admin/login")
    with stranger.client.session_transaction(path="/admin") as session:
        session["left behind"] = "by somebody else"
    stranger.log_in()
    with stranger.client.session_transaction(path="/admin") as session:
        assert "left behind" not in session


def test_a_copied_cookie_is_worth_nothing_after_log_out(app: Flask, office: Office) -> None:
    cookie = office.client.get_cookie("mingce_admin", path="/admin")
    assert cookie
    assert office.post("/admin/logout").status_code == 302
    thief = app.test_client()
    thief.set_cookie("mingce_admin", cookie.value, path="/admin")
    assert thief.get("/admin/").status_code == 302
    assert office.get("/admin/").status_code == 302


def test_a_new_password_ends_every_session(app: Flask, office: Office) -> None:
    elsewhere = Office(app, app.test_client())
    elsewhere.log_in()
    assert elsewhere.get("/admin/").status_code == 200
    wish = {"old": PASSWORD, "password": "another password", "again": "another password"}
    assert office.post("/admin/password", wish).status_code == 302
    assert elsewhere.get("/admin/").status_code == 302
    assert office.log_in(NAME, PASSWORD).status_code == 401
    assert office.log_in(NAME, "another password").status_code == 302


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example/admin/", "/\\evil.example", "/admin\\@evil", "/v/X",
     "javascript:alert(1)", "/adminx/", "/admin/\n", ""],
)  # fmt: skip
def test_login_leads_to_pages_of_this_door_only(
    stranger: Office, account: None, wanted: str
) -> None:
    answer = stranger.post(
        "/admin/login", {"name": NAME, "password": PASSWORD}, query_string={"next": wanted}
    )
    assert answer.location == "/admin/"


def test_login_leads_back_to_where_one_was_going(stranger: Office, account: None) -> None:
    away = stranger.get("/admin/organisations?x=1").location
    answer = stranger.post(away, {"name": NAME, "password": PASSWORD})
    assert answer.location == "/admin/organisations?x=1"


def test_a_form_without_its_token_is_refused(office: Office) -> None:
    answer = office.client.post("/admin/organisations/new", data={"name": "x", "kind": "branch"})
    assert answer.status_code == 400
    assert "过期" in answer.text


def test_pages_are_not_kept_and_not_framed(office: Office) -> None:
    answer = office.get("/admin/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert 'style="' not in answer.text


@pytest.mark.parametrize("kind", ["meetings", "rounds", "records", "organisations"])
def test_a_number_that_no_row_can_have_is_not_found(office: Office, kind: str) -> None:
    assert office.get(f"/admin/{kind}/99999999999999999999999").status_code == 404
    assert office.get(f"/admin/{kind}/0").status_code == 404


def test_a_secret_that_could_be_guessed_stops_the_start(data_dir: Path) -> None:
    with pytest.raises(ConfigError, match="MINGCE_SECRET_KEY"):
        Config.from_env({"MINGCE_DATA": str(data_dir), "MINGCE_SECRET_KEY": "x"})
