"""One device, many voters: what each leaves behind (nothing), and who may go on with a slip."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from qrcode import QRCode

from app.actions.account import account_by_name, create_account
from app.actions.code import make_codes
from app.actions.replacement import replace_slip, take_back_replacement
from app.actions.witness import witness_by_code
from app.domain.code import WITNESS
from app.domain.slip import parse_token
from app.phones.voter import (
    Door,
    blind,
    fetch_meeting,
    read_slip_url,
    redeem,
    seal_ballot,
    send,
)
from tests.browser.meetings import OpenMeeting, Slip, application, open_meeting_on
from tests.browser.test_phone_looks import AUDIT
from tests.browser.voter import Voter
from tests.pages import PHONE, Pages
from tests.serving import Server
from tools.setup import browser_path

TABLET: dict[str, Any] = {
    "viewport": {"width": 1024, "height": 768},
    "has_touch": True,
    "locale": "zh-CN",
}
READY = "请投票人扫票"
LOCKED = "已锁屏，有一张票还没有投完"
IDLE_S = 61


class Tablet(Voter):
    """A shared device; the voters' turns on it."""

    def open(self) -> None:
        """As whoever helps sets it up."""
        self.page.goto(f"{self.meeting.door}t/{self.meeting.code}")
        self.sees(READY)

    def enter(self, slip: Slip, title: str = "怀乡中学党支部分类定级群众测评会") -> None:
        """Type what stands on the slip; the meeting has this title."""
        self.page.get_by_label("票码", exact=True).fill(slip.token)
        self.page.get_by_label("校验码", exact=True).fill(slip.check)
        self.tap("下一步")
        self.sees(title)

    def fill(self, slip: Slip, *labels: str | None) -> None:
        """A turn up to the list to check."""
        self.enter(slip)
        self.tap("开始测评")
        self.choose(*labels)

    def unlock(self, slip: Slip) -> None:
        """Prove that the slip is at hand."""
        self.page.get_by_label("票码最后 4 位").fill(slip.token[-4:].lower())
        self.tap("继续")

    def receipt_of(self, slip: Slip) -> None:
        """Ask for the receipt code, with the slip that voted at hand."""
        self.tap("显示回执码")
        self.sees("请先输入票码最后 4 位")
        self.unlock(slip)
        self.sees("您的回执码")

    def kept(self) -> dict[str, str]:
        """All that this origin keeps in the browser."""
        kept: dict[str, str] = self.page.evaluate(
            "({...Object.fromEntries(Object.entries(localStorage)),"
            " ...Object.fromEntries(Object.entries(sessionStorage))})"
        )
        return kept

    def assert_nothing_of(self, *secrets: str) -> None:
        """Neither kept, nor on the page, nor in its address."""
        self.sees(READY)
        assert self.kept() == {}
        page, bare = self.page, self.page.content().replace("-", "")
        for secret in secrets:
            assert secret not in bare
        assert page.evaluate("history.state") in (None, {"within": True})
        assert page.url == f"{self.meeting.door}t/{self.meeting.code}"
        assert page.locator("input").evaluate_all("all => all.map((one) => one.value)") == ["", ""]


@pytest.fixture
def context(pages: Pages) -> Iterator[BrowserContext]:
    """The tablet's browser."""
    return pages.context(TABLET)


@pytest.fixture
def tablet(pages: Pages, context: BrowserContext, meeting: OpenMeeting) -> Tablet:
    """The tablet, ready for the first voter."""
    tablet = Tablet(pages.watch(context.new_page()), meeting)
    tablet.page.clock.install()
    tablet.open()
    return tablet


def redeemed_and_cast(meeting: OpenMeeting) -> tuple[int, int]:
    """How the meeting stands."""
    stand = meeting.turnout()
    return stand.redeemed, stand.cast


def test_the_next_voter_finds_nothing_of_the_one_before(
    tablet: Tablet, meeting: OpenMeeting
) -> None:
    page, first, second = tablet.page, *meeting.slips[:2]
    page.locator("#size").click()
    tablet.fill(first, "好", "较差", None)
    tablet.send()
    tablet.sees("投票成功")
    assert tablet.kept() == {}
    assert "较差" not in page.content()
    tablet.receipt_of(first)
    receipt = page.locator(".receipt__code").inner_text().replace("-", "")
    tablet.tap("记好了，下一位")
    tablet.assert_nothing_of(first.token, receipt, "较差")
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "30px"
    page.go_back()
    tablet.assert_nothing_of(first.token, receipt, "较差")
    page.reload()
    tablet.assert_nothing_of(first.token, receipt, "较差")
    page.goto("about:blank")
    page.go_back()
    tablet.assert_nothing_of(first.token, receipt, "较差")
    page.go_forward()
    page.go_back()
    tablet.fill(second, None, None, "一般")
    tablet.send()
    tablet.sees("投票成功")
    # Who does not want a receipt goes on in one touch.
    tablet.tap("下一位")
    tablet.assert_nothing_of(second.token, "一般")
    assert redeemed_and_cast(meeting) == (2, 2)


