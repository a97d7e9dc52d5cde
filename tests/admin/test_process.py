"""Steps, board, survey, self-assessment and superior's assessment at the admin door."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app.actions import standing
from app.actions.attachment import FILE_BYTES_MOST
from app.actions.organisation import create_branches, create_organisation
from app.actions.record import change_facts, get_record
from app.actions.round import Member, RoundWish, create_round, get_round
from app.actions.standing import Wish, look_at
from app.actions.step import plan, set_days
from app.models import (
    Attachment,
    AttachmentContent,
    Decision,
    GradingRecord,
    SelfAssessment,
    Survey,
    Visit,
    db,
)
from tests.admin.conftest import Office, make_round

SELF = "/admin/records/1/self"
ASSESSMENT = "/admin/records/1/assessment"
PDF = b"%PDF-1.7\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)


def office_file(part: str, *more: str) -> bytes:
    """A document of an office suite with these parts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name in ("[Content_Types].xml", part, *more):
            file.writestr(name, "<x/>")
    return packed.getvalue()


GOOD = {
    "报告.pdf": PDF,
    "照片.PNG": PNG,
    "照片.jpeg": b"\xff\xd8\xff\xe0" + bytes(16),
    "台账.xlsx": office_file("xl/workbook.xml"),
    "制度.docx": office_file("word/document.xml"),
}
BAD = {
    "网页.html": b"<script>alert(1)</script>",
    "网页.pdf": b"<html><script>alert(1)</script>",
    "图.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "表.docx": office_file("xl/workbook.xml"),
    "压缩.xlsx": b"PK\x03\x04 not a zip",
    "宏.docx": office_file("word/document.xml", "word/vbaProject.bin"),
    "空.pdf": b"",
    "没有扩展名": PDF,
    "大.pdf": PDF + bytes(FILE_BYTES_MOST),
}


def fields(**more: Any) -> dict[str, Any]:
    """A whole self-assessment of a round with totals only."""
    typed: dict[str, Any] = {"present": "张三、李四", "total": "88.5", "claimed": "较好"}
    typed |= {f"evidence-{n}": f"依据{n}" for n in range(1, 8)}
    return {**typed, **more}


def send(office: Office, path: str, typed: dict[str, Any]) -> TestResponse:
    """Send a form with large files; the client itself would leave a temporary file open."""
    boundary, body = encode_multipart({"csrf_token": office.token(), **typed})
    kind = f"multipart/form-data; boundary={boundary}"
    return office.client.post(path, data=body, content_type=kind)


def test_no_days_are_made_up_and_the_documents_are_offered(office: Office, round_id: int) -> None:
    page = office.get("/admin/rounds/1/steps?year=2026").text
    assert 'name="starts-1" id="starts-1" value="2026-03-27"' in page
    assert "还没有保存" in page
    assert "本轮还没有定各步的日期" in office.get("/admin/rounds/1/progress").text
    assert "本轮还没有定各步的日期" in office.get("/admin/rounds/1").text


def test_days_are_kept_and_can_be_changed(app: Flask, office: Office, round_id: int) -> None:
    days = {"starts-2": "2026-03-28", "ends-2": "2026-03-29"}
    assert office.post("/admin/rounds/1/steps", days).location == "/admin/rounds/1/progress"
    assert office.post("/admin/rounds/1/steps", {**days, "ends-2": "2026-03-30"}).status_code == 302
    with app.app_context():
        found = plan(get_round(1), date(2026, 3, 31))
        assert (found[1].span.ends, found[1].phase) == (date(2026, 3, 30), "over")
        assert found[0].phase == "undated"


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts-2": "2026-03-29", "ends-2": "2026-03-28"},
        {"starts-2": "2026-03-29", "starts-3": "2026-03-01"},
        {"starts-2": "2026-02-30"},
        {"starts-2": "20260301"},
        {"starts-2": "0026-03-01"},
        {"starts-2": "明天"},
    ],
)
def test_days_that_cannot_be_are_refused_and_stay_in_the_form(
    office: Office, round_id: int, wrong: dict[str, str], unchanged: Callable[[], None]
) -> None:
    unchanged()
    answer = office.post("/admin/rounds/1/steps", wrong)
    assert answer.status_code == 400
    assert "alert-danger" in answer.text
    assert all(f'value="{value}"' in answer.text for value in wrong.values())


