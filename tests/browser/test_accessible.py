"""axe and our own measure find nothing on any state of any page that a voter meets.

Each state is reached once and looked at in place: every language, normal and large type, and phones
of three shapes. What a change of language or size must not do is seen on the way: move the focus.
"""

from __future__ import annotations

from playwright.sync_api import Browser, Page, Route, expect

from app.domain.encoding import b64url
from tests.browser.examine import Examiner, axe
from tests.browser.meetings import OpenMeeting, open_meeting_on
from tests.browser.test_entrance import Entrance
from tests.browser.test_tablet import Tablet
from tests.browser.voter import Voter
from tests.pages import INSECURE_HOST, PHONE, Pages
from tests.serving import Server


def test_the_examiner_finds_faults(phone_page: Page, meeting: OpenMeeting) -> None:
    phone_page.goto(f"{meeting.door}why")
    phone_page.evaluate(
        "document.querySelector('h1').outerHTML = '<h3>大</h3><img src=\"data:,\">'"
    )
    found = " ".join(axe(phone_page))
    for rule in ("image-alt", "page-has-heading-one"):
        assert rule in found


def test_pages_that_are_only_read(
    phone_page: Page, meeting: OpenMeeting, examiner: Examiner
) -> None:
    for path in (
        "",
        "why",
        "verify",
        f"verify?code={meeting.code}",
        "verify?code=ZZZZZZ",
        "nowhere",
    ):
        phone_page.goto(f"{meeting.door}{path}")
        examiner.look(phone_page, f"/{path}")


def test_the_way_of_a_vote(phone_page: Page, meeting: OpenMeeting, examiner: Examiner) -> None:
    voter = Voter(phone_page, meeting)

    def look(state: str) -> None:
        examiner.look(phone_page, state)

    phone_page.goto(meeting.page)
    voter.sees("输入测评票")
    look("entry")
    voter.tap("下一步")
    look("entry with faults")
    voter.scan(meeting.slips[0])
    voter.sees("怀乡中学党支部分类定级群众测评会")
    look("welcome")
    voter.tap("开始测评")
    phone_page.get_by_label("较好", exact=True).check()
    look("card")
    voter.choose("较好", None, "弃权")
    look("review")
    voter.scan(meeting.slips[1])
    voter.sees("还有一张票没有投完")
    look("offer while unfinished")
    voter.tap("继续原来那张")
    voter.tap("提交选票")
    look("dialog")
    phone_page.route("**/ballots", lambda route: route.abort())
    voter.tap("确认提交")
    voter.waits("网络较慢")
    look("offline")
    phone_page.unroute("**/ballots")
    voter.tap("重试")
    voter.done()
    phone_page.locator("summary").click()
    look("done")
    voter.scan(meeting.slips[1])
    voter.sees("这部手机已经投过一张票")
    look("offer after a vote")
    voter.tap("返回")
    phone_page.goto(meeting.receipt_page)
    voter.sees("计票后可查")
    look("receipt early")
    meeting.close()
    phone_page.goto(meeting.page)
    voter.done()
    look("done and closed")
    phone_page.goto(meeting.receipt_page)
    phone_page.get_by_role("button", name="显示我的选择").first.click()
    phone_page.locator("summary").click()
    look("receipt")
    phone_page.goto(f"{meeting.door}verify?code={meeting.code}")
    phone_page.locator("summary").click()
    phone_page.get_by_role("button", name="不保存，直接核对").click()
    expect(phone_page.get_by_role("heading", name="票箱完好")).to_be_visible()
    look("verifier")


def test_what_stops_a_voter(pages: Pages, meeting: OpenMeeting, examiner: Examiner) -> None:
    page = pages.open(PHONE)
    voter = Voter(page, meeting)

    def refuse(code: str, status: int) -> None:
        def answer(route: Route) -> None:
            route.fulfill(status=status, json={"error": code, "message": "…"})

        page.route("**/credentials", answer, times=1)

    page.goto(f"{meeting.page}#{meeting.slips[0].token}.{b64url(bytes(16))}")
    voter.sees("校验不符，已经停止")
    examiner.look(page, "wrong key")
    voter.scan(meeting.slips[0])
    refuse("slip_used", 409)
    voter.tap("开始测评")
    voter.sees("这张测评票已经用过")
    examiner.look(page, "slip used")
    voter.scan(meeting.slips[0])
    refuse("bad_request", 400)
    voter.tap("开始测评")
    voter.sees("系统没有看懂这次请求")
    examiner.look(page, "refused, to be tried again")
    page.goto(f"{meeting.door}v/ZZZZZZ")
    voter.sees("没有找到这个测评会")
    examiner.look(page, "unknown meeting")
    voter.scan(meeting.slips[0])
    voter.sees("教学第一党支部")
    other = pages.watch(page.context.new_page())
    other.goto(meeting.page)
    voter.sees("本页已在另一个窗口打开")
    examiner.look(page, "other tab")
    other.close()
    meeting.close()
    page.goto(meeting.page)
    voter.sees("测评会已经结束")
    examiner.look(page, "closed")


