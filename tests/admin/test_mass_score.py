"""The mass score of a record: formed at closing from the options' points, part of the composite."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app.actions.account import SignedIn
from app.actions.grading import proposal_of
from app.actions.organisation import create_branches, create_organisation
from app.actions.points import set_points
from app.actions.record import get_record
from app.actions.round import Member, RoundWish, create_round
from app.actions.scheme_version import add_scheme
from app.actions.step import today
from app.domain.errors import BadInput
from tests.admin.conftest import Office
from tests.schemes import scheme_text
from tests.voters import Example

SCHEME = scheme_text(
    indicators='[[indicators]]\nname = "班子"\npoints = "unstated"\n'
    '[[indicators]]\nname = "队伍"\npoints = "unstated"\n',
    questions='[[questions]]\nkind = "indicator"\noptions = [{ label = "好", weight = 100 },'
    ' { label = "中", weight = 60 }, { label = "差", weight = 0 }]\n',
    satisfaction='[satisfaction]\nkind = "indicator"\nsatisfied = "好"\n',
    rules='[score]\nweights = { self = "20%", mass = "30%", superior = "50%" }\n'
    'clause = "自评20%，测评30%，上级50%"\n',
)

ME = SignedIn(1, "王秘书", 1)


@pytest.fixture
def example(app: Flask, tmp_path: Path) -> Example:
    """Six say 好 of the first indicator and 差 of the second; there are no scores yet."""
    file, records = tmp_path / "a.toml", tmp_path / "records.json"
    file.write_text(SCHEME, "utf-8")
    records.write_text(json.dumps([{"self": None, "superior": None}] * 2), "utf-8")
    words = ("--scheme", str(file), "--domain", "村", "--records", str(records))
    made = Example(app, *words, slips=6)
    for slip in made.slips:
        cells = {c: "option1" if c.endswith("q1") else "option3" for c in made.meeting.cells}
        assert made.vote(slip, cells).failure is None
    return made


def test_the_composite_waits_for_the_points_of_the_indicators_and_says_so(
    app: Flask, office: Office, example: Example
) -> None:
    trace = {t["rule"]: t["because"] for t in example.close()["records"][0]["trace"]}
    assert trace["mass"] == "各项指标的分值还没有定，不能由各项的票数得出测评分"
    with app.app_context():
        set_points(1, ["70", "30"])
        record = get_record(1)
        assert proposal_of(record).scores == {"mass": 70}
        assert any("测评分 = 70分" in line["because"] for line in record.trace)
        assert "尚无自评分、上级评定分" in record.trace[0]["because"]
    hindered = office.get("/admin/records/1/assessment").text
    assert "还没有建议等级：尚无自评分、上级评定分，还不能按分数定级，请先补齐。" in hindered


def test_nobody_scores_before_the_points_are_set_which_the_score_waits_for(
    app: Flask, office: Office, example: Example, unchanged: Callable[[], None]
) -> None:
    unchanged()
    for path, sent in (
        ("scores", {"self_score": "90", "superior_score": "90"}),
        ("assessment", {"total": "90"}),
        ("self", {"total": "90"}),
    ):
        answer = office.post(f"/admin/records/1/{path}", sent)
        assert answer.status_code == 400, path
        assert "要先在轮次的“指标分值”里定下各项的分值" in answer.text
    with app.app_context(), pytest.raises(BadInput, match="不能只录总分"):
        set_points(1, None)


def test_all_three_parts_decide_together(app: Flask, office: Office, example: Example) -> None:
    with app.app_context():
        set_points(1, ["70", "30"])
    example.close()
    for name, sent in (("self", {"submit": "1", "present": "全体"}), ("assessment", {})):
        lines = {f"score-{n}": points for n, points in ((1, "63"), (2, "27"))}
        lines |= {"evidence-1": "有", "evidence-2": "有"}
        assert office.post(f"/admin/records/1/{name}", {**lines, **sent}).status_code == 302
    assert "测评分 70<br>" in office.get("/admin/records/1/assessment").text
    page = office.get("/admin/records/1").text
    assert "加权得分 = 自评分90×20% + 测评分70×30% + 上级评定分90×50% = 84分" in page
    assert '<dd id="score">84</dd>' in page
    with app.app_context():
        assert get_record(1).proposed == "较好"


def test_no_round_begins_under_a_scheme_whose_mass_score_nobody_can_form(app: Flask) -> None:
    plain = SCHEME.replace(", weight = 100", "").replace(", weight = 60", "")
    with app.app_context():
        root = create_organisation("县委", "committee", None)
        (branch,) = create_branches(root.id, ["一村党支部"])
        add_scheme(plain.replace(", weight = 0", ""), ME, today())
        wish = RoundWish("一轮", "test-2012", None, True, (Member(branch.id, "village"),))
        with pytest.raises(BadInput, match="没有写测评分怎样由票数得出"):
            create_round(wish)
