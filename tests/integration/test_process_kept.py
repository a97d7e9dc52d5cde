"""What a round's process leaves behind comes whole through backup, copy and migration."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import text

from app.actions.account import SignedIn
from app.actions.assessment import ScoreWish, decide, save_scores
from app.actions.attachment import Upload, content_of, get_attachment
from app.actions.grading import reassess
from app.actions.library import find_scheme
from app.actions.organisation import create_organisation
from app.actions.points import points_of, set_points
from app.actions.record import get_record
from app.actions.round import Member, RoundWish, create_round, get_round
from app.actions.scheme_version import copy_scheme, withdraw_scheme
from app.actions.self_assessment import LineWish, SelfWish, return_self, save_self
from app.actions.step import set_days
from app.actions.survey import VisitWish, add_visit, save_survey
from app.factory import ROOT
from app.models import Adjustment, db
from tests.integration.test_backup import Make, everything, flask, make
from tests.postgres import Postgres
from tests.voters import Example

__all__ = ["make"]

DAY = date(2026, 3, 29)
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 4000
TABLES = {
    "adjustments", "attachment_contents", "attachments", "decisions", "round_points", "round_steps",
    "scheme_states", "scheme_versions", "self_assessments", "self_lines",
    "superior_lines", "surveys", "visits",
}  # fmt: skip
SCORES = ["15"] * 6 + ["10"]


def work_through(app: Flask) -> None:
    """One organisation goes through every step; each table has at least one row."""
    with app.app_context():
        chief = SignedIn(1, "乡党委", 1)
        copy_scheme(find_scheme("awu-villages-2012"), "own-2026", "本乡方案", chief, DAY)
        withdraw_scheme("own-2026", "改用新文件", chief, DAY)
        organisation = create_organisation("金布川村党支部", "branch", None)
        member = Member(organisation.id, "village")
        round_ = create_round(RoundWish("一轮", "awu-villages-2012", None, True, (member,)))
        set_days(round_.id, [("2026-03-10", "2026-03-23"), ("2026-03-24", "2026-03-29"), ("", "")])
        set_points(round_.id, SCORES)
        save_survey(1, {"members": "23", "problems": "阵地陈旧"}, False, DAY)
        add_visit(1, VisitWish("2026-03-12", "", "", "群众", ["满意"] + [""] * 6, "修路"), DAY)
        lines = [LineWish(score, "依据") for score in SCORES]
        files = (Upload(1, "会议记录.pdf", PDF),)
        wish = SelfWish("张三", "", "先进", "", lines, files)
        save_self(1, wish, "张三", DAY)
        return_self(1, "请补第三项材料", "乡党委", DAY)
        save_self(1, wish._replace(uploads=()), None, DAY)
        record = get_record(1)
        record.mass = {
            "meeting": "ABCDEF",
            "tallies": {"g1": {"q1": {"option1": 20}}},
            "satisfaction": {"numerator": 20, "denominator": 20, "percent": "100.00"},
        }
        reassess(record)
        db.session.add(
            Adjustment(record_id=1, kind="deductions", position=1, times=2, reason="迟报")
        )
        save_scores(1, "", [ScoreWish(score, "") for score in SCORES], DAY)
        decide(1, "一般", "台账还要补齐", "乡党委", DAY)


@pytest.mark.parametrize("kinds", ["sqlite sqlite", "sqlite postgresql", "postgresql sqlite"])
def test_a_backup_brings_back_every_step_and_every_file(
    make: Make, tmp_path: Path, kinds: str
) -> None:
    first, second = kinds.split()
    one, other, file = make(first), make(second), tmp_path / "backup.sqlite"
    work_through(one)
    before = everything(one)
    assert all(before[table] for table in TABLES)
    assert flask(one, "backup", str(file)).exit_code == 0
    done = flask(other, "restore", str(file))
    assert (done.exit_code, done.stderr) == (0, "")
    assert everything(other) == before
    with other.app_context():
        assert content_of(get_attachment(1)) == PDF
        # What comes next gets the next number.
        assert decide(1, "先进", "", "乡党委", DAY).version == 2


def test_a_copy_into_postgresql_is_whole(make: Make, postgres: Postgres) -> None:
    one, url = make("sqlite"), postgres.database()
    work_through(one)
    done = one.test_cli_runner().invoke(args=["db-copy", url])
    assert (done.exit_code, "已搬完并核对" in done.stderr) == (0, True), done.stderr
    rows = {line.split("\t")[0]: int(line.split("\t")[1]) for line in done.stdout.splitlines()}
    before = everything(one)
    assert {table: rows[table] for table in TABLES} == {t: len(before[t]) for t in TABLES}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_going_back_a_version_and_forth_keeps_the_round_and_its_record(
    make: Make, kind: str
) -> None:
    app = make(kind)
    work_through(app)
    with app.app_context():
        assert points_of(get_round(1)) is not None
        db.session.remove()
        flask_migrate.downgrade(revision=_before())
        flask_migrate.upgrade()
        round_ = get_round(1)
        assert (round_.title, round_.scoring) == ("一轮", "totals")
        assert get_record(1).round_id == round_.id
        assert points_of(round_) is None
        db.session.remove()


def test_a_self_assessment_cannot_be_in_a_state_that_is_not_one(app: Flask, data_dir: Path) -> None:
    work_through(app)
    with closing(sqlite3.connect(data_dir / "mingce.sqlite")) as connection:
        for wrong in (
            "UPDATE self_assessments SET state = 'lost'",
            "UPDATE self_assessments SET state = 'returned', reasons = ''",
            "UPDATE decisions SET reason = ''",
            "UPDATE rounds SET scoring = 'guessed'",
            "UPDATE attachments SET kind = 'html'",
            "UPDATE adjustments SET times = 0",
            "UPDATE adjustments SET reason = ''",
            "UPDATE adjustments SET kind = 'fines'",
        ):
            with pytest.raises(sqlite3.IntegrityError, match=r"CHECK|never changed"):
                connection.execute(wrong)
            connection.rollback()


def test_an_upgrade_names_the_groups_of_results_that_had_only_their_codes(app: Flask) -> None:
    example = Example(app, "--groups", "党员:6,群众代表:6")
    example.vote_all()
    example.close()
    with app.app_context():
        flask_migrate.downgrade(revision=_before("Deductions and bonuses of a record"))
        with db.engine.begin() as connection:
            mass = json.loads(connection.scalar(text("SELECT mass FROM grading_records")) or "")
            named = mass.pop("groups")
            connection.execute(
                text("UPDATE grading_records SET mass = :mass"), {"mass": json.dumps(mass)}
            )
        flask_migrate.upgrade()
        assert get_record(1).mass == {**mass, "groups": named}
        assert named == {"g1": "党员", "g2": "群众代表"}
        db.session.remove()


def _before(words: str = "The steps of a round") -> str:
    """The revision before the one whose first words these are; numbers change as branches meet."""
    for found in ScriptDirectory(str(ROOT / "migrations")).walk_revisions():
        if found.doc.startswith(words):
            assert isinstance(found.down_revision, str)
            return found.down_revision
    raise LookupError(words)
