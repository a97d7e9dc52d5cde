"""S1, 怀乡中学: a whole round in one school, from an empty database to grades and rectification.

With MINGCE_PICTURES=1 the pages are kept in docs/pictures.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.browser import offices, staff
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


class Staff(NamedTuple):
    """Who takes part, each at a laptop or a phone of their own. secretaries: by branch."""

    superior: Page
    secretaries: dict[str, Page]
    host: Page
    scrutineer: Page
    auditor: Page


@pytest.mark.walk
def test_a_school_walks_its_whole_round(
    server: Server, pages: Pages, screenshot: Take, tmp_path: Path
) -> None:
    admin = pages.open(WIDE)
    offices.set_up_first_admin(server, admin)
    offices.make_root(admin, server.base, SCHOOL, "general_branch", BRANCHES)
    people = _hire(server, pages, admin)
    screenshot(admin, "s1-accounts")
    page = people.superior
    round_url, records = _begin_round(page, server.base, screenshot)
    _assess_themselves(people, records, screenshot)
    _hold_meeting(server, people, round_url, screenshot, tmp_path)
    _superior_decides(page, records, screenshot)
    notice = _publish(page, round_url, screenshot)
    _somebody_objects(pages, page, notice, round_url, screenshot)
    offices.some_days_later(server, 4)
    _finalise(page, round_url, screenshot)
    _rectify(people, server.base, records["离退休党支部"], screenshot)
    offices.look_at_forms(page, round_url, "s1", screenshot)
    page.goto(f"{records['高中部党支部']}/forms/register")
    offices.picture_of_paper(page, "s1-form-register", screenshot)
    page.goto(f"{records['离退休党支部']}/forms/plan")
    offices.picture_of_paper(page, "s1-form-plan", screenshot)
    _audit(people.auditor, server, screenshot)


def _hire(server: Server, pages: Pages, admin: Page) -> Staff:
    def hire(name: str, role: str, place: str = "", device: dict[str, object] = WIDE) -> Page:
        return staff.hire(server, pages, admin, name, role, place, device)

    return Staff(
        superior=hire("黎书记", "superior", SCHOOL),
        secretaries={
            branch: hire(f"{branch}书记", "branch_secretary", branch) for branch in BRANCHES
        },
        host=hire("钟主任", "host", SCHOOL),
        scrutineer=hire("刘监票", "scrutineer", SCHOOL, PHONE),
        auditor=hire("审计员", "auditor"),
    )


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


def _assess_themselves(people: Staff, records: dict[str, str], screenshot: Take) -> None:
    for branch, address in records.items():
        secretary = people.secretaries[branch]
        offices.assess_oneself(secretary, address, "支部委员会全体委员", SCORES[branch], EVIDENCE)
    secretary = people.secretaries["初中部党支部"]
    screenshot(secretary, "s1-self-assessment", full_page=True)
    staff.is_refused(secretary, f"{records['高中部党支部']}/self")
    offices.recheck(people.superior, records["初中部党支部"], "第四项请补活动阵地的照片说明。")
    secretary.goto(f"{records['初中部党支部']}/self")
    expect(secretary.locator("body")).to_contain_text("请补活动阵地的照片说明")
    secretary.fill("#evidence-4", "党员活动室 60 平方米。")
    secretary.click("#submit-self")
    expect(secretary.locator("#self-total")).to_be_visible()
    for address in records.values():
        offices.recheck(people.superior, address)


def _hold_meeting(
    server: Server, people: Staff, round_url: str, screenshot: Take, tmp_path: Path
) -> None:
    host, phone = people.host, people.scrutineer
    meeting = offices.prepare_meeting(
        host, round_url, "怀乡中学全体党员测评会", SCHOOL, BRANCHES, {"党员": MEMBERS}
    )
    host.goto(f"{meeting}/attendance")
    screenshot(host, "s1-attendance")
    host.goto(f"{meeting}/review")
    host.locator("#open-button").click()
    host.locator("#open-confirm").click()
    expect(host.locator("#confirm-address")).to_contain_text("/confirm")
    screenshot(host, "s1-waiting-to-open", full_page=True)
    phone.goto(f"{meeting}/confirm")
    screenshot(phone, "s1-scrutineer-opens", full_page=True)
    offices.confirm(phone, meeting)
    # The host's page goes on by itself.
    expect(host.locator("#issue")).to_be_visible()
    slips = offices.print_slips(host, server.base, MEMBERS)
    offices.vote(server, slips, tmp_path, seed=11)
    host.goto(meeting)
    screenshot(host, "s1-meeting-open")
    host.locator("#close-meeting").click()
    host.locator("#present").fill(str(MEMBERS))
    host.locator("#understood").check()
    host.locator("#close-confirm").click()
    expect(host.locator("#confirm-address")).to_be_visible()
    phone.goto(f"{meeting}/confirm")
    screenshot(phone, "s1-scrutineer-closes", full_page=True)
    offices.confirm(phone, meeting)
    expect(host.locator("body")).to_contain_text("已计票")
    host.get_by_role("link", name="计票单").first.click()
    offices.picture_of_paper(host, "s1-count-sheet", screenshot)


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


def _rectify(people: Staff, base: str, record: str, screenshot: Take) -> None:
    """The branch plans and proves; whoever stands above accepts and raises the grade."""
    page = people.secretaries["离退休党支部"]
    page.goto(f"{record}/rectification")
    page.fill("#problems", "组织生活不经常，活动阵地简陋。")
    page.fill("#measures", "每月固定党日；修缮活动室。")
    page.fill("#responsible", "王书记")
    page.fill("#deadline", "2027-06-30")
    screenshot(page, "s1-rectification-new", full_page=True)
    page.click("#save-plan")
    plan = page.url
    page.select_option("#kind", "proof")
    page.fill("#text", "活动室已修好，附照片说明。")
    page.click("#add-entry")
    expect(page.locator("#entries")).to_contain_text("活动室已修好")
    superior = people.superior
    superior.goto(plan)
    superior.select_option("#kind", "accepted")
    superior.fill("#text", "实地查看，验收合格。")
    superior.click("#add-entry")
    expect(superior.locator("#upgrade")).to_be_visible()
    superior.select_option("#grade", "一般")
    superior.locator("#reason").fill("复评得 66 分。")
    superior.click("#upgrade")
    expect(superior.locator("#now")).to_have_text("一般")
    screenshot(superior, "s1-rectification", full_page=True)
    superior.goto(f"{base}/admin/rectifications")
    expect(superior.locator("#plans")).to_contain_text("离退休党支部")


def _audit(auditor: Page, server: Server, screenshot: Take) -> None:
    auditor.goto(f"{server.base}/admin/audit")
    expect(auditor.locator("body")).to_contain_text("黎书记")
    page = auditor.locator("body")
    expect(page).to_contain_text("种类：升级晋位")
    expect(page).to_contain_text("处理结果：部分属实")
    for code in ("upgrade", "partly", "submitted", "accepted"):
        expect(page).not_to_contain_text(code)
    screenshot(auditor, "s1-audit", full_page=True)
    assert json.loads(server.flask("audit", "verify"))["fault"] is None
