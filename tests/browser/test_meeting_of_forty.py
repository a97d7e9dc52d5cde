"""A meeting of 40: 30 phones, 4 at the helper's tablet, 6 on paper, to the last slip.

Of the 37 slips one was torn before anybody used it, one was scanned by a phone that then lost its
storage (its owner is one of the six with paper), and one is left over. With MINGCE_PICTURES=1 the
pages are kept in docs/pictures.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from app.domain.encoding import from_b64url
from app.domain.slip import crockford
from tests.browser import offices, staff
from tests.browser.meetings import Slip
from tests.browser.offices import Take
from tests.browser.test_tablet import TABLET, Tablet
from tests.browser.voter import Voter
from tests.pages import PHONE, SCREEN, WIDE, Pages
from tests.serving import Server

SCHOOL = "平安村党总支"
BRANCH = "平安村第一党支部"
TITLE = "平安村党员测评会"
MEMBERS, PHONES, TABLETS, PAPERS = 40, 30, 4, 6
MARKS = ("好", "较好", "一般", None)
PAPER_MARKS = {"option1": 4, "option2": 1}
"""Of the six papers one is invalid."""


class Hall(NamedTuple):
    """The meeting as its paper tells of it."""

    code: str
    door: str

    def address(self, slip: Slip) -> str:
        """What the slip's QR code holds."""
        return f"{self.door}v/{self.code}#{slip.fragment}"


class Staff(NamedTuple):
    """Who sees to the meeting. codes: of the scrutineer, to type at the host's laptop."""

    host: Page
    scrutineer: Page
    teller: Page
    codes: list[str]


@pytest.mark.walk
def test_a_meeting_of_forty_reconciles_to_the_last_slip(
    server: Server, pages: Pages, screenshot: Take, tmp_path: Path
) -> None:
    people, round_url = _prepare(server, pages)
    host = people.host
    meeting = offices.prepare_meeting(host, round_url, TITLE, SCHOOL, [BRANCH], {"党员": MEMBERS})
    host.goto(f"{meeting}/attendance")
    host.locator("input[name^='present']").first.fill(str(MEMBERS))
    host.locator("#save").click()
    offices.open_together(host, people.scrutineer, meeting)
    hall, slips = _print(host, server, PHONES + TABLETS + 3)
    torn, lost, left_over = slips[-3:]
    host.goto(meeting)
    host.fill("[name=token]", torn.token)
    host.click("#void-slip")
    expect(host.locator("#groups")).to_contain_text("党员")
    screen = pages.open(SCREEN)
    screen.goto(host.locator("#display").input_value())

    for number, slip in enumerate(slips[:PHONES]):
        _vote(Voter(pages.open(PHONE), hall), slip, number)
    tablet = Tablet(pages.open(TABLET), hall)  # type: ignore[arg-type]  # it has what is asked for
    tablet.open()
    for number, slip in enumerate(slips[PHONES : PHONES + TABLETS]):
        tablet.enter(slip, TITLE)
        tablet.tap("开始测评")
        tablet.choose(MARKS[number % 4])
        tablet.send()
        tablet.sees("投票成功")
        tablet.tap("下一位")
    _lose(pages, hall, lost)
    expect(screen.locator("#cast")).to_have_text(str(PHONES + TABLETS))
    screenshot(screen, "forty-screen")

    _replace(people, meeting, lost, screenshot)
    _count_papers(people, meeting, screenshot)
    host.goto(meeting)
    screenshot(host, "forty-open", full_page=True)
    # The scrutineer's confirmation still stands.
    _ask_to_close(host, meeting)
    expect(host.locator("body")).to_contain_text("已计票")
    _look_at_count_sheet(server, host, hall, meeting, screenshot, tmp_path)
    assert left_over.token not in host.content()


def _prepare(server: Server, pages: Pages) -> tuple[Staff, str]:
    admin = pages.open(WIDE)
    offices.set_up_first_admin(server, admin)
    offices.make_root(admin, server.base, SCHOOL, "general_branch", [BRANCH])
    superior = staff.hire(server, pages, admin, "乡党委", "superior", SCHOOL)
    host = staff.hire(server, pages, admin, "主持人", "host", SCHOOL)
    scrutineer = staff.hire(server, pages, admin, "监票人", "scrutineer", SCHOOL, PHONE)
    teller = staff.hire(server, pages, admin, "计票人", "scrutineer", SCHOOL)
    offices.open_round_form(superior, server.base, "huaixiang-2012", "2026年平安村分类定级")
    superior.select_option("#holder", label=SCHOOL)
    superior.get_by_label(BRANCH, exact=True).check()
    superior.locator("#totals_only").check()
    superior.locator("#save").click()
    expect(superior.locator("#records")).to_be_visible()
    codes = offices.one_time_codes(server, scrutineer)
    return Staff(host, scrutineer, teller, codes), superior.url