def test_what_an_open_meeting_may_turn_into(
    phone_page: Page, meeting: OpenMeeting, examiner: Examiner
) -> None:
    voter = Voter(phone_page, meeting)

    def in_state(state: str) -> None:
        def answer(route: Route) -> None:
            route.fulfill(json={**route.fetch(url=meeting.api("")[:-1]).json(), "state": state})

        phone_page.unroute("**/meetings/*")
        phone_page.route("**/meetings/*", answer)
        phone_page.goto(meeting.page)

    phone_page.goto(meeting.page)
    phone_page.get_by_label("票码", exact=True).fill(meeting.slips[0].token)
    phone_page.get_by_label("校验码", exact=True).fill("00000000")
    voter.tap("下一步")
    voter.sees("校验码对不上")
    examiner.look(phone_page, "mistyped check code")
    voter.begin(meeting.slips[0])
    in_state("draft")
    voter.sees("现在还不能投票")
    examiner.look(phone_page, "waiting")
    in_state("open")
    phone_page.clock.install()
    phone_page.route(
        "**/live", lambda route: route.fulfill(json={"state": "open", "closing": {"seconds": 90}})
    )
    phone_page.reload()
    voter.sees("教学第一党支部")
    phone_page.clock.fast_forward(17_000)
    expect(phone_page.locator(".closing")).to_contain_text("秒结束投票")
    examiner.look(phone_page, "counting down")
    phone_page.unroute("**/live")
    voter.choose(None, None, None)
    phone_page.route("**/ballots", lambda route: route.abort())
    voter.send()
    voter.waits("网络较慢")
    meeting.close()
    in_state("closed")
    voter.sees("您的选票未计入")
    examiner.look(phone_page, "ballot missed")
    phone_page.evaluate("localStorage.clear()")
    in_state("voided")
    voter.sees("这次测评会已经作废")
    examiner.look(phone_page, "voided")


def test_a_phone_that_cannot_vote(
    phone_page: Page, meeting: OpenMeeting, examiner: Examiner
) -> None:
    phone_page.add_init_script(
        "Storage.prototype.setItem = () => { throw new DOMException('QuotaExceededError'); };"
    )
    Voter(phone_page, meeting).scan(meeting.slips[0])
    expect(phone_page.get_by_role("heading", name="请改用纸质票")).to_be_visible()
    examiner.look(phone_page, "unfit")


def test_a_turn_on_a_shared_device(
    phone_page: Page, meeting: OpenMeeting, examiner: Examiner
) -> None:
    tablet = Tablet(phone_page, meeting)
    tablet.open()
    examiner.look(phone_page, "ready")
    tablet.enter(meeting.slips[0])
    tablet.tap("开始测评")
    expect(phone_page.locator(".step-card")).to_be_visible()
    examiner.look(phone_page, "card")
    tablet.tap("锁屏")
    examiner.look(phone_page, "locked")
    tablet.tap("交给工作人员")
    examiner.look(phone_page, "to be handed over")
    tablet.tap("返回")
    tablet.unlock(meeting.slips[0])
    tablet.choose("好", None, "弃权")
    tablet.send()
    tablet.sees("投票成功")
    examiner.look(phone_page, "done")
    tablet.receipt_of(meeting.slips[0])
    examiner.look(phone_page, "receipt")


def test_a_screen_at_the_entrance(
    browser: Browser, phone_page: Page, hall: Server, examiner: Examiner
) -> None:
    meeting = open_meeting_on(hall, INSECURE_HOST, entrance=True)
    entrance = Entrance(browser, phone_page, meeting)
    entrance.open(None)
    expect(phone_page.locator("[data-group]").first).to_be_visible()
    examiner.look(phone_page, "groups")
    # Another code in between would take the focus; the screen looks again once this is over.
    phone_page.route("**/look", lambda _route: None)
    phone_page.locator("[data-group]").first.click()
    expect(entrance.code).to_be_visible()
    examiner.look(phone_page, "code")
    phone_page.locator("summary").click()
    examiner.look(phone_page, "staff")
    phone_page.unroute("**/look")
    phone_page.goto(meeting.entrance.partition("#")[0].replace("/entrance/", "/entrance/x"))
    examiner.look(phone_page, "revoked")
