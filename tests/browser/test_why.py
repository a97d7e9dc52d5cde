"""The page that says in plain words why it is secret, and the way there and back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.meetings import OpenMeeting
from tests.browser.voter import Voter
from tests.pages import PHONE, Pages

TITLE = "为什么说它是无记名的"


@pytest.fixture
def requests(phone_page: Page) -> list[Request]:
    """What the phone asks for."""
    sent: list[Request] = []

    def note(request: Request) -> None:
        sent.append(request)

    phone_page.on("request", note)
    return sent


def test_the_page_is_whole_without_a_script(pages: Pages, meeting: OpenMeeting) -> None:
    page = pages.open(PHONE, java_script_enabled=False)
    page.goto(f"{meeting.door}why")
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    headings = page.locator("h2").all_inner_texts()
    assert headings == [
        "一张票是怎么投进票箱的",
        "系统里存着什么",
        "大屏上显示什么",
        "有哪些事它管不了",
        "怎样知道自己的票算进去了",
    ]
    for limit in ("看着您的手机", "给别人看", "一模一样", "改了服务器的程序", "盯着会场的网络"):
        expect(page.get_by_text(limit).first).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)


def test_the_way_there_gives_nothing_of_the_slip_away(
    phone_page: Page, meeting: OpenMeeting, requests: list[Request]
) -> None:
    voter = Voter(phone_page, meeting)
    voter.scan(meeting.slips[0])
    phone_page.get_by_role("link", name=TITLE).click()
    expect(phone_page.get_by_role("heading", name=TITLE)).to_be_visible()
    assert phone_page.evaluate("document.referrer") == ""
    there = [request for request in requests if request.url.endswith("/why")]
    assert len(there) == 1
    token = meeting.slips[0].token
    for request in requests:
        assert "referer" not in request.all_headers()
        asked = request.url.partition("#")[0] + (request.post_data or "")
        assert token not in asked.replace("-", "")


def test_back_from_the_page_the_same_slip_is_voted(phone_page: Page, meeting: OpenMeeting) -> None:
    voter = Voter(phone_page, meeting)
    voter.scan(meeting.slips[0])
    voter.sees("怀乡中学党支部分类定级群众测评会")
    phone_page.get_by_role("link", name=TITLE).click()
    expect(phone_page.get_by_role("heading", name=TITLE)).to_be_visible()
    phone_page.go_back()
    voter.sees("怀乡中学党支部分类定级群众测评会")
    phone_page.get_by_role("link", name=TITLE).click()
    phone_page.get_by_role("button", name="返回").click()
    voter.tap("开始测评")
    voter.choose("好", None, "较好")
    voter.send()
    voter.done()


def test_away_in_the_middle_of_the_ballot_nothing_is_lost(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    """There is no link on the cards; but an address can be typed, or opened from a chat."""
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    phone_page.get_by_label("较好", exact=True).check()
    voter.tap("下一步")
    phone_page.get_by_label("一般", exact=True).check()
    phone_page.goto(f"{meeting.door}why")
    phone_page.go_back()
    voter.sees("教学第二党支部")
    expect(phone_page.get_by_label("一般", exact=True)).to_be_checked()
    voter.tap("上一步")
    voter.sees("教学第一党支部")
    expect(phone_page.get_by_label("较好", exact=True)).to_be_checked()


def test_after_the_vote_the_receipt_is_still_there(phone_page: Page, meeting: OpenMeeting) -> None:
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    voter.choose("好", "好", "好")
    voter.send()
    receipt = voter.done()
    phone_page.get_by_role("link", name=TITLE).click()
    expect(phone_page.get_by_role("heading", name=TITLE)).to_be_visible()
    phone_page.go_back()
    assert voter.done() == receipt


def test_the_page_is_reached_from_the_door_and_from_the_receipt(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    for address in (meeting.door, meeting.receipt_page):
        phone_page.goto(address)
        phone_page.get_by_role("link", name=TITLE).click()
        expect(phone_page.get_by_role("heading", name=TITLE)).to_be_visible()
    phone_page.get_by_role("link", name="核对票箱").click()
    expect(phone_page.get_by_role("heading", name="核对票箱")).to_be_visible()
