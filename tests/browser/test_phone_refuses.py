"""What a phone will not do, and what it says instead."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Route, expect

from app.domain.encoding import b64url
from tests.browser.meetings import OpenMeeting
from tests.browser.voter import Voter
from tests.pages import PHONE, Pages


@pytest.fixture
def posts(phone_page: Page) -> list[str]:
    """Where the phone posted to, in order."""
    seen: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            seen.append(request.url.rsplit("/", 1)[1])

    phone_page.on("request", note)
    return seen


def test_keys_that_are_not_those_on_paper_are_refused_before_anything_is_sent(
    phone_page: Page, meeting: OpenMeeting, posts: list[str]
) -> None:
    voter = Voter(phone_page, meeting)
    phone_page.goto(f"{meeting.page}#{meeting.slips[0].token}.{b64url(bytes(16))}")
    voter.sees("校验不符，已经停止")
    phone_page.reload()
    voter.sees("校验不符，已经停止")
    assert posts == []


def test_a_mistyped_check_code_is_refused_before_anything_is_sent(
    phone_page: Page, meeting: OpenMeeting, posts: list[str]
) -> None:
    voter = Voter(phone_page, meeting)
    slip = meeting.slips[0]
    phone_page.goto(meeting.page)
    phone_page.get_by_label("票码", exact=True).fill(slip.token)
    phone_page.get_by_label("校验码", exact=True).fill("00000000")
    voter.tap("下一步")
    voter.sees("校验码对不上")
    assert posts == []
    voter.tap("重新输入")
    phone_page.get_by_label("票码", exact=True).fill(slip.token)
    phone_page.get_by_label("校验码", exact=True).fill(slip.check)
    voter.tap("下一步")
    voter.tap("开始测评")
    voter.sees("教学第一党支部")


def test_an_answer_that_the_published_key_did_not_make_is_refused(
    phone_page: Page, meeting: OpenMeeting, posts: list[str]
) -> None:
    def forge(route: Route) -> None:
        answer = route.fetch(url=meeting.api("credentials")).json()
        answer["proof"] = b64url(bytes(64))
        route.fulfill(json=answer)

    phone_page.route("**/credentials", forge, times=1)
    voter = Voter(phone_page, meeting)
    voter.scan(meeting.slips[0])
    voter.tap("开始测评")
    voter.sees("系统的回答没有通过验证")
    voter.tap("重试")
    voter.sees("教学第一党支部")
    assert posts == ["credentials", "credentials"]


def test_the_second_phone_with_one_slip_is_told_so(pages: Pages, meeting: OpenMeeting) -> None:
    first = Voter(pages.open(PHONE), meeting)
    first.begin(meeting.slips[0])
    second = Voter(pages.open(PHONE), meeting)
    second.scan(meeting.slips[0])
    second.tap("开始测评")
    second.sees("这张测评票已经用过")
    second.page.reload()
    second.sees("这张测评票已经用过")
    first.choose("好", "好", "好")
    first.send()
    first.done()
    second.tap("输入另一张票")
    second.sees("输入测评票")


def test_a_slip_of_no_meeting_is_said_to_be_unknown(phone_page: Page, meeting: OpenMeeting) -> None:
    voter = Voter(phone_page, meeting)
    digest = meeting.slips[0].fragment.split(".")[1]
    phone_page.goto(f"{meeting.page}#0123456789ABCDEF.{digest}")
    voter.tap("开始测评")
    voter.sees("没有找到这张测评票")
    voter.scan(meeting.slips[0])
    voter.tap("开始测评")
    voter.sees("教学第一党支部")


def test_half_a_qr_code_leads_to_typing(phone_page: Page, meeting: OpenMeeting) -> None:
    phone_page.goto(f"{meeting.page}#{meeting.slips[0].fragment[:20]}")
    expect(phone_page.locator(".notice")).to_contain_text("二维码没有扫完整")
    assert phone_page.url == meeting.page


def test_an_unknown_meeting_leads_to_the_door(phone_page: Page, meeting: OpenMeeting) -> None:
    voter = Voter(phone_page, meeting)
    phone_page.goto(f"{meeting.door}v/ZZZZZZ")
    voter.sees("没有找到这个测评会")
    phone_page.get_by_role("link", name="输入会议编号").click()
    expect(phone_page.get_by_role("heading", name="参加测评会")).to_be_visible()


def test_a_closed_meeting_takes_no_more_and_leaves_no_choices(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    phone_page.get_by_label("较差", exact=True).check()
    meeting.close()
    phone_page.reload()
    voter.sees("测评会已经结束")
    assert voter.book()["slips"] == {}


def test_a_voided_meeting_says_that_nothing_counts(phone_page: Page, meeting: OpenMeeting) -> None:
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    voter.choose("好", "好", "好")
    meeting.void()
    phone_page.clock.install()
    voter.send()
    voter.sees("现在还不能投票")
    phone_page.clock.fast_forward(15_000)
    voter.sees("这次测评会已经作废")
    assert voter.book()["slips"] == {}


@pytest.mark.parametrize(
    ("code", "status", "heading"),
    [
        ("bad_seal", 403, "选票没有通过校验"),
        ("bad_ballot", 400, "选票没有被接受"),
        ("bad_request", 400, "系统没有看懂这次请求"),
        ("too_large", 413, "提交的内容过大"),
        ("something_new", 418, "操作没有完成"),
    ],
)
def test_a_refused_ballot_is_kept_and_can_be_sent_again(
    phone_page: Page, meeting: OpenMeeting, code: str, status: int, heading: str
) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=status, json={"error": code, "message": "…"})

    phone_page.route("**/ballots", refuse, times=1)
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    voter.choose("好", "好", "好")
    voter.send()
    voter.sees(heading)
    voter.tap("重试")
    voter.done()


def test_a_ballot_cast_already_ends_without_a_receipt(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=409, json={"error": "already_cast", "message": "…"})

    phone_page.route("**/ballots", refuse)
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    voter.choose("好", "好", "好")
    voter.send()
    voter.sees("这张票已经投过")
    assert voter.book()["receipts"] == []
    assert "sealed" not in phone_page.evaluate("JSON.stringify(localStorage)")


def test_too_many_wrong_tries_wait_and_go_on(phone_page: Page, meeting: OpenMeeting) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(
            status=429, headers={"Retry-After": "60"}, json={"error": "too_many", "message": "…"}
        )

    phone_page.route("**/credentials", refuse, times=1)
    voter = Voter(phone_page, meeting)
    voter.scan(meeting.slips[0])
    voter.tap("开始测评")
    voter.waits("出错的次数太多")
    voter.tap("重试")
    voter.sees("教学第一党支部")


NO_STORAGE = (
    "Storage.prototype.setItem = () => { throw new DOMException('QuotaExceededError'); };",
    "Storage.prototype.setItem = () => {};",
    "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no'); } });",
)


@pytest.mark.parametrize("script", NO_STORAGE)
def test_a_phone_without_storage_is_sent_to_paper_before_its_slip_is_used(
    phone_page: Page, meeting: OpenMeeting, posts: list[str], script: str
) -> None:
    phone_page.add_init_script(script)
    Voter(phone_page, meeting).scan(meeting.slips[0])
    expect(phone_page.get_by_role("heading", name="请改用纸质票")).to_be_visible()
    expect(phone_page.locator("#unfit")).to_contain_text("您的测评票还没有使用")
    assert posts == []


@pytest.mark.parametrize(
    "script",
    [
        "delete window.BigInt;",
        "delete window.fetch; window.fetch = undefined;",
        "Object.defineProperty(window, 'crypto', { value: {} });",
    ],
)
def test_an_old_engine_is_sent_to_paper_before_its_slip_is_used(
    pages: Pages, phone_page: Page, meeting: OpenMeeting, posts: list[str], script: str
) -> None:
    phone_page.add_init_script(script)
    Voter(phone_page, meeting).scan(meeting.slips[0])
    expect(phone_page.get_by_role("heading", name="请改用纸质票")).to_be_visible()
    assert posts == []
    # What the cryptographic libraries throw where there is no BigInt comes after these words.
    pages.faults.clear()


def test_an_engine_that_cannot_read_the_script_shows_the_way_to_paper(
    pages: Pages, phone_page: Page, meeting: OpenMeeting, posts: list[str]
) -> None:
    phone_page.route("**/phone-*.js", lambda route: route.fulfill(body="let 1 = ;"))
    Voter(phone_page, meeting).scan(meeting.slips[0])
    expect(phone_page.locator("#page .late")).to_be_visible(timeout=30_000)
    assert posts == []
    pages.faults.clear()


def test_without_script_the_page_shows_the_way_to_paper(pages: Pages, meeting: OpenMeeting) -> None:
    page = pages.open(PHONE, java_script_enabled=False)
    page.goto(meeting.address(meeting.slips[0]))
    assert "请到工作人员处改用纸质票" in page.locator("noscript").inner_text()
    expect(page.locator("#page .late")).to_be_visible(timeout=30_000)


def test_storage_that_fails_later_stops_before_the_slip_is_used(
    phone_page: Page, meeting: OpenMeeting, posts: list[str]
) -> None:
    voter = Voter(phone_page, meeting)
    voter.scan(meeting.slips[0])
    voter.sees("怀乡中学党支部分类定级群众测评会")
    phone_page.evaluate("() => { Storage.prototype.setItem = () => { throw Error('full'); }; }")
    voter.tap("开始测评")
    voter.sees("这部手机不能保存投票进度")
    assert posts == []


@pytest.fixture
def closed_box(meeting: OpenMeeting, phone_page: Page) -> Callable[[], str]:
    """Cast one ballot and close; gives the receipt code."""

    def vote() -> str:
        voter = Voter(phone_page, meeting)
        voter.begin(meeting.slips[0])
        voter.choose("好", "较好", None)
        voter.send()
        receipt = voter.done()
        phone_page.goto(meeting.receipt_page)
        voter.sees("计票后可查")
        meeting.close()
        return receipt

    return vote


def test_a_receipt_typed_on_another_phone_shows_the_marks(
    pages: Pages, meeting: OpenMeeting, closed_box: Callable[[], str]
) -> None:
    receipt = closed_box()
    page = pages.open(PHONE)
    page.goto(meeting.receipt_page)
    page.get_by_label("回执码", exact=True).fill("0" * 16)
    page.get_by_role("button", name="显示我的选择").click()
    expect(page.get_by_role("heading", name="票箱里没有这张票")).to_be_visible()
    page.get_by_label("回执码", exact=True).fill(receipt.lower())
    page.get_by_role("button", name="显示我的选择").click()
    expect(page.get_by_role("heading", name="您的 3 项都已计入")).to_be_visible()
    page.get_by_role("button", name="收起").click()
    expect(page.locator(".row")).to_have_count(0)


def test_a_tampered_box_is_noticed_by_phone_and_voter(
    phone_page: Page, meeting: OpenMeeting, closed_box: Callable[[], str]
) -> None:
    closed_box()

    def tamper(route: Route) -> None:
        box = route.fetch(url=meeting.api("box")).json()
        box["lists"][1]["marks"] = []
        route.fulfill(json=box)

    phone_page.route("**/box", tamper)
    phone_page.goto(meeting.receipt_page)
    expect(phone_page.locator(".verdict_bad")).to_contain_text("摘要与票箱写的不一致")
    phone_page.get_by_role("button", name="显示我的选择").first.click()
    expect(phone_page.get_by_role("heading", name="有 1 项没有计入")).to_be_visible()
    assert phone_page.locator(".row__mark").all_inner_texts() == ["好", "未计入", "弃权"]
