"""Type, targets, contrast and structure of the voter's pages; on every step: test_accessible."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.examine import AUDIT, SHAPES, axe
from tests.browser.meetings import OpenMeeting, open_meeting_on
from tests.browser.voter import Voter
from tests.pages import INSECURE_HOST, PHONE, Pages
from tests.serving import Server

SIZES = SHAPES


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


OUTLINED = """() => {
  const bare = [];
  for (const element of document.querySelectorAll(".weui-btn, .choice, .choice__sign")) {
    const { borderTopWidth, borderTopStyle } = getComputedStyle(element);
    if (borderTopStyle === "none" || parseFloat(borderTopWidth) < 1) bare.push(element.outerHTML);
  }
  return bare;
}"""


def test_colours_of_the_device_s_own_leave_everything_outlined(
    pages: Pages, meeting: OpenMeeting
) -> None:
    """Where the device paints all grounds and drops shadows, as Windows does at high contrast."""
    page = pages.open(PHONE, forced_colors="active", color_scheme="dark")
    Voter(page, meeting).begin(meeting.slips[0])
    page.get_by_label("较好", exact=True).check()
    assert page.evaluate(OUTLINED) == []
    signs = page.locator(".choice__sign").evaluate_all(
        "signs => signs.map((sign) => getComputedStyle(sign).backgroundColor)"
    )
    # The one chosen is filled, and no other.
    assert sorted(map(signs.count, set(signs))) == [1, 4]


def test_who_asks_for_more_contrast_gets_lines_and_words_in_full_black(
    pages: Pages, meeting: OpenMeeting
) -> None:
    page = pages.open(PHONE, contrast="more")
    Voter(page, meeting).begin(meeting.slips[0])
    quiet, line = page.evaluate(
        """() => [
          getComputedStyle(document.querySelector(".hint")).color,
          getComputedStyle(document.querySelector(".choice")).boxShadow,
        ]"""
    )
    assert quiet == "rgb(0, 0, 0)"
    assert line.startswith("rgb(0, 0, 0)")
    assert axe(page) == []
