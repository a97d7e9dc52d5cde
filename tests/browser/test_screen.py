"""The room's screen in a real browser, from before the meeting opens to the final result."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from app.actions.closing import close_meeting
from app.actions.display import display_link
from app.actions.meeting import (
    Settings,
    choose_subjects,
    create_meeting,
    get_meeting,
    meeting_by_code,
    open_meeting,
    revoke_display,
    set_groups,
    set_policy,
    void_meeting,
)
from app.config import Config
from app.factory import create_app
from app.language import LANGUAGES
from app.models import MeetingSubject, db
from tests.browser.examine import axe
from tests.pages import SCREEN, Pages
from tests.serving import Server
from tests.watching import Json, cast_votes, open_demo

LEAST_TYPE = 28

# Texts smaller than the least, boxes that cut their content off, and a page that scrolls.
FAULTS = """(least) => {
  const faults = [];
  for (const element of document.querySelectorAll('body *')) {
    const box = element.getBoundingClientRect();
    const texts = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!box.width || !texts || element.closest('[hidden], noscript')) continue;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < least - 0.01) faults.push(`${size} px: ${element.textContent}`);
    if (box.right > innerWidth + 1 || box.bottom > innerHeight + 1) {
      faults.push(`outside: ${element.textContent}`);
    }
    for (let holder = element; holder !== document.body; holder = holder.parentElement) {
      const cut = getComputedStyle(holder).overflow === 'hidden' &&
        (holder.scrollHeight > holder.clientHeight + 2 ||
         holder.scrollWidth > holder.clientWidth + 2);
      if (cut) faults.push(`cut off: ${holder.id || holder.className}`);
    }
  }
  if (document.documentElement.scrollHeight > innerHeight) faults.push('scrolls');
  return faults;
}"""


@contextmanager
def acting_on(server: Server) -> Iterator[None]:
    """Actions on the data of a running server, as its admin would do them."""
    app = create_app(Config.from_env({"MINGCE_DATA": str(server.data), "MINGCE_ROLE": "voting"}))
    with app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()


def faults(page: Page) -> list[str]:
    least = LEAST_TYPE * page.evaluate("Math.min(innerWidth / 1920, innerHeight / 1080)")
    found: list[str] = []
    for language in LANGUAGES:
        found += [f"{language.tag}: {fault}" for fault in page.evaluate(FAULTS, least) + axe(page)]
        page.evaluate("document.getElementById('language').click()")
    return found


def close(server: Server, demo: Json) -> str:
    with acting_on(server):
        return close_meeting(meeting_by_code(demo["meeting"]).id).digest


def figure(page: Page, name: str, number: int) -> None:
    expect(page.locator(f"#{name}")).to_have_text(str(number))


def draft_like(demo: Json, **settings: str) -> int:
    """A draft in the round of a demo, with its subjects; its id."""
    model = meeting_by_code(demo["meeting"])
    records = [
        row.record_id for row in db.session.query(MeetingSubject).filter_by(meeting_id=model.id)
    ]
    values = {"title": "年度党员群众测评会", "host": "", "wifi": "", "base_url": demo["base"]}
    draft = create_meeting(model.round_id, Settings(**{**values, **settings}, rehearsal=True))
    choose_subjects(draft.id, records)
    set_groups(draft.id, [("党员", 20), ("群众代表", 10)])
    set_policy(draft.id, "batched", 5)
    return draft.id


def test_the_screen_follows_a_meeting_from_its_first_ballot_to_the_final_result(
    hall: Server, screen_page: Page
):
    demo = open_demo(hall, subjects=3)
    page = screen_page
    page.goto(demo["screen"])
    for name, number in (("expected", 30), ("issued", 30), ("redeemed", 0), ("cast", 0)):
        figure(page, name, number)
    expect(page.locator("#code")).to_have_text(demo["meeting"])
    expect(page.locator("#address")).to_have_text(demo["base"].removeprefix("http://"))

    cast_votes(demo, 9)
    figure(page, "cast", 9)
    figure(page, "redeemed", 9)
    expect(page.locator("#message-title")).to_have_text("投满 10 票后开始显示结果")
    expect(page.locator(".row").first).to_be_hidden()
    assert faults(page) == []

    cast_votes(demo, 8, first=9, choice="option3")
    figure(page, "cast", 17)
    expect(page.locator("#badge")).to_have_text("暂时结果")
    expect(page.locator("#remark")).to_contain_text("以下为前 10 票的结果")
    row = page.locator(".row").first
    expect(row.locator(".legend__count")).to_have_text(["9", "0", "1", "0"])
    expect(row.locator(".rate__number")).to_have_text("90.00")
    assert faults(page) == []

    digest = close(hall, demo)
    expect(page.locator("#badge")).to_have_text("最终结果")
    expect(row.locator(".legend__count")).to_have_text(["9", "0", "8", "0"])
    expect(row.locator(".rate__number")).to_have_text("52.94")
    expect(page.locator("#digest")).to_have_text(" ".join(re.findall("....", digest)))
    code = page.locator("#receipt-code")
    expect(code).to_be_visible()
    page.wait_for_function("document.getElementById('receipt-code').naturalWidth > 0")
    expect(page.locator("#join")).to_be_hidden()
    assert faults(page) == []


def test_the_screen_comes_back_by_itself_after_the_server_was_gone(
    server: Server, screen_page: Page
):
    demo = open_demo(server)
    screen_page.goto(demo["screen"])
    figure(screen_page, "cast", 0)
    banner = screen_page.locator("#banner")
    expect(banner).to_be_hidden()
    server.kill()
    expect(banner).to_contain_text("正在重新连接…")
    figure(screen_page, "cast", 0)
    server.start()
    cast_votes(demo, 2)
    figure(screen_page, "cast", 2)
    expect(banner).to_be_hidden()


def test_a_screen_whose_link_is_revoked_says_so_and_forgets_the_figures(
    hall: Server, screen_page: Page
):
    demo = open_demo(hall)
    screen_page.goto(demo["screen"])
    figure(screen_page, "cast", 0)
    with acting_on(hall):
        revoke_display(meeting_by_code(demo["meeting"]).id)
    expect(screen_page.locator("#message-title")).to_have_text("大屏链接已失效")
    expect(screen_page.locator("#figures")).to_be_hidden()
    screen_page.reload()
    expect(screen_page.locator("body")).to_contain_text("链接无效或已失效")


def test_a_screen_opened_before_the_meeting_waits_for_it_without_a_reload(
    hall: Server, screen_page: Page
):
    demo = open_demo(hall, subjects=8)
    with acting_on(hall):
        draft_id = draft_like(demo, wifi="HX-会议室")
        link = display_link(get_meeting(draft_id))
    screen_page.goto(hall.base + link)
    expect(screen_page.locator("#message-title")).to_have_text("测评会尚未开始")
    expect(screen_page.locator("#title")).to_have_text("【演练】年度党员群众测评会")
    expect(screen_page.locator("#wifi")).to_have_text("HX-会议室")
    assert faults(screen_page) == []
    with acting_on(hall):
        open_meeting(draft_id)
    expect(screen_page.locator("#state")).to_have_text("正在投票")
    figure(screen_page, "expected", 30)
    with acting_on(hall):
        void_meeting(draft_id, "测试")
    expect(screen_page.locator("#message-title")).to_have_text("本次测评会已作废")
    assert faults(screen_page) == []


def test_under_the_turnout_policy_the_screen_says_when_results_come(
    hall: Server, screen_page: Page
):
    demo = open_demo(hall, "--policy", "turnout")
    screen_page.goto(demo["screen"])
    cast_votes(demo, 11)
    figure(screen_page, "cast", 11)
    expect(screen_page.locator("#message-title")).to_have_text("投票结束后公布结果")
    expect(screen_page.locator("#rows")).to_be_hidden()
    close(hall, demo)
    expect(screen_page.locator("#badge")).to_have_text("最终结果")


@pytest.mark.parametrize(
    ("subjects", "width", "height"),
    [
        (1, 1920, 1080),
        (3, 1920, 1080),
        (5, 1920, 1080),
        (8, 1920, 1080),
        (8, 1440, 900),
        (8, 1280, 720),
        (12, 1920, 1080),
    ],
)
def test_every_number_of_subjects_fits_the_screen_without_scrolling(
    hall: Server, pages: Pages, subjects: int, width: int, height: int
):
    demo = open_demo(hall, subjects=subjects)
    cast_votes(demo, 13)
    page = pages.open(SCREEN, viewport={"width": width, "height": height})
    page.clock.install()
    page.goto(demo["screen"])
    shown = page.locator(".rows__page_shown .row")
    expect(shown).to_have_count(min(subjects, 8) if subjects <= 8 else subjects // 2)
    figure(page, "cast", 13)
    assert faults(page) == []
    turning = page.locator("#page")
    if subjects <= 8:
        expect(turning).to_be_hidden()
    else:
        expect(turning).to_have_text("第1/2页")
        page.clock.fast_forward(12_000)
        expect(turning).to_have_text("第2/2页")


def test_the_f_key_fills_the_whole_screen(hall: Server, screen_page: Page):
    demo = open_demo(hall)
    screen_page.goto(demo["screen"])
    expect(screen_page.locator("#full")).to_be_visible()
    screen_page.keyboard.press("f")
    screen_page.wait_for_function("document.fullscreenElement !== null")
    expect(screen_page.locator("#full")).to_be_hidden()
    screen_page.keyboard.press("f")
    screen_page.wait_for_function("document.fullscreenElement === null")


def test_who_wants_no_motion_gets_none(hall: Server, pages: Pages):
    demo = open_demo(hall)
    cast_votes(demo, 10)
    page = pages.open(SCREEN, reduced_motion="reduce")
    page.goto(demo["screen"])
    part = page.locator(".bar__part").first
    expect(part).to_be_visible()
    assert part.evaluate("(bar) => getComputedStyle(bar).transitionDuration") == "0s"
