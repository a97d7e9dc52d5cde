"""The screen at the entrance: one code, the next once it was scanned, another after a reload."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from tests.browser.examine import axe
from tests.browser.meetings import OpenMeeting, open_meeting_on
from tests.browser.test_phone_looks import AUDIT
from tests.browser.voter import Voter
from tests.codes import read_code
from tests.pages import INSECURE_HOST, PHONE, Pages
from tests.serving import Server

SCREEN: dict[str, Any] = {"viewport": {"width": 1024, "height": 768}, "locale": "zh-CN"}


class Entrance:
    """The screen, as whoever stands before it sees it."""

    def __init__(self, browser: Browser, page: Page, meeting: OpenMeeting) -> None:
        self._browser = browser
        self.page = page
        self.meeting = meeting

    def open(self, group: str | None = "党员") -> None:
        """By the link, as the staff does."""
        self.page.goto(self.meeting.entrance)
        if group:
            self.page.get_by_role("button", name=group, exact=True).click()
            expect(self.code).to_be_visible()

    @property
    def code(self) -> Any:
        """The QR code."""
        return self.page.locator(".door__code svg")

    def read(self) -> str:
        """What it holds."""
        return read_code(self._browser, self.code)

    def sees(self, heading: str) -> None:
        """Wait until the heading says this."""
        expect(self.page.locator("#page h1")).to_have_text(heading)

    def tap(self, name: str) -> None:
        """A button; the staff's stand folded away."""
        if not self.page.get_by_role("button", name=name, exact=True).is_visible():
            self.page.locator("summary").click()
        self.page.get_by_role("button", name=name, exact=True).click()

    def new_code(self, before: str) -> str:
        """Wait for another code than this; what it holds."""
        expect(self.page.locator(".hint").first).not_to_contain_text(typed(before))
        expect(self.code).to_be_visible()
        return self.read()


def typed(link: str) -> str:
    """A slip's code as the screen writes it."""
    token = link.partition("#")[2].partition(".")[0]
    return "-".join(token[at : at + 4] for at in range(0, 16, 4))


@pytest.fixture
def meeting(hall: Server) -> OpenMeeting:
    """An open meeting with screens at its entrance, at an origin that is not secure."""
    return open_meeting_on(hall, INSECURE_HOST, entrance=True)


@pytest.fixture
def context(pages: Pages) -> BrowserContext:
    """The browser of the device at the entrance."""
    return pages.context(SCREEN)


@pytest.fixture
def entrance(
    browser: Browser, pages: Pages, context: BrowserContext, meeting: OpenMeeting
) -> Entrance:
    """The device at the entrance, before the link is opened."""
    page = pages.watch(context.new_page())
    page.clock.install()
    return Entrance(browser, page, meeting)


def vote(pages: Pages, meeting: OpenMeeting, link: str) -> Voter:
    """Somebody scans a code and begins; the next may scan from here on."""
    voter = Voter(pages.open(PHONE), meeting)
    voter.page.goto(link)
    voter.tap("开始测评")
    expect(voter.page.locator(".step-card")).to_be_visible()
    return voter


def test_the_next_code_appears_when_the_last_was_scanned_and_both_vote(
    pages: Pages, entrance: Entrance, meeting: OpenMeeting
) -> None:
    sent: list[str] = []

    def note(request: Request) -> None:
        sent.append(f"{request.url} {request.post_data}")

    entrance.page.on("request", note)
    entrance.open()
    assert "#" not in entrance.page.url
    first = entrance.read()
    assert re.fullmatch(rf"{meeting.page}#[0-9A-Z]{{16}}\.[\w-]{{22}}", first)
    expect(entrance.page.locator(".door__numbers")).to_contain_text("已扫 0 个码")
    voters = [vote(pages, meeting, first)]
    second = entrance.new_code(first)
    expect(entrance.page.locator(".door__numbers")).to_contain_text("应到 20 人，已扫 1 个码")
    voters.append(vote(pages, meeting, second))
    entrance.new_code(second)
    for voter in voters:
        voter.choose("好", "好", "好")
        voter.send()
        voter.done()
    stand = meeting.turnout()
    assert (stand.issued, stand.redeemed, stand.cast) == (3, 2, 2)
    # Neither a token nor the link's key has ever been sent.
    key = meeting.entrance.partition("#")[2]
    for secret in (first.partition("#")[2][:16], second.partition("#")[2][:16], key):
        assert not [one for one in sent if secret in one]
    # Nor is a token kept.
    kept = entrance.page.evaluate("JSON.stringify(localStorage)")
    assert not re.search("|".join(one.partition("#")[2][:16] for one in (first, second)), kept)


def test_a_reload_shows_another_code_and_voids_the_one_before(
    pages: Pages, entrance: Entrance, meeting: OpenMeeting
) -> None:
    entrance.open()
    first = entrance.read()
    entrance.page.reload()
    second = entrance.new_code(first)
    entrance.page.goto("about:blank")
    entrance.page.go_back()
    third = entrance.new_code(second)
    entrance.tap("换一个码")
    entrance.new_code(third)
    stand = meeting.turnout()
    assert (stand.issued, stand.redeemed) == (1, 0)
    late = Voter(pages.open(PHONE), meeting)
    late.page.goto(first)
    late.tap("开始测评")
    late.sees("没有找到这张测评票")


