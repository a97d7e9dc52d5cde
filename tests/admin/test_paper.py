"""Paper and phones in one tally: two tellers, their differences, the sums, too many papers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask

from app.actions.account import account_by_name, create_account
from app.actions.code import make_codes
from app.actions.meeting import get_meeting
from app.actions.record import get_record
from app.domain.box import findings, read_box
from app.domain.code import WITNESS as CODES
from app.models import db, paper_entries, paper_results
from tests.admin.conftest import NAME, WITNESS, Office, witness
from tests.admin.test_meeting import _issue, _vote

PAGE = "/admin/meetings/1/papers"
CLOSE = {"present": "20", "understood": "y"}


@pytest.fixture
def other(app: Flask, office: Office) -> Office:
    """The second teller, on an account and a browser of their own."""
    with app.app_context():
        create_account("李计票", "another long password")
    found = Office(app, app.test_client())
    assert found.log_in("李计票", "another long password").status_code == 302
    return found


def _papers(app: Flask, valid: int, choice: str = "option1", **changes: int) -> dict[str, Any]:
    """A count of `valid` papers of 党员 that all say `choice`; changes by name of the control."""
    with app.app_context():
        form = get_meeting(1).form
    assert form
    wish = {f"n.g1.{cell['id']}.{choice}": valid for cell in form["cells"]}
    return {"valid.g1": valid, **wish, **changes}


def _count(who: Office, wish: dict[str, Any]) -> Any:
    return who.post(f"{PAGE}/count", wish)


def test_papers_that_two_tellers_agree_on_join_the_tally_and_not_the_box(
    app: Flask, office: Office, other: Office, open_id: int
) -> None:
    _vote(app, _issue(office, 6), "option4")
    assert office.post(f"{PAGE}/issued", {"issued.g1": "6"}).status_code == 302
    wish = _papers(app, 4, **{"invalid.g1": 1})
    assert _count(office, wish).status_code == 302
    assert _count(other, wish).status_code == 302
    assert office.close_meeting(CLOSE).status_code == 302
    with app.app_context():
        code = get_meeting(1).code
        mass = get_record(1).mass
        assert db.session.query(paper_entries).count() == 0
    assert mass
    assert mass["satisfaction"] == {"numerator": 4, "denominator": 10, "percent": "40.00"}
    box = office.client.get(f"/api/v1/meetings/{code}/box")
    assert findings(read_box(box.data)) == ()
    assert sum(count["cast"] for count in box.get_json()["counts"].values()) == 6
    live = office.client.get(f"/api/v1/meetings/{code}/live").get_json()
    assert live["paper"] == {"valid": 4, "invalid": 1}
    assert live["cast"] == 10
    sheet = office.get("/admin/meetings/1/count-sheet").text
    assert "手机 6 张，纸质 4 张，共 10 张" in sheet
    assert "李计票" in sheet
    assert "纸质票：发出 6 = 收回 5 + 未交回 1 ✓" in sheet
    assert "✗" not in sheet
    assert re.search(r"手机票 6 张</td><td[^>]*>[^<]*较差 6，弃权 0", sheet), sheet
    assert re.search(r"纸质票 4 张</td><td[^>]*>好 4，", sheet)
    # Ten of the 25 expected, wherever it stands: no paper counts a second time.
    chart = office.get("/admin/rounds/1/charts").text
    assert re.search(
        r"党员群众测评会.*?<td[^>]*>25</td>.*?<td[^>]*>10</td>.*?40\.00%", chart, re.DOTALL
    )
    analysis = office.get("/admin/rounds/1/forms/analysis").text
    assert "应到 25 人，收回有效选票 10 张，占应到 40.00%" in analysis


def test_the_command_that_closes_gives_the_result_with_the_papers(
    app: Flask, office: Office, other: Office, open_id: int
) -> None:
    _vote(app, _issue(office, 6), "option4")
    office.post(f"{PAGE}/issued", {"issued.g1": "6"})
    for who in (office, other):
        _count(who, _papers(app, 4))
    with app.app_context():
        code = get_meeting(1).code
    done = app.test_cli_runner().invoke(args=["meeting", "close", code, "--json"])
    answer = json.loads(done.stdout)
    assert answer["paper"] == {"valid": 4, "invalid": 0}
    assert answer["cells"]["s01.q1"]["option1"] == 4
    assert answer["satisfaction"]["s01"]["percent"] == "40.00"


def test_few_phones_beside_papers_do_not_close_before_papers_are_cast_by_phone(
    app: Flask, office: Office, other: Office, open_id: int
) -> None:
    tokens = _issue(office, 4)
    _vote(app, tokens[:2])
    office.post(f"{PAGE}/issued", {"issued.g1": "6"})
    for who in (office, other):
        _count(who, _papers(app, 6))
    refused = office.close_meeting(CLOSE)
    assert refused.status_code == 400
    assert "手机票只有 2 张" in refused.text
    assert "代投" in refused.text
    # It goes on, and the papers that are cast by phone mend it.
    _vote(app, tokens[2:3])
    for who in (office, other):
        _count(who, _papers(app, 5, **{"moved.g1": 1}))
    assert office.close_meeting(CLOSE).status_code == 302
    assert "代投 1 张都在手机投出的 3 张之内 ✓" in office.get("/admin/meetings/1/count-sheet").text


def test_a_teller_sees_nothing_of_the_other_before_entering(
    app: Flask, office: Office, other: Office, open_id: int
) -> None:
    office.post(f"{PAGE}/issued", {"issued.g1": "9"})
    _count(office, _papers(app, 7))
    page = other.get(PAGE).text
    assert 'value="7"' not in page
    assert "另一人填的" not in page


def test_tellers_who_differ_are_told_where_by_name_and_nothing_closes(
    app: Flask, office: Office, other: Office, open_id: int
) -> None:
    office.post(f"{PAGE}/issued", {"issued.g1": "9"})
    right = _papers(app, 5)
    _count(office, right)
    cell = next(name for name in right if name.startswith("n.g1.s02"))
    wrong = {**right, cell: 4, cell.replace("option1", "option2"): 1}
    _count(other, wrong)
    page = other.get(PAGE).text
    assert "有 2 处和另一名计票人不一致" in page
    # Who enters anything at all shall not be able to read the other's count off the page.
    shown = page[page.index('id="differences"') : page.index('id="count-form"')]
    assert re.findall(r"<td>(\d+)</td>", shown) == ["4", "1"]
    assert "党员 · 第二党支部" in page
    refused = office.close_meeting(CLOSE)
    assert refused.status_code == 400
    assert "党员 · 第二党支部" in refused.text
    _count(other, right)
    assert "一致，可以结束并计票" in other.get(PAGE).text
    assert office.close_meeting(CLOSE).status_code == 302


def test_one_account_cannot_be_both_tellers(app: Flask, office: Office, open_id: int) -> None:
    office.post(f"{PAGE}/issued", {"issued.g1": "9"})
    _count(office, _papers(app, 5))
    _count(office, _papers(app, 5))
    refused = office.close_meeting(CLOSE)
    assert refused.status_code == 400
    assert "只有 1 人录入" in refused.text


def test_a_third_account_cannot_enter(
    app: Flask, office: Office, other: Office, open_id: int
) -> None:
    with app.app_context():
        create_account("第三人", "a third long password")
    third = Office(app, app.test_client())
    third.log_in("第三人", "a third long password")
    office.post(f"{PAGE}/issued", {"issued.g1": "9"})
    _count(office, _papers(app, 5))
    _count(other, _papers(app, 5))
    assert _count(third, _papers(app, 5)).status_code == 400


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"valid.g1": "6"}, "应等于有效票 6 张"),
        ({"invalid.g1": "-1"}, "应为 0 到"),
        ({"valid.g1": "很多"}, "应为 0 到"),
    ],
)
def test_a_count_that_does_not_add_up_is_refused_and_kept_on_the_page(
    app: Flask, office: Office, open_id: int, change: dict[str, str], sentence: str
) -> None:
    office.post(f"{PAGE}/issued", {"issued.g1": "9"})
    answer = _count(office, {**_papers(app, 5), **change})
    assert answer.status_code == 400
    assert sentence in answer.text
    assert 'value="5"' in answer.text


def test_fewer_papers_than_k_are_not_taken_because_the_box_would_give_them_away(
    app: Flask, office: Office, open_id: int
) -> None:
    office.post(f"{PAGE}/issued", {"issued.g1": "9"})
    answer = _count(office, _papers(app, 2))
    assert answer.status_code == 400
    assert "代投" in answer.text
    with app.app_context():
        assert db.session.query(paper_entries).count() == 0


def test_more_papers_than_went_out_void_the_meeting_and_say_why(
    app: Flask, office: Office, other: Office, open_id: int
) -> None:
    office.post(f"{PAGE}/issued", {"issued.g1": "4"})
    for who in (office, other):
        _count(who, _papers(app, 5))
    assert "将作废" in office.get(PAGE).text
    assert "结束就会作废" in office.get("/admin/meetings/1/close").text
    assert "结束就会作废" in office.get("/admin/meetings/1/confirm").text
    office.close_meeting(CLOSE)
    with app.app_context():
        meeting = get_meeting(1)
        assert meeting.state == "voided"
        assert "发出纸质票 4 张，收回 5 张" in meeting.void_reason
        assert "有效" in meeting.void_reason
        assert get_record(1).mass is None
        assert db.session.query(paper_results).count() == 0


def test_the_number_that_went_out_stands_once_counting_has_begun(
    app: Flask, office: Office, open_id: int
) -> None:
    office.post(f"{PAGE}/issued", {"issued.g1": "5"})
    _count(office, _papers(app, 5))
    assert office.post(f"{PAGE}/issued", {"issued.g1": "9"}).status_code == 400


def test_the_paper_ballot_has_every_subject_and_choice_and_no_number(
    app: Flask, office: Office, open_id: int
) -> None:
    page = office.get(f"{PAGE}/g1").text
    assert page.count("□") == 12
    assert "第三党支部" in page
    assert office.get(f"{PAGE}/g7").status_code == 404


def test_paper_is_not_seen_before_closing(
    app: Flask, office: Office, other: Office, open_id: int
) -> None:
    office.post(f"{PAGE}/issued", {"issued.g1": "9"})
    for who in (office, other):
        _count(who, _papers(app, 7))
    with app.app_context():
        code = get_meeting(1).code
    live = office.client.get(f"/api/v1/meetings/{code}/live").get_json()
    assert live == {"state": "open", "cast": 0, "released": None}


def _cell(wish: dict[str, Any], moved: int) -> dict[str, Any]:
    """The same papers with `moved` of the second subject's counted as another choice."""
    cell = next(name for name in wish if name.startswith("n.g1.s02"))
    return {**wish, cell: wish[cell] - moved, cell.replace("option1", "option2"): moved}


