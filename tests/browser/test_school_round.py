"""S1, 怀乡中学: a whole round in one school, from an empty database to grades and rectification.

With MINGCE_PICTURES=1 the pages are kept in docs/pictures.
"""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import offices
from tests.browser.offices import Take
from tests.pages import PHONE, WIDE, Pages
from tests.serving import Server

SCHOOL = "怀乡中学党总支"
BRANCHES = ("高中部党支部", "初中部党支部", "离退休党支部")
TITLE = "2012年怀乡中学党组织分类定级"
POINTS = ("20", "15", "15", "10", "10", "20", "10")
MEMBERS = 18
SCORES = {
    "高中部党支部": ("19", "14", "14", "9", "9", "18.5", "9"),
    "初中部党支部": ("18", "13", "13", "8", "8", "17", "8"),
    "离退休党支部": ("10", "8", "7.5", "5", "5", "12", "6"),
}
PROPOSED = {"高中部党支部": "好", "初中部党支部": "较好", "离退休党支部": "较差"}
EVIDENCE = ("书记连任三届，群众公认。", "年初有计划，年末有总结。", "三会一课记录齐全。")


def test_a_school_walks_its_whole_round(
    server: Server, pages: Pages, screenshot: Take, tmp_path: Path
) -> None:
    page = pages.open(WIDE)
    offices.set_up_first_admin(server, page)
    offices.make_root(page, server.base, SCHOOL, "general_branch", BRANCHES)
    round_url, records = _begin_round(page, server.base, screenshot)
    _assess_themselves(page, records, screenshot)
    _hold_meeting(server, page, round_url, screenshot, tmp_path)
    _superior_decides(page, records, screenshot)
    notice = _publish(page, round_url, screenshot)
    _somebody_objects(pages, page, notice, round_url, screenshot)
    offices.some_days_later(server, 4)
    _finalise(page, round_url, screenshot)
    _rectify(page, server.base, records["离退休党支部"], screenshot)
    offices.look_at_forms(page, round_url, "s1", screenshot)
    page.goto(f"{records['高中部党支部']}/forms/register")
    offices.picture_of_paper(page, "s1-form-register", screenshot)
    page.goto(f"{records['离退休党支部']}/forms/plan")
    offices.picture_of_paper(page, "s1-form-plan", screenshot)


def _begin_round(page: Page, base: str, screenshot: Take) -> tuple[str, dict[str, str]]:
    offices.open_round_form(page, base, "huaixiang-2012", TITLE)
    page.select_option("#holder", label=SCHOOL)
    for branch in BRANCHES:
        page.get_by_label(branch, exact=True).check()
    page.locator("#save").click()
    # The document gives no points: the admin must say how to go on.
    expect(page.locator("body")).to_contain_text("分值")
    screenshot(page, "s1-points-unstated")
    page.locator("#totals_only").check()
    page.locator("#save").click()
    expect(page.locator("#records")).to_be_visible()
    round_url = page.url
    records = {
        branch: f"{base}{page.get_by_role('link', name=branch, exact=True).get_attribute('href')}"
        for branch in BRANCHES
    }
    offices.fill_points(page, round_url, POINTS)
    page.goto(f"{round_url}/steps")
    screenshot(page, "s1-steps", full_page=True)
    page.click("#save-steps")
    screenshot(page, "s1-board")
    return round_url, records


def _assess_themselves(page: Page, records: dict[str, str], screenshot: Take) -> None:
    for branch, address in records.items():
        offices.assess_oneself(page, address, "支部委员会全体委员", SCORES[branch], EVIDENCE)
    screenshot(page, "s1-self-assessment", full_page=True)
    offices.recheck(page, records["初中部党支部"], "第四项请补活动阵地的照片说明。")
    page.fill("#evidence-4", "党员活动室 60 平方米。")
    page.click("#submit-self")
    expect(page.locator("#self-total")).to_be_visible()
    for address in records.values():
        offices.recheck(page, address)


def _hold_meeting(
    server: Server, page: Page, round_url: str, screenshot: Take, tmp_path: Path
) -> None:
    meeting = offices.prepare_meeting(
        page, round_url, "怀乡中学全体党员测评会", SCHOOL, BRANCHES, {"党员": MEMBERS}
    )
    page.goto(f"{meeting}/attendance")
    screenshot(page, "s1-attendance")
    page.goto(f"{meeting}/review")
    page.locator("#open-button").click()
    page.locator("#open-confirm").click()
    slips = offices.print_slips(page, server.base, MEMBERS)
    offices.vote(server, slips, tmp_path, seed=11)
    page.goto(meeting)
    screenshot(page, "s1-meeting-open")
    page.locator("#close-meeting").click()
    page.locator("#present").fill(str(MEMBERS))
    page.locator("#understood").check()
    page.locator("#close-confirm").click()
    expect(page.locator("body")).to_contain_text("已计票")
    page.get_by_role("link", name="计票单").first.click()
    offices.picture_of_paper(page, "s1-count-sheet", screenshot)


