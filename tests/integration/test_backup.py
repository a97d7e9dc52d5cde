"""A backup holds everything but what is secret, and comes back into either kind of database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.exc import OperationalError

from app.actions import backup
from app.actions.organisation import create_organisation
from app.config import Config
from app.factory import create_app
from app.models import Base, Organisation, db
from app.models.urn_file import close_urns
from tests.postgres import Postgres
from tests.urns import urn_rows
from tests.voters import Example

Make = Callable[[str], Flask]


@pytest.fixture
def make(tmp_path: Path, postgres: Postgres) -> Iterator[Make]:
    """`make("sqlite")` or `make("postgresql")`: an application on a fresh, migrated database."""
    with ExitStack() as stack:

        def fresh(kind: str) -> Flask:
            folder = tmp_path / f"{kind}-{len(list(tmp_path.iterdir()))}"
            url = {"DATABASE_URL": postgres.database()} if kind == "postgresql" else {}
            app = create_app(Config.from_env({"MINGCE_DATA": str(folder), **url}))
            app.testing = True
            with app.app_context():
                flask_migrate.upgrade()
            stack.callback(_put_away, app)
            return app

        yield fresh


def _put_away(app: Flask) -> None:
    close_urns(app)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def flask(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=words)


def everything(app: Flask) -> dict[str, list[Any]]:
    with app.app_context():
        found = {
            table.name: sorted((tuple(row) for row in db.session.execute(table.select())), key=repr)
            for table in Base.metadata.sorted_tables
        }
        db.session.rollback()
    return found


@pytest.mark.parametrize("kinds", ["sqlite sqlite", "sqlite postgresql", "postgresql sqlite"])
def test_a_backup_comes_back_whole_in_either_kind_of_database(
    make: Make, tmp_path: Path, kinds: str
) -> None:
    first, second = kinds.split()
    one, file = make(first), tmp_path / "备份 100%#?.sqlite"
    example = Example(one)
    example.vote_all()
    example.close()
    with one.app_context():
        # A parent that came after its child: the order of the numbers is not that of the tree.
        top = create_organisation("新的党委", "committee", None)
        db.session.query(Organisation).filter_by(parent_id=None).filter(
            Organisation.id != top.id
        ).update({"parent_id": top.id})
        db.session.commit()
    done = flask(one, "backup", str(file))
    assert (done.exit_code, done.stderr) == (0, "")
    assert file.stat().st_mode & 0o777 == 0o600
    other = make(second)
    assert flask(other, "restore", str(file)).exit_code == 0
    assert everything(other) == everything(one)
    assert Example(other).close()["counts"]["g1"]["issued"] == 12


def test_a_backup_taken_while_people_vote_knows_nothing_of_it(make: Make, tmp_path: Path) -> None:
    app, file = make("sqlite"), tmp_path / "backup.sqlite"
    example = Example(app)
    example.vote_all()
    done = flask(app, "backup", str(file))
    assert "有 1 个测评会正在进行" in done.stderr
    content, rows = file.read_bytes(), urn_rows(app, example.code)
    assert example.code.encode() in content
    secrets = [row.seed for row in rows["meeting"]] + [mark[1] for mark in rows["marks"]]
    secrets += [value for row in rows["slips"] for value in (row.token_hash, row.blinded)]
    secrets += [value for row in rows["spent_nonces"] for value in (row.nonce, row.sealed_hash)]
    assert len(secrets) > 60
    assert not [secret for secret in secrets if secret in content]
    assert list(tmp_path.glob("*.part*")) == []


def test_nothing_is_overwritten(make: Make, tmp_path: Path) -> None:
    app, file = make("sqlite"), tmp_path / "backup.sqlite"
    file.write_text("keep me")
    refused = flask(app, "backup", str(file))
    assert (refused.exit_code, "已经存在" in refused.stderr) == (2, True)
    assert file.read_text() == "keep me"
    assert list(tmp_path.glob("*.part")) == []
    refused = flask(app, "backup", str(tmp_path / "no" / "folder.sqlite"))
    assert (refused.exit_code, "不能写入" in refused.stderr) == (2, True)


def test_only_an_empty_database_takes_a_backup_and_only_a_backup_is_taken(
    make: Make, tmp_path: Path
) -> None:
    app, file, rubbish = make("sqlite"), tmp_path / "backup.sqlite", tmp_path / "rubbish"
    Example(app)
    assert flask(app, "backup", str(file)).exit_code == 0
    before = everything(app)
    rubbish.write_bytes(b"rubbish" * 1000)
    reasons = {file: "已有内容", rubbish: "不是明测的备份", tmp_path / "x": "没有找到"}
    for path, reason in reasons.items():
        refused = flask(app, "restore", str(path))
        assert (refused.exit_code, reason in refused.stderr) == (2, True), refused.stderr
    assert everything(app) == before


def _cut_out(file: Path) -> None:
    content = bytearray(file.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 8192] = bytes(8192)
    file.write_bytes(content)


def _run(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


DAMAGES: dict[str, Callable[[Path], None]] = {
    "pages": _cut_out,
    "table": lambda file: _run(file, "DROP TABLE boxes"),
    "column": lambda file: _run(file, "ALTER TABLE meetings DROP COLUMN void_reason"),
    "rule": lambda file: _run(file, "UPDATE meetings SET state = 'weird'"),
    "reference": lambda file: _run(file, "DELETE FROM rounds"),
}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_is_refused_in_a_sentence_and_nothing_is_read_in(
    make: Make, tmp_path: Path, damage: str, kind: str
) -> None:
    app, file, other = make("sqlite"), tmp_path / "backup.sqlite", make(kind)
    Example(app).close()
    assert flask(app, "backup", str(file)).exit_code == 0
    DAMAGES[damage](file)
    refused = flask(other, "restore", str(file))
    assert (refused.exit_code, "已损坏" in refused.stderr) == (2, True), refused.stderr
    assert not any(everything(other).values())


def test_a_backup_that_breaks_off_leaves_nothing(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(_source: object, _target: object) -> int:
        raise OperationalError("", None, sqlite3.OperationalError("database or disk is full"))

    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "backup.sqlite.part-journal").touch()
    app = make("sqlite")
    monkeypatch.setattr(backup, "copy_rows", break_off)
    assert flask(app, "backup", str(folder / "backup.sqlite")).exit_code == 2
    assert list(folder.iterdir()) == []
