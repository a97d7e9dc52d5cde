"""A vote with the keyboard alone: every stop is seen, none is a trap, and everything is reached."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.meetings import OpenMeeting
from tests.browser.voter import Voter

STOPS_MOST = 40

TO_THE_TOP = "document.body.tabIndex = -1; document.body.focus()"
# A stop shows an outline: its own, or that which the label of a choice draws for it.
STOP = """() => {
  const stop = document.activeElement;
  if (!stop || stop === document.body) return null;
  const label = stop.closest("label");
  const outline = (style) => (style.outlineStyle === "none" ? "0px" : style.outlineWidth);
  const drawn = label && label.classList.contains("choice")
    ? getComputedStyle(label.querySelector(".choice__label"), "::after").borderTopWidth
    : outline(getComputedStyle(label && label.classList.contains("files") ? label : stop));
  const box = (label || stop).getBoundingClientRect();
  return {
    name: stop.getAttribute("aria-label") || (label || stop).textContent.trim() || stop.id,
    outline: parseFloat(drawn),
    shown: box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight,
  };
}"""


class Keyboard:
    """The keys of one page, and what they have come by."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, key: str) -> str:
        """Press a key; the name of the stop that has the focus then, which must be visible."""
        self.page.keyboard.press(key)
        stop = self.page.evaluate(STOP)
        if stop is None:
            return ""
        assert stop["outline"] >= 2, stop
        assert stop["shown"], stop
        return str(stop["name"])

    def to(self, name: str) -> None:
        """Tab on to the stop of this name."""
        seen = []
        for _ in range(STOPS_MOST):
            seen.append(self.press("Tab"))
            if seen[-1] == name:
                return
        raise AssertionError(f"{name!r} is not reached: {seen}")

    def round(self) -> list[str]:
        """All stops from the top of the page until the focus leaves it; the same backwards."""
        self.page.evaluate(TO_THE_TOP)
        stops: list[str] = []
        while stop := self.press("Tab"):
            stops.append(stop)
            assert len(stops) < STOPS_MOST, f"a trap: {stops}"
        assert [self.press("Shift+Tab") for _ in stops] == stops[::-1]
        return stops


def test_a_whole_ballot_by_tab_enter_space_and_arrows(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    slip, keys = meeting.slips[0], Keyboard(phone_page)
    voter = Voter(phone_page, meeting)
    phone_page.goto(meeting.page)
    voter.sees("输入测评票")
    keys.to("token")
    phone_page.keyboard.type(slip.token.lower())
    keys.to("check")
    phone_page.keyboard.type(slip.check)
    phone_page.keyboard.press("Enter")
    voter.sees("怀乡中学党支部分类定级群众测评会")
    keys.to("开始测评")
    phone_page.keyboard.press("Enter")

    voter.sees("教学第一党支部")
    assert phone_page.evaluate("document.activeElement.textContent") == "教学第一党支部"
    keys.to("好")
    phone_page.keyboard.press("Space")
    assert keys.press("ArrowDown") == "较好"
    expect(phone_page.get_by_label("较好", exact=True)).to_be_checked()
    keys.to("下一步")
    phone_page.keyboard.press("Enter")
    voter.sees("教学第二党支部")
    keys.to("好")
    assert keys.press("ArrowUp") == "弃权"
    keys.to("下一步")
    phone_page.keyboard.press("Space")
    voter.sees("后勤离退休党支部")
    keys.to("去核对")
    phone_page.keyboard.press("Enter")

    voter.sees("请核对")
    keys.to("修改：后勤离退休党支部")
    phone_page.keyboard.press("Enter")
    voter.sees("后勤离退休党支部")
    keys.to("好")
    phone_page.keyboard.press("Space")
    keys.to("返回核对")
    phone_page.keyboard.press("Enter")
    voter.sees("请核对")
    assert phone_page.locator(".row__mark").all_inner_texts() == ["较好", "弃权", "好"]
    keys.to("提交选票")
    phone_page.keyboard.press("Enter")
    expect(phone_page.get_by_role("dialog")).to_be_visible()
    phone_page.keyboard.press("Escape")
    expect(phone_page.get_by_role("dialog")).to_have_count(0)
    phone_page.keyboard.press("Enter")
    assert [keys.press("Tab") for _ in range(3)] == ["确认提交", "再看看", "确认提交"]
    phone_page.keyboard.press("Enter")
    voter.done()
    keys.to("几个人合用这部手机")
    phone_page.keyboard.press("Enter")
    keys.to("为另一张票投票")
    meeting.close()
    choices = {
        entry["cell"]: entry["marks"][0][1]
        for entry in phone_page.request.get(meeting.api("box")).json()["lists"]
    }
    assert choices == {"s01.q1": "option2", "s02.q1": "abstain", "s03.q1": "option1"}


def test_no_page_holds_the_focus_and_every_stop_is_seen(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    keys = Keyboard(phone_page)
    size = "大字：现在是标准字号，按一下换一种"
    phone_page.goto(meeting.door)
    assert keys.round() == [
        "English", size, "code", "下一步", "为什么说它是无记名的", "会后核对票箱",
    ]  # fmt: skip
    phone_page.goto(f"{meeting.door}why")
    assert keys.round() == ["English", size, "核对票箱", "返回"]
    phone_page.goto(meeting.page)
    Voter(phone_page, meeting).sees("输入测评票")
    assert keys.round() == ["English", size, "token", "check", "下一步"]
    phone_page.goto(f"{meeting.door}verify")
    assert keys.round() == [
        "English", size, "code", "查找", "下载核对工具", "选择文件", "或者粘贴文件内容",
    ]  # fmt: skip


def test_the_language_and_the_size_are_changed_by_keys(
    phone_page: Page, meeting: OpenMeeting
) -> None:
    keys = Keyboard(phone_page)
    Voter(phone_page, meeting).begin(meeting.slips[0])
    keys.page.evaluate("document.querySelector('h1').blur()")
    keys.to("English")
    phone_page.keyboard.press("Enter")
    assert keys.press("Tab") == "Size of the type: now standard; press to change"
    phone_page.keyboard.press("Space")
    expect(phone_page.locator("#status")).to_have_text("The type is now large")
    expect(phone_page.locator("html")).to_have_attribute("data-size", "1")
