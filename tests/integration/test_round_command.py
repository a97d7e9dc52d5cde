"""`flask round check`: what a round lacks, as other programs read it."""

from __future__ import annotations

import json

from flask import Flask

from app.actions.record import change_scores
from tests.admin.conftest import make_round


def test_a_round_that_lacks_something_says_what_and_exits_with_one(app: Flask) -> None:
    round_id = make_round(app, "huaixiang-2012", "institution")
    with app.app_context():
        change_scores(1, "90", "95")
    result = app.test_cli_runner().invoke(args=["round", "check", str(round_id)])
    assert result.exit_code == 1, result.output
    told = json.loads(result.stdout)
    assert told["round"] == {"id": round_id, "title": "2012年分类定级", "final": False}
    assert told["coverage"]["complete"] is True
    names = [body["name"] for body in told["coverage"]["without_domain"]]
    assert names == ["怀乡中学党总支"]
    assert told["quotas"] == []
    assert "上报备案" in [step["name"] for step in told["open_steps"]]
    assert "第二党支部、第三党支部还没有等级。" in told["obstacles"]
    names = [body["name"] for body in told["untested"]["organisations"]]
    assert (names, told["untested"]["reason"]) == (["第一党支部", "第二党支部", "第三党支部"], "")


def test_a_round_that_does_not_exist_exits_with_two(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["round", "check", "99"])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "轮" in result.stderr