def _differ(app: Flask, office: Office, other: Office) -> dict[str, Any]:
    """The other teller has used up the corrections and differs still; what the first counted."""
    office.post(f"{PAGE}/issued", {"issued.g1": "9"})
    right = _papers(app, 9)
    _count(office, right)
    for moved in (9, 8, 7, 6):
        assert _count(other, _cell(right, moved)).status_code == 302
    return right


def _third(app: Flask) -> Office:
    with app.app_context():
        create_account("第三人", "a third long password")
    found = Office(app, app.test_client())
    found.log_in("第三人", "a third long password")
    return found


@pytest.fixture
def codes(app: Flask, office: Office, open_id: int) -> list[str]:
    """One-time codes of the scrutineer."""
    with app.app_context():
        account = account_by_name(WITNESS)
        if account is None:
            witness(app, 1, "close")
            account = account_by_name(WITNESS)
        assert account
        return make_codes(account.id, CODES)


def _discard(office: Office, code: str, *names: str) -> Any:
    with office.app.app_context():
        found = [account_by_name(name) for name in names]
        which = "-".join(str(one.id) for one in found if one)
    return office.post(f"{PAGE}/discard", {"which": which, "name": WITNESS, "code": code})


def test_a_teller_cannot_find_the_others_numbers_by_correcting_again_and_again(
    app: Flask, office: Office, other: Office, open_id: int
) -> None:
    right = _differ(app, office, other)
    page = other.get(PAGE).text
    assert 'id="exhausted"' in page
    assert "一起作废" in page
    assert 'id="count-form"' not in page
    refused = _count(other, right)
    assert refused.status_code == 400
    assert "最多更正 3 次" in refused.text
    assert 'id="agreed"' not in other.get(PAGE).text
    # The one who has not corrected still may.
    assert "您还能更正 3 次" in office.get(PAGE).text
    assert _count(office, _cell(right, 6)).status_code == 302
    assert 'id="agreed"' in other.get(PAGE).text


