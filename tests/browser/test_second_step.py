"""两步登录 in a real browser, with real buttons and the clock on the wall."""

from __future__ import annotations

import re
import time

from playwright.sync_api import expect
from pyotp import HOTP

from app.domain.totp import STEP_SECONDS
from tests.browser import offices
from tests.pages import PHONE, WIDE, Pages
from tests.serving import Server


def test_an_account_is_given_a_second_step_and_asked_for_it(server: Server, pages: Pages) -> None:
    desk, phone = pages.open(WIDE), pages.open(PHONE)
    offices.set_up_first_admin(server, desk)
    desk.click("#account-menu")
    desk.click("#second-step-link")
    desk.fill("#password", offices.PASSWORD)
    desk.click("#begin")
    secret = desk.locator("#secret").inner_text().replace(" ", "")
    desk.fill("#code", HOTP(secret).at(int(time.time()) // STEP_SECONDS))
    desk.click("#confirm")
    codes = desk.locator("#codes li").all_inner_texts()
    assert len(codes) == 8

    phone.goto(f"{server.base}/admin/rounds")
    phone.fill("#name", "管理员")
    phone.fill("#password", offices.PASSWORD)
    phone.click("#log-in")
    phone.fill("#code", codes[0])
    phone.click("#log-in")
    expect(phone).to_have_url(re.compile(r"/admin/rounds$"))

    desk.goto(f"{server.base}/admin/second-step")
    expect(desk.locator("#codes-left")).to_have_text("7")
    desk.fill("#remove-password", offices.PASSWORD)
    desk.click("#remove")
    expect(desk.locator("#begin")).to_be_visible()
