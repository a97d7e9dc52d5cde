"""An open meeting: slips, totals, the screen's link, closing, voiding, the count sheet."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest
from flask import Flask

import admin.meeting
from app.actions.meeting import get_meeting
from app.actions.progress import Progress, progress
from app.actions.record import get_record
from app.domain.encoding import b64url
from app.domain.slip import crockford, in_fours
from app.factory import create_app
from app.models import Meeting
from app.models.urn_file import close_urns, urn_path
from app.phones.crowd import vote_once
from app.phones.voter import SlipUrl, fetch_meeting, read_slip_url
from tests.admin.conftest import BASE, Office
from tests.urns import all_rows
from tests.voters import ClientDoor

SLIPS = "/admin/meetings/1/slips"


def _issue(office: Office, number: int, group: str = "g1", so_far: int = 0) -> list[str]:
    """Issue slips; the tokens on the sheet, as they stand in the link."""
    answer = office.post(SLIPS, {"group": group, "number": number, "so_far": so_far})
    assert answer.status_code == 200
    return _tokens(answer.text)


def _tokens(page: str) -> list[str]:
    found = re.findall(r"<span>([0-9A-Z-]{9})</span><span>([0-9A-Z-]{9})</span>", page)
    return [f"{first}{second}".replace("-", "") for first, second in found]


def _issued(app: Flask) -> int:
    return len(all_rows(app).get("slips", []))


def _urls(app: Flask, tokens: list[str]) -> list[SlipUrl]:
    with app.app_context():
        meeting = get_meeting(1)
        digest = b64url(meeting.key_digest or b"")
        return [read_slip_url(f"{BASE}/v/{meeting.code}#{t}.{digest}") for t in tokens]


def _vote(app: Flask, tokens: list[str], choice: str = "option1") -> None:
    door, urls = ClientDoor(app.test_client()), _urls(app, tokens)
    meeting = fetch_meeting(door, urls[0])
    for url in urls:
        outcome = vote_once(door, meeting, url, dict.fromkeys(meeting.cells, choice))
        assert outcome.failure is None, outcome.failure


def test_the_answer_to_issuing_is_the_sheet_and_tokens_stand_nowhere_else(
    app: Flask, office: Office, open_id: int
) -> None:
    answer = office.post(SLIPS, {"group": "g1", "number": "22", "so_far": "0"})
    tokens = _tokens(answer.text)
    assert len(set(tokens)) == 22
    assert answer.headers["Cache-Control"] == "no-store"
    with app.app_context():
        meeting = get_meeting(open_id)
        check = in_fours(crockford((meeting.key_digest or b"")[:5]))
    assert answer.text.count(check) == 22
    assert answer.text.count("无记名") == 22
    assert answer.text.count('class="slip-sheet"') == 2
    assert "data-leave-warning" in answer.text
    for path in ("/admin/meetings/1", "/admin/meetings/1/progress", "/admin/"):
        page = office.get(path).text
        assert not any(token in page.replace("-", "") for token in tokens), path


def test_slips_bear_no_number_and_name_the_group_only_where_there_are_several(
    office: Office, open_id: int
) -> None:
    page = office.post(SLIPS, {"group": "g2", "number": "3", "so_far": "0"}).text
    slip = page[page.index('<article class="slip">') : page.index("</article>")]
    assert "群众代表" in slip
    text = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", slip, flags=re.DOTALL)
    digits = re.sub(r"[0-9A-Z]{4}-[0-9A-Z]{4}|http://\S+|编号\s+[0-9A-Z]{6}", "", text)
    assert not re.search(r"\d", digits), digits


def test_one_form_sent_twice_issues_once(app: Flask, office: Office, open_id: int) -> None:
    _issue(office, 5)
    again = office.post(SLIPS, {"group": "g1", "number": "5", "so_far": "0"})
    assert again.status_code == 409
    assert "这次没有再发票" in again.text
    assert 'name="so_far" type="hidden" value="5"' in again.text
    assert _issued(app) == 5
    _issue(office, 4, so_far=5)
    assert _issued(app) == 9


def test_one_form_sent_four_times_at_once_issues_once(
    app: Flask, office: Office, open_id: int
) -> None:
    token, statuses = office.token(), []
    cookie = office.client.get_cookie("mingce_admin", path="/admin")
    assert cookie
    wish = {"csrf_token": token, "group": "g1", "number": "5", "so_far": "0"}

    def send() -> None:
        client = app.test_client()
        client.set_cookie("mingce_admin", cookie.value, path="/admin")
        statuses.append(client.post(SLIPS, data=wish).status_code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(statuses) == [200, 409, 409, 409]
    assert _issued(app) == 5


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"group": "g1", "number": "", "so_far": "0"},
        {"group": "g1", "number": "0", "so_far": "0"},
        {"group": "g1", "number": "-3", "so_far": "0"},
        {"group": "g1", "number": "1.5", "so_far": "0"},
        {"group": "g1", "number": "20001", "so_far": "0"},
        {"group": "g1", "number": "9" * 40, "so_far": "0"},
        {"group": "g9", "number": "5", "so_far": "0"},
        {"group": "", "number": "5", "so_far": "0"},
        {"group": "g1", "number": "5"},
        {"group": "g1", "number": "5", "so_far": "-1"},
    ],
)
def test_slips_that_cannot_be_issued_are_refused(
    office: Office, open_id: int, wish: dict[str, str], unchanged: Callable[[], None]
) -> None:
    unchanged()
    answer = office.post(SLIPS, wish)
    assert answer.status_code == 400
    assert "alert-danger" in answer.text or "invalid-feedback" in answer.text


def test_the_address_of_a_sheet_shows_no_token_when_it_is_opened_again(
    office: Office, open_id: int
) -> None:
    _issue(office, 3)
    answer = office.get(SLIPS, follow_redirects=True)
    assert "票码只显示一次" in answer.text
    assert not _tokens(answer.text)


def test_no_slips_before_opening_and_none_after_closing(
    app: Flask, office: Office, draft_id: int, unchanged: Callable[[], None]
) -> None:
    unchanged()
    wish = {"group": "g1", "number": "5", "so_far": "0"}
    assert office.post(SLIPS, wish).status_code == 409
    assert office.post(f"{SLIPS}/void", {"token": "0" * 16}).status_code == 409
    assert office.post(f"{SLIPS}/void-unused").status_code == 409


def test_five_hundred_slips_come_on_one_page(office: Office, open_id: int) -> None:
    wish = {"group": "g1", "number": "500", "so_far": "0", "csrf_token": office.token()}
    answer = office.client.post(SLIPS, data=wish)
    assert len(_tokens(answer.text)) == 500


def test_a_spoiled_slip_is_voided_by_what_stands_on_it(
    app: Flask, office: Office, open_id: int
) -> None:
    tokens = _issue(office, 4)
    typed = in_fours(tokens[0]).lower()
    assert office.post(f"{SLIPS}/void", {"token": typed}).status_code == 302
    url = f"{BASE}/v/XXXXXX#{tokens[1]}.abc"
    assert office.post(f"{SLIPS}/void", {"token": url}).status_code == 302
    assert "不能再作废" in office.post(f"{SLIPS}/void", {"token": typed}).text
    page = office.get("/admin/meetings/1/progress").text
    assert _row(page, "党员") == [20, 2, 0, 2, 2]


@pytest.mark.parametrize("token", ["", "0" * 15, "0" * 16, "U" * 16, "x" * 61, "票"])
def test_a_slip_that_is_not_there_cannot_be_voided(
    office: Office, open_id: int, token: str, unchanged: Callable[[], None]
) -> None:
    unchanged()
    answer = office.post(f"{SLIPS}/void", {"token": token})
    assert answer.status_code == 400
    assert "invalid-feedback" in answer.text


def test_unused_slips_are_voided_and_used_ones_stay(
    app: Flask, office: Office, open_id: int
) -> None:
    members = _issue(office, 6)
    guests = _issue(office, 5, "g2", so_far=6)
    _vote(app, [*members[:3], guests[0]])
    office.post(f"{SLIPS}/void-unused", {"group": "g2"})
    page = office.get("/admin/meetings/1/progress").text
    assert (_row(page, "党员"), _row(page, "群众代表")) == ([20, 6, 3, 3, 0], [5, 1, 1, 0, 4])
    office.post(f"{SLIPS}/void-unused")
    assert _row(office.get("/admin/meetings/1/progress").text, "党员") == [20, 3, 3, 0, 3]


def test_admin_pages_show_the_released_picture_and_never_more(
    app: Flask, office: Office, open_id: int
) -> None:
    tokens = _issue(office, 10)
    paths = ("/admin/meetings/1/progress", "/admin/records/1", "/admin/rounds/1")
    _vote(app, tokens[:5], "option1")
    for path in paths:
        assert "满意率</th>" not in office.get("/admin/meetings/1/progress").text
        assert "%" not in office.get(path).text, path
    _vote(app, tokens[5:8], "option4")
    page = office.get("/admin/meetings/1/progress").text
    assert "前 3 票" in page
    assert _row(page, "第一党支部") == [3, 0, 0, 0, 0, 100]
    record = office.get("/admin/records/1").text
    assert "暂定" in record
    assert "100.00%" in record
    assert "前 3 票的结果" in record
    assert "100.00%" in office.get("/admin/rounds/1").text


def test_a_turnout_meeting_shows_no_choices_before_closing(
    app: Flask, office: Office, draft_id: int
) -> None:
    office.post("/admin/meetings/1/subjects", {"record": ["1"]})
    office.post("/admin/meetings/1/groups", {"name": ["党员"], "expected": ["20"]})
    office.post("/admin/meetings/1/policy", {"policy": "turnout", "k": "3"})
    office.open_meeting()
    _vote(app, _issue(office, 12))
    assert "公布结果" in office.get("/admin/meetings/1").text
    for path in ("/admin/meetings/1", "/admin/records/1", "/admin/rounds/1"):
        assert "100.00" not in office.get(path).text, path


def test_the_display_link_can_be_changed(office: Office, open_id: int) -> None:
    def link() -> str:
        found = re.search(r'id="display" value="([^"]+)"', office.get("/admin/meetings/1").text)
        assert found
        return found[1].removeprefix(BASE)

    old = link()
    assert office.client.get(old).status_code == 200
    assert office.post("/admin/meetings/1/display/revoke").status_code == 302
    assert office.client.get(old).status_code == 403
    assert office.client.get(link()).status_code == 200


def test_closing_makes_the_result_final_everywhere(
    app: Flask, office: Office, open_id: int
) -> None:
    office.post("/admin/records/1/scores", {"self_score": "92", "superior_score": "90"})
    tokens = _issue(office, 10)
    _vote(app, tokens[:5], "option1")
    _vote(app, tokens[5:7], "option4")
    _vote(app, tokens[7:8], "abstain")
    office.post(f"{SLIPS}/void", {"token": tokens[9]})
    wish = {"present": "9", "understood": "y"}
    assert office.close_meeting(wish).location == "/admin/meetings/1"
    assert _row(office.get("/admin/meetings/1").text, "第一党支部")[:5] == [5, 0, 0, 2, 1]
    sheet = office.get("/admin/meetings/1/count-sheet").text
    assert _row(sheet, "合计") == [25, 9, 9, 8, 8, 0, 1, 1]
    assert "62.50%" in sheet
    assert "5÷8" in sheet
    assert "本次测评有效" in sheet
    assert all(word in sheet for word in ("主持人", "监票人", "计票人"))
    digest = re.sub(r"\s", "", _between(sheet, '<p class="code">', "</p>"))
    assert digest == office.client.get(f"/api/v1/meetings/{_code(app)}/box").get_json()["digest"]
    with app.app_context():
        record = get_record(1)
        assert record.mass
        assert record.mass["satisfaction"]["percent"] == "62.50"
        assert record.proposed == "好"
    assert "最终" in office.get("/admin/records/1").text


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"present": "20"},
        {"present": "", "understood": "y"},
        {"present": "-1", "understood": "y"},
        {"present": "很多", "understood": "y"},
        {"present": "100001", "understood": "y"},
    ],
)
def test_closing_asks_for_the_number_present_and_for_a_tick(
    office: Office, open_id: int, wish: dict[str, str], unchanged: Callable[[], None]
) -> None:
    unchanged()
    answer = office.post("/admin/meetings/1/close", wish)
    assert answer.status_code == 400
    assert "不能恢复" in answer.text


def test_a_meeting_closes_once(office: Office, open_id: int, unchanged: Callable[[], None]) -> None:
    wish = {"present": "9", "understood": "y"}
    office.close_meeting(wish)
    unchanged()
    assert office.post("/admin/meetings/1/close", wish).status_code == 409
    assert office.get("/admin/meetings/1/close").location == "/admin/meetings/1"
    assert office.post("/admin/meetings/1/void", {"reason": "x"}).status_code == 409
    assert office.get("/admin/meetings/1/progress").status_code == 409


def test_a_meeting_nobody_voted_in_has_a_sheet_without_a_rate(office: Office, open_id: int) -> None:
    office.close_meeting({"present": "0", "understood": "y"})
    sheet = office.get("/admin/meetings/1/count-sheet").text
    assert "—" in sheet
    assert "0÷0" in sheet


def test_a_voided_meeting_keeps_its_reason_and_has_no_sheet(
    app: Flask, office: Office, open_id: int
) -> None:
    _vote(app, _issue(office, 7))
    assert office.post("/admin/meetings/1/void", {"reason": "断电改期"}).status_code == 302
    assert "断电改期" in office.get("/admin/meetings/1").text
    assert office.get("/admin/meetings/1/count-sheet").status_code == 409
    assert _issued(app) == 0


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_voiding_asks_for_a_reason(
    office: Office, open_id: int, reason: str, unchanged: Callable[[], None]
) -> None:
    unchanged()
    assert office.post("/admin/meetings/1/void", {"reason": reason}).status_code == 400


def test_a_rehearsal_is_marked_and_reaches_no_record(
    app: Flask, office: Office, draft_id: int
) -> None:
    settings = {"title": "练习", "host": "", "wifi": "", "base_url": BASE, "rehearsal": "y"}
    office.post("/admin/meetings/1/settings", settings)
    office.post("/admin/meetings/1/subjects", {"record": ["1"]})
    office.post("/admin/meetings/1/groups", {"name": ["党员"], "expected": ["20"]})
    office.open_meeting()
    page = office.post(SLIPS, {"group": "g1", "number": "6", "so_far": "0"}).text
    assert "【演练】练习" in page
    _vote(app, _tokens(page))
    office.close_meeting({"present": "6", "understood": "y"})
    assert "演练 · 不作为定级依据" in office.get("/admin/meetings/1/count-sheet").text
    assert "还没有测评结果" in office.get("/admin/records/1").text


def _code(app: Flask) -> str:
    with app.app_context():
        return str(get_meeting(1).code)


def _between(page: str, start: str, end: str) -> str:
    return page[page.index(start) + len(start) :].split(end, 1)[0]


def _row(page: str, name: str) -> list[int]:
    """The numbers in the table row that begins with `name`; a rate without its decimals."""
    row = next(r for r in re.findall(r"<tr.*?</tr>", page, flags=re.DOTALL) if f">{name}</t" in r)
    cells = re.findall(r"<td[^>]*>(?:<strong>)?(\d+)", row)
    return [int(cell) for cell in cells]


def test_the_page_of_a_meeting_that_ends_as_it_is_asked_for_does_not_offer_to_void_it(
    app: Flask, office: Office, open_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def close_first(found: Meeting) -> Progress:
        # By another process, after this one has read that the meeting is open.
        other = create_app(app.config["MINGCE"])
        assert other.test_cli_runner().invoke(args=["meeting", "close", found.code]).exit_code == 0
        close_urns(other)
        return progress(found)

    page = f"/admin/meetings/{open_id}"
    monkeypatch.setattr(admin.meeting, "progress", close_first)
    answer = office.get(page)
    assert (answer.status_code, answer.headers.get("Location")) == (302, page)
    assert "计票单" in office.get(page).text


def test_the_page_of_a_meeting_without_its_urn_says_where_to_look_before_voiding(
    app: Flask, office: Office, open_id: int
) -> None:
    with app.app_context():
        urn_path(get_meeting(open_id).code).unlink()
    answer = office.get(f"/admin/meetings/{open_id}")
    assert answer.status_code == 503
    assert "不要在这里作废" in answer.text