def _print(host: Page, server: Server, number: int) -> tuple[Hall, list[Slip]]:
    addresses = offices.print_slips(host, server.base, number)
    found = re.fullmatch(r"(.*/)v/([0-9A-Z]+)#.*", addresses[0])
    assert found
    fragments = [address.partition("#")[2] for address in addresses]
    digest = from_b64url(fragments[0].partition(".")[2])
    check = crockford(digest[:5])
    slips = [Slip(fragment.partition(".")[0], check, fragment) for fragment in fragments]
    return Hall(found[2], found[1]), slips


def _vote(voter: Voter, slip: Slip, number: int) -> None:
    voter.begin(slip)
    voter.choose(MARKS[number % 4])
    voter.send()
    voter.done()
    voter.page.context.close()


def _lose(pages: Pages, hall: Hall, slip: Slip) -> None:
    """The slip is used; then the phone is dead, with all that it kept."""
    voter = Voter(pages.open(PHONE), hall)
    voter.begin(slip)
    voter.page.context.close()


def _replace(people: Staff, meeting: str, lost: Slip, screenshot: Take) -> None:
    """A paper for whoever cannot vote any more, with the scrutineer."""
    host = people.host
    host.goto(f"{meeting}/papers")
    host.fill("[name='issued.g1']", str(PAPERS - 1))
    host.click("#issue-papers")
    host.goto(f"{meeting}/replacements")
    expect(host.locator("#uncast")).to_have_text("1")
    host.locator("#token").fill(lost.token)
    host.locator("#name").fill("监票人")
    host.locator("#code").fill(people.codes[0])
    host.click("#replace")
    expect(host.locator("#replaced")).to_contain_text("1 张")
    screenshot(host, "forty-replacement", full_page=True)


def _count_papers(people: Staff, meeting: str, screenshot: Take) -> None:
    """Two tellers, each on an account of their own; one of them slips first."""
    _enter(people.teller, meeting, {"option1": 3, "option2": 2})
    _enter(people.host, meeting, PAPER_MARKS)
    expect(people.host.locator("#differences")).to_contain_text(BRANCH)
    screenshot(people.host, "forty-tellers-differ", full_page=True)
    _is_not_closed(people, meeting)
    _enter(people.teller, meeting, PAPER_MARKS)
    expect(people.teller.locator("#agreed")).to_be_visible()


def _is_not_closed(people: Staff, meeting: str) -> None:
    """Though both confirm; the page names the cell in which the tellers differ."""
    offices.confirm(people.scrutineer, meeting)
    _ask_to_close(people.host, meeting)
    refused = people.host.locator(".alert-danger")
    expect(refused).to_contain_text("不一致")
    expect(refused).to_contain_text(BRANCH)


def _ask_to_close(host: Page, meeting: str) -> None:
    host.goto(f"{meeting}/close")
    host.locator("#present").fill(str(MEMBERS))
    host.locator("#understood").check()
    host.locator("#close-confirm").click()


def _enter(page: Page, meeting: str, marks: dict[str, int]) -> None:
    page.goto(f"{meeting}/papers")
    page.fill("[name='valid.g1']", str(PAPERS - 1))
    page.fill("[name='invalid.g1']", "1")
    for control in page.locator("[name^='n.g1.']").all():
        choice = (control.get_attribute("name") or "").rpartition(".")[2]
        control.fill(str(marks.get(choice, "")))
    page.click("#count-papers")


def _look_at_count_sheet(
    server: Server, host: Page, hall: Hall, meeting: str, screenshot: Take, tmp_path: Path
) -> None:
    host.goto(f"{meeting}/count-sheet")
    sums = host.locator("tr.sum td").all_inner_texts()
    # 应到 实到 发出(36: without the torn and the lost) 收回 有效 扫码未投 未用 作废
    assert sums == ["40", "40", "35", "34", "34", "0", "1", "2"]
    paper = host.locator("#paper tbody td").all_inner_texts()
    assert paper == ["6", "6", "5", "1", "0", "0"]
    expect(host.locator("#checks")).not_to_contain_text("✗")
    expect(host.locator("#validity")).to_contain_text("本次测评有效")
    marks = host.locator("table.result").first.locator("tbody td").all_inner_texts()
    # 34 on phones and the tablet in turn, and 5 on paper: 9+4, 9+1, 8, 0, 8 abstained.
    assert marks[:5] == ["13", "10", "8", "0", "8"]
    offices.picture_of_paper(host, "forty-count-sheet", screenshot)
    box = tmp_path / "box.json"
    box.write_bytes(host.request.get(f"{server.base}/api/v1/meetings/{hall.code}/box").body())
    server.flask("box", "verify", str(box))