def test_a_phone_page_in_the_same_browser_does_not_open_what_is_locked(
    pages: Pages, context: BrowserContext, tablet: Tablet, meeting: OpenMeeting
) -> None:
    tablet.fill(meeting.slips[0], "好", "较差", None)
    other = pages.watch(context.new_page())
    other.goto(meeting.page)
    expect(other.locator("#page h1")).to_have_text("输入测评票")
    assert "较差" not in other.content()


def test_a_reload_in_the_middle_of_a_turn_locks_and_loses_nothing(
    tablet: Tablet, meeting: OpenMeeting
) -> None:
    page, slip = tablet.page, meeting.slips[0]
    tablet.fill(slip, "好", "较差", None)
    page.reload()
    tablet.sees(LOCKED)
    assert "较差" not in page.locator("body").inner_text()
    tablet.unlock(meeting.slips[1])
    expect(page.locator("#proof-wrong")).to_contain_text("对不上")
    tablet.sees(LOCKED)
    page.goto("about:blank")
    page.go_back()
    tablet.sees(LOCKED)
    tablet.unlock(slip)
    tablet.sees("请核对")
    assert page.locator(".row__mark").all_inner_texts()[:2] == ["好", "较差"]
    tablet.send()
    tablet.sees("投票成功")
    assert redeemed_and_cast(meeting) == (1, 1)


def test_left_alone_it_warns_locks_and_gives_up_a_slip_only_when_told_so(
    tablet: Tablet, meeting: OpenMeeting
) -> None:
    page, slip = tablet.page, meeting.slips[0]
    tablet.fill(slip, "好", "较差", None)
    page.clock.fast_forward((IDLE_S - 15) * 1000)
    expect(page.locator("#idle")).to_contain_text("就要锁屏了")
    page.touchscreen.tap(5, 400)
    expect(page.locator("#idle")).to_be_hidden()
    page.clock.fast_forward((IDLE_S - 15) * 1000)
    tablet.sees("请核对")
    page.clock.fast_forward(IDLE_S * 1000)
    tablet.sees(LOCKED)
    assert "较差" not in page.content()
    page.go_back()
    tablet.sees(LOCKED)
    tablet.tap("交给工作人员")
    expect(page.locator(".notice")).to_contain_text("已扫码、未投")
    tablet.tap("返回")
    tablet.sees(LOCKED)
    tablet.tap("交给工作人员")
    tablet.tap("清除，下一位")
    tablet.assert_nothing_of(slip.token, "较差")
    assert redeemed_and_cast(meeting) == (1, 0)
    # A slip that was entered and not begun is not used: nothing is asked.
    tablet.enter(meeting.slips[1])
    page.clock.fast_forward(IDLE_S * 1000)
    tablet.assert_nothing_of(meeting.slips[1].token)
    assert redeemed_and_cast(meeting) == (1, 0)


def test_the_voter_locks_it_and_the_receipt_goes_with_whoever_goes(
    tablet: Tablet, meeting: OpenMeeting
) -> None:
    page, slip = tablet.page, meeting.slips[0]
    expect(page.locator("#lock")).to_be_hidden()
    tablet.enter(slip)
    tablet.tap("开始测评")
    tablet.tap("锁屏")
    tablet.sees(LOCKED)
    tablet.unlock(slip)
    tablet.choose("好", "好", "好")
    tablet.send()
    tablet.sees("投票成功")
    tablet.receipt_of(slip)
    receipt = page.locator(".receipt__code").inner_text().replace("-", "")
    page.clock.fast_forward((IDLE_S - 15) * 1000)
    expect(page.locator("#idle")).to_contain_text("回执码")
    page.clock.fast_forward(IDLE_S * 1000)
    tablet.assert_nothing_of(slip.token, receipt)


def test_who_walks_off_after_voting_leaves_no_receipt_to_the_next_voter(
    tablet: Tablet, meeting: OpenMeeting
) -> None:
    first, second = meeting.slips[:2]
    tablet.fill(first, "好", "较差", None)
    tablet.send()
    tablet.sees("投票成功")
    tablet.tap("显示回执码")
    expect(tablet.page.locator(".receipt__code")).to_have_count(0)
    tablet.unlock(second)
    expect(tablet.page.locator("#proof-wrong")).to_contain_text("对不上")
    expect(tablet.page.locator(".receipt__code")).to_have_count(0)
    tablet.tap("不要了，下一位")
    tablet.assert_nothing_of(first.token)


