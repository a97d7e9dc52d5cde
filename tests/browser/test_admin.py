"""The admin's pages in a real browser: what moves by itself, what asks, and what is printed."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Dialog, Page, expect

from tests.admin.conftest import witness
from tests.pages import WIDE, Pages
from tests.serving import Server
from tests.voters import Example


@pytest.fixture
def example(app: Flask) -> Example:
    """An open meeting in the data folder that the server also uses."""
    return Example(app, slips=20)


@pytest.fixture
def desk(server: Server, example: Example, pages: Pages) -> Page:
    """The open meeting's page, after logging in."""
    page = pages.open(WIDE)
    page.goto(f"{server.base}/admin/meetings/{example.id}")
    page.fill("#name", example.demo["admin"]["name"])
    page.fill("#password", example.demo["admin"]["password"])
    page.click("#log-in")
    expect(page.locator("#total-issued")).to_have_text("20")
    return page


def _sheets(page: Page) -> int:
    """How many sheets of paper the page fills."""
    return len(re.findall(rb"/Type\s*/Page[^s]", page.pdf(prefer_css_page_size=True)))


def test_totals_and_picture_follow_without_reloading(desk: Page, example: Example) -> None:
    desk.fill("#token", "typed meanwhile")
    example.vote_all("option1", example.slips[:11])
    expect(desk.locator("#total-cast")).to_have_text("11")
    expect(desk.locator("#progress")).to_contain_text("前 5 票")
    expect(desk.locator("#token")).to_have_value("typed meanwhile")


def test_slips_fill_a4_sheets_and_are_not_left_by_accident(desk: Page) -> None:
    desk.fill("#number", "43")
    desk.click("#issue")
    expect(desk.locator(".slip")).to_have_count(43)
    assert _sheets(desk) == 3
    overflowing = desk.eval_on_selector_all(
        ".slip", "slips => slips.filter(s => s.scrollHeight > s.clientHeight + 1).length"
    )
    assert overflowing == 0
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    desk.once("dialog", stay)
    desk.click(".paper-bar strong")
    desk.evaluate("setTimeout(() => { location.href = '/admin/'; }, 0)")
    desk.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    expect(desk.locator(".slip")).to_have_count(43)
    desk.click("#done")
    expect(desk.locator("#total-issued")).to_have_text("63")


def test_a_dangerous_step_asks_first_and_can_be_called_off(desk: Page) -> None:
    desk.click("#unused-button")
    dialog = desk.locator("#unused")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("不能恢复")
    box = dialog.bounding_box()
    assert box
    assert 0 < box["y"] < 600
    dialog.locator("[data-close]").click()
    expect(dialog).to_be_hidden()
    expect(desk.locator("#total-issued")).to_have_text("20")
    desk.click("#unused-button")
    desk.click("#unused-confirm")
    expect(desk.locator("#total-issued")).to_have_text("0")


def test_the_count_sheet_fits_one_sheet_and_the_record_too(desk: Page, example: Example) -> None:
    example.vote_all()
    witness(example.app, example.id, "close")
    desk.click("#close-meeting")
    desk.fill("#present", "20")
    desk.check("#understood")
    desk.click("#close-confirm")
    desk.click("#count-sheet")
    expect(desk.locator("#validity")).to_contain_text("本次测评有效")
    assert _sheets(desk) == 1
    desk.go_back()
    desk.click("table a")
    expect(desk.locator("#mass-final")).to_contain_text("20 票")
    assert _sheets(desk) == 1


def test_the_board_of_a_round_sorts_and_filters(desk: Page, server: Server) -> None:
    desk.goto(f"{server.base}/admin/rounds/1")
    names = desk.locator("#records tbody tr td:first-child")
    before = names.all_inner_texts()
    desk.click("#records th:has-text('党组织')")
    desk.click("#records th:has-text('党组织')")
    after = names.all_inner_texts()
    assert sorted(after) == sorted(before)
    expect(desk.locator("#records th").first).to_have_attribute("aria-sort", "descending")
    desk.fill("#filter", before[0])
    expect(desk.locator("#records tbody tr:visible")).to_have_count(1)
