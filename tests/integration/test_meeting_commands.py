"""`meeting list|show|close` and `sweep`, as somebody at a terminal meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from app.actions.meeting import get_meeting, leaves_traces
from app.config import Config
from app.factory import create_app
from app.models.urn_file import urn_path
from tests.voters import Example


def flask(app: Flask, *words: str) -> Result:
    """A command of the application."""
    return app.test_cli_runner().invoke(args=words)


def test_a_meeting_is_listed_shown_and_closed_in_words(app: Flask) -> None:
    example = Example(app, slips=12)
    assert flask(app, "meeting", "list").stdout == (
        f"{example.code}  进行中  阿坞乡党委党员群众测评会\n"
    )
    example.vote_all(slips=example.slips[:11])
    shown = flask(app, "meeting", "show", example.code.lower())
    assert shown.exit_code == 0
    assert "应到 12 发出 12 已扫码 11 已投 11" in shown.stdout
    assert "前 5 张选票" in shown.stdout
    assert "金布川村党支部：先进 5 一般 0 后进 0 弃权 0；满意率 100.00%（5/5）" in shown.stdout
    closed = flask(app, "meeting", "close", f"{example.code[:3]}-{example.code[3:]}")
    assert closed.exit_code == 0
    assert "先进 11" in closed.stdout
    assert "金布川村党支部：拟定等级 先进" in closed.stdout
    assert "已结束" in flask(app, "meeting", "list").stdout


def test_before_two_batches_no_tally_is_shown(app: Flask) -> None:
    example = Example(app)
    example.vote_all(slips=example.slips[:9])
    shown = json.loads(flask(app, "meeting", "show", example.code, "--json").stdout)
    assert shown["released"] is None
    assert shown["cast"] == 9


def test_the_number_present_is_kept_for_the_count_sheet(app: Flask) -> None:
    example = Example(app)
    for wrong in ("-1", "100001", "x"):
        refused = flask(app, "meeting", "close", example.code, "--present", wrong)
        assert (refused.exit_code, refused.stdout) == (2, "")
    assert flask(app, "meeting", "close", example.code, "--present", "11").exit_code == 0
    with app.app_context():
        assert get_meeting(example.id).present == 11


def test_an_empty_meeting_has_no_rate(app: Flask) -> None:
    closed = flask(app, "meeting", "close", Example(app).code)
    assert "满意率 —（0/0）" in closed.stdout


@pytest.mark.parametrize("code", ["ZZZZZZ", "", "../..", "\ud800", "7K3M9P\x00"])
@pytest.mark.parametrize("command", ["show", "close"])
def test_a_code_of_no_meeting_ends_with_2(app: Flask, command: str, code: str) -> None:
    refused = flask(app, "meeting", command, code)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "没有找到这个测评会" in refused.stderr


def test_a_database_that_is_not_there_is_named_in_words(tmp_path: Path) -> None:
    app = create_app(Config.from_env({"MINGCE_DATA": str(tmp_path)}))
    refused = flask(app, "meeting", "list")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "db upgrade" in refused.stderr


def test_sweeping_makes_up_for_what_closing_could_not_do(app: Flask) -> None:
    example = Example(app)
    example.vote_all()
    with app.app_context():
        urn = urn_path(example.code)
    kept = urn.read_bytes()
    example.close()
    urn.write_bytes(kept)
    with app.app_context():
        assert leaves_traces(get_meeting(example.id))
    done = flask(app, "sweep")
    assert (done.exit_code, done.stdout) == (0, "已清扫干净。\n")
    assert not urn.exists()
