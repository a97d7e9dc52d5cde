"""A scheme is written in a real browser; charts are drawn and printed there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from app.actions.account import create_account
from app.actions.record import change_scores
from tests.admin.conftest import NAME, PASSWORD, make_round
from tests.pages import WIDE, Pages
from tests.serving import Server


@pytest.fixture
def desk(app: Flask, server: Server, pages: Pages) -> Page:
    """The schemes, after logging in; there is a round of three branches, two of them graded."""
    with app.app_context():
        create_account(NAME, PASSWORD)
    make_round(app, "huaixiang-2012", "institution")
    with app.app_context():
        change_scores(1, "", "95")
        change_scores(2, "", "50")
    page = pages.open(WIDE)
    page.goto(f"{server.base}/admin/schemes")
    page.fill("#name", NAME)
    page.fill("#password", PASSWORD)
    page.click("#log-in")
    return page


def test_a_clerk_copies_a_scheme_and_is_led_to_what_is_wrong(
    desk: Page, screenshot: Callable[..., Path]
) -> None:
    desk.locator("#shipped .card", has_text="商都县").get_by_text("复制").click()
    desk.fill("#new_id", "pingan-2026")
    desk.fill("#title", "平安县基层党组织分类定级")
    desk.click("#copy")
    text, numbers = desk.locator("#text"), desk.locator(".editor-lines span")
    lines = text.input_value().count("\n") + 1
    expect(numbers).to_have_count(lines)
    # Numbers follow what is typed, and stand beside their lines.
    text.fill(text.input_value().replace('ladder = "three"', 'ladder = "five"', 1) + "\n# 完")
    expect(numbers).to_have_count(lines + 1)
    assert text.evaluate("t => t.scrollHeight <= t.clientHeight")
    text.fill(text.input_value().removesuffix("\n# 完"))
    expect(numbers).to_have_count(lines)
    desk.click("#check")
    expect(desk.locator("#problems")).to_contain_text("没有名为“five”的档次")
    screenshot(desk, "admin-scheme-problems")
    desk.click("#problems [data-line]")
    selected = "t => t.value.slice(t.selectionStart, t.selectionEnd)"
    assert text.evaluate(selected) == 'ladder = "five"'
    text.fill(text.input_value().replace('ladder = "five"', 'ladder = "four"'))
    desk.click("#check")
    expect(desk.locator("#section-domains")).to_contain_text("按“其他领域四个等级”分档")
    desk.fill("#note", "嘎查村也分四个等级")
    desk.click("#save")
    expect(desk.locator("#versions")).to_contain_text("嘎查村也分四个等级")
    # What is asked for follows the choice of the domain.
    desk.select_option("#trial-domain", "institution")
    expect(desk).to_have_url(re.compile("domain=institution"))
    desk.fill("#trial-superior", "95")
    desk.fill("#trial-satisfied", "53")
    desk.fill("#trial-valid", "60")
    desk.click("#try")
    expect(desk.locator("#tried .grade")).to_have_text("较好")
    screenshot(desk, "admin-scheme-trial")


def test_charts_are_one_click_from_the_round_and_readable_in_black_and_white(
    desk: Page, server: Server, screenshot: Callable[..., Path]
) -> None:
    desk.goto(f"{server.base}/admin/rounds/1")
    desk.click("#charts")
    expect(desk.locator("#grades")).to_contain_text("1（33.33%）")
    screenshot(desk, "admin-charts", full_page=True)
    desk.emulate_media(media="print")
    fills = desk.eval_on_selector_all(
        "#grades .look", "parts => parts.map(p => getComputedStyle(p).fill)"
    )
    assert fills
    for fill in fills:
        red, green, blue = re.findall(r"\d+", fill)[:3]
        assert red == green == blue
    assert desk.locator("#grades rect[fill='url(#look-4)']").count() > 0
    width = desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert width
