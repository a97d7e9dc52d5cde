"""Deductions and bonuses on the record: entered with a reason, noted, shown wherever they count."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.actions.assessment import decide
from app.actions.quota import graded
from app.actions.record import change_scores, get_record
from app.actions.round import get_round, remove_member
from app.actions.step import today
from app.domain.errors import RecordInUse
from app.models import Adjustment, AuditEntry, db
from tests.admin.conftest import Office
from tests.schemes import QUESTIONS, scheme_text
from tests.voters import Example

ITEMS = """
[[deductions]]
name = "材料迟报"
points = 2
most = 6
clause = "材料迟报一次扣2分，最多扣6分"

[[deductions]]
name = "校务不公开"
points = 1
domains = ["学校"]

[[bonuses]]
name = "受到<表彰>"
points = 3
most = 5
"""
PAGE, SAVE = "/admin/records/1/assessment", "/admin/records/1/adjustments"


@pytest.fixture
def record(app: Flask, office: Office, tmp_path: Path) -> int:
    """Record 1 of a village, tested by 12 who are all content, with 92 points of the superior."""
    file = tmp_path / "county.toml"
    questions = QUESTIONS[QUESTIONS.index("[[questions]]", 20) :]
    file.write_text(scheme_text(questions=questions, rules=ITEMS), "utf-8")
    example = Example(app, "--scheme", str(file), "--domain", "村", slips=12)
    example.vote_all()
    example.close()
    with app.app_context():
        change_scores(1, "90", "92")
    return 1


def wish(**changes: str) -> dict[str, str]:
    """What the form sends: deduction 1 twice, bonus 1 once."""
    typed = {
        "times-deductions-1": "2", "reason-deductions-1": "一月、三月的报表",
        "times-bonuses-1": "1", "reason-bonuses-1": "市级先进",
    }  # fmt: skip
    return {**typed, **{name.replace("_", "-"): text for name, text in changes.items()}}


def rows(app: Flask) -> list[tuple[str, int, int, str]]:
    with app.app_context():
        found = db.session.scalars(select(Adjustment).order_by(Adjustment.kind)).all()
        return [(a.kind, a.position, a.times, a.reason) for a in found]


def test_what_is_entered_changes_the_score_and_stands_on_every_page(
    app: Flask, office: Office, record: int
) -> None:
    assert "校务不公开" not in office.get(PAGE).text
    assert office.post(SAVE, wish()).location == f"{PAGE}#adjustments"
    assert rows(app) == [
        ("bonuses", 1, 1, "市级先进"),
        ("deductions", 1, 2, "一月、三月的报表"),
    ]
    with app.app_context():
        assert get_record(1).proposed == "好"
        assert [t["because"] for t in get_record(1).trace][:3] == [
            "上级评定分92分，扣4分，加3分，定级得分91分，属90分以上，对应“好”",
            "材料迟报2次，每次扣2分，最多扣6分：扣4分",
            "受到<表彰>1次，每次加3分，最多加5分：加3分",
        ]
    page = office.get(PAGE).text
    assert "上级评定分92分，扣4分，加3分，定级得分91分" in page
    assert "一月、三月的报表</textarea>" in page
    assert "受到<表彰>" not in page
    shown = office.get("/admin/records/1").text
    assert '<dd id="score">91</dd>' in shown
    assert "一月、三月的报表" in shown
    register = re.sub(r"<[^>]+>", " ", office.get("/admin/records/1/forms/register").text)
    assert (
        "材料迟报2次，扣4分（一月、三月的报表）；受到&lt;表彰&gt;1次，加3分（市级先进）" in register
    )
    assert "一月、三月的报表" in office.get("/admin/rounds/1/forms/details").text


def test_the_score_that_decides_ranks_and_is_kept_with_the_decision(
    app: Flask, office: Office, record: int
) -> None:
    office.post(SAVE, wish())
    with app.app_context():
        assert next((g.score, g.grade) for g in graded(get_round(1))) == (91, "好")
        assert decide(1, "好", "", "县委", today()).basis["score"] == "91"


def test_more_deductions_undo_a_decision_that_they_no_longer_carry(
    app: Flask, office: Office, record: int
) -> None:
    office.post("/admin/records/1/decision", {"grade": "好"})
    office.post(SAVE, wish(times_deductions_1="3", times_bonuses_1="", reason_bonuses_1=""))
    assert "须重新评定" in office.get(PAGE).text
    with app.app_context():
        assert get_record(1).proposed == "较好"


def test_a_second_entry_takes_the_place_of_the_first_and_each_change_is_noted(
    app: Flask, office: Office, record: int
) -> None:
    office.post(SAVE, wish())
    office.post(SAVE, wish(times_deductions_1="1", times_bonuses_1="0", reason_bonuses_1=""))
    assert rows(app) == [("deductions", 1, 1, "一月、三月的报表")]
    with app.app_context():
        noted = [
            (entry.action, entry.subject.rpartition("：")[2], entry.changes)
            for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.number))
            if "扣分加分" in entry.action
        ]
    assert [(action, subject) for action, subject, _ in noted] == [
        ("新建扣分加分", "扣分“材料迟报”"),
        ("新建扣分加分", "加分“受到<表彰>”"),
        ("修改扣分加分", "扣分“材料迟报”"),
        ("删除扣分加分", "加分“受到<表彰>”"),
    ]
    assert '"次数": ["2", "1"]' in noted[2][2]
    assert '"事由": ["市级先进", ""]' in noted[3][2]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"times_deductions_1": "-1"}, "的次数应为 0 到 1000 的整数"),
        ({"times_deductions_1": "1.5"}, "的次数应为 0 到 1000 的整数"),
        ({"times_deductions_1": "1001"}, "的次数应为 0 到 1000 的整数"),
        ({"times_deductions_1": "²"}, "的次数应为 0 到 1000 的整数"),
        ({"reason_deductions_1": " "}, "请写明事由"),
        ({"reason_deductions_1": "长" * 501}, "请写明事由"),
        ({"times_bonuses_1": ""}, "写了事由，请填次数"),
    ],
)
def test_what_cannot_be_is_refused_and_what_was_typed_stays(
    office: Office, record: int, changes: dict[str, str], sentence: str,
    unchanged: Callable[[], None],
) -> None:  # fmt: skip
    unchanged()
    answer = office.post(SAVE, wish(**changes))
    assert answer.status_code == 400
    assert sentence in answer.text
    assert "市级先进</textarea>" in answer.text


def test_an_item_of_another_domain_or_none_at_all_cannot_be_entered(
    app: Flask, office: Office, record: int
) -> None:
    sent: dict[str, Any] = wish()
    sent |= {"times-deductions-2": "5", "reason-deductions-2": "没有公开"}
    office.post(SAVE, sent)
    assert [row[:2] for row in rows(app)] == [("bonuses", 1), ("deductions", 1)]
    missing = {"times-deductions-1": "1", "reason-deductions-1": "一月"}
    assert office.post(SAVE, missing).status_code == 302
    assert [row[:2] for row in rows(app)] == [("deductions", 1)]


def test_a_scheme_without_items_has_no_such_form(
    office: Office, round_id: int, unchanged: Callable[[], None]
) -> None:
    unchanged()
    assert "扣分和加分" not in office.get(PAGE).text
    assert office.post(SAVE, {}).status_code == 400


def test_a_record_with_deductions_is_not_taken_out_of_its_round(
    app: Flask, office: Office, record: int
) -> None:
    office.post(SAVE, {**wish(), "times-bonuses-1": "", "reason-bonuses-1": ""})
    with app.app_context():
        found = get_record(1)
        found.mass = found.self_score = found.superior_score = None
        db.session.commit()
        with pytest.raises(RecordInUse):
            remove_member(1)
