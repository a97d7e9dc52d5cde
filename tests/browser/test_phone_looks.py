"""Type, targets, contrast and structure of the voter's pages, measured on every step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.meetings import OpenMeeting, open_meeting_on
from tests.browser.voter import Voter
from tests.pages import INSECURE_HOST, PHONE, Pages
from tests.serving import Server

SIZES = {
    "tall": {"width": 390, "height": 844},
    "small": {"width": 320, "height": 568},
    "landscape": {"width": 844, "height": 390},
}

AUDIT = (Path(__file__).parent / "audit.js").read_text()


def audit(page: Page, step: str, faults: list[str]) -> None:
    """Measure the page as it stands; what is wrong is added to `faults`."""
    faults += [f"{step}: {fault}" for fault in page.evaluate(AUDIT)]


def test_the_audit_finds_faults(phone_page: Page) -> None:
    phone_page.set_content(
        "<meta name='viewport' content='width=device-width'>"
        "<body><p style='font-size: 17px; color: #999'>小而淡</p>"
        "<button style='height: 40px; width: 900px'>矮</button></body>"
    )
    faults: list[str] = []
    audit(phone_page, "bad", faults)
    kinds = [fault.split()[1].rstrip(":") for fault in faults]
    assert kinds == ["type", "contrast", "type", "target", "cut", "wider"]


@pytest.mark.parametrize("size", [0, 1, 2])
@pytest.mark.parametrize("shape", list(SIZES))
def test_every_step_can_be_read_and_tapped(
    pages: Pages, meeting: OpenMeeting, shape: str, size: int
) -> None:
    faults: list[str] = []
    page = pages.open(PHONE, viewport=SIZES[shape])
    page.add_init_script(f"localStorage.setItem('mingce.size', '{size}')")
    voter = Voter(page, meeting)
    page.goto(meeting.door)
    audit(page, "door", faults)
    page.goto(meeting.page)
    voter.tap("下一步")
    audit(page, "entry", faults)
    voter.scan(meeting.slips[0])
    audit(page, "welcome", faults)
    assert page.evaluate("getComputedStyle(document.body).fontSize") == f"{20 + 5 * size}px"
    voter.tap("开始测评")
    page.get_by_label("较好", exact=True).check()
    audit(page, "card", faults)
    voter.choose("较好", None, "弃权")
    audit(page, "review", faults)
    voter.tap("提交选票")
    audit(page, "dialog", faults)
    voter.tap("确认提交")
    voter.done()
    page.locator("summary").click()
    audit(page, "done", faults)
    voter.scan(meeting.slips[1])
    voter.sees("这部手机已经投过一张票")
    audit(page, "offer", faults)
    voter.tap("返回")
    voter.done()
    meeting.close()
    page.goto(meeting.receipt_page)
    page.get_by_role("button", name="显示我的选择").first.click()
    page.locator("summary").click()
    audit(page, "receipt", faults)
    assert faults == []


def test_the_type_button_steps_to_30_px_and_is_remembered(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    button = phone_page.locator("#size")
    for expected in ("25px", "30px"):
        button.click()
        assert phone_page.evaluate("getComputedStyle(document.body).fontSize") == expected
    phone_page.mouse.wheel(0, 2000)
    expect(button).to_be_in_viewport()
    phone_page.reload()
    voter.sees("教学第一党支部")
    assert phone_page.evaluate("getComputedStyle(document.body).fontSize") == "30px"
    button.click()
    assert phone_page.evaluate("getComputedStyle(document.body).fontSize") == "20px"


def test_a_screen_reader_finds_groups_choices_progress_and_heading(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    voter = Voter(phone_page, meeting)
    voter.begin(meeting.slips[0])
    assert phone_page.locator("html").get_attribute("lang") == "zh-CN"
    group = phone_page.get_by_role("radiogroup", name="您认为该党支部应评为哪个等级?")
    assert [radio.get_attribute("value") for radio in group.get_by_role("radio").all()] == [
        "option1",
        "option2",
        "option3",
        "option4",
        "abstain",
    ]
    voter.tap("下一步")
    assert phone_page.evaluate("document.activeElement.textContent") == "教学第二党支部"
    group.get_by_role("radio", name="较好", exact=True).focus()
    phone_page.keyboard.press("Space")
    phone_page.keyboard.press("ArrowDown")
    expect(group.get_by_role("radio", name="一般")).to_be_checked()
    voter.tap("下一步")
    voter.tap("去核对")
    voter.tap("提交选票")
    dialog = phone_page.get_by_role("dialog", name="确认提交吗？")
    expect(dialog).to_contain_text("有 2 项没有选，按弃权计。提交以后不能修改。")
    assert phone_page.evaluate("document.activeElement.textContent") == "再看看"
    phone_page.keyboard.press("Tab")
    assert phone_page.evaluate("document.activeElement.textContent") == "确认提交"
    phone_page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert phone_page.evaluate("document.activeElement.textContent") == "提交选票"


def looks(page: Page) -> list[dict[str, Any]]:
    """Size and style of each choice of a card."""
    found: list[dict[str, Any]] = page.locator(".choice").evaluate_all(
        """elements => elements.map((element) => {
          const { width, height } = element.getBoundingClientRect();
          const { color, backgroundColor, boxShadow } = getComputedStyle(element);
          const label = getComputedStyle(element.querySelector(".choice__label"));
          return { width, height, color, backgroundColor, boxShadow,
            type: label.fontSize, weight: label.fontWeight, ink: label.color };
        })"""
    )
    return found


def test_all_choices_look_alike(phone_page: Page, hall: Server) -> None:
    for scheme in ("huaixiang-2012", "siba-school-2013"):
        meeting = open_meeting_on(hall, INSECURE_HOST, scheme)
        Voter(phone_page, meeting).begin(meeting.slips[0])
        styles = looks(phone_page)
        assert len(styles) >= 4
        assert all(style == styles[0] for style in styles)
