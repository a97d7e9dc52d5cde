"""Notices, objections, final grades and plans come along with a backup."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask

from app.actions.backup import back_up, restore
from app.actions.finalising import finalise
from app.actions.moving import copy_database
from app.actions.notice import NoticeWish, correct_notice, publish_notice
from app.actions.objection import answer_objection, file_objection
from app.actions.record import change_scores
from app.actions.rectification import Plan, add_entry, begin_rectification
from app.config import Config
from app.factory import create_app
from app.models import Base, db
from tests.admin.conftest import make_round
from tests.postgres import Postgres
from tests.urns import all_rows

DAY = date(2012, 4, 3)
TABLES = {
    "notices", "notice_lines", "objections", "final_grades", "rectifications",
    "rectification_entries",
}  # fmt: skip


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
        correct_notice(code, wish, "名称写错", DAY)
        answer_objection(made.id, "查过", "不属实", "not_upheld", DAY)
        finalise(round_id, DAY + timedelta(days=9))
        plan = begin_rectification(3, Plan("问题", "措施", "李书记", DAY, True), DAY)
        add_entry(plan.id, "progress", "开会", DAY)
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


def _url(app: Flask) -> str:
    """The URL as SQLAlchemy writes it."""
    return str(app.config["SQLALCHEMY_DATABASE_URI"])
