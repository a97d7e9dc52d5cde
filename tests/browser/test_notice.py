"""The public's page of a notice on a phone and on paper, and the superior's pages on a laptop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from app.actions.account import create_account
from app.actions.finalising import finalise
from app.actions.notice import NoticeWish, publish_notice
from app.actions.objection import dismiss_objections, file_objection, today
from app.actions.record import change_scores
from app.actions.rectification import Plan, add_entry, begin_rectification
from tests.admin.conftest import make_round
from tests.browser.examine import Examiner
from tests.serving import Server

NAME, PASSWORD = "王秘书", "a long enough password"


@pytest.fixture
def code(app: Flask) -> str:
    """A notice of today, in the data folder that the server also uses."""
    round_id = make_round(app, "huaixiang-2012", "institution")
    wish = NoticeWish(
        "2012年基层党组织分类定级等级公示", "现将拟定等级予以公示。", "怀乡中学党总支",
        "党总支办公室 0668-1234567", 2, "working", "", "", (1, 2, 3),
    )  # fmt: skip
    with app.app_context():
        create_account(NAME, PASSWORD)
        for record_id, score in ((1, "95"), (2, "85"), (3, "50")):
            change_scores(record_id, score, score)
        return publish_notice(round_id, wish, today()).code


def test_a_villager_objects_on_a_phone(
    app: Flask,
    server: Server,
    code: str,
    phone_page: Page,
    examiner: Examiner,
    screenshot: Callable[..., Path],
) -> None:
    phone_page.goto(f"{server.base}/n/{code}")
    screenshot(phone_page, "notice-phone", full_page=True)
    expect(phone_page.locator("#homepage")).not_to_be_in_viewport()
    examiner.look(phone_page, "notice")
    assert phone_page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    phone_page.click("#send")
    expect(phone_page.get_by_role("alert")).to_contain_text("请写明意见内容")
    examiner.look(phone_page, "refused")
    phone_page.select_option("#about", "第一党支部")
    phone_page.fill("#text", "第一党支部的会议没有人通知我。")
    phone_page.click("#send")
    expect(phone_page.locator("#received")).to_contain_text("第 1 号")
    expect(phone_page.locator("main")).not_to_contain_text("没有人通知我")
    examiner.look(phone_page, "received")
    screenshot(phone_page, "notice-received", full_page=True)
    with app.app_context():
        dismiss_objections(code, [1], "unrelated", "说的是另一次会议。", today())
    phone_page.goto(f"{server.base}/n/{code}")
    phone_page.click("summary")
    expect(phone_page.locator(".dismissed")).to_contain_text("与公示无关")
    examiner.look(phone_page, "dismissed")
    screenshot(phone_page, "notice-dismissed", full_page=True)
    phone_page.emulate_media(media="print")
    expect(phone_page.locator("#objection")).to_be_hidden()


def test_the_superior_follows_it_on_a_laptop(
    app: Flask, server: Server, code: str, wide_page: Page, screenshot: Callable[..., Path]
) -> None:
    with app.app_context():
        file_objection(code, "第一党支部", "没有人通知我。", "", "", today())
    page = wide_page
    page.goto(f"{server.base}/admin/notices/{code}")
    page.fill("#name", NAME)
    page.fill("#password", PASSWORD)
    page.click("#log-in")
    expect(page.locator("#objections")).to_contain_text("待答复")
    screenshot(page, "notice-admin")
    page.goto(f"{server.base}/admin/rounds/1/final")
    expect(page.locator("#obstacles")).to_contain_text("还有 1 条意见没有答复")
    screenshot(page, "final-obstacles")
    page.click("#new-notice")
    screenshot(page, "notice-new")
    page.goto(f"{server.base}/admin/objections/1")
    screenshot(page, "objection")
    page.fill("#investigation", "查过通知记录。")
    page.select_option("#outcome", "not_upheld")
    page.fill("#answer", "会议已按规定通知。")
    page.click("#answer-button")
    expect(page.locator("#objections")).to_contain_text("不属实")


def test_overdue_plans_are_seen_on_a_laptop(
    app: Flask,
    server: Server,
    code: str,
    wide_page: Page,
    phone_page: Page,
    examiner: Examiner,
    screenshot: Callable[..., Path],
) -> None:
    day = today()
    with app.app_context():
        finalise(1, day + timedelta(days=9), "抽样测评，没有抽到。")
        begun = day - timedelta(days=90)
        for record_id, late in ((3, 30), (2, -30)):
            plan = Plan(
                "组织生活不正常。", "每月开会。", "李书记", day - timedelta(days=late), True
            )
            made = begin_rectification(record_id, plan, begun)
        add_entry(made.id, "proof", "会议记录六份。", day)
        public = made.code
    phone_page.goto(f"{server.base}/z/{public}")
    expect(phone_page.locator("h1")).to_have_text("第二党支部整改方案")
    examiner.look(phone_page, "public plan")
    page = wide_page
    page.goto(f"{server.base}/admin/rectifications")
    page.fill("#name", NAME)
    page.fill("#password", PASSWORD)
    page.click("#log-in")
    expect(page.locator("#plans tbody tr").first).to_contain_text("逾期")
    screenshot(page, "rectifications")
    page.get_by_role("link", name="第二党支部").click()
    screenshot(page, "rectification")
    page.goto(f"{server.base}/admin/rounds/1/final")
    page.locator("#grades a").first.click()
    screenshot(page, "final-grade")
