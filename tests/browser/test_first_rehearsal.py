"""A secretary who has never seen it rehearses alone, from the first link to the count sheet.

Every click is counted, and what is typed; the README says how many. `make walks` runs it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import offices
from tests.pages import PHONE, SCREEN, WIDE, Pages
from tests.serving import Server

CLICKS = 10


class Hand:
    """Counts the clicks of one person at the laptop."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def click(self, selector: str) -> None:
        """Press something on the page."""
        self.clicks += 1
        self.page.locator(selector).click()

    def new_tab(self, selector: str) -> Page:
        """Press something that opens a page of its own; that page."""
        with self.page.context.expect_page() as opened:
            self.click(selector)
        opened.value.wait_for_load_state()
        return opened.value


@pytest.mark.walk
def test_a_first_rehearsal_takes_one_person_five_minutes_and_ten_clicks(
    server: Server, pages: Pages, screenshot: Callable[..., Path], capsys: pytest.CaptureFixture
) -> None:
    page = pages.open(WIDE)
    offices.set_up_first_admin(server, page)
    page.goto(f"{server.base}/admin/")
    screenshot(page, "rehearsal-offer")
    hand, began = Hand(page), time.monotonic()
    hand.click("#practice")
    expect(page.locator("#step-opened")).to_have_attribute("aria-current", "step")
    screenshot(page, "rehearsal-steps", full_page=True)
    hand.click("#open-practice")
    slips = pages.watch(hand.new_tab("#practice-slips"))
    expect(slips.locator(".slip")).to_have_count(3)
    expect(slips.locator(".slip").first).to_contain_text("【演练】第一次演练")
    screen = pages.watch(hand.new_tab("#practice-screen"))
    screen.set_viewport_size(SCREEN["viewport"])
    page.bring_to_front()
    expect(page.locator("#step-voted")).to_have_attribute("aria-current", "step")
    hand.click("#simulate")
    expect(page.locator("#simulation")).to_contain_text("正在投票")
    expect(screen.locator("#rows")).to_be_visible(timeout=90_000)
    screenshot(screen, "rehearsal-screen")
    screenshot(page, "rehearsal-voting", full_page=True)
    expect(page.locator("#simulation")).to_contain_text("投完了", timeout=90_000)
    hand.click("#practice-close")
    page.locator("#present").fill("20")
    hand.click("#understood")
    hand.click("#close-confirm")
    expect(screen.locator("#state")).to_have_text("投票结束")
    hand.click("#to-practice")
    sheet = pages.watch(hand.new_tab("#practice-sheet"))
    expect(sheet.locator("#validity")).to_contain_text("本次测评有效")
    page.bring_to_front()
    seconds = time.monotonic() - began
    with capsys.disabled():
        print(f"\nfirst rehearsal: {hand.clicks} clicks, {seconds:.0f} s")
    assert hand.clicks == CLICKS

    expect(page.locator("#step-clear")).to_have_attribute("aria-current", "step")
    screenshot(page, "rehearsal-done", full_page=True)
    page.locator("#clear-button").click()
    page.locator("#clear-confirm").click()
    expect(page.locator("body")).to_contain_text("演练的数据已全部清理")
    page.goto(f"{server.base}/admin/rounds")
    expect(page.locator("body")).to_contain_text("还没有轮次")


@pytest.mark.walk
def test_the_checklist_fits_a_phone(
    server: Server, pages: Pages, screenshot: Callable[..., Path]
) -> None:
    page = pages.open(WIDE)
    offices.set_up_first_admin(server, page)
    page.goto(f"{server.base}/admin/")
    page.locator("#practice").click()
    expect(page.locator("#step-opened")).to_be_visible()
    page.set_viewport_size(PHONE["viewport"])
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["viewport"]["width"]
    screenshot(page, "rehearsal-on-a-phone", full_page=True)