def test_the_end_of_the_meeting_takes_no_receipt_from_who_is_writing_it_down(
    tablet: Tablet, meeting: OpenMeeting
) -> None:
    page, looks = tablet.page, []
    tablet.fill(meeting.slips[0], "好", "较差", None)
    tablet.send()
    tablet.receipt_of(meeting.slips[0])
    meeting.close()
    page.on("request", lambda request: looks.append(request.url))
    page.clock.run_for(30_000)
    page.evaluate("path => fetch(path).then((answer) => answer.text())", "/why")
    tablet.sees("您的回执码")
    assert [url.rpartition("/")[2] for url in looks] == ["why"]
    tablet.tap("记好了，下一位")
    tablet.sees("测评会已经结束")


def test_a_sealed_ballot_is_sent_whoever_stands_there_and_its_receipt_asks_for_the_slip(
    tablet: Tablet, meeting: OpenMeeting
) -> None:
    page, slip = tablet.page, meeting.slips[0]
    tablet.fill(slip, "好", "较差", None)
    page.route("**/ballots", lambda route: route.abort())
    tablet.send()
    tablet.waits("网络较慢，正在重试…")
    page.clock.fast_forward(IDLE_S * 1000)
    tablet.sees("正在提交选票…")
    page.unroute("**/ballots")
    page.reload()
    tablet.sees("投票成功")
    assert tablet.kept() == {}
    tablet.receipt_of(slip)
    assert redeemed_and_cast(meeting) == (1, 1)


class Lost:
    """A phone that scanned, was given up for a paper, and then casts after all."""

    def __init__(self, server: Server, meeting: OpenMeeting, slip: Slip) -> None:
        self._server, self._meeting, self._slip = server, meeting, slip
        url = read_slip_url(meeting.address(slip))
        self._door = Door(server.base)
        self._seen = fetch_meeting(self._door, url)
        self._credential = redeem(self._door, self._seen, url, blind())
        with application(server.data):
            # The server is shared by the tests: names of this meeting's own.
            self._host, self._witness = f"主持{meeting.code}", f"监票{meeting.code}"
            for name in (self._host, self._witness):
                create_account(name, "a long enough password")
            witness = account_by_name(self._witness)
            assert witness
            self._codes = make_codes(witness.id, WITNESS)

    def replace(self, back: bool = False) -> None:
        """A paper for its slip, with the scrutineer; or no paper after all."""
        work = take_back_replacement if back else replace_slip
        with application(self._server.data):
            host = account_by_name(self._host)
            assert host
            present = witness_by_code(self._meeting.id, host, self._witness, self._codes.pop())
            work(self._meeting.id, parse_token(self._slip.token), present)

    def cast(self) -> None:
        """As if nothing had happened."""
        choices = dict.fromkeys(self._seen.cells, "option1")
        send(self._door, self._seen, seal_ballot(self._seen, self._credential, choices))
        self._door.close()


def test_a_ballot_that_is_not_let_in_holds_up_nobody_once_the_staff_have_been_told(
    hall: Server, tablet: Tablet, meeting: OpenMeeting, screenshot: Any
) -> None:
    slip = meeting.slips[0]
    lost = Lost(hall, meeting, meeting.slips[1])
    tablet.fill(slip, "好", "较差", None)
    lost.replace()
    lost.cast()
    tablet.send()
    tablet.sees("您的选票还没有计入")
    assert "较差" not in tablet.page.content()
    tablet.tap("交给工作人员")
    tablet.sees("工作人员请看")
    expect(tablet.page.locator(".notice")).to_contain_text("撤销换发以后")
    screenshot(tablet.page, "tablet-not-let-in")
    # Whoever goes back has lost nothing, nor has a reload.
    tablet.tap("返回")
    tablet.sees("您的选票还没有计入")
    tablet.page.reload()
    tablet.sees("您的选票还没有计入")
    tablet.tap("English")
    tablet.tap("Hand to the staff")
    expect(tablet.page.locator(".notice")).to_contain_text("it is on this device only")
    tablet.tap("Erase, next voter")
    tablet.assert_nothing_of(slip.token)
    tablet.fill(meeting.slips[2], "好", None, None)
    assert redeemed_and_cast(meeting) == (2, 1)


