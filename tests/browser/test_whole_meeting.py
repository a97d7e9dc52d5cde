"""The main job, end to end, as its people do it: from the first admin to three grading records.

With MINGCE_PICTURES=1 the pages are kept in docs/pictures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect

from tests.browser import offices, staff
from tests.browser.meetings import Slip
from tests.browser.voter import Voter
from tests.pages import PHONE, SCREEN, SMALL_PHONE, WIDE, Pages
from tests.serving import Server

BRANCHES = ("第一党支部", "第二党支部", "第三党支部")
SCORES = {"第一党支部": ("95", "91.5"), "第二党支部": ("90", "89.999"), "第三党支部": ("82", "59")}
GRADES = {"第一党支部": "好", "第二党支部": "较好", "第三党支部": "较差"}
SLIPS = 30
SCRUTINEER = "李监票"
PASSWORD = "一个很长的密码 2026"

A4: ViewportSize = {"width": 794, "height": 1123}

Take = Callable[..., Path]


class Paper:
    """What the admin has printed: the slips of the one page that shows them."""

    def __init__(self, base: str, code: str) -> None:
        self.base, self.code = base, code
        self.slips: list[Slip] = []

    def address(self, slip: Slip) -> str:
        return f"{self.base}/v/{self.code}#{slip.fragment}"


def test_a_meeting_from_the_first_admin_to_three_grading_records(
    server: Server, pages: Pages, screenshot: Take, tmp_path: Path
) -> None:
    admin = pages.open(WIDE)
    _set_up_first_admin(server, admin, screenshot)
    _make_organisations(admin, screenshot)
    _make_round(admin, screenshot)
    round_page = admin.url
    _enter_scores(admin)
    phone = staff.hire(server, pages, admin, SCRUTINEER, "scrutineer", "怀乡中学党总支", PHONE)
    codes = offices.one_time_codes(server, phone)
    screenshot(phone, "phone-codes")
    admin.goto(round_page)
    _prepare_meeting(admin, server.base, codes[0], screenshot)

    meeting_page = admin.url
    screen = pages.open(SCREEN)
    screen.goto(admin.locator("#display").input_value())
    expect(screen.locator("#code")).to_contain_text(_code(admin))
    paper = _print_slips(admin, server.base, screenshot)
    admin.goto(meeting_page)
    screenshot(admin, "admin-meeting-open")

    voters = _three_vote_by_hand(pages, paper, screenshot)
    expect(screen.locator("#cast")).to_have_text("3")
    expect(screen.locator("#rows")).to_be_hidden()
    screenshot(screen, "screen-start")
    _the_rest_vote(server, paper, tmp_path)
    expect(screen.locator("#cast")).to_have_text(str(SLIPS))
    expect(screen.locator("#rows")).to_be_visible()
    expect(screen.locator("#remark")).to_contain_text("25")
    screen.wait_for_timeout(1500)  # the bars glide to their length before the picture
    screenshot(screen, "screen-live")

    _records_follow_provisionally(admin, screenshot)
    admin.goto(meeting_page)
    digest = _close(admin, phone, meeting_page, screenshot)
    expect(screen.locator("#badge")).to_contain_text("最终")
    screen.wait_for_timeout(1500)  # the bars glide to their last length before the picture
    screenshot(screen, "screen-final")
    assert digest in re.sub(r"\s", "", screen.locator("#digest").inner_text())

    _records_are_final(admin, screenshot)
    _receipt_shows_the_marks(voters[0], paper, screenshot)


def _set_up_first_admin(server: Server, admin: Page, screenshot: Take) -> None:
    link = server.flask("admin-link").strip()
    admin.goto(link)
    screenshot(admin, "admin-first")
    admin.get_by_label("用户名").fill("管理员")
    admin.get_by_label("密码", exact=True).fill(PASSWORD)
    admin.locator("#again").fill(PASSWORD)
    admin.locator("#save").click()
    expect(admin).to_have_url(re.compile(r"/admin/$"))
    screenshot(admin, "admin-empty")
    assert server.flask("admin-link").strip() == ""
    again = admin.request.get(link)
    assert again.status == 403


def _make_organisations(admin: Page, screenshot: Take) -> None:
    admin.get_by_role("link", name="组织", exact=True).click()
    admin.locator("#new-organisation").click()
    admin.get_by_label("名称").fill("怀乡中学党总支")
    admin.locator("#kind").select_option("general_branch")
    admin.locator("#save").click()
    admin.get_by_role("link", name="组织", exact=True).first.click()
    admin.get_by_role("link", name="添加党支部").click()
    admin.locator("#names").fill("\n".join(BRANCHES))
    admin.locator("#save").click()
    admin.get_by_role("link", name="组织", exact=True).first.click()
    for branch in BRANCHES:
        expect(admin.get_by_role("link", name=branch)).to_be_visible()
    screenshot(admin, "admin-organisations")


def _make_round(admin: Page, screenshot: Take) -> None:
    admin.get_by_role("link", name="轮次", exact=True).click()
    admin.locator("a[href$='/admin/rounds/new']").first.click()
    admin.locator("#choose-huaixiang-2012").first.click()
    admin.locator("#title").fill("2026年党支部分类定级")
    admin.locator("#totals_only").check()
    for branch in BRANCHES:
        admin.get_by_label(branch, exact=True).check()
    screenshot(admin, "admin-round-new", full_page=True)
    admin.locator("#save").click()
    for branch in BRANCHES:
        expect(admin.get_by_role("link", name=branch)).to_be_visible()


def _enter_scores(admin: Page) -> None:
    round_page = admin.url
    for branch, (own, superior) in SCORES.items():
        admin.goto(round_page)
        admin.get_by_role("link", name=branch).click()
        admin.locator("#self_score").fill(own)
        admin.locator("#superior_score").fill(superior)
        admin.locator("#save-scores").click()
        expect(admin.locator("#proposed")).to_have_text(GRADES[branch])
    admin.goto(round_page)


def _prepare_meeting(admin: Page, base: str, code: str, screenshot: Take) -> None:
    admin.locator("a[href$='/meetings/new']").first.click()
    admin.locator("#title").fill("怀乡中学党总支党员群众测评会")
    admin.locator("#host").fill("怀乡中学党总支")
    admin.locator("#wifi").fill("怀乡中学会议室")
    admin.locator("#base_url").fill(base)
    screenshot(admin, "admin-wizard-settings")
    admin.locator("#next").click()
    for branch in BRANCHES:
        admin.get_by_label(branch, exact=True).check()
    screenshot(admin, "admin-wizard-subjects")
    admin.locator("#next").click()
    admin.locator("[name=name]").first.fill("党员")
    admin.locator("[name=expected]").first.fill("2")
    admin.locator("#next").click()
    admin.locator("#policy-batched").check()
    admin.locator("#k").fill("5")
    screenshot(admin, "admin-wizard-policy")
    admin.locator("#next").click()
    expect(admin.locator("#obstacles")).to_contain_text("少于 5 人")
    expect(admin.get_by_role("button", name="开启测评会")).to_be_disabled()
    screenshot(admin, "admin-wizard-obstacles")
    admin.locator("#obstacles").get_by_role("link", name="参会人员").first.click()
    admin.locator("[name=expected]").first.fill(str(SLIPS))
    admin.locator("#next").click()
    admin.locator("#next").click()
    screenshot(admin, "admin-wizard-review")
    admin.locator("#open-button").click()
    admin.locator("#open-confirm").click()
    offices.type_code(admin, SCRUTINEER, "0000-0000")
    expect(admin.locator(".alert-danger")).to_contain_text("不对")
    screenshot(admin, "admin-waiting", full_page=True)
    offices.type_code(admin, SCRUTINEER, code)
    expect(admin.locator("#issue")).to_be_visible()


def _code(admin: Page) -> str:
    return admin.locator(".code").first.inner_text().strip()


def _print_slips(admin: Page, base: str, screenshot: Take) -> Paper:
    paper = Paper(base, _code(admin))
    admin.locator("#number").fill(str(SLIPS))
    admin.locator("#issue").click()
    expect(admin.locator("article.slip")).to_have_count(SLIPS)
    _picture_of_paper(admin, "slips", screenshot)
    digest = _key_digest(admin, base, paper.code)
    for article in admin.locator("article.slip").all():
        token = "".join(article.locator(".slip-code span").all_inner_texts())
        token = re.sub(r"[^0-9A-Z]", "", token)
        assert len(token) == 16
        paper.slips.append(Slip(token, "", f"{token}.{digest}"))
    assert len({slip.token for slip in paper.slips}) == SLIPS
    admin.once("dialog", lambda dialog: dialog.accept())
    admin.locator("#done").click()
    expect(admin.locator("#issue")).to_be_visible()
    return paper


def _picture_of_paper(admin: Page, name: str, screenshot: Take) -> None:
    """As it comes out of the printer: A4 at 96 points an inch."""
    admin.emulate_media(media="print")
    admin.set_viewport_size(A4)
    screenshot(admin, name, full_page=True)
    admin.set_viewport_size(WIDE["viewport"])
    admin.emulate_media(media="screen")


def _key_digest(admin: Page, base: str, code: str) -> str:
    """As an independent phone works it out; the QR codes hold the same, which scanning shows."""
    from app.domain.credential import key_digest
    from app.domain.encoding import b64url, from_b64url

    answer = admin.request.get(f"{base}/api/v1/meetings/{code}").json()
    keys = {group["code"]: from_b64url(group["public_key"]) for group in answer["groups"]}
    return b64url(key_digest(keys))


def _three_vote_by_hand(pages: Pages, paper: Paper, screenshot: Take) -> list[Voter]:
    marks = [("好", "好", "一般"), ("较好", None, "较差"), ("好", "较好", "较好")]
    voters = []
    for number, (slip, labels) in enumerate(zip(paper.slips, marks, strict=False)):
        voter = Voter(pages.open(SMALL_PHONE if number == 1 else PHONE), paper)
        voter.scan(slip)
        if number == 0:
            expect(voter.page.get_by_role("button", name="开始测评")).to_be_visible()
            screenshot(voter.page, "phone-welcome")
        voter.tap("开始测评")
        expect(voter.page.locator(".step-card")).to_be_visible()
        if number == 0:
            voter.page.get_by_label("好", exact=True).check()
            screenshot(voter.page, "phone-card")
        if number == 1:
            screenshot(voter.page, "phone-card-small")
        voter.choose(*labels)
        screenshot(voter.page, f"phone-review-{number}")
        voter.send()
        voter.done()
        screenshot(voter.page, f"phone-done-{number}")
        voters.append(voter)
    return voters


def _the_rest_vote(server: Server, paper: Paper, tmp_path: Path) -> None:
    rest = tmp_path / "slips.txt"
    rest.write_text("\n".join(paper.address(slip) for slip in paper.slips[3:]))
    voters = str(SLIPS - 3)
    told = json.loads(
        server.flask(
            *("simulate", "--base", server.base, "--slips", str(rest)),
            *("--voters", voters, "--concurrency", "3", "--seed", "7"),
        )
    )
    assert told["cast"] == SLIPS - 3
    assert told["failed"] == 0


def _records_follow_provisionally(admin: Page, screenshot: Take) -> None:
    _open_record(admin, "第一党支部")
    expect(admin.locator("#mass-provisional")).to_contain_text("前 25 票")
    screenshot(admin, "admin-record-provisional")


def _open_record(admin: Page, branch: str) -> None:
    admin.get_by_role("link", name="轮次", exact=True).click()
    admin.get_by_role("link", name="2026年党支部分类定级").first.click()
    admin.get_by_role("link", name=branch).first.click()


def _close(admin: Page, phone: Page, meeting: str, screenshot: Take) -> str:
    admin.locator("#close-meeting").click()
    admin.locator("#present").fill(str(SLIPS))
    admin.locator("#understood").check()
    screenshot(admin, "admin-close")
    admin.locator("#close-confirm").click()
    offices.confirm(phone, meeting)
    expect(admin.locator("body")).to_contain_text("已计票")
    screenshot(admin, "admin-meeting-closed", full_page=True)
    admin.get_by_role("link", name="计票单").first.click()
    expect(admin.locator("body")).to_contain_text("监票人")
    sheet = re.sub(r"\s", "", admin.locator("body").inner_text())
    _picture_of_paper(admin, "count-sheet", screenshot)
    found = re.search(r"[0-9a-f]{64}", sheet)
    assert found, sheet
    return found.group()


def _records_are_final(admin: Page, screenshot: Take) -> None:
    admin.go_back()
    for branch, grade in GRADES.items():
        _open_record(admin, branch)
        expect(admin.locator("#proposed")).to_have_text(grade)
        expect(admin.locator("#mass-final")).to_contain_text(f"÷ {SLIPS}")
        expect(admin.locator("#trace")).to_contain_text("90分以上为“好”")
    expect(admin.locator("#trace")).to_contain_text("59分")
    _open_record(admin, "第一党支部")
    screenshot(admin, "admin-record", full_page=True)


def _receipt_shows_the_marks(voter: Voter, paper: Paper, screenshot: Take) -> None:
    page = voter.page
    page.goto(f"{paper.base}/r/{paper.code}")
    page.get_by_role("button", name="显示我的选择").first.click()
    expect(page.get_by_role("heading", name="您的 3 项都已计入")).to_be_visible()
    assert page.locator(".row__mark").all_inner_texts() == ["好", "好", "一般"]
    screenshot(page, "phone-receipt")
