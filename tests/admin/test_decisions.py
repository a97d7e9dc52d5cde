"""上级评定: what may be decided, with which reason, and when a decision falls."""

from __future__ import annotations

import pytest
from flask import Flask

from app.actions.assessment import decision_in_force, decisions_of
from app.actions.finalising import obstacles
from app.actions.grading import reassess
from app.actions.meeting import (
    Settings,
    choose_subjects,
    create_meeting,
    set_groups,
    void_meeting,
)
from app.actions.organisation import create_branches, create_organisation
from app.actions.quota import placed
from app.actions.record import change_scores, get_record
from app.actions.round import Member, RoundWish, create_round, get_round
from app.actions.step import today
from app.models import FinalGrade, SelfAssessment, db
from tests.admin.conftest import BASE, Office, make_round

ASSESSMENT = "/admin/records/1/assessment"


@pytest.fixture
def village(app: Flask) -> int:
    """Record 1 of 商都县, tested by 100: 89 of them satisfied."""
    make_round(app, "shangdu-2012", "village")
    _tested(app, 89)
    return 1


def _tested(app: Flask, satisfied: int) -> None:
    with app.app_context():
        record = get_record(1)
        record.mass = {
            "meeting": "ABCDEF",
            "tallies": {"g1": {"q1": {"option1": satisfied, "option3": 100 - satisfied}}},
            "satisfaction": {
                "numerator": satisfied, "denominator": 100, "percent": f"{satisfied}.00",
            },
        }  # fmt: skip
        reassess(record)
        db.session.commit()


def test_a_decision_is_never_better_than_the_cap_and_stricter_only_with_a_reason(
    app: Flask, office: Office, village: int
) -> None:
    decide = "/admin/records/1/decision"
    assert "请先录入上级评定分" in office.post(decide, {"grade": "一般"}).text
    assert office.post(ASSESSMENT, {"total": "95", "comment-1": "带头人强"}).status_code == 302
    refused = office.post(decide, {"grade": "先进", "reason": "领导认为应当评先进"})
    assert refused.status_code == 400
    assert "最高只能评为“一般”" in refused.text
    assert "测评结果满意度达不到90%" in refused.text
    assert "领导认为应当评先进</textarea>" in refused.text
    assert office.post(decide, {"grade": "后进"}).status_code == 400
    assert office.post(decide, {"grade": "一般"}).status_code == 302
    assert office.post(decide, {"grade": "后进", "reason": "台账弄虚作假"}).status_code == 302
    with app.app_context():
        made = decisions_of(get_record(1))
        assert [(d.version, d.grade, d.reason) for d in made] == [
            (2, "后进", "台账弄虚作假"),
            (1, "一般", ""),
        ]
        assert made[1].basis["superior"] == "95"
        assert made[1].basis["satisfaction"]["numerator"] == 89
        assert decision_in_force(get_record(1)) == made[0]
    page = office.get(ASSESSMENT).text
    assert "带头人强</textarea>" in page
    assert "89.00%" in page


def test_a_decision_falls_when_the_figures_no_longer_carry_it(
    app: Flask, office: Office, village: int
) -> None:
    office.post(ASSESSMENT, {"total": "95"})
    office.post("/admin/records/1/decision", {"grade": "一般"})
    _tested(app, 49)
    with app.app_context():
        assert decision_in_force(get_record(1)) is None
    assert "须重新评定" in office.get(ASSESSMENT).text
    assert "须重评" in office.get("/admin/rounds/1/progress").text


def test_a_decision_falls_too_when_the_figures_carry_a_better_one(
    app: Flask, office: Office, village: int
) -> None:
    _tested(app, 100)
    office.post(ASSESSMENT, {"total": "70"})
    office.post("/admin/records/1/decision", {"grade": "一般"})
    with app.app_context():
        assert decision_in_force(get_record(1)) is not None
    office.post(ASSESSMENT, {"total": "95"})
    with app.app_context():
        assert decision_in_force(get_record(1)) is None
        assert [line for line in obstacles(get_round(1), today()) if "请重新评定" in line]
    assert "须重新评定" in office.get(ASSESSMENT).text
    stricter = {"grade": "一般", "reason": "台账弄虚作假，从严评定"}
    assert office.post("/admin/records/1/decision", stricter).status_code == 302
    with app.app_context():
        assert decision_in_force(get_record(1)) is not None


def test_who_is_not_tested_may_be_decided_on_with_the_reason_unless_a_meeting_is_awaited(
    app: Flask, office: Office
) -> None:
    village = make_round(app, "shangdu-2012", "village")
    office.post(ASSESSMENT, {"total": "95"})
    assert "没有测评，须说明原因：必须写理由" in office.get(ASSESSMENT).text
    refused = office.post("/admin/records/1/decision", {"grade": "先进"})
    assert (refused.status_code, "没有测评，须说明原因" in refused.text) == (400, True)
    with app.app_context():
        meeting_id = create_meeting(village, Settings("测评会", "", "", BASE)).id
        choose_subjects(meeting_id, [1])
    why = {"grade": "先进", "reason": "抽样测评，没有抽到"}
    awaited = office.post("/admin/records/1/decision", why)
    assert (awaited.status_code, "请等测评会计票后再评定" in awaited.text) == (400, True)
    with app.app_context():
        void_meeting(meeting_id, "不开了")
    assert office.post("/admin/records/1/decision", why).status_code == 302
    with app.app_context():
        assert decision_in_force(get_record(1)) is not None


def test_a_self_assessment_that_nobody_has_checked_is_pointed_out_before_the_meeting(
    app: Flask, office: Office
) -> None:
    round_id = make_round(app, "shangdu-2012", "village")
    with app.app_context():
        meeting_id = create_meeting(round_id, Settings("测评会", "", "", BASE)).id
        choose_subjects(meeting_id, [1])
        set_groups(meeting_id, [("党员", 9)])
    review = f"/admin/meetings/{meeting_id}/review"
    assert "的自评还没有复核" not in office.get(review).text
    with app.app_context():
        db.session.add(SelfAssessment(record_id=1, version=1, state="submitted"))
        db.session.commit()
    page = office.get(review).text
    assert "的自评还没有复核。" in page
    assert "各项都已齐备，可以开启" in page
    assert office.post("/admin/records/1/self/accept").status_code == 302
    assert "的自评还没有复核" not in office.get(review).text


def test_places_follow_the_grades_that_are_final_and_put_right(app: Flask) -> None:
    with app.app_context():
        parent = create_organisation("某学校党委", "committee", None).id
        branches = create_branches(parent, ["甲支部", "乙支部"])
        members = tuple(Member(branch.id, "school") for branch in branches)
        round_ = create_round(RoundWish("一轮", "siba-school-2013", None, True, members, parent))
        better, worse = (record.id for record in round_.records)
        change_scores(better, "95", "85")
        change_scores(worse, "95", "80")
        assert [placed(round_)[r].place for r in (better, worse)] == [1, 2]
        for record_id, grade in ((better, "较好"), (worse, "较好")):
            db.session.add(
                FinalGrade(
                    record_id=record_id, version=1, kind="final", grade=grade, decided_on=today()
                )
            )
        db.session.flush()
        assert [placed(round_)[r].place for r in (better, worse)] == [1, 2]
        db.session.add(
            FinalGrade(
                record_id=worse,
                version=2,
                kind="correction",
                grade="先进",
                reason="算错",
                decided_on=today(),
            )
        )
        db.session.flush()
        assert [placed(round_)[r].place for r in (better, worse)] == [2, 1]