def test_a_ballot_that_was_not_let_in_goes_in_once_the_paper_is_taken_back(
    hall: Server, tablet: Tablet, meeting: OpenMeeting
) -> None:
    lost = Lost(hall, meeting, meeting.slips[1])
    tablet.fill(meeting.slips[0], "好", "较差", None)
    lost.replace()
    lost.cast()
    tablet.send()
    tablet.sees("您的选票还没有计入")
    tablet.tap("交给工作人员")
    lost.replace(back=True)
    tablet.tap("返回")
    tablet.sees("投票成功")
    assert tablet.kept() == {}
    assert redeemed_and_cast(meeting) == (2, 2)


def test_only_slips_of_this_meeting_are_taken_and_a_code_reader_may_type_them(
    tablet: Tablet, meeting: OpenMeeting
) -> None:
    page, slip = tablet.page, meeting.slips[0]
    expect(page.locator("#no-camera")).to_contain_text("只准加密的网址（https）")
    expect(page.locator("#scan")).to_have_count(0)
    token = page.get_by_label("票码", exact=True)
    token.press_sequentially(f"{meeting.door}v/ABCDEF#{slip.fragment}\n")
    expect(page.locator(".notice").first).to_contain_text("另一场测评会的票")
    assert tablet.kept() == {}
    token.press_sequentially(f"{meeting.address(slip)}\n")
    tablet.sees("怀乡中学党支部分类定级群众测评会")
    tablet.tap("不投了")
    tablet.assert_nothing_of(slip.token)


def test_a_slip_that_was_used_is_refused_and_forgotten(
    tablet: Tablet, meeting: OpenMeeting
) -> None:
    slip = meeting.slips[0]
    tablet.fill(slip, None, None, None)
    tablet.send()
    tablet.tap("下一位")
    tablet.enter(slip)
    tablet.tap("开始测评")
    tablet.sees("这张测评票已经用过")
    # A language that somebody chose is theirs, and goes with them.
    tablet.tap("English")
    tablet.sees("This slip has been used")
    tablet.tap("Next voter")
    tablet.assert_nothing_of(slip.token)


def test_two_windows_of_one_tablet_do_not_share_a_turn(
    pages: Pages, context: BrowserContext, tablet: Tablet, meeting: OpenMeeting
) -> None:
    other = Tablet(pages.watch(context.new_page()), meeting)
    other.open()
    tablet.page.bring_to_front()
    tablet.fill(meeting.slips[0], "好", "较差", None)
    other.sees("本页已在另一个窗口打开")
    other.page.bring_to_front()
    other.tap("在这里继续")
    other.sees(LOCKED)
    tablet.sees("本页已在另一个窗口打开")
    assert "较差" not in tablet.page.content()


def test_a_device_set_up_before_the_meeting_opens_goes_on_by_itself(
    pages: Pages, meeting: OpenMeeting
) -> None:
    page = pages.open(TABLET)
    page.clock.install()
    unknown = {"error": "meeting_unknown", "message": "没有"}
    page.route("**/api/**", lambda route: route.fulfill(status=404, json=unknown))
    tablet = Tablet(page, meeting)
    page.goto(f"{meeting.door}t/{meeting.code}")
    tablet.sees("测评会还没有开启，或编号不对")
    page.unroute("**/api/**")
    page.clock.fast_forward(9000)
    tablet.sees(READY)


def test_after_the_end_of_the_meeting_nothing_is_taken_and_nothing_is_left(
    tablet: Tablet, meeting: OpenMeeting
) -> None:
    tablet.fill(meeting.slips[0], "好", "较差", None)
    meeting.close()
    tablet.send()
    tablet.sees("您的选票未计入")
    tablet.page.reload()
    tablet.sees("测评会已经结束")
    assert tablet.kept() == {}


def test_a_vote_looks_the_same_on_the_wire_from_a_tablet_and_from_a_phone(
    pages: Pages, tablet: Tablet, meeting: OpenMeeting
) -> None:
    def listen(page: Page) -> list[tuple[Any, ...]]:
        seen: list[tuple[Any, ...]] = []

        def note(request: Request) -> None:
            # Looking whether voting is being counted down is a matter of time alone.
            if "/api/" not in request.url or request.url.endswith("/live"):
                return
            body = request.post_data or ""
            fields = {k: len(v) for k, v in json.loads(body).items()} if body else {}
            names = sorted(name for name in request.all_headers() if name != "user-agent")
            path = request.url.removeprefix(meeting.door)
            seen.append((request.method, path, len(body), tuple(fields.items()), tuple(names)))

        page.on("request", note)
        return seen

    phone = Voter(pages.open({**TABLET}), meeting)
    of_phone, of_tablet = listen(phone.page), listen(tablet.page)
    phone.begin(meeting.slips[0])
    phone.choose("好", "一般", None)
    phone.send()
    phone.done()
    tablet.page.reload()
    tablet.fill(meeting.slips[1], None, "较差", "弃权")
    tablet.send()
    tablet.sees("投票成功")
    assert [call[0] for call in of_phone] == ["GET", "POST", "POST"]
    assert of_tablet == of_phone