def test_the_same_numbers_sent_twice_are_no_correction_nor_are_those_before_the_other_enters(
    app: Flask, office: Office, other: Office, open_id: int
) -> None:
    office.post(f"{PAGE}/issued", {"issued.g1": "9"})
    right = _papers(app, 9)
    for moved in range(9):
        assert _count(office, _cell(right, moved)).status_code == 302
    for _ in range(5):
        assert _count(other, right).status_code == 302
    assert "您还能更正 3 次" in other.get(PAGE).text
    assert "您还能更正 3 次" in office.get(PAGE).text


def test_both_entries_are_discarded_with_the_scrutineer_and_counted_anew(
    app: Flask, office: Office, other: Office, codes: list[str]
) -> None:
    right = _differ(app, office, other)
    assert _discard(office, codes[0], NAME, "李计票").status_code == 302
    page = office.get(PAGE).text
    assert "已有 0 人录入" in page
    assert 'value="9"' not in page[page.index('id="count-form"') :]
    # Counting has begun all the same: what went out cannot be made to fit.
    assert office.post(f"{PAGE}/issued", {"issued.g1": "20"}).status_code == 400
    for who in (office, other):
        assert _count(who, right).status_code == 302
    assert "一致，可以结束并计票" in other.get(PAGE).text
    history = office.get("/admin/audit").text
    assert "作废纸质票录入" in history
    assert "更正纸质票录入" in history
    assert office.close_meeting(CLOSE).status_code == 302
    with app.app_context():
        assert db.session.query(paper_entries).count() == 0


