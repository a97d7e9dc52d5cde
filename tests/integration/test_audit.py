"""Who changed what is kept, whole, on both databases, and nothing of a vote is in it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from app.actions.audit import note, verify_history
from app.actions.organisation import (
    create_organisation,
    delete_organisation,
    move_organisation,
    rename_organisation,
)
from app.actions.record import change_scores
from app.config import Config
from app.domain.errors import BadInput
from app.factory import create_app
from app.models import AuditEntry, GradingRecord, db
from tests.postgres import Postgres
from tests.voters import Example


@pytest.fixture(params=["sqlite", "postgresql"])
def there(request: pytest.FixtureRequest, app: Flask, tmp_path: Path) -> Iterator[Flask]:
    """The application on either database."""
    if request.param == "sqlite":
        yield app
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    made = create_app(
        Config.from_env({"MINGCE_DATA": str(tmp_path / "pg"), "DATABASE_URL": postgres.database()})
    )
    made.testing = True
    with made.app_context():
        flask_migrate.upgrade()
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def entries() -> list[tuple[str, str, dict[str, list[str]]]]:
    return [
        (entry.action, entry.subject, json.loads(entry.changes))
        for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.number))
    ]


def test_every_change_is_noted_from_what_to_what(there: Flask) -> None:
    with there.app_context():
        above = create_organisation("甲乡党委", "committee", None)
        branch = create_organisation("第一党支部", "branch", None)
        rename_organisation(branch.id, "一村党支部")
        move_organisation(branch.id, above.id)
        delete_organisation(branch.id)
        assert entries() == [
            ("新建党组织", "甲乡党委", {"名称": ["", "甲乡党委"], "类型": ["", "committee"]}),
            ("新建党组织", "第一党支部", {"名称": ["", "第一党支部"], "类型": ["", "branch"]}),
            ("修改党组织", "一村党支部", {"名称": ["第一党支部", "一村党支部"]}),
            ("修改党组织", "一村党支部", {"上级": ["", "甲乡党委"]}),
            (
                "删除党组织",
                "一村党支部",
                {"名称": ["一村党支部", ""], "类型": ["branch", ""], "上级": ["甲乡党委", ""]},
            ),
        ]
        verdict = verify_history()
        assert (verdict.entries, verdict.fault) == (5, None)


def test_what_is_refused_leaves_no_entry(there: Flask) -> None:
    with there.app_context():
        create_organisation("甲乡党委", "committee", None)
        with pytest.raises(BadInput):
            create_organisation("甲乡党委", "committee", None)
        db.session.rollback()
        assert len(entries()) == 1


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entries SET who = 'x'", "DELETE FROM audit_entries"],
)
def test_the_database_itself_refuses_to_change_an_entry(there: Flask, statement: str) -> None:
    with there.app_context():
        create_organisation("甲乡党委", "committee", None)
        with pytest.raises(DatabaseError, match="never changed"):
            db.session.execute(text(statement))
        db.session.rollback()
        assert verify_history().entries == 1


def test_those_who_note_at_once_make_one_chain(there: Flask) -> None:
    def write(number: int) -> None:
        with there.app_context():
            note("修改", f"第{number}个", {"分": (None, number)})
            db.session.commit()
            db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    with there.app_context():
        verdict = verify_history()
        assert (verdict.entries, verdict.fault) == (40, None)
        assert {subject for _, subject, _ in entries()} == {f"第{n}个" for n in range(40)}


def test_a_meeting_is_noted_and_no_vote(app: Flask) -> None:
    example = Example(app)
    with app.app_context():
        before = len(entries())
    example.vote_all(slips=example.slips[:7])
    with app.app_context():
        assert len(entries()) == before
    example.close()
    with app.app_context():
        found = entries()
        assert ("state" in str(found)) is False
        states = [c["状态"] for action, _, c in found if action == "修改测评会" and "状态" in c]
        assert states == [["draft", "open"], ["open", "closed"]]
        results = [c["测评结果"][1] for _, _, c in found if "测评结果" in c]
        assert len(results) == 2
        assert all("满意率" in result for result in results)
        record = db.session.scalars(select(GradingRecord)).first()
        assert record is not None
        change_scores(record.id, "88.5", "")
        assert entries()[-1][2]["自评分"][1] == "88.5"
        assert verify_history().fault is None


def test_the_command_names_the_first_entry_that_was_changed(app: Flask, data_dir: Path) -> None:
    run = app.test_cli_runner().invoke
    with app.app_context():
        for name in ("甲", "乙", "丙"):
            create_organisation(name, "committee", None)
    whole = run(args=["audit", "verify"])
    answer = json.loads(whole.stdout)
    assert (whole.exit_code, answer["entries"], answer["fault"]) == (0, 3, None)
    assert run(args=["audit", "verify", "--expect", answer["newest"]]).exit_code == 0
    with sqlite3.connect(data_dir / "mingce.sqlite") as intruder:
        intruder.execute("DROP TRIGGER audit_entries_no_update")
        intruder.execute("UPDATE audit_entries SET who = '别人' WHERE number = 2")
    intruder.close()
    broken = run(args=["audit", "verify"])
    assert broken.exit_code == 1
    assert json.loads(broken.stdout)["fault"]["entry"] == 2
