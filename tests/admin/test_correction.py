"""A final grade is corrected in public: proposed, published, and in force only after that."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, text
from sqlalchemy.exc import DatabaseError

from app.actions.correction import (
    bring_into_force,
    hindrances,
    propose_correction,
    withdraw_correction,
)
from app.actions.final_grade import final_grades, pending_correction, versions_of_grade
from app.actions.finalising import finalise
from app.actions.grading import reassess
from app.actions.meeting import Settings, choose_subjects, create_meeting, obstacles_to_opening
from app.actions.notice import correct_notice, publish_notice, withdraw_notice
from app.actions.objection import answer_objection, file_objection, today, versions_of
from app.actions.organisation import create_branches, create_organisation
from app.actions.record import change_scores, get_record
from app.actions.rectification import Plan, add_entry, begin_rectification, upgrade
from app.actions.round import Member, RoundWish, add_members, create_round, get_round
from app.domain.errors import BadInput, MingceError
from app.models import CorrectedLine, CorrectionEnd, Notice, db
from tests.admin.conftest import BASE, Office, make_round
from tests.admin.test_limits import QUOTA
from tests.admin.test_notice import DAY, WHY, WISH

LATER = DAY + timedelta(days=20)
"""When the correction is proposed and published; two days later its period is over."""
OVER = LATER + timedelta(days=3)


def make_final(app: Flask, round_id: int, scores: tuple[str, ...] = ("95", "85", "50")) -> str:
    """Let the round become final after a notice; the notice's code."""
    with app.app_context():
        for record_id, score in enumerate(scores, start=1):
            change_scores(record_id, score, score)
        code = publish_notice(round_id, WISH, DAY).code
        finalise(round_id, DAY + timedelta(days=3), WHY)
    return code


@pytest.fixture
def code(app: Flask, round_id: int) -> str:
    """The code of the notice of a round that is final: 好, 较好, 较差."""
    return make_final(app, round_id)


def _read(client: FlaskClient, path: str) -> str:
    """What somebody reads on a page of the voters' door."""
    return re.sub(r"<[^>]+>", "", client.get(path).text)


def _grades(round_id: int = 1) -> list[str]:
    return [grade.grade for _, grade in sorted(final_grades(get_round(round_id)).items())]


def test_a_correction_is_in_force_only_after_its_notice_and_every_answer(
    app: Flask, code: str
) -> None:
    with app.app_context():
        made = propose_correction(1, "较好", "复查发现算错", LATER)
        assert _grades() == ["好", "较好", "较差"]
        assert hindrances(made, LATER) == ["更正还没有公示。请在原来的公示上发布更正。"]
        with pytest.raises(BadInput, match="还没有公示"):
            bring_into_force(made.id, LATER)
        notice = correct_notice(code, WISH, "复查发现算错", LATER)
        assert (notice.version, notice.previous_id) == (2, versions_of(code)[1].id)
        assert [line.grade for line in notice.lines] == ["较好", "较好", "较差"]
        last = LATER + timedelta(days=2)
        assert hindrances(made, last) == [f"公示“等级公示”到 {last} 才满。"]
        objection = file_objection(code, "", "更正得不对", "", "", last)
        with pytest.raises(BadInput, match="1 条意见没有答复"):
            bring_into_force(made.id, OVER)
        assert _grades() == ["好", "较好", "较差"]
        answer_objection(objection.id, "查过", "更正有据", "not_upheld", OVER)
        assert bring_into_force(made.id, OVER).version == 2
        assert _grades() == ["较好", "较好", "较差"]
        assert [(v.kind, v.grade) for v in versions_of_grade(1)] == [
            ("correction", "较好"), ("final", "好"),
        ]  # fmt: skip
        assert pending_correction(1) is None
        for again in (
            lambda: bring_into_force(made.id, OVER),
            lambda: withdraw_correction(made.id, "改主意", OVER),
        ):
            with pytest.raises(BadInput, match="已经生效"):
                again()


def test_a_correction_withdrawn_leaves_the_grade_and_says_so_in_the_notice(
    app: Flask, client: FlaskClient, code: str
) -> None:
    with app.app_context():
        made = propose_correction(1, "较好", "复查发现算错", LATER)
        correct_notice(code, WISH, "复查发现算错", LATER)
        withdraw_correction(made.id, "复查有误", LATER)
        newest = versions_of(code)[0]
        assert (newest.version, newest.reason) == (3, "更正撤回，等级不变：复查有误")
        assert [line.grade for line in newest.lines] == ["好", "较好", "较差"]
        assert _grades() == ["好", "较好", "较差"]
        second = propose_correction(1, "一般", "再次复查", LATER)
        assert second.attempt == 2
        assert "更正还没有公示" in hindrances(second, OVER)[0]
    assert "更正已撤回，仍为“好”" in _read(client, f"/n/{code}/2")
    assert "拟更正" not in _read(client, f"/n/{code}")