def test_a_third_account_counts_in_place_of_a_teller_who_has_gone(
    app: Flask, office: Office, other: Office, codes: list[str]
) -> None:
    right = _differ(app, office, other)
    third = _third(app)
    assert _count(third, right).status_code == 400
    assert _discard(office, codes[0], "李计票").status_code == 302
    assert _count(third, right).status_code == 302
    assert "一致，可以结束并计票" in third.get(PAGE).text
    assert _count(other, right).status_code == 400
    assert office.close_meeting(CLOSE).status_code == 302
    assert "第三人" in office.get("/admin/meetings/1/count-sheet").text


def test_nothing_is_discarded_without_the_scrutineer_or_of_somebody_who_has_not_entered(
    app: Flask, office: Office, other: Office, codes: list[str]
) -> None:
    _differ(app, office, other)
    wrong = _discard(office, "0000-0000", NAME, "李计票")
    assert wrong.status_code == 401
    assert "一次性码不对" in wrong.text
    assert _discard(office, codes[0]).status_code == 400
    assert "没有作废" in _discard(office, codes[0], NAME, WITNESS).text
    assert "已有 2 人录入" in office.get(PAGE).text
    # The code of a refusal stays good; the second click finds nothing.
    assert _discard(office, codes[0], "李计票").status_code == 302
    assert _discard(office, codes[1], "李计票").status_code == 400
