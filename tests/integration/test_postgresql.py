"""PostgreSQL as the main database: the same meeting, and nothing secret in it at any time."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect, text

from app.config import Config
from app.factory import create_app
from app.models import Base, db
from app.models.base import WRITERS_LINE, reading, writing
from app.models.urn_file import close_urns
from app.phones.crowd import vote_once
from app.phones.voter import Door, fetch_meeting
from tests.postgres import Postgres
from tests.serving import Server
from tests.voters import Example


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.database()


@pytest.fixture
def app(tmp_path: Path, url: str):
    environ = {"MINGCE_DATA": str(tmp_path / "pg"), "DATABASE_URL": url}
    app = create_app(Config.from_env(environ | {"MINGCE_BASE_URL": "http://192.168.1.10:8000"}))
    app.testing = True
    with app.app_context():
        flask_migrate.upgrade()
    yield app
    close_urns(app)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_meeting_goes_from_its_slips_to_the_records(app: Flask) -> None:
    example = Example(app, slips=12)
    example.vote_all(slips=example.slips[:11])
    closed = example.close()
    assert closed["cells"]["s01.q1"]["option1"] == 11
    assert closed["counts"]["g1"]["unused"] == 1
    assert len(closed["records"]) == 2


def test_the_migrations_make_what_the_models_say_and_go_down_again(app: Flask) -> None:
    Example(app).close()
    with app.app_context():
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []
        flask_migrate.downgrade(revision="base")
        assert inspect(db.engine).get_table_names() == ["alembic_version"]
        flask_migrate.upgrade()
    assert Example(app).close()["counts"]["g1"]["cast"] == 0


def test_voting_goes_on_while_postgresql_is_away(
    app: Flask, url: str, postgres: Postgres, start_server: Callable[..., Server], tmp_path: Path
) -> None:
    server = start_server({"DATABASE_URL": url}, tmp_path / "pg")
    example = Example(app, slips=12)
    door = Door(server.base)
    meeting = fetch_meeting(door, example.slips[0])
    choices = dict.fromkeys(meeting.cells, "option2")
    postgres.kill()
    try:
        for slip in example.slips:
            assert vote_once(door, meeting, slip, choices).failure is None
        live = door.ask("GET", f"{example.code}/live")
        assert (live["cast"], live["released"]["at"]) == (12, 5)
        with pytest.raises(subprocess.CalledProcessError):
            server.flask("meeting", "close", example.code)
    finally:
        postgres.start()
    closed = json.loads(server.flask("meeting", "close", example.code, "--json"))
    assert closed["cells"]["s01.q1"]["option2"] == 12
    door.close()


def test_writers_stand_in_line_and_readers_do_not(app: Flask) -> None:
    with app.app_context(), writing(), reading() as connection:
        assert connection.execute(text("SELECT 1 FROM meetings")).all() == []
        assert connection.scalar(text("SHOW transaction_read_only")) == "on"
        free = text(f"SELECT pg_try_advisory_xact_lock({WRITERS_LINE})")
        assert connection.scalar(free) is False