def test_everybody_is_told_that_a_grade_is_being_corrected_and_sees_the_old_one(
    app: Flask, office: Office, code: str
) -> None:
    public = app.test_client()
    wish = {"grade": "较好", "reason": "复查发现算错"}
    assert office.post("/admin/records/1/final", {**wish, "grade": "好"}).status_code == 400
    assert office.post("/admin/records/1/final", {"grade": "较好"}).status_code == 400
    assert office.post("/admin/records/1/final", wish).status_code == 302
    page = office.get("/admin/records/1/final").text
    assert "更正还没有公示" in page
    assert 'id="correct"' not in page
    assert "正在更正为“较好”" in office.get("/admin/rounds/1/final").text
    for path in ("/admin/rounds/1", "/admin/rounds/1/progress"):
        assert "1 个党组织的最终等级正在更正" in office.get(path).text
    assert "拟更正" not in _read(public, f"/n/{code}")
    form = office.get(f"/admin/notices/{code}/correction").text
    assert "拟更正，原为“好”" in form
    assert 'value="复查发现算错"' in form
    with app.app_context():
        correct_notice(code, WISH, "复查发现算错", today())
    assert "拟更正，原为“好”" in _read(public, f"/n/{code}")
    assert "在此以前仍是原来的等级" in _read(public, f"/n/{code}")
    force = "/admin/corrections/1/force"
    refused = office.post(force)
    assert refused.status_code == 400
    assert "才满" in refused.text
    withdrawn = office.post("/admin/corrections/1/withdrawal", {"reason": ""})
    assert withdrawn.status_code == 400
    assert office.post("/admin/corrections/9/force").status_code == 404
    assert "好" in office.get("/admin/records/1").text


def test_a_correction_is_carried_through_on_its_pages(
    app: Flask, office: Office, code: str
) -> None:
    with app.app_context():
        propose_correction(1, "较好", "复查发现算错", DAY)
        correct_notice(code, WISH, "复查发现算错", DAY)
    assert 'id="force"' in office.get("/admin/records/1/final").text
    assert office.post("/admin/corrections/1/force").status_code == 302
    page = office.get("/admin/records/1/final").text
    assert "更正：复查发现算错" in page
    assert "已更正" in office.get("/admin/rounds/1/final").text
    assert "已更正，原为“好”" in _read(app.test_client(), f"/n/{code}")
    # Once more: nothing happens twice.
    assert office.post("/admin/corrections/1/force").status_code == 400


def test_only_one_correction_is_under_way_and_its_notice_is_the_old_one(
    app: Flask, code: str
) -> None:
    with app.app_context():
        propose_correction(1, "较好", "复查发现算错", LATER)
        with pytest.raises(BadInput, match="已有一项更正"):
            propose_correction(1, "一般", "又一次", LATER)
        with pytest.raises(BadInput, match="在那里发布更正"):
            publish_notice(1, WISH._replace(title="另一个公示"), LATER)
        with pytest.raises(BadInput, match="不能撤回"):
            withdraw_notice(code, "不要了", LATER)


@pytest.mark.parametrize(
    ("days", "counted", "lawful"),
    [(1, "calendar", False), (2, "calendar", True), (2, "working", True)],
)
def test_a_correction_is_published_for_as_long_as_the_grade_was(
    app: Flask, code: str, days: int, counted: str, lawful: bool
) -> None:
    wish = WISH._replace(days=days, counted=counted)
    with app.app_context():
        # Where no grade is corrected, whoever publishes is free.
        correct_notice(code, WISH._replace(days=1), "电话有误", LATER)
        propose_correction(1, "较好", "复查发现算错", LATER)
        if lawful:
            assert correct_notice(code, wish, "复查发现算错", LATER).version == 3
        else:
            with pytest.raises(BadInput, match="不能比原来短：原来公示 2 个日历日"):
                correct_notice(code, wish, "复查发现算错", LATER)


def test_a_corrected_notice_of_final_grades_publishes_what_is_in_force(
    app: Flask, code: str
) -> None:
    with app.app_context():
        plan = begin_rectification(3, Plan("问题", "措施", "李书记", LATER, False), DAY)
        for kind in ("proof", "accepted"):
            add_entry(plan.id, kind, "材料", DAY)
        upgrade(plan.id, "一般", "复评 70 分", LATER)
        notice = correct_notice(code, WISH._replace(contact="新的电话"), "电话有误", LATER)
        assert [line.grade for line in notice.lines] == ["好", "较好", "一般"]
        assert db.session.scalar(select(CorrectedLine.notice_id)) is None


