"""One meeting with phones and papers: two tellers differ, mend it, and the sheet reconciles."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from app.actions.account import create_account
from app.config import Config
from app.factory import create_app
from tests.browser.meetings import OpenMeeting, open_meeting_on
from tests.pages import WIDE, Pages
from tests.serving import Server

Take = Callable[..., Path]
PASSWORD = "a long enough password"


def test_phones_and_papers_come_into_one_tally(
    server: Server, pages: Pages, screenshot: Take, tmp_path: Path
) -> None:
    meeting = open_meeting_on(server, slips=13)
    first, second = (_teller(server, pages, name) for name in ("王计票", "李计票"))
    papers = f"{server.base}/admin/meetings/{meeting.id}/papers"
    first.goto(papers)
    first.locator("[name='issued.g1']").fill("6")
    first.locator("#issue-papers").click()
    first.goto(f"{papers}/g1")
    first.emulate_media(media="print")
    first.set_viewport_size({"width": 794, "height": 1123})
    # Boxes of 20 pt: who has left the glasses at home ticks the right one.
    box = first.locator(".ballot-paper td").first
    assert box.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") > 26
    screenshot(first, "paper-ballot")
    first.emulate_media(media="screen")
    first.set_viewport_size(WIDE["viewport"])

    _phones_vote(server, meeting, tmp_path)
    _count(first, papers, "option1")
    _count(second, papers, "option2")
    expect(second.locator("#differences")).to_contain_text("教学第一党支部")
    screenshot(second, "papers-differ", full_page=True)
    _count(second, papers, "option1")
    expect(second.locator("#agreed")).to_be_visible()

    first.goto(f"{server.base}/admin/meetings/{meeting.id}")
    screenshot(first, "meeting-with-papers", full_page=True)
    first.locator("#attendance").click()
    first.locator("[name='present.g1']").fill("18")
    first.locator("[name='present.g2']").fill("1")
    screenshot(first, "attendance")
    first.locator("#save").click()
    first.locator("#close-meeting").click()
    first.locator("#present").fill("19")
    first.locator("#understood").check()
    first.locator("#close-confirm").click()
    second.goto(f"{server.base}/admin/meetings/{meeting.id}/confirm")
    second.locator("#understood").check()
    second.locator("#confirm").click()
    first.locator("#count-sheet").click()
    expect(first.locator("#paper-note")).to_contain_text("手机 13 张，纸质 5 张，共 18 张")
    first.emulate_media(media="print")
    first.set_viewport_size({"width": 794, "height": 1123})
    channels = first.locator("#channels")
    assert channels.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") < 14
    screenshot(first, "count-sheet-with-papers", full_page=True)


def _teller(server: Server, pages: Pages, name: str) -> Page:
    app = create_app(Config.from_env({"MINGCE_DATA": str(server.data)}))
    with app.app_context():
        create_account(name, PASSWORD)
    page = pages.open(WIDE)
    page.goto(f"{server.base}/admin/login")
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_label("密码", exact=True).press("Enter")
    expect(page).not_to_have_url(f"{server.base}/admin/login")
    return page


def _phones_vote(server: Server, meeting: OpenMeeting, tmp_path: Path) -> None:
    addresses = tmp_path / "slips.txt"
    addresses.write_text("\n".join(meeting.address(slip) for slip in meeting.slips))
    words = ("simulate", "--base", server.base, "--slips", str(addresses), "--seed", "3")
    assert json.loads(server.flask(*words))["cast"] == len(meeting.slips)


def _count(page: Page, papers: str, choice: str) -> None:
    """Five valid papers of 党员, all alike, and one spoilt."""
    page.goto(papers)
    page.locator("[name='valid.g1']").fill("5")
    page.locator("[name='invalid.g1']").fill("1")
    for control in page.locator("[name^='n.g1.']").all():
        wanted = (control.get_attribute("name") or "").endswith(choice)
        control.fill("5" if wanted else "")
    page.locator("#count-papers").click()
    expect(page.locator(".alert-info, #agreed, #differences").first).to_be_visible()
