"""公示 from publication to final grades: at the admin's door and at the public's."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import DatabaseError

from app.actions.final_grade import versions_of_grade
from app.actions.finalising import finalise, obstacles
from app.actions.notice import NoticeWish, correct_notice, publish_notice, withdraw_notice
from app.actions.objection import (
    answer_objection,
    answered_to,
    dismiss_objections,
    file_objection,
    today,
    versions_of,
    waiting_for,
)
from app.actions.record import change_facts, change_scores
from app.actions.round import get_round
from app.domain.errors import BadInput
from app.domain.notice import OBJECTIONS_MOST
from app.models import Decision, Notice, Objection, db
from tests.admin.conftest import Office, make_round

DAY = date(2012, 4, 3)
WHY = "只抽样测评，这几个党组织没有抽到。"
WISH = NoticeWish(
    "等级公示", "现予公示。", "怀乡中学党总支", "0668-1234567", 2, "calendar", "", "", (1, 2, 3)
)
FORM: dict[str, Any] = {
    "title": "等级公示", "body": "现予公示。", "issuer": "怀乡中学党总支", "contact": "电话 1",
    "days": "2", "counted": "calendar", "off": "", "worked": "", "record": ["1", "2", "3"],
}  # fmt: skip


@pytest.fixture
def graded(app: Flask, round_id: int) -> int:
    """The round, with a grade for each of its three records."""
    with app.app_context():
        for record_id, score in ((1, "95"), (2, "85"), (3, "50")):
            change_scores(record_id, score, score)
    return round_id


@pytest.fixture
def code(app: Flask, graded: int) -> str:
    """A notice published today."""
    with app.app_context():
        return publish_notice(graded, WISH, today()).code


def _stamp(client: FlaskClient, code: str) -> str:
    found = re.search(r'name="stamp" value="([^"]+)"', client.get(f"/n/{code}").text)
    assert found
    return found[1]


def _object(client: FlaskClient, code: str, **fields: str) -> Any:
    data = {"stamp": _stamp(client, code), "text": "票数不对", **fields}
    return client.post(f"/n/{code}/objections", data=data)


def test_a_notice_is_published_and_anybody_reads_it(
    app: Flask, office: Office, graded: int
) -> None:
    answer = office.post(f"/admin/rounds/{graded}/notice", FORM)
    assert answer.status_code == 302, answer.text
    code = answer.location.rpartition("/")[2]
    page = app.test_client().get(f"/n/{code}").text
    ends = today() + timedelta(days=2)
    assert f"到{ends.year}年{ends.month}月{ends.day}日为止" in page
    assert "第一党支部" in page
    assert "较差" in page
    assert "95" not in re.sub(r"<[^>]+>", "", page), "no score is published"


@pytest.mark.parametrize(
    "change",
    [{"title": ""}, {"days": "0"}, {"days": "二"}, {"counted": ""}, {"record": []},
     {"off": "4月4日"}, {"record": ["99"]}, {"contact": ""}],
)  # fmt: skip
def test_a_notice_that_cannot_be_is_refused_and_what_was_typed_stays(
    app: Flask, office: Office, graded: int, change: dict[str, Any]
) -> None:
    answer = office.post(f"/admin/rounds/{graded}/notice", {**FORM, **change})
    assert answer.status_code == 400
    assert "现予公示。" in answer.text
    assert "alert-danger" in answer.text or "invalid-feedback" in answer.text
    with app.app_context():
        assert db.session.scalar(select(Notice.id)) is None


def test_a_record_without_a_grade_is_not_published(app: Flask, round_id: int) -> None:
    with app.app_context(), pytest.raises(BadInput, match="还没有等级"):
        publish_notice(round_id, WISH, DAY)


def test_the_days_of_the_scheme_are_the_least(app: Flask) -> None:
    round_id = make_round(app, "shangdu-2012", "village")
    with app.app_context(), pytest.raises(BadInput, match="不能少于 2 天"):
        publish_notice(round_id, WISH._replace(days=1), DAY)


@pytest.mark.parametrize(
    ("days", "counted", "lawful"),
    [(2, "calendar", False), (3, "calendar", False), (4, "calendar", True), (1, "working", False),
     (2, "working", True)],
)  # fmt: skip
def test_where_the_scheme_counts_working_days_the_period_is_as_long_as_that(
    app: Flask, graded: int, days: int, counted: str, lawful: bool
) -> None:
    friday = date(2012, 4, 6)
    with app.app_context():
        round_ = get_round(graded)
        round_.scheme_text = round_.scheme_text.replace(
            'days = "unstated"', 'days = 2\ncounted = "working"'
        )
        db.session.commit()
        wish = WISH._replace(days=days, counted=counted)
        if lawful:
            assert publish_notice(graded, wish, friday).ends == date(2012, 4, 10)
        else:
            with pytest.raises(BadInput, match="方案规定公示 2 个工作日"):
                publish_notice(graded, wish, friday)


@pytest.mark.parametrize(
    ("off", "worked", "words"),
    [("2012-04-04", "2012-04-04", "既写成放假"), ("", "2012-04-04", "不是周末")],
)
def test_holidays_that_cannot_be_are_refused(
    app: Flask, graded: int, off: str, worked: str, words: str
) -> None:
    wish = WISH._replace(counted="working", off=off, worked=worked)
    with app.app_context(), pytest.raises(BadInput, match=words):
        publish_notice(graded, wish, DAY)


def test_a_correction_is_a_new_version_that_points_to_the_old(
    app: Flask, client: FlaskClient, code: str
) -> None:
    with app.app_context():
        later = today() + timedelta(days=1)
        correct_notice(code, WISH._replace(title="更正的公示"), "名称写错", later)
        versions = db.session.scalars(select(Notice).order_by(Notice.version)).all()
        assert [v.previous_id for v in versions] == [None, versions[0].id]
        assert versions[0].title == "等级公示"
        assert versions[1].ends == later + timedelta(days=2)
    assert "名称写错" in client.get(f"/n/{code}").text
    assert "已被更正或撤回" in client.get(f"/n/{code}/1").text
    assert client.get(f"/n/{code}/9").status_code == 404


def test_who_is_dropped_from_a_notice_is_named_on_every_later_version(
    app: Flask, office: Office, client: FlaskClient, code: str
) -> None:
    def read(path: str) -> str:
        return re.sub(r"<[^>]+>", "", client.get(path).text)

    told = "以前的版本里有、本版删去的：第二党支部"
    assert "删去" not in read(f"/n/{code}")
    with app.app_context():
        correct_notice(code, WISH._replace(record_ids=(1, 3)), "名称写错", today())
    assert told in read(f"/n/{code}")
    assert "本版删去：第二党支部。" in office.get(f"/admin/notices/{code}/form").text
    with app.app_context():
        correct_notice(code, WISH._replace(record_ids=(3,)), "电话写错", today())
    assert "本版删去的：第一党支部、第二党支部" in read(f"/n/{code}")
    assert "第一党支部、第二党支部" not in read(f"/n/{code}/2")
    assert told in read(f"/n/{code}/2")
    with app.app_context():
        withdraw_notice(code, "不要了", today())
        correct_notice(code, WISH, "重新公示", today())
    assert "删去" not in read(f"/n/{code}")


def test_a_withdrawn_notice_says_why_and_takes_no_objection(
    app: Flask, office: Office, client: FlaskClient, code: str
) -> None:
    stamp = _stamp(client, code)
    reason = {"reason": "须重新评定"}
    assert office.post(f"/admin/notices/{code}/withdrawal", reason).status_code == 302
    page = client.get(f"/n/{code}").text
    assert "须重新评定" in page
    assert 'id="objection"' not in page
    late = client.post(f"/n/{code}/objections", data={"stamp": stamp, "text": "晚了"})
    assert late.status_code == 400


def test_an_objection_is_answered_in_public_without_its_sender(
    app: Flask, office: Office, client: FlaskClient, code: str
) -> None:
    stranger = app.test_client()
    sent = _object(stranger, code, about="第一党支部", signed="张三", contact="139")
    assert sent.status_code == 302
    assert "received=1" in sent.location
    assert "Set-Cookie" not in sent.headers
    assert "第 1 号" in stranger.get(sent.location.partition("#")[0]).text
    answer = {"investigation": "查了票箱", "answer": "张三反映的属实", "outcome": "upheld"}
    refused = office.post("/admin/objections/1", answer)
    assert refused.status_code == 400
    assert "不能写出提意见人的署名" in refused.text
    answer["answer"] = "票数已核对"
    assert office.post("/admin/objections/1", answer).status_code == 302
    assert office.post("/admin/objections/1", answer).status_code == 400
    page = stranger.get(f"/n/{code}").text
    assert "票数已核对" in page
    assert not [word for word in ("张三", "139", "查了票箱", "票数不对") if word in page]


def test_spam_is_kept_out_without_asking_who_sends(
    app: Flask, client: FlaskClient, code: str
) -> None:
    assert _object(client, code, homepage="http://spam.example").status_code == 302
    forged = _object(client, code, stamp="forged")
    assert forged.status_code == 400
    assert "票数不对</textarea>" in forged.text
    assert _object(client, code, text=" ").status_code == 400
    assert _object(client, code, text="长" * 2001).status_code == 400
    assert _object(client, code, about="没有的支部").status_code == 400
    with app.app_context():
        assert waiting_for(code) == 0
    assert _object(client, code).location == _object(client, code).location
    with app.app_context():
        assert waiting_for(code) == 1


VILLAGER, NEIGHBOUR = "192.168.1.20", "192.168.1.21"


def test_what_the_form_refuses_counts_towards_no_limit(
    app: Flask, client: FlaskClient, code: str
) -> None:
    client.environ_base["REMOTE_ADDR"] = VILLAGER
    for n in range(40):
        assert client.post(f"/n/{code}/objections").status_code == 400
        assert _object(client, code, text=" ").status_code == 400
        assert _object(client, code, homepage=f"http://spam.example/{n}").status_code == 302
    assert _object(client, code).status_code == 302


def test_an_address_sends_so_many_an_hour_and_the_next_is_not_held_up(
    app: Flask, client: FlaskClient, code: str
) -> None:
    client.environ_base["REMOTE_ADDR"] = VILLAGER
    tries = [_object(client, code, text=f"意见 {n}") for n in range(31)]
    assert {answer.status_code for answer in tries[:30]} == {302}
    assert tries[-1].status_code == 429
    assert "意见 30</textarea>" in tries[-1].text, "what was typed stays"
    client.environ_base["REMOTE_ADDR"] = NEIGHBOUR
    assert _object(client, code, text="邻居的意见").status_code == 302


@pytest.mark.parametrize("hidden_by", ["a proxy on this machine", "a proxy somewhere"])
def test_where_a_proxy_hides_addresses_nobody_is_held_up_by_others(
    app: Flask, client: FlaskClient, code: str, hidden_by: str
) -> None:
    if hidden_by == "a proxy somewhere":
        app.config["MINGCE"] = replace(app.config["MINGCE"], base_url="https://ceping.example.cn")
        client.environ_base["REMOTE_ADDR"] = "172.18.0.1"
    tries = {_object(client, code, text=f"意见 {n}").status_code for n in range(40)}
    assert tries == {302}


def _fill(code: str, objections: int) -> None:
    """As many objections of nobody, without the checks that each takes."""
    notice = versions_of(code)[0]
    last = len(answered_to(code)) + waiting_for(code)
    rows = [
        {
            "notice_id": notice.id, "notice_code": code, "number": last + n, "about": "",
            "text": f"广告 {n}", "signed": "", "contact": "", "received_on": today(),
            "investigation": "", "answer": "",
        }
        for n in range(1, objections + 1)
    ]  # fmt: skip
    db.session.execute(insert(Objection), rows)
    db.session.commit()


def test_only_the_disk_bounds_the_objections_and_each_version_takes_its_own(
    app: Flask, code: str
) -> None:
    with app.app_context():
        _fill(code, OBJECTIONS_MOST)
        with pytest.raises(BadInput, match="已满"):
            file_objection(code, "", "再来一条", "", "", today())
        correct_notice(code, WISH, "名称写错", today())
        made = file_objection(code, "", "广告 1", "", "", today())
        assert made.number == OBJECTIONS_MOST + 1


def test_what_is_no_objection_is_dismissed_together_with_a_reason_in_public(
    app: Flask, office: Office, client: FlaskClient, code: str
) -> None:
    public = app.test_client()
    with app.app_context():
        _fill(code, 120)
        file_objection(code, "第一党支部", "票数不对", "", "", today())
    path = f"/admin/notices/{code}/dismissal"
    page = office.get(f"/admin/notices/{code}").text
    assert "121 条待答复，0 条已处理" in page
    assert "广告 100" in page
    assert "广告 101" not in page, "a page of them"
    first = [str(n) for n in range(1, 101)]
    wish: dict[str, Any] = {"outcome": "unrelated", "why": "都是同一条广告。", "objection": first}
    assert office.post(path, wish).status_code == 302
    rest = [str(n) for n in range(101, 121)]
    assert office.post(path, {**wish, "objection": rest}).status_code == 302
    page = office.get(f"/admin/notices/{code}").text
    assert "1 条待答复，120 条已处理" in page
    seen = public.get(f"/n/{code}").text
    assert "120 条意见不逐条答复：" in seen
    assert "与公示无关" in seen
    assert "都是同一条广告。" in seen
    assert "1—120" in seen
    assert "还有 1 条意见正在调查核实。" in seen
    assert "广告 7" not in seen
    assert "与公示无关" in office.get("/admin/objections/7").text
    with app.app_context():
        after = today() + timedelta(days=9)
        told = obstacles(get_round(1), after)
        assert told == ["公示“等级公示”还有 1 条意见没有答复。"]
        answer_objection(121, "查过", "不属实", "not_upheld", after)
        assert finalise(1, after, WHY) == 3
    assert "都是同一条广告。" in office.get("/admin/audit").text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"outcome": ""}, "请选择是重复的"),
        ({"outcome": "upheld"}, "请选择是重复的"),
        ({"why": " "}, "理由"),
        ({"why": "长" * 201}, "200"),
        ({"objection": []}, "请勾选"),
        ({"objection": ["1", "99"]}, "不在这个公示里"),
        ({"objection": ["1", "3"]}, "第 3 号已经处理"),
        ({"objection": ["1", "2"], "why": "张三重复提的"}, "不能写出第 2 号的署名"),
        ({"objection": ["1", "4"]}, "不在这个公示里"),
    ],
)
def test_a_dismissal_that_cannot_be_settles_nothing_and_what_was_ticked_stays(
    app: Flask, office: Office, code: str, change: dict[str, Any], words: str
) -> None:
    with app.app_context():
        for said, signed in (("一", "，"), ("二", "张三"), ("三", "")):
            made = file_objection(code, "", said, signed, "", today())
        answer_objection(made.id, "查过", "不属实", "not_upheld", today())
        other = publish_notice(1, WISH._replace(title="第二个公示"), today()).code
        file_objection(other, "", "别处的", "", "", today())
    wish = {"outcome": "duplicate", "why": "三条，内容一样。", "objection": ["1"], **change}
    refused = office.post(f"/admin/notices/{code}/dismissal", wish)
    assert refused.status_code == 400
    assert words in refused.text
    if "1" in wish["objection"]:
        assert re.search(r'value="1"[^>]* checked', refused.text)
    with app.app_context():
        assert waiting_for(code) == 2
        assert waiting_for(other) == 1


def test_who_signs_with_a_comma_forbids_nobody_to_write_one(app: Flask, code: str) -> None:
    with app.app_context():
        made = file_objection(code, "", "一", "，", "", today())
        assert dismiss_objections(code, [made.id], "duplicate", "一样，不另答。", today()) == 1


def test_what_was_dismissed_stays_so(app: Flask, code: str) -> None:
    with app.app_context():
        made = file_objection(code, "", "一", "", "", today())
        dismiss_objections(code, [made.id], "duplicate", "与第 2 号一样。", today())
        with pytest.raises(BadInput, match="不能改写"):
            answer_objection(made.id, "查过", "属实", "upheld", today())
        with pytest.raises(BadInput, match="已经处理"):
            dismiss_objections(code, [made.id], "unrelated", "无关。", today())
        with pytest.raises(DatabaseError, match="never changed"):
            db.session.execute(text("UPDATE objections SET outcome = NULL"))
        db.session.rollback()


def test_a_notice_with_thousands_of_objections_takes_no_more_statements(
    app: Flask, office: Office, code: str
) -> None:
    counted: list[str] = []
    numbers = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *a: counted.append(a[2]))
    for more in (1, 3000):
        with app.app_context():
            _fill(code, more)
        counted.clear()
        assert office.get(f"/admin/notices/{code}").status_code == 200
        seen = app.test_client().get(f"/n/{code}")
        assert len(seen.text) < 20_000
        numbers.append(len(counted))
    assert numbers[0] == numbers[1]


def test_what_differs_in_anything_is_another_objection(app: Flask, code: str) -> None:
    with app.app_context():
        said = [
            file_objection(code, about, "不同意", signed, "", today()).number
            for about, signed in (
                ("", ""), ("第一党支部", ""), ("第二党支部", ""), ("", "张三"), ("", ""),
            )
        ]  # fmt: skip
    assert said == [1, 2, 3, 4, 1]


def test_an_answer_gives_away_neither_name_nor_address(app: Flask, code: str) -> None:
    with app.app_context():
        made = file_objection(code, "", "票数不对", "张三", "13900000000", today())
        for answer in ("张三反映的属实", "已回电 13900000000"):
            with pytest.raises(BadInput, match="署名或联系方式"):
                answer_objection(made.id, "查过", answer, "upheld", today())


def test_nothing_of_an_objection_tells_the_address_or_the_hour(
    app: Flask, client: FlaskClient, code: str
) -> None:
    _object(client, code)
    with app.app_context():
        row = db.session.execute(select(Objection.__table__)).mappings().one()
    assert "127.0.0.1" not in str(dict(row))
    assert row["received_on"] == today()
    assert not [name for name in row if re.search(r"addr|ip|agent|time|_at$", name)]


def test_grades_become_final_only_after_the_period_and_every_answer(
    app: Flask, graded: int
) -> None:
    with app.app_context():
        round_ = get_round(graded)
        assert "还没有公示" in "".join(obstacles(round_, DAY))
        code = publish_notice(graded, WISH, DAY).code
        last = DAY + timedelta(days=2)
        assert obstacles(round_, last) == ["公示“等级公示”到 2012-04-05 才满。"]
        made = file_objection(code, "", "票数不对", "", "", last)
        after = last + timedelta(days=1)
        assert obstacles(round_, after) == ["公示“等级公示”还有 1 条意见没有答复。"]
        with pytest.raises(BadInput, match="没有答复"):
            finalise(graded, after)
        answer_objection(made.id, "查过", "不属实", "not_upheld", after)
        assert finalise(graded, after, WHY) == 3
        with pytest.raises(BadInput, match="已经确定"):
            finalise(graded, after)
        assert [(v.version, v.grade) for v in versions_of_grade(1)] == [(1, "好")]


def test_a_grade_that_differs_from_the_published_one_has_to_be_published_again(
    app: Flask, graded: int
) -> None:
    with app.app_context():
        code = publish_notice(graded, WISH, DAY).code
        change_scores(1, "95", "70")
        after = DAY + timedelta(days=9)
        assert obstacles(get_round(graded), after) == ["第一党支部的等级与公示的不同，请更正公示。"]
        withdraw_notice(code, "重评", after)
        assert "还没有公示" in "".join(obstacles(get_round(graded), after))


def test_where_the_document_ranks_the_notice_lists_by_place(app: Flask, office: Office) -> None:
    round_id = make_round(app, "siba-school-2013", "school")
    with app.app_context():
        for record_id, score in ((1, "70"), (2, "95"), (3, "80")):
            change_scores(record_id, score, score)
    page = office.get(f"/admin/rounds/{round_id}/notice").text
    assert re.findall(r'id="record-(\d+)"', page) == ["2", "3", "1"]


def test_two_notices_that_stand_must_say_the_same(app: Flask, graded: int) -> None:
    with app.app_context():
        publish_notice(graded, WISH, DAY)
        change_scores(1, "95", "85")
        publish_notice(graded, WISH._replace(title="第二个公示"), DAY)
        after = DAY + timedelta(days=9)
        assert obstacles(get_round(graded), after) == ["第一党支部的等级与公示的不同，请更正公示。"]


def test_what_a_rule_wants_a_reason_for_needs_a_decision_that_gives_it(app: Flask) -> None:
    round_id = make_round(app, "siba-school-2013", "school")
    with app.app_context():
        for record_id, years in ((1, "0"), (2, "3"), (3, "")):
            change_scores(record_id, "95", "95")
            change_facts(record_id, {"years_without_new_member": years})
        told = "".join(obstacles(get_round(round_id), DAY))
    assert "第二党支部有方案要求说明理由的情形，请评定等级并写明理由。" in told
    assert "第三党支部有规则还不能判断，请先补齐情况，或重新测评。" in told
    assert "第一党支部有" not in told


def test_a_decision_that_has_lost_its_ground_is_made_again(app: Flask, graded: int) -> None:
    with app.app_context():
        decision = Decision(
            record_id=1, version=1, grade="好", proposed="好", basis={}, decided_on=DAY
        )
        db.session.add(decision)
        db.session.commit()
        assert "评定已不能成立" not in "".join(obstacles(get_round(graded), DAY))
        change_scores(1, "95", "85")
        told = "".join(obstacles(get_round(graded), DAY))
        assert "第一党支部评定以后情况有变，评定已不能成立，请重新评定。" in told


def test_the_round_page_of_final_grades_names_each_obstacle(
    office: Office, app: Flask, graded: int, open_id: int
) -> None:
    page = office.get(f"/admin/rounds/{graded}/final").text
    assert "测评会“党员群众测评会”还没有结束。" in page
    assert "还没有公示" in page
    refused = office.post(f"/admin/rounds/{graded}/final")
    assert refused.status_code == 400
    assert "还不能确定等级" in refused.text
