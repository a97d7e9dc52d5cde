"""`flask round check`: what a round lacks, as other programs read it."""

from __future__ import annotations

import json

from flask import Flask

from app.actions.correction import propose_correction
from app.actions.notice import correct_notice
from app.actions.record import change_scores
from tests.admin.conftest import make_round
from tests.admin.test_correction import LATER, make_final
from tests.admin.test_notice import WHY, WISH


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


def test_a_final_round_tells_of_the_correction_under_way_and_why_some_were_not_tested(
    app: Flask,
) -> None:
    round_id = make_round(app, "huaixiang-2012", "institution")
    code = make_final(app, round_id)
    with app.app_context():
        propose_correction(2, "好", "少算 6 分", LATER)
    result = app.test_cli_runner().invoke(args=["round", "check", str(round_id)])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    waiting = "更正还没有公示。请在原来的公示上发布更正。"
    assert told["corrections"] == [
        {"record": 2, "from": "较好", "to": "好", "obstacles": [waiting]}
    ]
    assert told["untested"]["reason"] == WHY
    with app.app_context():
        correct_notice(code, WISH, "少算 6 分", LATER)
    result = app.test_cli_runner().invoke(args=["round", "check", str(round_id)])
    assert json.loads(result.stdout)["corrections"][0]["obstacles"] == []