def test_another_window_takes_over_and_the_first_one_says_so(
    browser: Browser, pages: Pages, context: BrowserContext, entrance: Entrance,
    meeting: OpenMeeting,
) -> None:  # fmt: skip
    entrance.open()
    other = Entrance(browser, pages.watch(context.new_page()), meeting)
    other.page.goto(meeting.entrance)
    expect(other.code).to_be_visible()
    entrance.sees("这块屏的码已被收回")
    assert meeting.turnout().issued == 1
    entrance.tap("重新开始")
    expect(entrance.code).to_be_visible()
    other.sees("这块屏的码已被收回")
    meeting.dismiss_screens()
    entrance.sees("这块屏的码已被收回")
    assert meeting.turnout().issued == 0
    other.tap("重新开始")
    expect(other.code).to_be_visible()


def test_each_group_has_its_codes_and_no_more_than_are_expected(
    pages: Pages, entrance: Entrance, meeting: OpenMeeting
) -> None:
    entrance.open("群众代表")
    before = entrance.read()
    entrance.tap("换一类人")
    entrance.page.get_by_role("button", name="党员", exact=True).click()
    after = entrance.new_code(before)
    voter = vote(pages, meeting, after)
    assert voter.book()["slips"].popitem()[1]["group"] == "g1"
    meeting.record_attendance(0)
    expect(entrance.page.locator(".door__words .notice")).to_contain_text("比到会的人多")
    entrance.page.route(
        "**/next",
        lambda route: route.fulfill(json={"meeting": "open", "standing": "full"}),
    )
    entrance.tap("换一个码")
    entrance.sees("这一类的码已经发完")
    entrance.page.unroute("**/next")
    entrance.page.clock.fast_forward(7000)
    expect(entrance.code).to_be_visible()


def test_a_lost_network_is_told_and_a_lost_answer_costs_no_code(
    entrance: Entrance, meeting: OpenMeeting
) -> None:
    wishes: list[dict[str, Any]] = []

    def lose(route: Route) -> None:
        wishes.append(json.loads(route.request.post_data or ""))
        if len(wishes) == 1:
            path = route.request.url.partition("/entrance/")[2]
            base = meeting.api("").partition("/api/")[0]
            assert route.fetch(url=f"{base}/entrance/{path}").status == 200
            route.abort()
        else:
            route.continue_()

    entrance.page.route("**/next", lose)
    entrance.open(None)
    entrance.page.get_by_role("button", name="党员", exact=True).click()
    expect(entrance.page.locator("#lost")).to_contain_text("网络断了")
    entrance.page.clock.fast_forward(7000)
    expect(entrance.code).to_be_visible()
    expect(entrance.page.locator("#lost")).to_be_hidden()
    assert wishes[0] == wishes[1]
    assert meeting.turnout().issued == 1
    entrance.page.route("**/look", lambda route: route.abort())
    entrance.page.clock.fast_forward(3000)
    expect(entrance.page.locator("#lost")).to_contain_text("这个码还能扫")
    entrance.page.unroute("**/look")
    entrance.page.clock.fast_forward(7000)
    expect(entrance.page.locator("#lost")).to_be_hidden()


def test_other_keys_than_it_saw_first_stop_it(entrance: Entrance, meeting: OpenMeeting) -> None:
    entrance.open()

    def lie(route: Route) -> None:
        base = meeting.api("").partition("/api/")[0]
        path = route.request.url.partition("/entrance/")[2]
        facts = route.fetch(url=f"{base}/entrance/{path}").json()
        route.fulfill(json={**facts, "digest": "A" * 22})

    entrance.page.route("**/meeting", lie)
    entrance.page.reload()
    entrance.sees("校验不符，已经停止")
    expect(entrance.code).to_have_count(0)


def test_it_ends_with_the_meeting_and_leaves_nothing(
    entrance: Entrance, meeting: OpenMeeting
) -> None:
    entrance.open()
    meeting.close()
    entrance.sees("测评会已经结束")
    assert entrance.page.evaluate("localStorage.length") == 0
    assert meeting.turnout().issued == 0


def test_a_link_without_its_key_opens_nothing(entrance: Entrance, meeting: OpenMeeting) -> None:
    entrance.page.goto(meeting.entrance.partition("#")[0])
    entrance.sees("链接不完整")


@pytest.mark.parametrize(
    "shape", [(1024, 768), (768, 1024), (390, 844)], ids=lambda shape: f"{shape[0]}x{shape[1]}"
)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_it_can_be_read_at_every_size(
    browser: Browser, pages: Pages, meeting: OpenMeeting, shape: tuple[int, int], language: str,
    screenshot: Any,
) -> None:  # fmt: skip
    page = pages.open(
        {**SCREEN, "viewport": {"width": shape[0], "height": shape[1]}, "locale": language}
    )
    entrance, faults = Entrance(browser, page, meeting), []

    def look(step: str) -> None:
        faults.extend(f"{step}: {fault}" for fault in page.evaluate(AUDIT) + axe(page))
        screenshot(page, f"entrance-{shape[0]}-{language}-{step}")

    entrance.open(None)
    expect(page.locator(".groups button").first).to_be_visible()
    look("groups")
    page.locator(".groups button").first.click()
    expect(entrance.code).to_be_visible()
    look("code")
    assert entrance.read().startswith(meeting.page)
    page.locator("summary").click()
    look("staff")
    meeting.close()
    expect(page.locator(".notice-box")).to_be_visible()
    look("closed")
    assert faults == []