def _superior_decides(page: Page, records: dict[str, str], screenshot: Take) -> None:
    for branch, address in records.items():
        proposed = offices.assess(page, address, SCORES[branch], "工作扎实。")
        assert proposed == PROPOSED[branch]
    address = records["高中部党支部"]
    page.goto(f"{address}/assessment")
    screenshot(page, "s1-assessment", full_page=True)
    # Stricter than proposed only with a reason.
    page.get_by_role("radio", name=re.compile("^较好")).check()
    page.click("#decide")
    expect(page.locator(".alert-danger")).to_contain_text("理由")
    for branch, record in records.items():
        offices.decide(page, record, PROPOSED[branch])


def _publish(page: Page, round_url: str, screenshot: Take) -> str:
    page.goto(f"{round_url}/final")
    expect(page.locator("#obstacles")).to_contain_text("还没有公示")
    page.click("#new-notice")
    page.fill("#issuer", SCHOOL)
    page.fill("#contact", "党总支办公室 0668-1234567")
    page.fill("#days", "3")
    page.get_by_label("日历日").check()
    screenshot(page, "s1-notice-new", full_page=True)
    page.click("#publish")
    screenshot(page, "s1-notice")
    found = page.locator("#public").get_attribute("href")
    assert found
    return found


def _somebody_objects(
    pages: Pages, page: Page, notice: str, round_url: str, screenshot: Take
) -> None:
    phone = pages.open(PHONE)
    phone.goto(f"{page.url.split('/admin/')[0]}{notice}")
    screenshot(phone, "s1-notice-phone", full_page=True)
    phone.select_option("#about", "离退休党支部")
    phone.fill("#text", "离退休党支部今年走访了全部老党员，请再核实。")
    phone.click("#send")
    expect(phone.locator("#received")).to_contain_text("第 1 号")
    page.goto(f"{round_url}/final")
    expect(page.locator("#obstacles")).to_contain_text("1 条意见没有答复")
    expect(page.locator("#obstacles")).to_contain_text("才满")
    screenshot(page, "s1-final-obstacles")
    page.goto(f"{page.url.split('/admin/')[0]}/admin/objections/1")
    page.fill("#investigation", "查阅走访记录，走访 12 户，属实，但不影响得分。")
    page.select_option("#outcome", "partly")
    page.fill("#answer", "走访情况属实，已计入工作业绩，定级不变。")
    screenshot(page, "s1-objection")
    page.click("#answer-button")
    phone.reload()
    expect(phone.locator("body")).to_contain_text("定级不变")


def _finalise(page: Page, round_url: str, screenshot: Take) -> None:
    page.goto(f"{round_url}/final")
    page.click("#finalise-button")
    page.click("#finalise-confirm")
    expect(page.locator("#grades strong")).to_have_text(list(PROPOSED.values()))
    screenshot(page, "s1-final")


def _rectify(page: Page, base: str, record: str, screenshot: Take) -> None:
    page.goto(f"{record}/rectification")
    page.fill("#problems", "组织生活不经常，活动阵地简陋。")
    page.fill("#measures", "每月固定党日；修缮活动室。")
    page.fill("#responsible", "王书记")
    page.fill("#deadline", "2027-06-30")
    screenshot(page, "s1-rectification-new", full_page=True)
    page.click("#save-plan")
    page.select_option("#kind", "proof")
    page.fill("#text", "活动室已修好，附照片说明。")
    page.click("#add-entry")
    expect(page.locator("#entries")).to_contain_text("活动室已修好")
    page.select_option("#kind", "accepted")
    page.fill("#text", "实地查看，验收合格。")
    page.click("#add-entry")
    expect(page.locator("#upgrade")).to_be_visible()
    page.select_option("#grade", "一般")
    page.locator("#reason").fill("复评得 66 分。")
    page.click("#upgrade")
    expect(page.locator("#now")).to_have_text("一般")
    screenshot(page, "s1-rectification", full_page=True)
    page.goto(f"{base}/admin/rectifications")
    expect(page.locator("#plans")).to_contain_text("离退休党支部")
