"""S3, 商都县: 38 committees and 533 organisations under them, from a roster to five forms.

A sample holds its meetings and is scored by hand; the scores of the others are entered by a
program. With MINGCE_PICTURES=1 the pages are kept in docs/pictures.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import NamedTuple

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.actions.record import change_scores
from app.config import Config
from app.domain.roster import COLUMNS
from app.factory import create_app
from app.models import GradingRecord, db
from tests.browser import offices, staff
from tests.browser.offices import Take
from tests.counties import COUNTY, OFFICE, VILLAGE, roster
from tests.pages import WIDE, Pages
from tests.serving import Server

MEMBERS = 10


class Staff(NamedTuple):
    """Who takes part, each at a laptop of their own."""

    county: Page
    towns: dict[str, Page]
    host: Page
    scrutineer: Page


@pytest.mark.walk
def test_a_county_walks_a_round(
    server: Server, pages: Pages, screenshot: Take, tmp_path: Path
) -> None:
    admin = pages.open(WIDE)
    offices.set_up_first_admin(server, admin)
    _import(admin, server.base, tmp_path, screenshot)
    people = _hire(server, pages, admin)
    page = people.county
    round_url = _begin_round(page, server.base, screenshot)
    _score(server)
    records = {name: _record(page, round_url, name) for name in (VILLAGE, OFFICE)}
    _assess(people, records)
    _hold(server, people, round_url, VILLAGE, 8, MEMBERS, tmp_path)
    _await_everybody(people.host, round_url, screenshot)
    _hold(server, people, round_url, OFFICE, 5, MEMBERS, tmp_path)
    for name, grade, words in (
        (VILLAGE, "一般", "满意率为80.00%"),
        (OFFICE, "较差", "满意率为50.00%"),
    ):
        page.goto(records[name])
        expect(page.locator("#proposed")).to_have_text(grade)
        expect(page.locator("#trace")).to_contain_text(words)
        screenshot(page, f"s3-record-{grade}", full_page=True)
    _publish(page, round_url, screenshot)
    offices.some_days_later(server, 6)
    page.goto(f"{round_url}/final")
    # Meetings are held for a sample; that it is one has to be said.
    expect(page.locator("#untested")).to_contain_text("569 个党组织没有开过测评会")
    page.fill("#why_untested", "测评会抽样召开：嘎查村、机关各抽一个，其余按评分定级。")
    screenshot(page, "s3-final")
    page.click("#finalise-button")
    page.click("#finalise-confirm")
    expect(page.locator("#grades tbody tr strong")).to_have_count(571)
    offices.look_at_forms(page, round_url, "s3", screenshot)
    _summary_adds_up(page, round_url)


def _hire(server: Server, pages: Pages, admin: Page) -> Staff:
    def hire(name: str, role: str, place: str) -> Page:
        return staff.hire(server, pages, admin, name, role, place)

    return Staff(
        county=hire("县委组织部", "superior", COUNTY),
        towns={
            VILLAGE: hire("七台镇党委", "superior", "七台镇党委"),
            OFFICE: hire("县直机关第1党委", "superior", "县直机关第1党委"),
        },
        host=hire("组织部王科长", "host", COUNTY),
        scrutineer=hire("纪委李监票", "scrutineer", COUNTY),
    )


def _assess(people: Staff, records: dict[str, str]) -> None:
    """Each committee scores its own; nobody else's, and not the county's round."""
    for name, record in records.items():
        page = people.towns[name]
        page.goto(f"{record}/assessment")
        page.fill("#total", "95")
        page.click("#save-scores")
        expect(page.locator("#total")).to_have_value("95")
        (other,) = (address for known, address in records.items() if known != name)
        staff.is_refused(page, other)
        staff.is_refused(page, f"{record.split('/records/', maxsplit=1)[0]}/rounds/1/final")


def _import(page: Page, base: str, tmp_path: Path, screenshot: Take) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in ([*COLUMNS], *roster()):
        sheet.append(row)
    file = tmp_path / "花名册.xlsx"
    book.save(file)
    page.goto(f"{base}/admin/organisations")
    screenshot(page, "s3-empty")
    page.click("#import")
    page.set_input_files("#file", file)
    page.click("#preview")
    expect(page.locator("#summary")).to_contain_text("将新建 572 个")
    screenshot(page, "s3-roster-preview")
    page.click("#confirm")
    expect(page.locator("body")).to_contain_text("已新建 572 个")
    screenshot(page, "s3-organisations")


def _begin_round(page: Page, base: str, screenshot: Take) -> str:
    offices.open_round_form(page, base, "shangdu-2012", "2012年商都县基层党组织分类定级")
    page.locator("#totals_only").check()
    page.select_option("#holder", label=COUNTY)
    page.locator("#everybody").check()
    screenshot(page, "s3-round-new")
    page.locator("#save").click()
    expect(page.locator("#records tbody tr")).to_have_count(571)
    round_url = page.url
    screenshot(page, "s3-round")
    page.click("#coverage")
    expect(page.locator("body")).to_contain_text("按方案应定级的党组织都在本轮中")
    screenshot(page, "s3-coverage")
    page.goto(f"{round_url}/progress")
    screenshot(page, "s3-board")
    return round_url


def _score(server: Server) -> None:
    app = create_app(Config.from_env({"MINGCE_DATA": str(server.data), "MINGCE_ROLE": "voting"}))
    with app.app_context():
        for number, record_id in enumerate(db.session.scalars(select(GradingRecord.id)).all()):
            change_scores(record_id, "90", str(96 - number % 45))
        for record in db.session.scalars(select(GradingRecord)).all():
            if record.organisation.name in (VILLAGE, OFFICE):
                change_scores(record.id, "96", "94")
        db.session.remove()
        db.engine.dispose()


def _record(page: Page, round_url: str, name: str) -> str:
    page.goto(round_url)
    link = page.get_by_role("link", name=name, exact=True).get_attribute("href")
    return f"{round_url.split('/admin/', maxsplit=1)[0]}{link}"


def _hold(
    server: Server, people: Staff, round_url: str, subject: str, content: int, came: int, tmp: Path
) -> None:
    """A meeting of ten in which so many are content and the others are not."""
    page = people.host
    meeting = offices.prepare_meeting(
        page, round_url, f"{subject}测评会（{came} 人）", COUNTY, [subject], {"党员": MEMBERS}
    )
    page.goto(f"{meeting}/attendance")
    page.locator("input[name^='present']").first.fill(str(came))
    page.locator("#save").click()
    offices.open_together(page, people.scrutineer, meeting)
    slips = offices.print_slips(page, server.base, came)
    marks = tmp / "marks.json"
    marks.write_text(json.dumps({"s01": {"满意": content, "不满意": came - content}}))
    offices.vote(server, slips, tmp, seed=3, marks=marks)
    offices.close_together(page, people.scrutineer, meeting, came)


def _await_everybody(page: Page, round_url: str, screenshot: Take) -> None:
    """Everybody must come to the meeting of an office; while one is missing it does not open."""
    meeting = offices.prepare_meeting(
        page, round_url, "人没有到齐的测评会", COUNTY, [OFFICE], {"党员": MEMBERS}
    )
    page.goto(f"{meeting}/attendance")
    page.locator("input[name^='present']").first.fill(str(MEMBERS - 1))
    page.locator("#save").click()
    page.goto(f"{meeting}/review")
    expect(page.locator("#obstacles")).to_contain_text("实到 9 人")
    expect(page.locator("#obstacles")).to_contain_text("应由全体党员群众参加")
    expect(page.get_by_role("button", name="开启测评会")).to_be_disabled()
    screenshot(page, "s3-not-everybody-there")


def _publish(page: Page, round_url: str, screenshot: Take) -> None:
    page.goto(f"{round_url}/notice")
    expect(page.locator("#days")).to_have_value("2")
    page.fill("#issuer", "中共商都县委组织部")
    page.fill("#contact", "0474-1234567")
    page.get_by_label("日历日").check()
    page.click("#publish")
    expect(page.locator("#public")).to_be_visible()
    screenshot(page, "s3-notice")


def _summary_adds_up(page: Page, round_url: str) -> None:
    answer = page.request.get(f"{round_url}/forms/summary.xlsx")
    sheet = load_workbook(io.BytesIO(answer.body())).worksheets[0]
    rows = [row for row in sheet.iter_rows(values_only=True) if isinstance(row[1], int)]
    assert len(rows) == 7, "six domains and all together"
    assert sum(row[1] for row in rows[:-1]) == rows[-1][1] == 571
    for row in rows:
        assert sum(value for value in row[2::2] if isinstance(value, int)) == row[1]