def test_the_page_may_use_the_camera_and_no_other_page_may(
    tablet: Tablet, meeting: OpenMeeting
) -> None:
    request = tablet.page.request
    address = meeting.api("").partition("/api/")[0]
    allowed = request.get(f"{address}/t/{meeting.code}").headers["permissions-policy"]
    assert "camera=(self)" in allowed
    for path in (f"/v/{meeting.code}", "/", f"/r/{meeting.code}"):
        assert "camera=()" in request.get(f"{address}{path}").headers["permissions-policy"]


def film_of(text: str, path: Path) -> None:
    """One still of a QR code, as raw video that Chromium takes for a camera's picture."""
    code = QRCode(border=4, mask_pattern=2)
    code.add_data(text)
    code.make()
    rows, width, height = code.get_matrix(), 640, 480
    scale = height // len(rows)
    left, top = (width - scale * len(rows)) // 2, (height - scale * len(rows)) // 2
    picture = bytearray([200]) * (width * height)
    for y, row in enumerate(rows):
        line = b"".join(bytes([0 if dark else 255]) * scale for dark in row)
        for at in range(top + y * scale, top + (y + 1) * scale):
            picture[at * width + left : at * width + left + len(line)] = line
    colours = bytes([128]) * (width * height // 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\nFRAME\n" + picture + colours)


def test_the_camera_reads_slips_of_this_meeting_where_the_page_is_a_secure_context(
    browser: Browser, hall: Server, tmp_path: Path
) -> None:
    meeting, film = open_meeting_on(hall), tmp_path / "slip.y4m"
    film_of(meeting.address(meeting.slips[0]), film)
    chromium = browser.browser_type.launch(
        executable_path=browser_path(),
        args=["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream",
              "--use-fake-ui-for-media-stream", f"--use-file-for-fake-video-capture={film}"],
    )  # fmt: skip
    try:
        pages = Pages(chromium)
        tablet = Tablet(pages.open(TABLET, permissions=["camera"]), meeting)
        tablet.open()
        decoder = tablet.page.locator("body").get_attribute("data-decoder")
        with tablet.page.expect_response(f"**{decoder}"):
            tablet.tap("用摄像头扫测评票")
        tablet.sees("怀乡中学党支部分类定级群众测评会")
        tablet.tap("开始测评")
        tablet.choose("好", "好", "好")
        tablet.send()
        tablet.sees("投票成功")
        tablet.tap("下一位")
        # The same slip is before the camera still; another meeting's would be refused as it is.
        other = open_meeting_on(hall)
        tablet.meeting = other
        tablet.open()
        tablet.tap("用摄像头扫测评票")
        expect(tablet.page.locator(".notice")).to_contain_text("另一场测评会的票")
        assert tablet.kept() == {}
        tablet.tap("不扫了，改为输入")
        tablet.sees(READY)
        pages.close()
    finally:
        chromium.close()


@pytest.mark.parametrize(
    "shape", [(1024, 768), (768, 1024), (390, 844)], ids=lambda shape: f"{shape[0]}x{shape[1]}"
)
def test_every_step_of_a_turn_can_be_read_and_tapped(
    pages: Pages, meeting: OpenMeeting, shape: tuple[int, int], screenshot: Any
) -> None:
    page = pages.open({**PHONE, "viewport": {"width": shape[0], "height": shape[1]}})
    tablet, faults = Tablet(page, meeting), []

    def look(step: str) -> None:
        faults.extend(f"{step}: {fault}" for fault in page.evaluate(AUDIT))
        screenshot(page, f"tablet-{shape[0]}-{step}")

    tablet.open()
    look("ready")
    tablet.enter(meeting.slips[0])
    look("turn")
    tablet.tap("开始测评")
    expect(page.locator(".step-card")).to_be_visible()
    look("card")
    tablet.tap("锁屏")
    look("lock")
    tablet.tap("交给工作人员")
    look("hand-over")
    tablet.tap("返回")
    tablet.unlock(meeting.slips[0])
    tablet.choose("好", None, "弃权")
    look("review")
    tablet.send()
    tablet.sees("投票成功")
    look("done")
    tablet.receipt_of(meeting.slips[0])
    look("receipt")
    assert faults == []
