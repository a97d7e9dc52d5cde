"""The end of voting on phone, screen and laptop: counted down, called off, awaited, done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from app.actions.account import account_by_name, create_account
from app.actions.countdown import start_countdown
from app.actions.display import display_link
from app.actions.ending import stop_countdown
from app.actions.meeting import get_meeting
from app.domain.countdown import WAIT
from app.models import Confirmation, db
from app.models.base import writing
from tests.browser.meetings import application, open_meeting_on
from tests.browser.voter import Voter
from tests.pages import INSECURE_HOST, PHONE, SCREEN, WIDE, Pages
from tests.serving import Server

PASSWORD = "a long enough password"
SECONDS = 120


def _count_down(server: Server, meeting_id: int, seconds: int) -> None:
    """As if two people had confirmed the end."""
    with application(server.data):
        for part in ("host", "witness"):
            name = f"{part} of {meeting_id}"
            account = account_by_name(name) or create_account(name, PASSWORD)
            db.session.merge(
                Confirmation(
                    meeting_id=meeting_id,
                    action="close",
                    part=part,
                    account_id=account.id,
                    name=name,
                    by_code=False,
                    digest="",
                    at=0,
                    present=6,
                    countdown=seconds,
                )
            )
        db.session.commit()
        with writing():
            start_countdown(get_meeting(meeting_id), seconds, 6, "王主持、李监票")


def test_the_end_is_counted_down_everywhere_and_waits_for_who_has_scanned(
    hall: Server, pages: Pages, screenshot: Callable[..., Path]
) -> None:
    meeting = open_meeting_on(hall, INSECURE_HOST)
    with application(hall.data):
        link = display_link(get_meeting(meeting.id))
        create_account("王主持", PASSWORD)
    screen, desk = pages.open(SCREEN), pages.open(WIDE)
    voter = Voter(pages.open(PHONE), meeting)
    phone = voter.page
    phone.clock.install()
    voter.begin(meeting.slips[0])
    screen.goto(f"{hall.base}{link}")
    desk.goto(f"{hall.base}/admin/login")
    desk.get_by_label("用户名").fill("王主持")
    desk.get_by_label("密码", exact=True).fill(PASSWORD)
    desk.get_by_label("密码", exact=True).press("Enter")
    desk.goto(f"{hall.base}/admin/meetings/{meeting.id}/close")
    expect(desk.locator("#uncast")).to_contain_text("还有 1 人扫了码没有投出")
    expect(desk.locator("#ending-1")).to_be_checked()
    screenshot(desk, "close-with-countdown", full_page=True)

    _count_down(hall, meeting.id, SECONDS)
    expect(screen.locator("#closing-words")).to_contain_text("秒结束投票")
    expect(screen.locator("#closing-uncast")).to_contain_text("还有 1 人扫了码没有投出")
    screenshot(screen, "screen-countdown")
    phone.clock.fast_forward("00:17")
    banner = phone.locator(".closing")
    expect(banner).to_contain_text("秒结束投票，请尽快提交")
    screenshot(phone, "phone-countdown")
    desk.goto(f"{hall.base}/admin/meetings/{meeting.id}")
    expect(desk.locator("#countdown")).to_contain_text("秒后自动结束并计票")
    screenshot(desk, "meeting-countdown", full_page=True)

    with application(hall.data):
        stop_countdown(meeting.id)
    expect(screen.locator("#closing")).to_be_hidden()
    phone.clock.fast_forward("00:17")
    expect(banner).to_have_count(0)

    _count_down(hall, meeting.id, WAIT)
    expect(screen.locator("#closing-words")).to_contain_text("请还没有提交的人尽快提交")
    phone.clock.fast_forward("00:17")
    expect(banner).to_have_text("主持人在等大家投完，请尽快提交")
    voter.choose("好", "好", None)
    voter.send()
    voter.done()
    expect(banner).to_have_count(0)
    # One of the server's processes sees that everybody has cast.
    expect(screen.locator("#state")).to_have_text("投票结束")
    expect(screen.locator("#closing")).to_be_hidden()
    expect(desk.locator("body")).to_contain_text("已计票")


def test_a_phone_that_is_still_choosing_learns_that_voting_has_ended(
    hall: Server, pages: Pages
) -> None:
    meeting = open_meeting_on(hall, INSECURE_HOST)
    voter = Voter(pages.open(PHONE), meeting)
    voter.page.clock.install()
    voter.begin(meeting.slips[0])
    meeting.close()
    voter.page.clock.fast_forward("00:17")
    voter.sees("测评会已经结束")


def test_phone_screen_and_countdown_go_on_by_themselves_after_the_server_was_killed(
    server: Server, pages: Pages
) -> None:
    meeting = open_meeting_on(server, INSECURE_HOST)
    with application(server.data):
        link = display_link(get_meeting(meeting.id))
    screen = pages.open(SCREEN)
    voter = Voter(pages.open(PHONE), meeting)
    voter.begin(meeting.slips[0])
    screen.goto(f"{server.base}{link}")
    _count_down(server, meeting.id, WAIT)
    expect(screen.locator("#closing-words")).to_be_visible()
    voter.choose("好", "好", "好")
    server.kill()
    voter.send()
    voter.waits("网络较慢")
    expect(screen.locator("#banner")).to_contain_text("正在重新连接")
    server.start()
    voter.done()
    expect(screen.locator("#state")).to_have_text("投票结束")
    pages.faults.clear()  # what was asked for while nobody answered
    box = voter.page.request.get(meeting.api("box")).json()
    assert [len(entry["marks"]) for entry in box["lists"]] == [1, 1, 1]