def test_points_of_a_round_make_the_total_and_are_fixed_once_somebody_has_scored(
    app: Flask, office: Office, round_id: int
) -> None:
    points = {f"points-{n}": "15" for n in range(1, 7)} | {"points-7": "9"}
    refused = office.post("/admin/rounds/1/points", points)
    assert refused.status_code == 400
    assert "合计 99 分，应为 100 分" in refused.text
    assert 'value="9"' in refused.text
    points["points-7"] = "10"
    assert office.post("/admin/rounds/1/points", points).status_code == 302
    scores = {f"score-{n}": "15" for n in range(1, 7)} | {"score-7": "0.5"}
    typed = {**fields(claimed="好"), **scores, "submit": "1"}
    assert office.post(SELF, {**typed, "score-7": "10.5"}).status_code == 400
    assert office.post(SELF, {**typed, "score-7": ""}).status_code == 400
    assert office.post(SELF, typed).status_code == 302
    with app.app_context():
        assert get_record(1).self_score == Decimal("90.5")
        assert get_round(1).scoring == "points"
    assert "不能再改分值" in office.post("/admin/rounds/1/points", {"totals": "1"}).text
    direct = {"self_score": "100", "superior_score": "100"}
    assert office.post("/admin/records/1/scores", direct).status_code == 400
    assert 'id="save-scores"' not in office.get("/admin/records/1").text


def test_the_survey_feeds_the_facts_and_says_what_is_missing(app: Flask, office: Office) -> None:
    make_round(app, "siba-school-2013", "school")
    path, typed = "/admin/records/1/survey", {"field-years_without_new_member": "3"}
    refused = office.post(path, {**typed, "finish": "1"})
    assert refused.status_code == 400
    assert "还缺：班子是否健全、党员、存在的主要问题" in refused.text
    assert 'value="3"' in refused.text
    assert office.post(path, typed).status_code == 302
    with app.app_context():
        assert get_record(1).facts == {"years_without_new_member": 3}
        assert any(line["effect"] == "flag" for line in get_record(1).trace)
    typed |= {"field-members": "9", "field-leadership_complete": "yes", "field-problems": "无"}
    assert office.post(path, {**typed, "finish": "1"}).status_code == 302
    assert "调查摸底已填完" in office.get(path).text
    del typed["field-years_without_new_member"]
    assert office.post(path, typed).status_code == 302
    with app.app_context():
        assert get_record(1).facts == {}


def test_households_are_visited_without_being_named(app: Flask, office: Office) -> None:
    make_round(app, "awu-villages-2012", "village")
    path = "/admin/records/1/visits/new"
    visit = {"visited": "2012-03-12", "rating-1": "满意", "rating-2": "不了解", "opinion": "修路"}
    assert office.post(path, {**visit, "again": "1"}).location == path
    assert office.post(path, {**visit, "rating-1": "不满意"}).status_code == 302
    refused = office.post(path, {"visited": "2999-01-01", "rating-1": "满意", "opinion": "修路"})
    assert refused.status_code == 400
    assert "修路</textarea>" in refused.text
    assert office.post(path, {"opinion": "没有评价"}).status_code == 400
    page = office.get("/admin/records/1/survey").text
    assert page.count("不记名") == 2
    assert office.post("/admin/visits/1/remove").status_code == 302
    assert office.post("/admin/visits/1/remove").status_code == 404
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Visit)) == 1
    assert "1 户；回答“满意”“基本满意”的 0 项，共 1 项" in office.get(ASSESSMENT).text


def test_a_fact_that_was_put_right_outlives_survey_and_visit(app: Flask, office: Office) -> None:
    make_round(app, "siba-school-2013", "school")
    typed = {"field-years_without_new_member": "2"}
    assert office.post("/admin/records/1/survey", typed).status_code == 302
    with app.app_context():
        change_facts(1, {"years_without_new_member": "4"})
    again = {**typed, "field-members": "30"}
    assert office.post("/admin/records/1/survey", again).status_code == 302
    with app.app_context():
        assert get_record(1).facts["years_without_new_member"] == 4
    visit = {"visited": "2012-03-12", "rating-1": "满意"}
    assert office.post("/admin/records/1/visits/new", visit).status_code == 302
    with app.app_context():
        assert get_record(1).facts["years_without_new_member"] == 4
    assert office.post("/admin/visits/1/remove").status_code == 302
    with app.app_context():
        assert get_record(1).facts["years_without_new_member"] == 4