def test_a_notice_of_final_grades_keeps_everybody_it_has_named(
    app: Flask, office: Office, code: str
) -> None:
    with app.app_context():
        with pytest.raises(BadInput, match="都要保留，不能删去：第二党支部、第三党支部。"):
            correct_notice(code, WISH._replace(record_ids=(1,)), "电话有误", LATER)
        assert versions_of(code)[0].version == 1
        correct_notice(code, WISH._replace(record_ids=(3, 2, 1)), "重新排列", LATER)
    page = office.get(f"/admin/notices/{code}/correction").text
    assert "本轮等级已经确定，原来公示的都要保留" in page


def test_an_upgrade_and_a_correction_do_not_cross(app: Flask, code: str) -> None:
    with app.app_context():
        plan = begin_rectification(3, Plan("问题", "措施", "李书记", LATER, False), DAY)
        for kind in ("proof", "accepted"):
            add_entry(plan.id, kind, "材料", DAY)
        made = propose_correction(3, "一般", "复查发现算错", LATER)
        with pytest.raises(BadInput, match="正在更正"):
            upgrade(plan.id, "较好", "复评 85 分", LATER)
        withdraw_correction(made.id, "不改了", LATER)
        upgrade(plan.id, "较好", "复评 85 分", LATER)
        with pytest.raises(BadInput, match="已经升级晋位过一次"):
            upgrade(plan.id, "好", "再复评", LATER)


def test_a_correction_does_not_get_past_what_the_meeting_allows(app: Flask) -> None:
    round_id = make_round(app, "shangdu-2012", "institution")
    make_final(app, round_id)
    with app.app_context():
        record = get_record(2)
        record.mass = {
            "meeting": "AAAAAA",
            "tallies": {"g1": {"q1": {"option1": 5, "option3": 5}}},
            "satisfaction": {"numerator": 5, "denominator": 10, "percent": "50.00"},
        }
        reassess(record)
        db.session.commit()
        with pytest.raises(BadInput, match="最高只能是“较差”"):
            propose_correction(2, "一般", "领导说的", LATER)
        # A score, however, may have been entered wrongly.
        assert propose_correction(3, "好", "录分时少录一位", LATER).grade == "好"


def test_a_correction_does_not_break_a_quota(app: Flask, round_id: int) -> None:
    with app.app_context():
        round_ = get_round(round_id)
        round_.scheme_text = round_.scheme_text.replace("\n[score]\n", f"{QUOTA}\n[score]\n")
        db.session.commit()
    code = make_final(app, round_id)
    with app.app_context():
        up = propose_correction(2, "好", "少算 6 分", LATER)
        correct_notice(code, WISH, "少算 6 分", LATER)
        with pytest.raises(BadInput, match="更正以后本轮3 个党组织中“好” 2 个"):
            bring_into_force(up.id, OVER)
        down = propose_correction(1, "较好", "多算 6 分", LATER)
        correct_notice(code, WISH, "两处算错", LATER)
        bring_into_force(down.id, OVER)
        bring_into_force(up.id, OVER)
        assert _grades() == ["较好", "好", "较差"]


def test_of_two_that_let_a_correction_come_into_force_at_once_one_does(
    app: Flask, code: str
) -> None:
    with app.app_context():
        made = propose_correction(1, "较好", "复查发现算错", LATER)
        correct_notice(code, WISH, "复查发现算错", LATER)
        number = made.id

    def act(what: Callable[..., Any], *arguments: Any) -> str:
        with app.app_context():
            try:
                what(*arguments)
            except MingceError:
                return "refused"
            finally:
                db.session.remove()
        return "done"

    with ThreadPoolExecutor(4) as pool:
        told = [
            pool.submit(act, bring_into_force, number, OVER),
            pool.submit(act, bring_into_force, number, OVER),
            pool.submit(act, withdraw_correction, number, "改主意", OVER),
            pool.submit(act, withdraw_correction, number, "改主意", OVER),
        ]
    assert sorted(found.result() for found in told) == ["done", "refused", "refused", "refused"]
    with app.app_context():
        end = db.session.scalars(select(CorrectionEnd)).one()
        assert (end.outcome == "in_force") == (len(versions_of_grade(1)) == 2)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE corrections SET grade = '一般'",
        "DELETE FROM corrections",
        "UPDATE corrected_lines SET before = '一般'",
        "DELETE FROM corrected_lines",
        "UPDATE finalisations SET reason = ''",
        "DELETE FROM finalisations",
        (
            "INSERT INTO corrections (record_id, attempt, replaces_id, grade, reason, proposed_on) "
            "VALUES (1, 1, 1, '一般', '又', '2012-05-01')"
        ),
        (
            "INSERT INTO correction_ends (correction_id, outcome, reason, ended_on) "
            "VALUES (1, 'in_force', '', '2012-05-01')"
        ),
        (
            "INSERT INTO correction_ends (correction_id, outcome, reason, ended_on) "
            "VALUES (1, 'withdrawn', '', '2012-05-01')"
        ),
        (
            "INSERT INTO finalisations (round_id, untested, reason, decided_on) "
            "VALUES (1, 3, '', '2012-05-01')"
        ),
        "UPDATE objections SET text = '很满意'",
        "UPDATE objections SET answer = '另一个答复' WHERE outcome IS NOT NULL",
        "DELETE FROM objections",
    ],
)
def test_the_database_itself_keeps_corrections_and_objections_as_they_were(
    app: Flask, code: str, statement: str
) -> None:
    with app.app_context():
        made = file_objection(code, "", "票数不对", "", "", DAY)
        answer_objection(made.id, "查过", "不属实", "not_upheld", DAY)
        propose_correction(1, "较好", "复查发现算错", LATER)
        correct_notice(code, WISH, "复查发现算错", LATER)
        with pytest.raises(DatabaseError, match=r"never changed|constraint|CHECK|UNIQUE"):
            db.session.execute(text(statement))
        db.session.rollback()


