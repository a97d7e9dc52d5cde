"""S4, 阿坞乡: six villages at once, with the survey and the household visits before them.

With MINGCE_PICTURES=1 the pages are kept in docs/pictures.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.browser import offices, staff
from tests.browser.offices import Take
from tests.pages import SCREEN, WIDE, Pages
from tests.serving import Server

TOWNSHIP = "阿坞乡党委"
VILLAGES = ("阿坞村", "河西村", "上庄村", "下庄村", "南沟村", "北山村")
SELF = ("92", "85", "81", "79.99", "66", "58")
SUPERIOR = ("90", "83", "80", "79.99", "61", "59.5")
PROPOSED = ("先进", "先进", "先进", "一般", "一般", "后进")
GROUPS = {"党员": 5, "村民代表": 4, "两代表一委员": 3}


class Staff(NamedTuple):
    """Who takes part, each at a laptop of their own. secretaries: one for each village."""

    township: Page
    secretaries: list[Page]
    host: Page
    scrutineer: Page


@pytest.mark.walk
def test_six_villages_walk_a_round_at_once(
    server: Server, pages: Pages, screenshot: Take, tmp_path: Path
) -> None:
    admin = pages.open(WIDE)
    offices.set_up_first_admin(server, admin)
    branches = [f"{village}党支部" for village in VILLAGES]
    offices.make_root(admin, server.base, TOWNSHIP, "committee", branches)
    people = _hire(server, pages, admin, branches)
    page = people.township
    round_url, records = _begin_round(page, server.base, branches, screenshot)
    _survey(people.secretaries[0], records, screenshot)
    for secretary, record, score in zip(people.secretaries, records, SELF, strict=True):
        _assess_oneself(secretary, record, score)
        offices.recheck(page, record)
    meetings = [_open(people, round_url, branch) for branch in branches]
    _all_vote_at_once(server, people.host, meetings, tmp_path)
    _look_at_a_screen(pages, people.host, meetings[0], screenshot)
    for meeting in meetings:
        _close(people, meeting)
    page.goto(f"{round_url}")
    screenshot(page, "s4-round", full_page=True)
    for record, score, proposed in zip(records, SUPERIOR, PROPOSED, strict=True):
        _decide(page, record, score, proposed)
    page.goto(f"{round_url}/progress")
    screenshot(page, "s4-board", full_page=True)
    _publish(page, round_url)
    offices.some_days_later(server, 8)
    page.goto(f"{round_url}/final")
    page.click("#finalise-button")
    page.click("#finalise-confirm")
    expect(page.locator("#grades strong")).to_have_text(list(PROPOSED))
    screenshot(page, "s4-final", full_page=True)
    offices.look_at_forms(page, round_url, "s4", screenshot)


def _hire(server: Server, pages: Pages, admin: Page, branches: list[str]) -> Staff:
    def hire(name: str, role: str, place: str) -> Page:
        return staff.hire(server, pages, admin, name, role, place)

    return Staff(
        township=hire("乡组织委员", "superior", TOWNSHIP),
        secretaries=[hire(f"{b}书记", "branch_secretary", b) for b in branches],
        host=hire("乡党建办主任", "host", TOWNSHIP),
        scrutineer=hire("乡纪委监票人", "scrutineer", TOWNSHIP),
    )


def _begin_round(
    page: Page, base: str, branches: list[str], screenshot: Take
) -> tuple[str, list[str]]:
    offices.open_round_form(page, base, "awu-villages-2012", "2012年阿坞乡六村分类定级")
    page.locator("#totals_only").check()
    page.select_option("#holder", label=TOWNSHIP)
    for branch in branches:
        page.get_by_label(branch, exact=True).check()
    page.locator("#save").click()
    expect(page.locator("#records")).to_be_visible()
    round_url = page.url
    links = [page.get_by_role("link", name=b, exact=True).get_attribute("href") for b in branches]
    page.goto(f"{round_url}/steps")
    screenshot(page, "s4-steps", full_page=True)
    page.click("#save-steps")
    return round_url, [f"{base}{link}" for link in links]


def _survey(page: Page, records: list[str], screenshot: Take) -> None:
    page.goto(f"{records[0]}/survey")
    for field in page.locator("form.card input.form-control").all():
        field.fill("0")
    for field in page.locator("form.card textarea").all():
        field.fill("班子团结，村务公开。")
    for field in page.locator("form.card select").all():
        field.select_option("yes")
    page.click("#finish")
    expect(page.locator("body")).to_contain_text("调查摸底已填完")
    for number, household in enumerate(("第一户", "")):
        page.goto(f"{records[0]}/visits/new")
        page.fill("#visitor", "驻村干部")
        page.fill("#household", household)
        for row in page.locator("#ratings tbody tr").all():
            row.get_by_role("radio").nth(number).check()
        page.fill("#opinion", "希望修好村口的路。")
        page.click("#save-visit")
    expect(page.locator("#visit-list tbody tr")).to_have_count(2)
    screenshot(page, "s4-survey", full_page=True)


def _assess_oneself(page: Page, record: str, total: str) -> None:
    page.goto(f"{record}/self")
    page.fill("#present", "班子全体成员，党员代表五名")
    page.fill("#evidence-1", "支部书记年富力强。")
    page.fill("#total", total)
    page.click("#submit-self")
    expect(page.locator("#self-total")).to_have_text(total)


def _open(people: Staff, round_url: str, branch: str) -> str:
    page = people.host
    meeting = offices.prepare_meeting(
        page, round_url, f"{branch}测评会", TOWNSHIP, [branch], GROUPS, k=3
    )
    offices.open_together(page, people.scrutineer, meeting)
    return meeting


def _all_vote_at_once(server: Server, page: Page, meetings: list[str], tmp_path: Path) -> None:
    halls: list[list[str]] = []
    for meeting in meetings:
        halls.append([])
        for number, expected in enumerate(GROUPS.values(), start=1):
            page.goto(meeting)
            page.locator("#group").select_option(f"g{number}")
            halls[-1] += offices.print_slips(page, server.base, expected)
    with ThreadPoolExecutor(3) as pool:
        votes = [
            pool.submit(offices.vote, server, slips, tmp_path, seed)
            for seed, slips in enumerate(halls)
        ]
    for vote in votes:
        vote.result()


def _look_at_a_screen(pages: Pages, page: Page, meeting: str, screenshot: Take) -> None:
    page.goto(meeting)
    screen = pages.open(SCREEN)
    screen.goto(page.locator("#display").input_value())
    expect(screen.locator("#cast")).to_have_text(str(sum(GROUPS.values())))
    screenshot(screen, "s4-screen")


def _close(people: Staff, meeting: str) -> None:
    offices.close_together(people.host, people.scrutineer, meeting, sum(GROUPS.values()))


def _decide(page: Page, record: str, score: str, proposed: str) -> None:
    page.goto(f"{record}/assessment")
    page.fill("#total", score)
    page.click("#save-scores")
    expect(page.locator("#proposed")).to_have_text(proposed)
    offices.decide(page, record, proposed)


def _publish(page: Page, round_url: str) -> None:
    page.goto(f"{round_url}/notice")
    page.fill("#issuer", TOWNSHIP)
    page.fill("#contact", "乡党建办 0934-1234567")
    page.fill("#days", "7")
    page.get_by_label("日历日").check()
    page.click("#publish")
    expect(page.locator("#public")).to_be_visible()