def test_a_self_assessment_is_drafted_submitted_returned_and_accepted(
    app: Flask, office: Office, round_id: int
) -> None:
    assert office.post(SELF, fields(present="")).status_code == 302
    refused = office.post(SELF, fields(present="", submit="1"))
    assert (refused.status_code, "还缺：与会人员" in refused.text) == (400, True)
    assert "依据3</textarea>" in refused.text
    assert office.post(SELF, fields(submit="1")).status_code == 302
    assert office.post(SELF, fields(total="99")).status_code == 409
    with app.app_context():
        assert get_record(1).self_score == Decimal("88.5")
    back = office.post(f"{SELF}/return", {"reasons": "高"})
    assert (back.status_code, "至少 4 个字" in back.text) == (400, True)
    assert office.post(f"{SELF}/return", {"reasons": "第三项没有佐证材料"}).status_code == 302
    assert office.post(f"{SELF}/accept").status_code == 409
    page = office.get(SELF).text
    assert "第三项没有佐证材料" in page
    assert "依据3</textarea>" in page
    with app.app_context():
        assert get_record(1).self_score is None
    assert office.post(SELF, fields(total="86", submit="1")).status_code == 302
    assert office.post(f"{SELF}/accept", {"reasons": "同意"}).status_code == 302
    assert office.post(f"{SELF}/return", {"reasons": "太晚了太晚了"}).status_code == 409
    with app.app_context():
        kept = db.session.scalars(select(SelfAssessment).order_by(SelfAssessment.version)).all()
        assert [(v.state, v.total) for v in kept] == [
            ("returned", Decimal("88.5")),
            ("accepted", Decimal(86)),
        ]
        assert get_record(1).self_score == Decimal(86)
    assert "88.5" in office.get(f"{SELF}/1").text
    mistaken = {"reasons": "合计算错了，请核对", "accepted": "1"}
    assert "复核有误，退回修改" in office.get(SELF).text
    assert office.post(f"{SELF}/return", mistaken).status_code == 302
    assert office.post(f"{SELF}/return", mistaken).status_code == 409
    with app.app_context():
        assert get_record(1).self_score is None
    assert office.get(f"{SELF}/3").status_code == 404


def test_of_two_superiors_at_once_one_settles_it(app: Flask, office: Office, round_id: int) -> None:
    office.post(SELF, fields(submit="1"))
    others = [Office(app, app.test_client()) for _ in range(8)]
    for other in others:
        other.log_in()
    start = Barrier(len(others))

    def settle(number: int) -> int:
        data = {"csrf_token": others[number].token(), "reasons": "写明的理由"}
        start.wait()
        act = "accept" if number % 2 else "return"
        return others[number].client.post(f"{SELF}/{act}", data=data).status_code

    with ThreadPoolExecutor(len(others)) as pool:
        answers = sorted(pool.map(settle, range(len(others))))
    assert answers == [302] + [409] * 7
    with app.app_context():
        kept = _latest()
        assert (get_record(1).self_score is None) == (kept.state == "returned")


def test_nobody_claims_a_better_grade_than_the_own_score_reaches(
    office: Office, round_id: int
) -> None:
    answer = office.post(SELF, fields(claimed="好", submit="1"))
    assert answer.status_code == 400
    assert "属“较好”" in answer.text


