"""What the database may hold of a vote, and how its migrations are kept."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect

from app.factory import ROOT
from app.models import Base, db
from app.models.urn import metadata
from app.models.urn_file import urn_path
from tests.voters import Example

SLIP_SIDE = {"slips", "entrance_screens"}
BALLOT_SIDE = {"spent_nonces", "urn_blocks"}
SHARED = {"group_code"}
"""What both sides may have: it says nothing of a voter."""

TELLING = re.compile(
    r"time|date|stamp|created|updated|_at$|\bat\b|when|ip$|addr|agent|host|device|browser|cookie|"
    r"session|user|account|name|serial|seq|number|order|position|count|index|^id$|row",
)
SECRET = re.compile(r"token|nonce|blind|seed|slip|sealed|tracker|marks")
KINDS = re.compile(r"^(INTEGER|BLOB(\(\d+\))?|BOOLEAN|VARCHAR\((4|12)\))$")


@pytest.fixture
def connection(app: Flask) -> Iterator[sqlite3.Connection]:
    """A plain connection to the urn of an open meeting."""
    example = Example(app)
    with app.app_context():
        plain = sqlite3.connect(urn_path(example.code))
    yield plain
    plain.close()


@pytest.mark.parametrize("table", sorted(SLIP_SIDE | BALLOT_SIDE))
def test_no_column_tells_when_where_or_in_which_order(
    connection: sqlite3.Connection, table: str
) -> None:
    columns = connection.execute(f"PRAGMA table_xinfo({table})").fetchall()
    assert columns
    for _, name, kind, *_ in columns:
        assert not TELLING.search(name), name
        assert KINDS.match(kind), (name, kind)


@pytest.mark.parametrize("table", sorted(SLIP_SIDE | BALLOT_SIDE))
def test_rows_have_no_hidden_number_and_lie_in_the_order_of_chance(
    connection: sqlite3.Connection, table: str
) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such column: rowid"):
        connection.execute(f"SELECT rowid FROM {table}")  # noqa: S608 - a constant
    key = [
        (name, rank)
        for _, name, _, _, _, rank, *_ in connection.execute(f"PRAGMA table_xinfo({table})")
        if rank
    ]
    names = [name for name, _ in sorted(key, key=lambda part: part[1])]
    chance = {
        "slips": "token_hash",
        "entrance_screens": "screen",
        "spent_nonces": "nonce",
        "urn_blocks": "block",
    }[table]
    assert chance in names


def test_no_column_or_key_joins_a_slip_to_a_ballot(connection: sqlite3.Connection) -> None:
    def columns(table: str) -> set[str]:
        return {row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})")}

    for ballot in BALLOT_SIDE:
        assert columns("slips") & columns(ballot) <= SHARED
    assert columns("spent_nonces") & columns("urn_blocks") == set()
    for table in SLIP_SIDE | BALLOT_SIDE:
        for key in connection.execute(f"PRAGMA foreign_key_list({table})"):
            assert key[2:4] == ("groups", "group_code")


def test_the_main_database_has_no_room_for_slips_open_ballots_or_secrets() -> None:
    assert not {table.name for table in metadata.sorted_tables} - {"meeting"} & set(
        Base.metadata.tables
    )
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            assert not SECRET.search(column.name), (table.name, column.name)


def test_nothing_else_in_the_urn_refers_to_slips_or_ballots(
    connection: sqlite3.Connection,
) -> None:
    objects = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    assert not [name for kind, name, *_ in objects if kind in ("trigger", "view")]
    for kind, name, table, _ in objects:
        if table in SLIP_SIDE | BALLOT_SIDE:
            assert kind == "table" or name.startswith("sqlite_autoindex"), name
    assert not [name for _, name, *_ in objects if name == "sqlite_sequence"]


def test_the_migrations_make_what_the_models_say(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_constraint_has_its_name(app: Flask) -> None:
    with app.app_context():
        inspector = inspect(db.engine)
        for table in inspector.get_table_names():
            if table == "alembic_version":
                continue
            assert inspector.get_pk_constraint(table)["name"] == f"pk_{table}"
            named: list[Any] = [
                *inspector.get_foreign_keys(table),
                *inspector.get_unique_constraints(table),
                *inspector.get_check_constraints(table),
            ]
            assert all(constraint["name"] for constraint in named), table


def test_the_migrations_are_numbered_and_linear() -> None:
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    found = list(scripts.walk_revisions())[::-1]
    assert scripts.get_heads() == [found[-1].revision]
    for number, revision in enumerate(found, start=1):
        assert revision.revision == f"{number:04}"
        assert Path(revision.path).name.startswith(f"{number:04}_")
        assert not isinstance(revision.down_revision, tuple)


def test_every_migration_goes_down_and_up_again_on_a_database_with_data(
    app: Flask, data_dir: Path
) -> None:
    example = Example(app)
    example.vote_all(slips=example.slips[:6])
    Example(app).close()
    before = _schema(data_dir)
    with app.app_context():
        revisions = [r.revision for r in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()]
        for revision in [*revisions[1:], "base"]:
            flask_migrate.downgrade(revision=revision)
        assert _schema(data_dir) == {}
        for revision in reversed(revisions):
            flask_migrate.upgrade(revision=revision)
    assert _schema(data_dir) == before
    again = Example(app)
    again.vote_all()
    assert again.close()["counts"]["g1"]["cast"] == 12


def test_an_upgrade_of_a_database_that_is_up_to_date_changes_nothing(
    app: Flask, data_dir: Path
) -> None:
    example = Example(app)
    with app.app_context():
        flask_migrate.upgrade()
    example.vote_all()
    assert example.close()["counts"]["g1"]["cast"] == 12


def _schema(data_dir: Path) -> dict[str, str]:
    """Name → SQL of every table and index, without alembic's own."""
    connection = sqlite3.connect(data_dir / "mingce.sqlite")
    try:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: " ".join(sql.split()) for name, sql in rows if name != "alembic_version"}
    finally:
        connection.close()
