"""Steps, self-assessment and the superior's assessment, as people fill them in."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from app.actions.account import create_account
from tests.admin.conftest import NAME, PASSWORD, make_round
from tests.pages import WIDE, Pages
from tests.serving import Server

MEGABYTE = 1024 * 1024


@pytest.fixture
def desk(app: Flask, server: Server, pages: Pages) -> Page:
    """The board of a round of 阿坞乡, after logging in."""
    with app.app_context():
        create_account(NAME, PASSWORD)
    make_round(app, "awu-villages-2012", "village")
    page = pages.open(WIDE)
    page.goto(f"{server.base}/admin/rounds/1/progress")
    page.fill("#name", NAME)
    page.fill("#password", PASSWORD)
    page.click("#log-in")
    expect(page.locator("#standings tbody tr")).to_have_count(3)
    return page


def _pdf(folder: Path, megabytes: int) -> Path:
    file = folder / f"{megabytes}兆.pdf"
    file.write_bytes(b"%PDF-1.7\n" + bytes(megabytes * MEGABYTE))
    return file


def test_a_self_assessment_goes_up_comes_back_and_goes_up_again(desk: Page, tmp_path: Path) -> None:
    desk.click("#edit-steps")
    expect(desk.locator("#filled-in")).to_contain_text("还没有保存")
    desk.click("#save-steps")
    desk.click("#standings tbody tr:first-child a.badge >> nth=1")
    desk.fill("#present", "张三、李四")
    desk.fill("#evidence-1", "支部书记连任三届")
    desk.fill("#total", "88.5")
    desk.set_input_files("#file-1", _pdf(tmp_path, 9))
    expect(desk.locator("#upload-note")).to_be_hidden()
    desk.click("#submit-self")
    expect(desk.locator("#self-total")).to_have_text("88.5")
    with desk.expect_download() as saved:
        desk.click("a.attachment")
    assert saved.value.suggested_filename == "9兆.pdf"
    assert saved.value.path().stat().st_size > 9 * MEGABYTE
    desk.click("#return")
    expect(desk.locator(".alert-danger")).to_contain_text("退回要写明理由")
    desk.fill("#reasons", "请补第二项的依据")
    desk.click("#return")
    expect(desk.locator("#returned")).to_contain_text("请补第二项的依据")
    expect(desk.locator("#evidence-1")).to_have_value("支部书记连任三届")
    desk.fill("#evidence-2", "年度计划")
    desk.click("#submit-self")
    desk.click("#accept")
    expect(desk.locator("#versions tbody tr")).to_have_count(2)


def test_a_file_that_is_too_large_is_named_before_it_is_sent(desk: Page, tmp_path: Path) -> None:
    desk.click("#standings tbody tr:first-child a.badge >> nth=1")
    desk.fill("#present", "张三")
    desk.set_input_files("#file-1", _pdf(tmp_path, 11))
    expect(desk.locator("#upload-note")).to_contain_text("“11兆.pdf”超过 10 MB")
    assert desk.input_value("#file-1") == ""
    for number in (2, 3):
        desk.set_input_files(f"#file-{number}", _pdf(tmp_path, 9))
    expect(desk.locator("#upload-note")).to_be_hidden()
    desk.set_input_files("#file-4", _pdf(tmp_path, 8))
    expect(desk.locator("#upload-note")).to_contain_text("合计超过 20 MB")
    expect(desk.locator("#present")).to_have_value("张三")
    desk.click("#save-self")
    expect(desk.locator(".files")).to_have_count(2)


def test_the_assessment_shows_what_hinders_and_keeps_what_was_typed(desk: Page) -> None:
    desk.click("#standings tbody tr:first-child td:first-child a")
    desk.click(".nav-tabs a:has-text('上级评定')")
    expect(desk.locator("#hindrance")).to_contain_text("请先录入上级评定分")
    desk.fill("#comment-1", "班子团结")
    desk.fill("#total", "一百")
    desk.click("#save-scores")
    expect(desk.locator(".alert-danger")).to_contain_text("应为 0 到 100 的数")
    expect(desk.locator("#comment-1")).to_have_value("班子团结")
    desk.fill("#total", "85")
    desk.click("#save-scores")
    expect(desk.locator("#proposed")).to_have_text("先进")