def test_nothing_joins_or_changes_a_round_that_is_final(app: Flask, code: str) -> None:
    with app.app_context():
        late = create_organisation("第四党支部", "branch", None)
        with pytest.raises(BadInput, match="不能再增加党组织"):
            add_members(1, [Member(late.id, "institution")])
        meeting = create_meeting(1, Settings("补测评", "党总支", "", BASE))
        choose_subjects(meeting.id, [1])
        told = "".join(o.what for o in obstacles_to_opening(meeting) if o.blocking)
        assert "“第一党支部”的等级已经确定" in told
        rehearsal = create_meeting(1, Settings("演练", "党总支", "", BASE, rehearsal=True))
        choose_subjects(rehearsal.id, [1])
        assert "已经确定" not in "".join(o.what for o in obstacles_to_opening(rehearsal))


def test_who_was_not_tested_is_counted_named_and_given_a_reason(
    app: Flask, office: Office, round_id: int
) -> None:
    early = {"why_untested": "太早写的原因"}
    assert "太早写的原因" in office.post(f"/admin/rounds/{round_id}/final", early).text
    with app.app_context():
        for record_id, score in ((1, "95"), (2, "85"), (3, "50")):
            change_scores(record_id, score, score)
        publish_notice(round_id, WISH, date(2012, 4, 3))
    page = office.get(f"/admin/rounds/{round_id}/final").text
    assert "3 个党组织没有开过测评会</strong>：第一党支部、第二党支部、第三党支部。" in page
    refused = office.post(f"/admin/rounds/{round_id}/final", {"why_untested": "  "})
    assert refused.status_code == 400
    assert "请写明为什么不测评也定级" in refused.text
    with app.app_context():
        assert not final_grades(get_round(round_id))
    wish = {"why_untested": "抽样测评，这三个没有抽到。"}
    assert office.post(f"/admin/rounds/{round_id}/final", wish).status_code == 302
    page = office.get(f"/admin/rounds/{round_id}/final").text
    assert "其中 3 个党组织没有开过测评会。原因：抽样测评，这三个没有抽到。" in page
    history = office.get("/admin/audit").text
    assert "抽样测评，这三个没有抽到。" in history
    with app.app_context():
        assert db.session.scalars(select(Notice)).one().version == 1


def test_a_long_notice_takes_no_more_statements_than_a_short_one(
    app: Flask, client: FlaskClient
) -> None:
    counted: list[str] = []
    numbers = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *a: counted.append(a[2]))
    for members in (3, 30):
        with app.app_context():
            root = create_organisation(f"党委{members}", "committee", None).id
            bodies = create_branches(root, [f"支部{members}-{n}" for n in range(members)])
            chosen = tuple(Member(body.id, "institution") for body in bodies)
            wish = RoundWish(f"第{members}轮", "huaixiang-2012", None, True, chosen)
            records = [record.id for record in create_round(wish).records]
            for record_id in records:
                change_scores(record_id, "85", "85")
            round_id = get_record(records[0]).round_id
            made = publish_notice(round_id, WISH._replace(record_ids=tuple(records)), DAY)
            db.session.remove()
        counted.clear()
        assert client.get(f"/n/{made.code}").status_code == 200
        numbers.append(len(counted))
    assert numbers[0] == numbers[1] < 12
