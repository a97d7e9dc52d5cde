"""A phone that loses answers, reloads, is tapped twice, or shares its work with another page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.meetings import OpenMeeting
from tests.browser.voter import Voter
from tests.pages import PHONE, Pages


def lose_answers(page: Page, meeting: OpenMeeting, path: str, times: int = 1) -> list[int]:
    """Let the first requests reach the server and lose their answers; the statuses they had."""
    lost: list[int] = []

    def handle(route: Route) -> None:
        if len(lost) >= times:
            route.continue_()
            return
        # Playwright's own requests do not know the browser's host rules.
        lost.append(route.fetch(url=meeting.api(path)).status)
        route.abort("connectionreset")

    page.route(f"**/api/v1/meetings/*/{path}", handle)
    return lost


def cast_total(page: Page, meeting: OpenMeeting) -> int:
    """Ballots in the box, as the live picture tells everybody."""
    cast: int = page.request.get(meeting.api("live")).json()["cast"]
    return cast


def test_a_lost_answer_to_the_slip_costs_nothing(phone_page: Page, meeting: OpenMeeting) -> None:
    voter = Voter(phone_page, meeting)
    lost = lose_answers(phone_page, meeting, "credentials", times=2)
    voter.scan(meeting.slips[0])
    voter.tap("开始测评")
    voter.waits("网络较慢，正在重试…")
    voter.tap("重试")
    voter.choose("好", "好", "好")
    voter.send()
    voter.done()
    assert lost == [200, 200]


def test_a_lost_answer_to_the_ballot_costs_nothing(phone_page: Page, meeting: OpenMeeting) -> None:
    voter = Voter(phone_page, meeting)
    lost = lose_answers(phone_page, meeting, "ballots", times=2)
    voter.begin(meeting.slips[0])
    voter.choose("好", "好", "好")
    voter.send()
    voter.waits("网络较慢，正在重试…")
    voter.done()
    assert lost == [201, 200]
    assert cast_total(phone_page, meeting) == 1


def test_a_phone_reloaded_after_a_lost_answer_sends_the_same_ballot(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    voter = Voter(phone_page, meeting)
    bodies: list[str | None] = []

    def swallow(route: Route) -> None:
        bodies.append(route.request.post_data)
        if len(bodies) == 1:
            route.fetch(url=meeting.api("ballots"))
            route.abort()
        else:
            route.continue_()

    phone_page.route("**/ballots", swallow)
    voter.begin(meeting.slips[0])
    voter.choose("好", "一般", None)
    voter.send()
    voter.waits("网络较慢，正在重试…")
    sealed = next(iter(voter.book()["slips"].values()))
    assert sealed["stage"] == "sealed"
    assert not {"choices", "output", "blind"} & set(sealed)
    phone_page.reload()
    voter.done()
    assert bodies[0] == bodies[1]
    assert cast_total(phone_page, meeting) == 1


def test_a_reload_at_every_step_goes_on_where_it_was(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    voter = Voter(phone_page, meeting)
    voter.scan(meeting.slips[0])
    voter.sees("怀乡中学党支部分类定级群众测评会")
    phone_page.reload()
    voter.tap("开始测评")
    phone_page.get_by_label("较好", exact=True).check()
    phone_page.reload()
    expect(phone_page.get_by_label("较好", exact=True)).to_be_checked()
    voter.tap("下一步")
    voter.sees("教学第二党支部")
    phone_page.reload()
    voter.sees("教学第二党支部")
    voter.tap("上一步")
    expect(phone_page.get_by_label("较好", exact=True)).to_be_checked()
    voter.choose("一般", "好", None)
    phone_page.reload()
    voter.sees("请核对")
    assert phone_page.locator(".row__mark").all_inner_texts() == [
        "一般",
        "好",
        "没有选（按弃权计）",
    ]
    phone_page.get_by_role("button", name="修改：教学第二党支部").click()
    phone_page.reload()
    phone_page.get_by_label("弃权", exact=True).check()
    voter.tap("返回核对")
    expect(phone_page.locator(".row__mark").nth(1)).to_have_text("弃权")
    voter.send()
    receipt = voter.done()
    phone_page.reload()
    assert voter.done() == receipt
    assert cast_total(phone_page, meeting) == 1


def test_a_slip_scanned_again_on_its_phone_goes_on(phone_page: Page, meeting: OpenMeeting) -> None:
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    phone_page.get_by_label("较差", exact=True).check()
    phone_page.goto("about:blank")
    voter.scan(meeting.slips[0])
    expect(phone_page.get_by_label("较差", exact=True)).to_be_checked()


def test_the_phone_s_back_key_goes_one_card_back(phone_page: Page, meeting: OpenMeeting) -> None:
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    voter.choose("好", "好", "好")
    voter.tap("提交选票")
    phone_page.go_back()
    expect(phone_page.get_by_role("dialog")).to_have_count(0)
    voter.sees("请核对")
    phone_page.go_back()
    voter.sees("后勤离退休党支部")
    phone_page.go_back()
    voter.sees("教学第二党支部")


def test_double_taps_do_nothing_twice(phone_page: Page, meeting: OpenMeeting) -> None:
    posts: list[str] = []
    phone_page.on(
        "request",
        lambda request: (
            posts.append(request.url.rsplit("/", 1)[1]) if request.method == "POST" else None
        ),
    )
    voter = Voter(phone_page, meeting)

    def twice(name: str) -> None:
        phone_page.get_by_role("button", name=name, exact=True).dblclick()

    voter.scan(meeting.slips[0])
    twice("开始测评")
    voter.sees("教学第一党支部")
    twice("下一步")
    voter.sees("教学第二党支部")
    twice("下一步")
    twice("去核对")
    twice("提交选票")
    twice("确认提交")
    voter.done()
    assert posts == ["credentials", "ballots"]
    assert cast_total(phone_page, meeting) == 1


def test_a_second_page_on_the_phone_takes_over_and_gives_back(
    pages: Pages, meeting: OpenMeeting
) -> None:
    context = pages.context(PHONE)
    first = Voter(pages.watch(context.new_page()), meeting)
    first.begin(meeting.slips[0])
    first.page.get_by_label("较好", exact=True).check()
    second = Voter(pages.watch(context.new_page()), meeting)
    second.page.goto(meeting.page)
    second.sees("教学第一党支部")
    expect(second.page.get_by_label("较好", exact=True)).to_be_checked()
    first.sees("本页已在另一个窗口打开")
    assert first.page.get_by_text("较好").count() == 0
    # A page in the background is drawn once a second only.
    first.page.bring_to_front()
    first.tap("在这里继续")
    first.sees("教学第一党支部")
    second.sees("本页已在另一个窗口打开")
    first.choose("好", "好", "好")
    first.send()
    receipt = first.done()
    second.tap("在这里继续")
    assert second.done() == receipt
    assert cast_total(first.page, meeting) == 1


def test_a_second_slip_on_one_phone_is_voted_apart_from_the_first(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    voter.choose("好", "好", "好")
    voter.send()
    first = voter.done()
    voter.scan(meeting.slips[1])
    voter.sees("这部手机已经投过一张票")
    voter.tap("为另一张票投票")
    voter.tap("开始测评")
    expect(phone_page.locator(".choice__input:checked")).to_have_count(0)
    voter.choose("较差", None, None)
    voter.send()
    second = voter.done()
    assert first != second
    assert voter.book()["receipts"] == [first, second]
    assert cast_total(phone_page, meeting) == 2


def test_an_unfinished_slip_is_not_lost_to_a_second_one(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    phone_page.get_by_label("较差", exact=True).check()
    voter.scan(meeting.slips[1])
    voter.sees("还有一张票没有投完")
    phone_page.reload()
    voter.sees("还有一张票没有投完")
    voter.tap("继续原来那张")
    expect(phone_page.get_by_label("较差", exact=True)).to_be_checked()
    voter.scan(meeting.slips[1])
    voter.tap("改投新扫的票")
    voter.tap("开始测评")
    voter.choose("好", "好", "好")
    voter.send()
    voter.done()
    voter.tap("继续没有投完的那张票")
    voter.sees("教学第一党支部")
    expect(phone_page.locator(".choice__input:checked")).to_have_count(0)
    voter.choose("一般", "一般", "一般")
    voter.send()
    voter.done()
    assert cast_total(phone_page, meeting) == 2


def test_a_receipt_can_be_removed_from_a_shared_phone(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    voter.choose("好", "好", "好")
    voter.send()
    receipt = voter.done()
    phone_page.locator("summary").click()
    voter.tap("删去本机的回执")
    voter.sees("输入测评票")
    assert receipt not in phone_page.evaluate("JSON.stringify(localStorage)")


def busy(route: Route) -> None:
    """A server in too much demand."""
    route.fulfill(status=503, json={"error": "server_busy", "message": "请稍候"})


def captive(route: Route) -> None:
    """The log-in page of a Wi-Fi."""
    route.fulfill(status=200, content_type="text/html", body="<html>请登录</html>")


def lost(route: Route) -> None:
    """No network."""
    route.abort("internetdisconnected")


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (busy, "投票的人较多，正在排队"),
        (captive, "网络上有别的页面挡住了"),
        (lost, "网络较慢，正在重试…"),
    ],
)
def test_a_passing_trouble_is_named_and_passes(
    phone_page: Page, meeting: OpenMeeting, trouble: Callable[[Route], None], words: str
) -> None:
    count = 0

    def once(route: Route) -> None:
        nonlocal count
        count += 1
        if count == 1:
            trouble(route)
        else:
            route.continue_()

    phone_page.route(f"**/api/v1/meetings/{meeting.code}", once)
    voter = Voter(phone_page, meeting)
    voter.scan(meeting.slips[0])
    voter.waits(words)
    voter.tap("开始测评")
    voter.sees("教学第一党支部")


def test_a_ballot_that_arrived_before_closing_is_found_in_the_box(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    voter = Voter(phone_page, meeting)
    lose_answers(phone_page, meeting, "ballots")
    voter.begin(meeting.slips[0])
    voter.choose("好", "好", "好")
    voter.send()
    voter.waits("网络较慢，正在重试…")
    phone_page.goto("about:blank")
    meeting.close()
    phone_page.goto(meeting.page)
    voter.done()
    assert voter.book()["slips"] == {}


def test_a_ballot_that_came_too_late_is_said_not_to_count(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    voter = Voter(phone_page, meeting)
    phone_page.route("**/ballots", lost)
    voter.begin(meeting.slips[0])
    voter.choose("好", "好", "好")
    voter.send()
    voter.waits("网络较慢，正在重试…")
    meeting.close()
    phone_page.unroute("**/ballots")
    voter.tap("重试")
    voter.sees("您的选票未计入")
    phone_page.reload()
    voter.sees("您的选票未计入")
    assert "sealed" not in phone_page.evaluate("JSON.stringify(localStorage)")


def test_a_frozen_page_that_comes_back_brings_no_choices_with_it(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    # Chromium keeps no page with `no-store` frozen, so the events of one that does are sent here.
    freeze = "() => { dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })); }"
    thaw = "() => { dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })); }"
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    phone_page.get_by_label("较差", exact=True).check()
    phone_page.evaluate(freeze)
    assert phone_page.locator("#page").inner_text() == ""
    phone_page.evaluate(thaw)
    expect(phone_page.get_by_label("较差", exact=True)).to_be_checked()
    voter.choose("较差", "较差", "较差")
    voter.send()
    voter.done()
    phone_page.evaluate(freeze)
    phone_page.evaluate(thaw)
    voter.done()
    assert phone_page.get_by_text("较差").count() == 0


YOUNGER_THAN_CHROME_67 = """
delete Object.hasOwn;
delete Object.fromEntries;
delete Array.prototype.at;
delete Array.prototype.flat;
delete Array.prototype.flatMap;
delete Array.prototype.toSorted;
delete String.prototype.at;
delete String.prototype.matchAll;
delete String.prototype.replaceAll;
delete Promise.allSettled;
delete Promise.any;
delete Element.prototype.replaceChildren;
delete window.structuredClone;
delete window.queueMicrotask;
delete window.WeakRef;
delete window.globalThis;
"""


def test_a_web_view_of_chrome_67_votes(phone_page: Page, meeting: OpenMeeting) -> None:
    phone_page.add_init_script(YOUNGER_THAN_CHROME_67)
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    voter.choose("好", "较好", None)
    voter.send()
    voter.done()
