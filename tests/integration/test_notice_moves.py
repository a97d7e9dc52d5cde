"""Notices, objections, final grades and plans come along with a backup."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from app.actions.backup import back_up, restore
from app.actions.correction import bring_into_force, propose_correction
from app.actions.finalising import finalise
from app.actions.moving import copy_database
from app.actions.notice import NoticeWish, correct_notice, publish_notice
from app.actions.objection import answer_objection, dismiss_objections, file_objection
from app.actions.record import change_scores
from app.actions.rectification import Plan, add_entry, begin_rectification, upgrade
from app.config import Config
from app.factory import create_app
from app.models import Base, db
from tests.admin.conftest import make_round
from tests.postgres import Postgres
from tests.urns import all_rows

DAY = date(2012, 4, 3)
TABLES = {
    "notices", "notice_lines", "objections", "final_grades", "rectifications",
    "rectification_entries", "finalisations", "corrections", "correction_ends", "corrected_lines",
    "upgrades",
}  # fmt: skip

COLUMN = dict.fromkeys(TABLES, "grade = 'x'") | {
    "notices": "title = 'x'", "objections": "answer = 'x'", "rectification_entries": "text = 'x'",
    "finalisations": "reason = 'x'", "correction_ends": "reason = 'x'",
    "corrected_lines": "before = 'x'", "upgrades": "final_grade_id = 1",
}  # fmt: skip
"""What an attempt to change a row sets."""


@pytest.fixture
def filled(app: Flask) -> Flask:
    """A row and more in each of the tables."""
    round_id = make_round(app, "huaixiang-2012", "institution")
    wish = NoticeWish("公示", "现予公示。", "党总支", "电话", 2, "working", "", "", (1, 2, 3))
    with app.app_context():
        for record_id in (1, 2, 3):
            change_scores(record_id, "85", "85")
        code = publish_notice(round_id, wish, DAY).code
        made = file_objection(code, "", "票数不对", "", "", DAY)
        junk = file_objection(code, "", "广告", "", "", DAY)
        dismiss_objections(code, [junk.id], "unrelated", "广告。", DAY)
        correct_notice(code, wish, "名称写错", DAY)
        answer_objection(made.id, "查过", "不属实", "not_upheld", DAY)
        finalise(round_id, DAY + timedelta(days=9), "抽样测评，没有抽到。")
        plan = begin_rectification(3, Plan("问题", "措施", "李书记", DAY, True), DAY)
        for kind in ("progress", "proof", "accepted"):
            add_entry(plan.id, kind, "开会", DAY)
        upgrade(plan.id, "好", "复评", DAY)
        later = DAY + timedelta(days=10)
        correction = propose_correction(1, "好", "算错", later)
        correct_notice(code, wish, "算错", later)
        bring_into_force(correction.id, later + timedelta(days=9))
    rows = all_rows(app)
    assert all(rows[table] for table in TABLES)
    return app


def test_they_come_back_from_a_backup(filled: Flask, tmp_path: Path) -> None:
    with filled.app_context():
        back_up(tmp_path / "kept")
    again = create_app(Config.from_env({"MINGCE_DATA": str(tmp_path / "again")}))
    with again.app_context():
        flask_migrate.upgrade()
        restore(tmp_path / "kept")
    before, after = all_rows(filled), all_rows(again)
    assert {t: before[t] for t in TABLES} == {t: after[t] for t in TABLES}
    with again.app_context():
        db.session.remove()
        db.engine.dispose()


def _outcomes(app: Flask) -> dict[int, str]:
    with app.app_context():
        rows = db.session.execute(text("SELECT number, outcome FROM objections")).all()
        db.session.remove()
        return {row.number: row.outcome for row in rows}


def _back_and_forth(app: Flask) -> None:
    """To the version that knows no dismissal, and up again."""
    assert _outcomes(app) == {1: "not_upheld", 2: "unrelated"}
    with app.app_context():
        flask_migrate.downgrade(revision="0020")
        assert _outcomes(app) == {1: "not_upheld", 2: "not_upheld"}
        flask_migrate.upgrade()
        for statement in ("DELETE FROM objections", "UPDATE objections SET text = 'x'"):
            with pytest.raises(DatabaseError, match="never changed"):
                db.session.execute(text(statement))
            db.session.rollback()
        db.session.remove()
    assert _outcomes(app) == {1: "not_upheld", 2: "not_upheld"}


def test_the_version_before_reads_a_dismissal_as_an_answer(filled: Flask) -> None:
    _back_and_forth(filled)


def test_they_move_to_postgresql(filled: Flask, postgres: Postgres) -> None:
    url = postgres.database()
    target = create_app(
        Config.from_env({"MINGCE_DATA": str(filled.config["MINGCE"].data), "DATABASE_URL": url})
    )
    with target.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()
    with filled.app_context():
        copied = copy_database(_url(target), lambda _engine: None)
    assert {c.table for c in copied if c.rows} >= TABLES
    assert len(copied) == len(Base.metadata.sorted_tables)


def test_postgresql_keeps_them_as_they_were_too(filled: Flask, postgres: Postgres) -> None:
    target = create_app(
        Config.from_env(
            {"MINGCE_DATA": str(filled.config["MINGCE"].data), "DATABASE_URL": postgres.database()}
        )
    )
    with target.app_context():
        flask_migrate.upgrade()
        url = _url(target)
    with filled.app_context():
        copy_database(url, lambda _engine: None)
    with target.app_context():
        for table in sorted(TABLES - {"rectifications"}):
            for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {COLUMN[table]}"):  # noqa: S608 - constants
                with pytest.raises(DatabaseError, match="never changed"):
                    db.session.execute(text(statement))
                db.session.rollback()
        # What nobody has answered yet may be answered.
        waiting = "UPDATE objections SET answer = '好' WHERE outcome IS NULL"
        assert db.session.execute(text(waiting)).rowcount == 0
        db.session.rollback()
        db.session.remove()
    _back_and_forth(target)
    with target.app_context():
        flask_migrate.downgrade(revision="base")
        flask_migrate.upgrade()
        db.session.remove()
        db.engine.dispose()


def _url(app: Flask) -> str:
    """The URL as SQLAlchemy writes it."""
    return str(app.config["SQLALCHEMY_DATABASE_URI"])
