"""The room's Wi-Fi code: drawn where it is typed, shown on the screen, told to no server."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.test_screen import FAULTS, LEAST_TYPE
from tests.codes import read_code
from tests.pages import WIDE, Pages
from tests.serving import Server
from tests.watching import open_demo

NAME, PASSWORD = "怀乡;中学", 'a"b\\c;d:e,f'
TEXT = 'WIFI:T:WPA;S:怀乡\\;中学;P:a\\"b\\\\c\\;d\\:e\\,f;;'


@pytest.fixture
def desk(server: Server, pages: Pages) -> Page:
    """The room's page of an open meeting."""
    demo = open_demo(server, subjects=2, slips=20)
    page = pages.open(WIDE)
    page.goto(f"{server.base}/admin/meetings/{demo['meeting_id']}")
    page.fill("#name", demo["admin"]["name"])
    page.fill("#password", demo["admin"]["password"])
    page.click("#log-in")
    page.click("#venue")
    return page


def test_the_wifi_code_is_drawn_and_shown_and_its_password_is_told_to_nobody(
    browser: Browser, desk: Page, server: Server, screenshot: Any
) -> None:
    sent: list[str] = []

    def note(request: Request) -> None:
        sent.append(f"{request.url} {request.all_headers()} {request.post_data}")

    desk.context.on("request", note)
    expect(desk.locator("#wifi-shown")).to_be_hidden()
    desk.fill("#wifi-name", NAME)
    desk.fill("#wifi-password", "short")
    desk.keyboard.press("Tab")
    expect(desk.locator("#wifi-wrong")).to_contain_text("至少 8 位")
    desk.fill("#wifi-password", PASSWORD)
    expect(desk.locator("#wifi-wrong")).to_have_text("")
    assert read_code(browser, desk.locator("#wifi-code svg")) == TEXT
    assert read_code(browser, desk.locator(".venue-qr").first) == f"{server.base}/"
    screenshot(desk, "venue", full_page=True)
    with desk.context.expect_page() as opened:
        desk.click("#wifi-screen")
    screen = opened.value
    screen.set_viewport_size({"width": 1920, "height": 1080})
    expect(screen.locator("#wifi")).to_have_text(NAME)
    assert read_code(browser, screen.locator("#wifi-code svg")) == TEXT
    assert "#" not in screen.url
    screenshot(screen, "screen-wifi")
    assert screen.evaluate(FAULTS, LEAST_TYPE) == []
    screen.reload()
    assert read_code(browser, screen.locator("#wifi-code svg")) == TEXT
    # The browser fills nothing in again, and nothing of it has left the browser.
    desk.reload()
    assert desk.input_value("#wifi-password") == ""
    expect(desk.locator("#wifi-shown")).to_be_hidden()
    assert len(sent) > 5
    files = [file.read_bytes() for file in server.data.rglob("*") if file.is_file()]
    for form in (PASSWORD, "a%22b", 'a\\"b'):
        assert not [one for one in sent if form in one]
        assert not [one for one in files if form.encode() in one]
    assert desk.evaluate("JSON.stringify(localStorage)") == "{}"


def test_only_the_wifi_is_printed(desk: Page, screenshot: Any) -> None:
    desk.fill("#wifi-name", "会场")
    desk.select_option("#wifi-kind", "nopass")
    expect(desk.locator("#wifi-said")).to_have_text("Wi-Fi：会场")
    desk.emulate_media(media="print")
    for hidden in ("#addresses", "#tablet", "#wifi-name", "#print-wifi"):
        expect(desk.locator(hidden)).to_be_hidden()
    expect(desk.locator("#wifi-code svg")).to_be_visible()
    desk.set_viewport_size({"width": 794, "height": 1123})
    screenshot(desk, "venue-wifi-paper")
