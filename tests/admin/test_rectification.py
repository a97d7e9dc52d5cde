"""整改提升: from a final grade to a better one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from app.actions.final_grade import versions_of_grade
from app.actions.finalising import finalise
from app.actions.notice import publish_notice
from app.actions.objection import today
from app.actions.organisation import create_branches, create_organisation
from app.actions.record import change_facts, change_scores, get_record
from app.actions.rectification import (
    Plan,
    add_entry,
    begin_rectification,
    change_rectification,
    get_rectification,
    list_rectifications,
    records_to_rectify,
    terms_of,
    too_short,
    upgrade,
)
from app.actions.round import Member, RoundWish, create_round
from app.actions.scheme import load_shipped
from app.domain.errors import BadInput
from app.domain.rectification import months_later
from app.models import FinalGrade, RectificationChange, db
from tests.admin.conftest import Office, make_round
from tests.admin.test_notice import DAY, WHY, WISH

PLAN = Plan("组织生活不正常", "按月开会", "李书记", None, False)


def _final(app: Flask, round_id: int, scores: tuple[str, ...] = ("95", "85", "50")) -> None:
    with app.app_context():
        for record_id, score in enumerate(scores, start=1):
            change_scores(record_id, score, score)
        publish_notice(round_id, WISH, DAY)
        assert finalise(round_id, DAY + timedelta(days=3), WHY) == 3


@pytest.fixture
def district(app: Flask) -> int:
    """A final round of S2 with three grades; its third record is 后进."""
    scheme = load_shipped("district-2012")
    with app.app_context():
        root = create_organisation("区直机关党委", "committee", None)
        branches = create_branches(root.id, ["第一党支部", "第二党支部", "第三党支部"])
        members = tuple(Member(b.id, scheme.domains[0].code) for b in branches)
        ladder = scheme.ladder_choices[0].name
        wish = RoundWish("2012年分类定级", scheme.id, ladder, True, members)
        round_id = create_round(wish).id
    _final(app, round_id)
    return round_id


def test_the_bottom_grade_has_at_least_half_a_year(app: Flask, district: int) -> None:
    with app.app_context():
        terms = terms_of(get_record(3))
        assert terms is not None
        assert terms.months_at_least == 6
        assert terms.report_to == "区委组织部"
        assert terms_of(get_record(1)) is None
        assert [record.id for record in records_to_rectify()] == [3]
        with pytest.raises(BadInput, match="至少 6 个月"):
            begin_rectification(3, PLAN._replace(deadline=date(2012, 10, 2)), DAY)
        assert begin_rectification(3, PLAN, DAY).deadline == date(2012, 10, 3)
        assert records_to_rectify() == []


def test_a_plan_needs_a_final_grade(app: Flask, round_id: int) -> None:
    with app.app_context(), pytest.raises(BadInput, match="等级还没有确定"):
        begin_rectification(1, PLAN._replace(deadline=DAY), DAY)


def test_a_grade_is_raised_only_after_acceptance_and_the_old_one_stays(
    app: Flask, district: int
) -> None:
    with app.app_context():
        plan = begin_rectification(3, PLAN, DAY)
        with pytest.raises(BadInput, match="证明材料"):
            add_entry(plan.id, "accepted", "好", DAY)
        add_entry(plan.id, "proof", "会议记录六份", DAY)
        with pytest.raises(BadInput, match="没有验收"):
            upgrade(plan.id, "一般", "复评 85 分", DAY)
        add_entry(plan.id, "returned", "没有签到", DAY)
        with pytest.raises(BadInput, match="退回以后还没有新的证明材料"):
            add_entry(plan.id, "accepted", "好", DAY)
        add_entry(plan.id, "proof", "补了签到", DAY)
        add_entry(plan.id, "accepted", "同意", DAY)
        with pytest.raises(BadInput, match="已经验收"):
            add_entry(plan.id, "progress", "还有", DAY)
        upgrade(plan.id, "一般", "复评 75 分", DAY)
        versions = versions_of_grade(3)
        assert [(v.version, v.kind, v.grade) for v in versions] == [
            (2, "upgrade", "一般"),
            (1, "final", "后进"),
        ]
        with pytest.raises(BadInput, match="不能比原来低"):
            upgrade(plan.id, "后进", "退步", DAY)
        with pytest.raises(BadInput, match="已经升级晋位过一次"):
            upgrade(plan.id, "先进", "再升", DAY)


def test_overdue_plans_stand_first_and_accepted_ones_are_not_overdue(
    app: Flask, office: Office, round_id: int
) -> None:
    _final(app, round_id)
    with app.app_context():
        for record_id, days in ((1, 1), (2, 400), (3, 2)):
            wish = PLAN._replace(deadline=DAY + timedelta(days=days))
            begin_rectification(record_id, wish, DAY)
        add_entry(1, "proof", "材料", DAY)
        add_entry(1, "accepted", "同意", DAY)
        standings = list_rectifications(DAY + timedelta(days=30))
        assert [(s.plan.record_id, s.overdue) for s in standings] == [
            (3, True), (2, False), (1, False),
        ]  # fmt: skip
    assert "逾期" in office.get("/admin/rectifications").text
    # Whoever is above meets them without having to look for them.
    for path in ("/admin/", f"/admin/rounds/{round_id}"):
        assert "3 份整改方案已经逾期" not in office.get(path).text
        assert "2 份整改方案已经逾期" in office.get(path).text


def test_a_plan_is_made_and_reported_on_in_the_pages(
    app: Flask, office: Office, round_id: int
) -> None:
    _final(app, round_id)
    assert "须整改，还没有方案" in office.get("/admin/rectifications").text
    wish = {"problems": "问题一", "measures": "措施一", "responsible": "李书记", "deadline": "明年"}
    refused = office.post("/admin/records/3/rectification", wish)
    assert refused.status_code == 400
    assert "措施一</textarea>" in refused.text
    wish["deadline"] = (today() + timedelta(days=90)).isoformat()
    made = office.post("/admin/records/3/rectification", wish)
    assert made.location == "/admin/rectifications/1"
    for kind in ("proof", "accepted"):
        entry = {"kind": kind, "text": "写明"}
        assert office.post("/admin/rectifications/1/entries", entry).status_code == 302
    raised = {"grade": "一般", "reason": "复评"}
    assert office.post("/admin/rectifications/1/upgrade", raised).status_code == 302
    assert 'id="now">一般' in office.get("/admin/rectifications/1").text
    assert office.get("/admin/rectifications/9").status_code == 404


def test_a_plan_is_public_where_the_scheme_wants_it_and_nowhere_else(app: Flask) -> None:
    round_id = make_round(app, "siba-school-2013", "school")
    with app.app_context():
        for record_id in (1, 2, 3):
            change_facts(record_id, {"years_without_new_member": "0"})
    _final(app, round_id)
    public = app.test_client()
    with app.app_context():
        code = begin_rectification(3, PLAN._replace(deadline=DAY), DAY).code
    page = public.get(f"/z/{code}").text
    assert "组织生活不正常" in page
    assert "李书记" in page
    assert public.get("/z/00000000").status_code == 404


def test_a_plan_that_nobody_wants_public_is_not(app: Flask, round_id: int) -> None:
    _final(app, round_id)
    with app.app_context():
        code = begin_rectification(3, PLAN._replace(deadline=DAY), DAY).code
    assert app.test_client().get(f"/z/{code}").status_code == 404


def test_a_plan_is_put_right_and_prolonged_and_what_it_said_stays(
    app: Flask, office: Office, district: int
) -> None:
    with app.app_context():
        made = begin_rectification(3, PLAN._replace(published=True), DAY)
        plan_id, code, due = made.id, made.code, made.deadline
    path = f"/admin/rectifications/{plan_id}/change"
    assert "按月开会" in office.get(path).text
    wish = {
        "problems": "组织生活不正常", "measures": "按月开会，年底检查", "responsible": "王书记",
        "deadline": str(due + timedelta(days=30)), "reason": "换届，责任人变更",
    }  # fmt: skip
    early = office.post(path, wish | {"deadline": str(due - timedelta(days=1))})
    assert (early.status_code, "整改期限不能早于" in early.text) == (400, True)
    assert "年底检查" in early.text
    assert office.post(path, wish | {"reason": ""}).status_code == 400
    assert office.post(path, wish).status_code == 302
    page = office.get(f"/admin/rectifications/{plan_id}").text
    assert "王书记" in page
    assert "修改过 1 次" in page
    assert "李书记" in page
    public = office.client.get(f"/z/{code}").text
    assert "修改，原因：" in public
    assert "换届，责任人变更" in public
    assert "李书记" not in public
    with app.app_context():
        change = db.session.scalars(select(RectificationChange)).one()
        assert (change.responsible, change.deadline) == ("李书记", due)
        change.reason = "另一个原因"
        with pytest.raises(DatabaseError, match="never changed"):
            db.session.commit()
        db.session.rollback()
        add_entry(plan_id, "proof", "照片", DAY)
        add_entry(plan_id, "accepted", "合格", DAY)
    assert "方案不能再改" in office.post(path, wish).text
    assert "修改方案" not in office.get(f"/admin/rectifications/{plan_id}").text


def test_a_grade_that_is_corrected_asks_for_another_deadline(
    app: Flask, office: Office, district: int
) -> None:
    with app.app_context():
        made = begin_rectification(2, PLAN._replace(deadline=DAY + timedelta(days=60)), DAY)
        plan_id, worst = made.id, versions_of_grade(3)[0].grade
        db.session.add(
            FinalGrade(
                record_id=2,
                version=2,
                kind="correction",
                grade=worst,
                reason="算错",
                decided_on=DAY,
            )
        )
        db.session.commit()
        assert too_short(made) == months_later(DAY, 6)
    assert f"更正为“{worst}”以后" in office.get(f"/admin/rectifications/{plan_id}").text
    with app.app_context():
        longer = PLAN._replace(deadline=months_later(DAY, 6))
        change_rectification(plan_id, longer, "等级更正", DAY)
        found = get_rectification(plan_id)
        assert (found.grade, too_short(found)) == (worst, None)
