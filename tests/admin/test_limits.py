"""What the scheme limits: a broken quota or an invalid meeting keeps a round from its end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DatabaseError

from app.actions.attendance import record_attendance
from app.actions.closing import close_meeting
from app.actions.finalising import finalise, obstacles
from app.actions.meeting import (
    Settings,
    choose_subjects,
    create_meeting,
    open_meeting,
    set_groups,
    set_policy,
)
from app.actions.notice import NoticeWish, publish_notice
from app.actions.quorum import Attendance
from app.actions.record import change_scores
from app.actions.round import get_round
from app.actions.step import today
from app.actions.validity import UNRECORDED
from app.domain.errors import BadInput
from app.models import Decision, FinalGrade, attendance, db
from tests.admin.conftest import BASE, Office, make_round

QUOTA = """
[[quotas]]
grade = "top"
share = { at_most = "34%" }
clause = "好的比例不超过三分之一"
"""
QUORUM = "机关事业单位的测评,应由全体党员群众参加。"


def _sentences(app: Flask, round_id: int) -> str:
    with app.app_context():
        return "\n".join(obstacles(get_round(round_id), today()))


@pytest.fixture
def limited(app: Flask, round_id: int) -> int:
    """A round whose scheme lets one of three be 好."""
    with app.app_context():
        round_ = get_round(round_id)
        round_.scheme_text = round_.scheme_text.replace("\n[score]\n", f"{QUOTA}\n[score]\n")
        db.session.commit()
    return round_id


def _score(app: Flask, *scores: str) -> None:
    with app.app_context():
        for record_id, score in enumerate(scores, start=1):
            change_scores(record_id, "90", score)


def test_a_broken_quota_keeps_a_round_from_its_end_and_names_who_is_at_the_edge(
    app: Flask, office: Office, limited: int
) -> None:
    _score(app, "95", "91", "85")
    told = _sentences(app, limited)
    assert "本轮3 个党组织中“好” 2 个，应" in told
    assert "至多 1 个" in told
    assert "不符合，不能定稿。" in told
    with app.app_context(), pytest.raises(BadInput, match="不符合，不能定稿"):
        finalise(limited, today())
    page = office.get(f"/admin/rounds/{limited}/final").text
    assert "第二党支部（91分）" in page
    assert "第三党支部（85分）" in page
    assert "好的比例不超过三分之一" in page


def test_a_quota_that_holds_stands_in_nobodys_way(app: Flask, office: Office, limited: int) -> None:
    _score(app, "95", "89.999", "85")
    assert "不符合" not in _sentences(app, limited)
    assert "符合</span>" in office.get(f"/admin/rounds/{limited}/final").text


def test_equal_scores_share_a_place(app: Flask, office: Office, limited: int) -> None:
    _score(app, "85", "85", "70")
    page = office.get(f"/admin/rounds/{limited}/final").text
    assert page.count("1（并列）") == 2
    assert ">3</td>" in page


def _closed(app: Flask, round_id: int, present: int | None) -> int:
    with app.app_context():
        meeting_id = create_meeting(round_id, Settings("测评会", "县委", "", BASE)).id
        choose_subjects(meeting_id, [1])
        set_groups(meeting_id, [("党员", 10)])
        set_policy(meeting_id, "batched", 3)
        record_attendance(meeting_id, {"g1": Attendance(10)})
        open_meeting(meeting_id)
        # As in a meeting that an earlier version let open with fewer.
        if present is None:
            db.session.execute(delete(attendance))
        else:
            db.session.execute(update(attendance).values(present=present))
        db.session.commit()
        close_meeting(meeting_id)
        return meeting_id


@pytest.mark.parametrize(("present", "words"), [(9, "实到 9 人"), (None, UNRECORDED)])
def test_a_meeting_that_misses_its_quorum_keeps_a_round_from_its_end(
    app: Flask, office: Office, present: int | None, words: str
) -> None:
    round_id = make_round(app, "shangdu-2012", "机关事业单位")
    meeting_id = _closed(app, round_id, present)
    told = _sentences(app, round_id)
    assert "测评会“测评会”无效" in told
    assert words in told
    assert "第一党支部须重新测评。" in told
    sheet = office.get(f"/admin/meetings/{meeting_id}/count-sheet").text
    assert words in sheet
    assert QUORUM in sheet


def test_a_meeting_with_everybody_there_counts(app: Flask) -> None:
    round_id = make_round(app, "shangdu-2012", "机关事业单位")
    _closed(app, round_id, 10)
    assert "无效" not in _sentences(app, round_id)


def test_what_a_final_grade_follows_from_is_not_changed_afterwards(
    app: Flask, office: Office, round_id: int
) -> None:
    _score(app, "95", "85", "70")
    with app.app_context():
        for record_id, grade in ((1, "好"), (2, "较好"), (3, "一般")):
            db.session.add(
                FinalGrade(
                    record_id=record_id, version=1, kind="final", grade=grade, decided_on=today()
                )
            )
        db.session.commit()
    answer = office.post("/admin/records/1/scores", {"self_score": "90", "superior_score": "60"})
    assert answer.status_code == 400
    assert "本轮等级已经确定" in answer.text
    for path, wish in (
        ("survey", {}), ("assessment", {"total": "60"}), ("decision", {"grade": "一般"}),
        ("self", {"present": "全体", "total": "60"}),
    ):  # fmt: skip
        answer = office.post(f"/admin/records/1/{path}", wish)
        assert "本轮等级已经确定" in answer.text, path


@pytest.mark.parametrize("table", ["final_grades", "notices", "decisions", "notice_lines"])
def test_what_has_been_published_cannot_be_changed_in_the_database(
    app: Flask, round_id: int, table: str
) -> None:
    with app.app_context():
        _score(app, "95", "85", "70")
        day = today()
        wish = NoticeWish(
            "公示", "现予公示。", "党总支", "电话", 1, "calendar", "", "", (1, 2, 3)
        )  # fmt: skip
        publish_notice(round_id, wish, day)
        finalise(round_id, day + timedelta(days=2), "抽样测评，没有抽到。")
        db.session.add(
            Decision(
                record_id=1,
                version=1,
                grade="好",
                proposed="好",
                reason="",
                decided_by="甲",
                basis={},
                decided_on=day,
            )
        )
        db.session.commit()
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET rowid = rowid"):  # noqa: S608 - constants
            with pytest.raises(DatabaseError, match="never changed"):
                db.session.execute(text(statement))
            db.session.rollback()
