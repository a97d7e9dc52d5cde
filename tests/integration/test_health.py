"""What the server says of itself to those who watch it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import health
from app.config import Config
from app.factory import create_app
from app.models import db
from tests.postgres import Postgres
from tests.redis import RedisServer
from tests.serving import Server


def ask(server: Server, path: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{server.base}{path}", timeout=60) as answer:  # noqa: S310 - loopback
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_server_that_can_do_everything_says_so(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "ready",
        "parts": {"database": "ok", "migrations": "ok", "urns": "ok", "disk": "ok"},
    }


def test_a_lost_database_makes_the_server_unready_and_not_unhealthy(
    postgres: Postgres, start_server: Callable[..., Server], tmp_path: Path
) -> None:
    env = {"MINGCE_DATA": str(tmp_path / "pg"), "DATABASE_URL": postgres.database()}
    with create_app(Config.from_env(env)).app_context():
        flask_migrate.upgrade()
        db.engine.dispose()
    server = start_server(
        {"DATABASE_URL": env["DATABASE_URL"], "MINGCE_WORKERS": "1"}, tmp_path / "pg"
    )
    assert ask(server, "/readyz")[0] == 200
    postgres.kill()
    try:
        status, said = _until(server, 503)
        assert status == 503
        assert (said["status"], said["parts"]["database"]) == ("not_ready", "lost")
        assert "host" not in json.dumps(said)
        assert ask(server, "/healthz") == (200, {"status": "ok"})
    finally:
        postgres.start()
    assert _until(server, 200)[1]["parts"]["database"] == "ok"
    server.stop()
    events = [
        json.loads(line) for line in (server.data / "logs" / "events.log").read_text().splitlines()
    ]
    told = [event["event"] for event in events]
    assert told.index("database_lost") < told.index("database_back")
    assert told.count("database_lost") == 1
    assert (told[0], told[-1]) == ("service_started", "service_stopped")
    assert str(postgres.folder) not in json.dumps(events)


def _until(server: Server, status: int) -> tuple[int, dict[str, Any]]:
    """The first answer of /readyz with this status; some may have been given before."""
    for _ in range(10_000):
        answer = ask(server, "/readyz")
        if answer[0] == status:
            return answer
    raise AssertionError(answer)


def test_a_database_of_another_version_is_told(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        db.session.execute(db.text("UPDATE alembic_version SET version_num = 'other'"))
        db.session.commit()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["parts"]["migrations"]) == (503, "outdated")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_folder_of_urns_that_cannot_be_written_is_told(
    client: FlaskClient, data_dir: Path
) -> None:
    # Not even root may put a file into what is no folder.
    (data_dir / health.FOLDER).touch(mode=0o600)
    assert client.get("/readyz").get_json()["parts"]["urns"] == "not_writable"


def test_a_full_disk_is_told(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "ROOM_LEAST", 2**80)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["parts"]["disk"]) == (503, "full")


def test_what_voting_can_do_without_is_told_and_does_not_count(
    app: Flask, client: FlaskClient
) -> None:
    health.may_be_missing(app, "redis", lambda: "lost")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["parts"]["redis"]) == (200, "lost")


def test_a_lost_redis_is_told_and_does_not_count(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "FRESH_S", -1.0)
    redis = RedisServer()
    try:
        app = create_app(Config.from_env({"MINGCE_DATA": str(data_dir), "REDIS_URL": redis.url}))
        said = []
        for change in (lambda: None, redis.kill, redis.start):
            change()
            answer = app.test_client().get("/readyz")
            said.append((answer.status_code, answer.get_json()["parts"]["redis"]))
        assert said == [(200, "ok"), (200, "lost"), (200, "ok")]
    finally:
        redis.remove()
    with app.app_context():
        db.engine.dispose()
