"""`db-copy` moves everything from one kind of database to the other, or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import text

from app.actions.organisation import create_organisation
from app.config import Config
from app.factory import create_app
from app.models import Account, Base, Organisation, db
from app.models.urn_file import close_urns
from tests.postgres import Postgres
from tests.voters import Example

Open = Callable[[str, bool], Flask]


@pytest.fixture
def use(tmp_path: Path) -> Iterator[Open]:
    """`use(url, migrated)`: an application on this database, its tables made or not."""
    with ExitStack() as stack:

        def start(url: str, migrated: bool) -> Flask:
            folder = tmp_path / f"data-{hashlib.sha256(url.encode()).hexdigest()[:8]}"
            app = create_app(Config.from_env({"MINGCE_DATA": str(folder), "DATABASE_URL": url}))
            app.testing = True
            if migrated:
                with app.app_context():
                    flask_migrate.upgrade()
            stack.callback(_put_away, app)
            return app

        yield start


@pytest.fixture(params=["sqlite postgresql", "postgresql sqlite"])
def urls(request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres) -> list[str]:
    """From where, and to where."""
    made = {
        "sqlite": lambda: f"sqlite:///{tmp_path / '原来 100%.sqlite'}",
        "postgresql": postgres.database,
    }
    return [made[kind]() for kind in str(request.param).split()]


def _put_away(app: Flask) -> None:
    close_urns(app)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def copy(app: Flask, url: str) -> tuple[int, str, str]:
    done = app.test_cli_runner().invoke(args=["db-copy", url])
    return done.exit_code, done.stdout, done.stderr


def everything(app: Flask) -> dict[str, list[tuple[object, ...]]]:
    with app.app_context():
        found = {
            table.name: sorted((tuple(row) for row in db.session.execute(table.select())), key=repr)
            for table in Base.metadata.sorted_tables
        }
        db.session.rollback()
    return found


def test_everything_comes_over_and_work_goes_on_there(use: Open, urls: list[str]) -> None:
    one = use(urls[0], True)
    example = Example(one)
    example.vote_all()
    example.close()
    with one.app_context():
        # A parent that came after its child.
        top = create_organisation("新的党委", "committee", None)
        db.session.query(Organisation).filter_by(parent_id=None).filter(
            Organisation.id != top.id
        ).update({"parent_id": top.id})
        db.session.commit()
    status, tables, said = copy(one, urls[1])
    assert (status, "已搬完并核对" in said) == (0, True), said
    rows = {line.split("\t")[0]: int(line.split("\t")[1]) for line in tables.splitlines()}
    two = use(urls[1], False)
    before, after = everything(one), everything(two)
    assert after == before
    assert rows == {name: len(found) for name, found in after.items()}
    assert rows["boxes"] == 1
    # New rows get new numbers, in tables that were full and in those that were empty.
    with two.app_context():
        account = Account(name="新来的", password_hash="x")
        db.session.add(account)
        db.session.commit()
        assert account.id == 1 + max((int(row[0]) for row in before["accounts"]), default=0)
    again = Example(two)
    again.vote_all()
    assert again.close()["counts"]["g1"]["cast"] == 12


def test_only_an_empty_database_is_taken(use: Open, urls: list[str]) -> None:
    one, two = use(urls[0], True), use(urls[1], True)
    Example(one).close()
    with two.app_context():
        create_organisation("已在这里的", "committee", None)
    before = everything(two)
    status, _, said = copy(one, urls[1])
    assert (status, "目标数据库里已有内容" in said) == (2, True), said
    assert everything(two) == before


def test_no_meeting_may_be_open(use: Open, urls: list[str]) -> None:
    one = use(urls[0], True)
    example = Example(one)
    status, _, said = copy(one, urls[1])
    assert (status, f"测评会 {example.code} 正在进行" in said) == (2, True), said
    example.close()
    assert copy(one, urls[1])[0] == 0


def test_a_copy_that_breaks_off_leaves_an_empty_database_and_may_be_made_again(
    use: Open, urls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.actions import moving

    def forgetful(*_words: object) -> moving.Copied:
        return moving.Copied("meetings", len(seen.append(None) or seen), "")

    seen: list[None] = []
    one = use(urls[0], True)
    Example(one).close()
    with monkeypatch.context() as patch:
        patch.setattr(moving, "_summed_up", forgetful)
        status, _, said = copy(one, urls[1])
    assert (status, "已全部撤回" in said) == (2, True), said
    assert not any(everything(use(urls[1], False)).values())
    assert copy(one, urls[1])[0] == 0


def test_what_is_no_target_is_refused_in_a_sentence(
    app: Flask, postgres: Postgres, tmp_path: Path
) -> None:
    foreign = postgres.database()
    postgres.psql("CREATE TABLE somebodys (id integer)", foreign.split("/")[3].split("?")[0])
    with app.app_context():
        own = db.engine.url.render_as_string(False)
    for url, reason in {
        "mysql://x/y": "DATABASE_URL 应以",
        "postgresql://x@y:port/z": "写得不对",
        "postgresql://x@127.0.0.1:1/none": "不能使用",
        f"sqlite:///{tmp_path / 'no' / 'folder.sqlite'}": "不能写入",
        own: "目标就是现在的数据库",
        foreign: "有别的程序的表",
    }.items():
        status, _, said = copy(app, url)
        assert (status, reason in said, "Traceback" in said) == (2, True, False), (url, said)


def test_a_new_file_is_for_this_account_only(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "new.sqlite"
    assert copy(app, f"sqlite:///{file}")[0] == 0
    assert file.stat().st_mode & 0o777 == 0o600
    with create_app(
        Config.from_env({"MINGCE_DATA": str(tmp_path / "new"), "DATABASE_URL": f"sqlite:///{file}"})
    ).app_context():
        assert db.session.scalar(text("SELECT count(*) FROM meetings")) == 0
        db.session.remove()
        db.engine.dispose()
