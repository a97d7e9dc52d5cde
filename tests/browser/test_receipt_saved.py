"""The receipt page with a saved box: when the server is gone, or one would rather not ask it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.examine import Examiner
from tests.browser.meetings import OpenMeeting, open_meeting_on
from tests.browser.voter import Voter
from tests.pages import INSECURE_HOST, PHONE, Pages
from tests.serving import ROOT, Server

CONTROL = "用保存的票箱文件查验"


@pytest.fixture
def kept(phone_page: Page, meeting: OpenMeeting, hall: Server, tmp_path: Path) -> list[Path]:
    """One ballot cast from this phone, the meeting closed, and its two files saved."""
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    voter.choose("好", "较好", None)
    voter.send()
    voter.done()
    meeting.close()
    files = []
    for name in ("box.json", "meeting.json"):
        files.append(tmp_path / name)
        answer = phone_page.request.get(f"{hall.base}/r/{meeting.code}/{name}")
        files[-1].write_bytes(answer.body())
    return files


def marks(page: Page) -> list[str]:
    """One's own marks as the page shows them after a tap."""
    page.get_by_role("button", name="显示我的选择").first.click()
    expect(page.get_by_role("heading", name="您的 3 项都已计入")).to_be_visible()
    return page.locator(".row__mark").all_inner_texts()


def test_the_page_offers_the_box_to_be_saved(
    phone_page: Page, meeting: OpenMeeting, kept: list[Path]
) -> None:
    phone_page.goto(meeting.receipt_page)
    with phone_page.expect_download() as coming:
        phone_page.get_by_role("link", name="下载票箱文件").click()
    assert Path(coming.value.path()).read_bytes() == kept[0].read_bytes()
    assert kept[0].read_bytes() == phone_page.request.get(meeting.api("box")).body()
    phone_page.get_by_role("link", name="核对整个票箱").click()
    expect(phone_page.get_by_role("link", name="下载票箱文件")).to_be_visible()


def test_a_saved_box_is_looked_through_instead_of_the_server_s(
    phone_page: Page, meeting: OpenMeeting, kept: list[Path]
) -> None:
    phone_page.goto(meeting.receipt_page)
    expect(phone_page.get_by_role("heading", name="票箱摘要")).to_be_visible()
    phone_page.get_by_label(CONTROL).set_input_files(kept[0])
    expect(phone_page.locator(".verdict_good").first).to_have_text("文件完好，没有发现改动。")
    assert marks(phone_page) == ["好", "较好", "弃权"]


def test_a_server_that_has_gone_away_is_not_needed(
    phone_page: Page, meeting: OpenMeeting, kept: list[Path]
) -> None:
    phone_page.route("**/api/**", lambda route: route.abort())
    phone_page.goto(meeting.receipt_page)
    expect(phone_page.locator(".working__reason")).to_contain_text("网络较慢")
    phone_page.get_by_label(CONTROL).set_input_files(kept)
    assert marks(phone_page) == ["好", "较好", "弃权"]
    # Nothing comes back from the attempts that were under way.
    phone_page.unroute("**/api/**")
    expect(phone_page.locator(".row__mark").first).to_have_text("好")


def test_a_server_that_has_lost_the_meeting_is_not_needed(
    phone_page: Page, meeting: OpenMeeting, kept: list[Path]
) -> None:
    gone = json.dumps({"error": "meeting_unknown", "message": "没有"})
    phone_page.route("**/api/**", lambda route: route.fulfill(status=404, body=gone))
    phone_page.goto(meeting.receipt_page)
    Voter(phone_page, meeting).sees("没有找到这个测评会")
    phone_page.get_by_label(CONTROL).set_input_files(kept[0])
    assert marks(phone_page) == ["第 1 个选项", "第 2 个选项", "弃权"]
    phone_page.get_by_label(CONTROL).set_input_files(kept)
    assert marks(phone_page) == ["好", "较好", "弃权"]


def test_a_slow_answer_of_the_server_does_not_take_the_place_of_the_file(
    phone_page: Page, meeting: OpenMeeting, kept: list[Path]
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    phone_page.route("**/api/**/box", hold)
    with phone_page.expect_request("**/api/**/box"):
        phone_page.goto(meeting.receipt_page)
    phone_page.get_by_label(CONTROL).set_input_files(kept)
    expect(phone_page.locator(".verdict_good").first).to_be_visible()
    with phone_page.expect_response("**/api/**/box"):
        held[0].continue_()
    assert marks(phone_page) == ["好", "较好", "弃权"]
    expect(phone_page.locator(".verdict_good").first).to_be_visible()


def test_a_forged_file_is_called_so_before_any_mark_is_shown(
    phone_page: Page, meeting: OpenMeeting, kept: list[Path]
) -> None:
    box = json.loads(kept[0].read_text())
    box["lists"][1]["marks"] = []
    kept[0].write_text(json.dumps(box))
    phone_page.goto(meeting.receipt_page)
    expect(phone_page.get_by_role("heading", name="票箱摘要")).to_be_visible()
    phone_page.get_by_label(CONTROL).set_input_files(kept[0])
    expect(phone_page.locator(".verdict_bad").first).to_contain_text("文件有问题，共 2 处")
    phone_page.get_by_role("button", name="显示我的选择").first.click()
    expect(phone_page.get_by_role("heading", name="有 1 项没有计入")).to_be_visible()


def test_what_is_no_box_or_another_meeting_s_is_refused(
    phone_page: Page, meeting: OpenMeeting, kept: list[Path], hall: Server
) -> None:
    other = open_meeting_on(hall, INSECURE_HOST)
    voter = Voter(phone_page, other)
    phone_page.goto(meeting.receipt_page)
    control = phone_page.get_by_label(CONTROL)
    control.set_input_files(kept[1])
    voter.sees("不是能用的票箱文件")
    control.set_input_files(ROOT / "README.md")
    expect(phone_page.locator(".result")).to_contain_text("第 1 个字符处读不下去")
    other.close()
    phone_page.goto(other.receipt_page)
    control.set_input_files(kept[0])
    expect(phone_page.locator(".result")).to_contain_text(
        f"这是测评会 {meeting.code} 的票箱，本页查的是 {other.code}。"
    )
    phone_page.get_by_role("button", name="返回").click()
    voter.sees("查验选票")


def test_the_page_of_a_saved_box_can_be_read_and_tapped(
    pages: Pages, meeting: OpenMeeting, kept: list[Path], examiner: Examiner
) -> None:
    page = pages.open(PHONE)
    page.route("**/api/**", lambda route: route.abort())
    page.goto(meeting.receipt_page)
    expect(page.locator(".working__reason")).to_be_visible()
    examiner.look(page, "away")
    page.get_by_label(CONTROL).set_input_files(kept[0])
    expect(page.get_by_label("回执码", exact=True)).to_be_visible()
    examiner.look(page, "saved")
    page.get_by_label(CONTROL).set_input_files(kept[1])
    expect(page.locator(".result")).to_be_visible()
    examiner.look(page, "refused")
