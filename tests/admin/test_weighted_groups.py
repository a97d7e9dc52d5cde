"""Voter groups with weights, from the draft of a meeting to the record and the count sheet."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app.actions.finalising import obstacles as what_hinders
from app.actions.grading import proposal_of
from app.actions.meeting import (
    Settings,
    choose_subjects,
    create_meeting,
    get_meeting,
    obstacles_to_opening,
    set_groups,
    set_policy,
)
from app.actions.record import get_record
from app.actions.round import get_round
from app.actions.step import today
from app.domain.meeting import Obstacle
from app.domain.slip import parse_token, token_hash
from app.models import Round, db
from app.models.urn_file import urn_path
from app.phones.voter import SlipUrl
from tests.admin.conftest import BASE, Office
from tests.schemes import SATISFACTION, rule, scheme_text
from tests.voters import Example

GROUPS = """
[[voter_groups]]
name = "党员"
weight = "60%"
clause = "党员占60%，群众代表占40%"

[[voter_groups]]
name = "群众代表"
aliases = ["群众"]
weight = "40%"
"""
SCHEME = scheme_text(
    questions='[[questions]]\nkind = "satisfaction"\ntitle = "是否满意?"\n'
    'options = ["满意", "基本满意", "不满意", "不了解"]\n',
    satisfaction=SATISFACTION,
    rules=rule("cap", 'satisfaction = { below = "90%" }', '"较好"', "cap-90") + GROUPS,
)

Begin = Callable[..., Example]


@pytest.fixture
def begin(app: Flask, tmp_path: Path) -> Begin:
    """Open a meeting on two villages under a scheme that weighs its two groups."""

    def begun(*options: str, text: str = SCHEME, slips: int = 12) -> Example:
        file = tmp_path / "county.toml"
        file.write_text(text, "utf-8")
        return Example(app, "--scheme", str(file), "--domain", "村", *options, slips=slips)

    return begun


def vote(example: Example, **content: int) -> None:
    """So many of each group (g1, g2) are content, and the others are not."""
    left = dict(content)
    for slip in example.slips:
        group = _group_of(example, slip)
        content_now = left.get(group, 0) > 0
        left[group] = left.get(group, 0) - 1
        example.vote_all("option1" if content_now else "option3", [slip])


def _group_of(example: Example, slip: SlipUrl) -> str:
    """The group of a slip, as the urn of the open meeting has it."""
    with example.app.app_context(), sqlite3.connect(urn_path(example.code)) as urn:
        found = urn.execute(
            "SELECT group_code FROM slips WHERE token_hash = ?",
            (token_hash(parse_token(slip.token)),),
        ).fetchone()
    return str(found[0])


def test_the_weighted_rate_decides_the_grade_and_the_plain_one_stands_beside_it(
    app: Flask, office: Office, begin: Begin
) -> None:
    example = begin("--policy", "turnout", "--groups", "党员:10,群众代表:6", slips=16)
    vote(example, g1=10, g2=3)
    answer = example.close()
    assert answer["satisfaction"]["s01"]["percent"] == "81.25"
    record = answer["records"][0]
    assert record["satisfaction"]["percent"] == "80.00"
    assert record["satisfaction"]["figures"] == "党员10÷10×60% + 群众代表3÷6×40%"
    assert record["satisfaction"]["groups"][1]["denominator"] == 6
    assert record["proposed"] == "较好"
    line = next(t for t in record["trace"] if t["rule"] == "voter_groups")
    assert line["because"] == "加权满意率 = 党员10÷10×60% + 群众代表3÷6×40% = 80.00%"
    assert line["clause"] == "党员占60%，群众代表占40%"
    with app.app_context():
        mass = get_record(1).mass
        assert mass
        assert mass["together"] == {"numerator": 13, "denominator": 16, "percent": "81.25"}
    page = office.get("/admin/records/1").text
    assert "加权满意率 <strong>80.00%</strong>（党员10÷10×60% + 群众代表3÷6×40%）" in page
    assert "按全部票数合计，未加权：81.25%（13 ÷ 16），不用于定级" in page
    assert "党员10÷10×60% + 群众代表3÷6×40%" in office.get("/admin/records/1/assessment").text
    for path in (f"/admin/meetings/{example.id}", f"/admin/meetings/{example.id}/count-sheet"):
        sheet = office.get(path).text
        assert "满意率（未加权）" in sheet
        assert "党员10÷10×60% + 群众代表3÷6×40%。" in sheet
    assert "加权满意率 = 党员10÷10×60%" in _text(office.get("/admin/records/1/forms/register").text)


def test_groups_that_may_not_stand_alone_give_no_rate_and_the_page_says_what_can_be_done(
    app: Flask, office: Office, begin: Begin
) -> None:
    example = begin("--policy", "turnout", "--groups", "党员:10,群众代表:6", slips=12)
    cast = [slip for slip in example.slips if _group_of(example, slip) == "g1"]
    few = [slip for slip in example.slips if slip not in cast][:2]
    example.vote_all("option1", [*cast, *few])
    record = example.close()["records"][0]
    assert record["satisfaction"] == {"numerator": 0, "denominator": 0, "percent": "—"}
    line = next(t for t in record["trace"] if t["rule"] == "voter_groups")
    assert line["effect"] == "unformed"
    assert "只能与别的类别合并公布" in line["because"]
    assert "计票后公布" in line["because"]
    page = office.get("/admin/records/1").text
    assert "算不出，原因见上面的理由" in page
    assert "按全部票数合计，未加权：100.00%" in page
    sheet = office.get(f"/admin/meetings/{example.id}/count-sheet").text
    assert "也不以合并的票数代替" in sheet
    assessment = office.get("/admin/records/1/assessment").text
    assert "加权满意率不能得出：有的类别只能与别的类别合并公布" in assessment
    refused = office.post("/admin/records/1/decision", {"grade": "好", "reason": "就是要评"})
    assert refused.status_code == 400
    with app.app_context():
        told = "".join(what_hinders(get_round(1), today()))
        assert "有规则还不能判断，请先补齐情况，或重新测评" in told


def test_while_people_vote_only_the_released_picture_is_shown_and_called_unweighted(
    app: Flask, office: Office, begin: Begin
) -> None:
    example = begin("--k", "3", "--groups", "党员:10,群众代表:6", slips=16)
    example.vote_all("option1", example.slips[:6])
    record = office.get("/admin/records/1").text
    assert "暂定，未加权" in record
    assert "未加权满意率 <strong>100.00%</strong>（3 ÷ 3）" in record
    assert "加权的结果计票后才有" in record
    assert "暂定，未加权" in office.get("/admin/records/1/assessment").text
    assert "暂定，未加权" in office.get("/admin/rounds/1").text
    assert "满意率（未加权）" in office.get(f"/admin/meetings/{example.id}").text
    with app.app_context():
        assert proposal_of(get_record(1)).satisfaction is None
    live = office.client.get(f"/api/v1/meetings/{example.code}/live").get_json()
    assert set(live["released"]) == {"at", "cells", "satisfaction"}
    screen = example.demo["screen"].replace(example.demo["base"], "")
    shown = office.client.get(f"{screen}/meeting").get_json()
    assert shown["satisfaction"]["s01"]["weighted"] is True


def test_a_demo_has_the_groups_of_its_scheme(app: Flask, begin: Begin) -> None:
    example = begin(slips=13)
    with app.app_context():
        groups = get_meeting(example.id).groups
        assert [(g.name, g.expected) for g in groups] == [("党员", 7), ("群众代表", 6)]


# The draft


@pytest.fixture
def draft(app: Flask, begin: Begin) -> int:
    """A draft in a round that weighs its groups."""
    begin()
    with app.app_context():
        return create_meeting(1, Settings("测评会", "", "", BASE)).id


def obstacles(
    app: Flask, draft: int, *groups: tuple[str, int], policy: str = "turnout"
) -> list[Obstacle]:
    with app.app_context():
        choose_subjects(draft, [1])
        set_groups(draft, groups)
        set_policy(draft, policy, 5)
        found = obstacles_to_opening(get_meeting(draft))
        # The demo's own meeting is still open, and nobody has come to this one yet.
        return [o for o in found if "另一个测评会" not in o.what and o.step != "attendance"]


def test_a_draft_begins_with_the_groups_of_the_scheme(office: Office, draft: int) -> None:
    office.post(f"/admin/meetings/{draft}/subjects", {"record": ["1"]})
    page = office.get(f"/admin/meetings/{draft}/groups").text
    assert re.findall(r'name="name" value="([^"]*)"', page) == ["党员", "群众代表"]


def test_groups_that_match_are_no_obstacle(app: Flask, draft: int) -> None:
    assert obstacles(app, draft, ("党员", 20), ("群众", 10)) == []


def test_a_group_that_the_scheme_does_not_know_keeps_the_meeting_from_opening(
    app: Flask, draft: int
) -> None:
    found = obstacles(app, draft, ("党员", 20), ("群众代表", 10), ("列席人员", 9))
    assert [(o.blocking, o.step) for o in found] == [(True, "groups")]
    assert "“列席人员”不是方案的参会人员类别（党员60%、群众代表40%）" in found[0].what


def test_groups_put_together_for_secrecy_may_open_with_a_warning(app: Flask, draft: int) -> None:
    (found,) = obstacles(app, draft, ("党员、群众代表", 20))
    assert not found.blocking
    assert "把方案的几类合在一起" in found.what


def test_a_group_that_is_lacking_is_said(app: Flask, draft: int) -> None:
    (found,) = obstacles(app, draft, ("党员", 20))
    assert not found.blocking
    assert found.what == "方案规定“群众代表”占40%，本会没有这一类。"


def test_pictures_in_batches_may_cost_the_weighted_rate(app: Flask, draft: int) -> None:
    (found,) = obstacles(app, draft, ("党员", 20), ("群众代表", 10), policy="batched")
    assert (found.blocking, found.step) == (False, "policy")
    assert "计票后公布" in found.remedy
    assert obstacles(app, draft, ("党员", 20), policy="batched")[0].step == "groups"


def test_of_a_group_of_which_so_many_must_come_the_meeting_must_have_it(
    app: Flask, draft: int
) -> None:
    with app.app_context():
        round_ = db.session.get(Round, 1)
        assert round_
        least = 'name = "党员"\nleast_share = "2/3"\n'
        round_.scheme_text = round_.scheme_text.replace('name = "党员"\n', least)
        db.session.commit()
    lacking = obstacles(app, draft, ("群众代表", 20))
    assert (lacking[0].blocking, "测评会无效" in lacking[0].what) == (True, True)
    merged = obstacles(app, draft, ("党员和群众代表", 20))
    assert [o.blocking for o in merged] == [False, False]
    assert "须全部到齐" in merged[1].remedy


def _text(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page)
