"""换发 at the host's computer: with the scrutineer's code, reconciled on the count sheet."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from flask import Flask

from app.actions.account import account_by_name
from app.actions.code import make_codes
from app.actions.meeting import get_meeting
from app.domain.code import WITNESS as CODES
from app.phones.voter import NotCast, blind, fetch_meeting, redeem, seal_ballot, send
from tests.admin.conftest import NAME, PASSWORD, WITNESS, Office, witness
from tests.admin.test_meeting import _issue, _urls, _vote
from tests.admin.test_paper import CLOSE, PAGE, _count, _papers, other
from tests.voters import ClientDoor

REPLACE = "/admin/meetings/1/replacements"
__all__ = ["other"]


@pytest.fixture
def codes(app: Flask, open_id: int) -> list[str]:
    """One-time codes of the scrutineer."""
    with app.app_context():
        account = account_by_name(WITNESS)
        if account is None:
            witness(app, 1, "close")
            account = account_by_name(WITNESS)
        assert account
        return make_codes(account.id, CODES)


def _scan(app: Flask, token: str) -> Callable[[], None]:
    """Use a slip; what casts its ballot."""
    door, url = ClientDoor(app.test_client()), _urls(app, [token])[0]
    meeting = fetch_meeting(door, url)
    credential = redeem(door, meeting, url, blind())
    choices = dict.fromkeys(meeting.cells, "option1")
    return lambda: send(door, meeting, seal_ballot(meeting, credential, choices))


def _replace(office: Office, token: str, code: str, **more: Any) -> Any:
    return office.post(REPLACE, {"token": token, "name": WITNESS, "code": code, **more})


def test_a_lost_phone_gets_a_paper_and_every_sum_agrees(
    app: Flask, office: Office, other: Office, codes: list[str]
) -> None:
    tokens = _issue(office, 8)
    _vote(app, tokens[:6])
    _scan(app, tokens[6])
    office.post(f"{PAGE}/issued", {"issued.g1": "3"})
    assert 'id="uncast">1<' in office.get(REPLACE).text
    assert _replace(office, tokens[6], codes[0]).status_code == 302
    page = office.get(REPLACE).text
    assert "发出数已加 1" in page
    assert "另有换发 1 张" in office.get(PAGE).text
    for who in (office, other):
        assert _count(who, _papers(app, 4)).status_code == 302
    assert office.close_meeting(CLOSE).status_code == 302
    sheet = office.get("/admin/meetings/1/count-sheet").text
    for figures in (
        "印发 8 = 发出 7 + 作废 1 ✓",
        "发出 7 = 已用 6 + 未用 1 ✓",
        "已用 6 = 投出 6 + 扫码未投 0 ✓",
        "纸质票：发出 4 = 收回 4 + 未交回 0 ✓",
        "扫码后作废换发 1 张都在作废的 1 张和发出的纸质票之内 ✓",
        "每个测评对象各项与弃权合计 10 = 手机 6 + 纸质 4 ✓",
    ):
        assert figures in sheet
    assert "有 1 张是扫码后手机出了问题" in sheet
    word = office.get("/admin/meetings/1/forms/count-sheet.docx")
    written = Document(BytesIO(word.data))
    assert any("有 1 张是扫码后手机出了问题" in line.text for line in written.paragraphs)
    assert "本次测评有效" in sheet


def test_who_cannot_cast_because_a_lost_phone_came_back_casts_once_the_paper_is_taken_out(
    app: Flask, office: Office, codes: list[str]
) -> None:
    tokens = _issue(office, 8)
    _vote(app, tokens[:4])
    lost, honest = _scan(app, tokens[4]), _scan(app, tokens[5])
    _replace(office, tokens[4], codes[0])
    lost()
    with pytest.raises(NotCast) as refused:
        honest()
    assert refused.value.code == "ballots_exceed_slips"
    assert 'id="take-back"' in office.get(REPLACE).text
    assert _replace(office, tokens[4], codes[1], back="y").status_code == 302
    honest()
    assert 'id="take-back"' not in office.get(REPLACE).text


@pytest.mark.parametrize(
    ("name", "code", "sentence"),
    [
        (WITNESS, "0000-0000", "一次性码不对"),
        ("没有这个人", None, "一次性码不对"),
        (WITNESS, "", "一次性码不对"),
        (NAME, None, "一次性码不对"),
    ],
)
def test_without_the_scrutineer_nothing_is_replaced(
    app: Flask, office: Office, codes: list[str], name: str, code: str | None, sentence: str
) -> None:
    tokens = _issue(office, 4)
    _vote(app, tokens[:3])
    _scan(app, tokens[3])
    wish = {"token": tokens[3], "name": name, "code": codes[0] if code is None else code}
    answer = office.post(REPLACE, wish)
    assert answer.status_code == 401
    assert sentence in answer.text
    assert tokens[3] in answer.text
    assert 'id="uncast">1<' in office.get(REPLACE).text
    # The code of a refusal stays good.
    assert _replace(office, tokens[3], codes[0]).status_code == 302


def test_the_hosts_own_code_does_not_do(app: Flask, office: Office, codes: list[str]) -> None:
    with app.app_context():
        host = account_by_name(NAME)
        assert host
        mine = make_codes(host.id, CODES)
    token = _issue(office, 4)[0]
    _scan(app, token)
    answer = office.post(REPLACE, {"token": token, "name": NAME, "code": mine[0]})
    assert answer.status_code == 400
    assert "监票人须是另一个人" in answer.text


def test_a_refused_slip_leaves_the_scrutineers_code_good(
    app: Flask, office: Office, codes: list[str]
) -> None:
    tokens = _issue(office, 4)
    _vote(app, tokens[:1])
    answer = _replace(office, tokens[0], codes[0])
    assert answer.status_code == 400
    assert "都已经投出" in answer.text
    assert "还没有扫过码" in _replace(office, tokens[1], codes[0]).text
    assert "16" in _replace(office, "ABC", codes[0]).text
    _scan(app, tokens[1])
    assert _replace(office, tokens[1], codes[0]).status_code == 302


def test_once_papers_are_counted_nothing_is_replaced_or_taken_back(
    app: Flask, office: Office, codes: list[str]
) -> None:
    tokens = _issue(office, 5)
    _vote(app, tokens[:3])
    _scan(app, tokens[3])
    _scan(app, tokens[4])
    _replace(office, tokens[3], codes[0])
    office.post(f"{PAGE}/issued", {"issued.g1": "3"})
    _count(office, _papers(app, 4))
    assert "已开始清点纸质票" in office.get(REPLACE).text
    assert "已开始清点纸质票" in _replace(office, tokens[4], codes[1]).text
    assert "已开始清点纸质票" in _replace(office, tokens[3], codes[1], back="y").text
    with app.app_context():
        mine = account_by_name(NAME)
        assert mine
    discard = {"which": str(mine.id), "name": WITNESS, "code": codes[1]}
    assert office.post(f"{PAGE}/discard", discard).status_code == 302
    assert "已开始清点纸质票" not in office.get(REPLACE).text
    assert _replace(office, tokens[4], codes[2]).status_code == 302


def test_a_replacement_is_in_the_history_with_the_scrutineer_and_without_the_slip(
    app: Flask, office: Office, codes: list[str]
) -> None:
    token = _issue(office, 4)[0]
    _scan(app, token)
    _replace(office, token, codes[0])
    page = office.get("/admin/audit").text
    assert "换发纸质票" in page
    assert WITNESS in page
    assert token not in page.replace("-", "")


def test_a_closed_meeting_has_no_such_page(app: Flask, office: Office, open_id: int) -> None:
    office.close_meeting(CLOSE)
    assert office.get(REPLACE).status_code == 409
    assert office.get("/admin/meetings/1").status_code == 200
    with app.app_context():
        assert get_meeting(1).state == "closed"


def test_somebody_elses_account_cannot_guess_codes_without_end(
    app: Flask, office: Office, codes: list[str]
) -> None:
    tokens = _issue(office, 2)
    _scan(app, tokens[0])
    answers = [_replace(office, tokens[0], f"0000-000{n}").status_code for n in range(9)]
    assert 429 in answers or set(answers) == {401}
    assert PASSWORD
    # Five wrong tries, and all codes are worth nothing.
    assert _replace(office, tokens[0], codes[0]).status_code in (401, 429)