def test_files_are_kept_by_every_version_and_only_ever_saved(
    app: Flask, office: Office, round_id: int
) -> None:
    files = [(io.BytesIO(content), name) for name, content in GOOD.items()]
    assert office.post(SELF, fields(submit="1", **{"file-1": files})).status_code == 302
    for number, (name, content) in enumerate(GOOD.items(), 1):
        answer = office.get(f"/admin/attachments/{number}")
        assert answer.data == content
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "html" not in answer.headers["Content-Type"], name
    office.post(f"{SELF}/return", {"reasons": "照片换一张"})
    with app.app_context():
        photo = db.session.scalars(select(Attachment).where(Attachment.kind == "png")).one()
    office.post(SELF, fields(remove=str(photo.content_id)))
    with app.app_context():
        copied = [a.name for a in _latest().attachments]
        assert copied == ["报告.pdf", "照片.jpg", "台账.xlsx", "制度.docx"]
        assert _count(AttachmentContent) == len(GOOD)
    assert office.get(f"/admin/attachments/{photo.id}").data == PNG
    office.post(SELF, fields(**{"file-0": (io.BytesIO(PDF), "又一个.pdf")}))
    with app.app_context():
        added = next(a for a in _latest().attachments if a.position == 0)
    office.post(SELF, fields(remove=str(added.content_id)))
    assert office.get(f"/admin/attachments/{added.id}").status_code == 404
    with app.app_context():
        assert _count(AttachmentContent) == len(GOOD)


@pytest.mark.parametrize("name", BAD)
def test_files_that_are_not_what_they_say_are_refused_and_the_words_stay(
    office: Office, round_id: int, name: str, unchanged: Callable[[], None]
) -> None:
    unchanged()
    answer = send(office, SELF, fields(**{"file-1": FileStorage(io.BytesIO(BAD[name]), name)}))
    assert answer.status_code == 400
    assert f"“{name}”" in answer.text
    assert "依据3</textarea>" in answer.text


def test_only_this_form_takes_large_bodies_and_only_of_who_has_logged_in(
    app: Flask, office: Office, round_id: int
) -> None:
    large = PDF + bytes(3_000_000)

    def sent() -> dict[str, Any]:
        return fields(**{"file-1": FileStorage(io.BytesIO(large), "大.pdf")})

    assert send(office, "/admin/records/1/survey", sent()).status_code == 413
    assert send(Office(app, app.test_client()), SELF, sent()).status_code == 413
    assert send(office, SELF, sent()).status_code == 302
    assert office.get("/admin/attachments/1").data == large


def test_a_file_name_cannot_lead_anywhere(office: Office, round_id: int) -> None:
    sent = {"file-1": (io.BytesIO(PDF), "..\\..\\etc/<b>?.pdf")}
    assert office.post(SELF, fields(**sent)).status_code == 302
    header = office.get("/admin/attachments/1").headers["Content-Disposition"]
    assert not set(header.partition("filename=")[2]) & set("/\\<>\n")


def _latest() -> SelfAssessment:
    return db.session.scalars(
        select(SelfAssessment).order_by(SelfAssessment.version.desc())
    ).first() or pytest.fail("no version")


def _count(table: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_what_has_a_survey_is_not_taken_out_of_its_round(
    office: Office, round_id: int, unchanged: Callable[[], None]
) -> None:
    office.post("/admin/records/1/survey", {"field-members": "9"})
    unchanged()
    assert office.post("/admin/records/1/remove").status_code == 409


@pytest.fixture
def county(app: Flask) -> int:
    """533 villages under 13 committees in one round."""
    with app.app_context():
        root = create_organisation("县委", "committee", None)
        members = []
        for number in range(1, 14):
            town = create_organisation(f"第{number}乡党委", "committee", root.id)
            names = [f"{number}乡{n}村党支部" for n in range(1, 42)]
            members += [Member(o.id, "village") for o in create_branches(town.id, names)]
        wish = RoundWish("县里的一轮", "shangdu-2012", None, True, tuple(members))
        return create_round(wish).id


def test_the_board_of_533_organisations_takes_as_many_statements_as_that_of_3(
    app: Flask, county: int
) -> None:
    with app.app_context():
        small = create_organisation("别的党委", "committee", None)
        branches = create_branches(small.id, ["一", "二", "三"])
        members = tuple(Member(branch.id, "village") for branch in branches)
        other = create_round(RoundWish("小的一轮", "shangdu-2012", None, True, members)).id
        _fill(county)
    counted = [_statements(app, round_id) for round_id in (county, other)]
    assert counted[0] == counted[1] <= 4


def _statements(app: Flask, round_id: int) -> int:
    seen: list[str] = []
    with app.app_context():
        round_ = get_round(round_id)

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            board = look_at(round_, Wish(), date(2026, 4, 20))
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        assert board.standings
    return len([s for s in seen if s.lstrip().upper().startswith("SELECT")])


def _fill(round_id: int) -> None:
    """Surveys, several versions of self-assessments and decisions for every third."""
    ids = db.session.scalars(
        select(GradingRecord.id).where(GradingRecord.round_id == round_id)
    ).all()
    for record_id in ids[::3]:
        db.session.add(Survey(record_id=record_id, answers={}, finished=True))
        db.session.add(SelfAssessment(record_id=record_id, state="returned", reasons="再写"))
        db.session.add(SelfAssessment(record_id=record_id, version=2, state="submitted"))
        for version, grade in ((1, "一般"), (2, "后进")):
            db.session.add(
                Decision(
                    record_id=record_id, version=version, grade=grade, proposed="一般",
                    reason="理由", basis={}, decided_on=date(2026, 4, 1),
                )
            )  # fmt: skip
    db.session.commit()


def test_the_board_filters_sorts_and_pages(app: Flask, county: int) -> None:
    with app.app_context():
        round_, day = get_round(county), date(2026, 4, 20)
        _fill(county)
        days = [("", "")] * 6
        days[1], days[3] = ("2026-04-01", "2026-04-10"), ("", "2026-04-22")
        set_days(county, days)
        first = look_at(round_, Wish(), day)
        assert (first.all, first.found, first.pages, len(first.standings)) == (533, 533, 11, 50)
        last = look_at(round_, Wish(page=99), day)
        assert (last.page, len(last.standings)) == (11, 33)
        late = look_at(round_, Wish(step=2, state="late", sort="-name"), day)
        assert late.found == 533 - 178
        names = [s.name for s in late.standings]
        assert names == sorted(names, reverse=True)
        assert look_at(round_, Wish(state="check"), day).found == 178
        assert look_at(round_, Wish(step=2, state="done"), day).found == 178
        town = first.standings[0].superior_id
        assert look_at(round_, Wish(superior_id=town), day).found == 41
        assert look_at(round_, Wish(text="13乡41村"), day).found == 1
        assert look_at(round_, Wish(domain="community"), day).found == 0
        words = [reminder.words for reminder in first.reminders]
        assert words[0] == "“基层党组织自评”已于 4月10日截止，还有 355 个党组织没有完成。"
        assert "“上级党委评定”到 4月22日截止，还有 533 个党组织没有完成。" in words
        assert "178 个党组织的自评已经提交，等待上级复核。" in words
    assert set(standing.SORTS) >= {"name", "late"}


def test_the_boards_page_shows_the_part_that_is_asked_for(
    app: Flask, office: Office, county: int
) -> None:
    page = office.get(f"/admin/rounds/{county}/progress?sort=name&page=2&text=村").text
    assert "第 2 页，共 11 页" in page
    assert page.count("<tr>") == 51
    for query in ("page=-1", "page=x", "sort=evil", "step=99&state=late", "state=x", "superior=²"):
        assert office.get(f"/admin/rounds/{county}/progress?{query}").status_code == 200, query
    assert "没有符合条件" in office.get(f"/admin/rounds/{county}/progress?text=nobody").text


def test_every_file_in_a_backup_is_as_it_was(
    app: Flask, office: Office, round_id: int, tmp_path: Any
) -> None:
    files = [(io.BytesIO(content), name) for name, content in GOOD.items()]
    office.post(SELF, fields(submit="1", **{"file-1": files}))
    office.post("/admin/records/1/survey", {"field-members": "9"})
    file = tmp_path / "backup.sqlite"
    assert app.test_cli_runner().invoke(args=["backup", str(file)]).exit_code == 0
    with closing(sqlite3.connect(file)) as kept:
        found = [row[0] for row in kept.execute("SELECT content FROM attachment_contents")]
    assert {hashlib.sha256(content).digest() for content in found} == {
        hashlib.sha256(content).digest() for content in GOOD.values()
    }
