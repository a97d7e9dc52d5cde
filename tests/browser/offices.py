"""A round as the people of the office walk it: what each of them clicks and fills in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from playwright.sync_api import Error, Page, ViewportSize, expect

from app.domain.credential import key_digest
from app.domain.encoding import b64url, from_b64url
from tests.serving import Server

PASSWORD = "一个很长的密码 2026"
DAYS = "TEST_DAYS_LATER"
"""The setting of tests.later, which must not be imported here: it puts the calendar forward."""
A4: ViewportSize = {"width": 794, "height": 1123}
Take = Callable[..., Path]


def set_up_first_admin(server: Server, page: Page, name: str = "管理员") -> None:
    """Name and password by the link that the console shows."""
    page.goto(server.flask("admin-link").strip())
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.locator("#again").fill(PASSWORD)
    page.locator("#save").click()
    expect(page).to_have_url(re.compile(r"/admin/$"))


def log_in(server: Server, page: Page, name: str, password: str = PASSWORD) -> None:
    """From the log-in page to the board."""
    page.goto(f"{server.base}/admin/login")
    page.fill("#name", name)
    page.fill("#password", password)
    page.click("#log-in")
    expect(page).to_have_url(re.compile(r"/admin/"))


def one_time_codes(server: Server, phone: Page) -> list[str]:
    """The scrutineer makes codes to type at the host's computer."""
    phone.goto(f"{server.base}/admin/codes")
    phone.click("#make-codes")
    expect(phone.locator("#codes li").first).to_be_visible()
    return [code.strip() for code in phone.locator("#codes li").all_inner_texts()]


def confirm(phone: Page, meeting: str) -> None:
    """The scrutineer confirms what stands next: opening a draft, or closing an open meeting."""
    try:
        phone.goto(f"{meeting}/confirm")
    except Error as error:
        # The page before goes on by itself when the host has acted, perhaps in this very moment.
        if "ERR_ABORTED" not in str(error):
            raise
        phone.goto(f"{meeting}/confirm")
    for tick in phone.locator("#understood").all():
        tick.check()
    phone.click("#confirm")
    expect(phone.locator(".alert-success")).to_contain_text("已确认")


def type_code(page: Page, name: str, code: str) -> None:
    """At the host's computer, instead."""
    page.fill("#name", name)
    page.fill("#code", code)
    page.click("#confirm-code")


def open_together(page: Page, phone: Page, meeting: str) -> None:
    """The scrutineer has confirmed when the host opens."""
    confirm(phone, meeting)
    page.goto(f"{meeting}/review")
    page.locator("#open-button").click()
    page.locator("#open-confirm").click()
    expect(page.locator("#issue")).to_be_visible()


def close_together(page: Page, phone: Page, meeting: str, present: int) -> None:
    """The scrutineer has confirmed when the host closes."""
    confirm(phone, meeting)
    page.goto(f"{meeting}/close")
    page.locator("#present").fill(str(present))
    page.locator("#understood").check()
    page.locator("#close-confirm").click()
    expect(page.locator("body")).to_contain_text("已计票")


def make_root(page: Page, base: str, name: str, kind: str, branches: Sequence[str]) -> None:
    """An organisation with branches under it."""
    page.goto(f"{base}/admin/organisations/new")
    page.get_by_label("名称").fill(name)
    page.locator("#kind").select_option(kind)
    page.locator("#save").click()
    page.goto(f"{base}/admin/organisations")
    page.get_by_role("link", name="添加党支部").first.click()
    page.locator("#names").fill("\n".join(branches))
    page.locator("#save").click()
    for branch in branches:
        expect(page.get_by_role("link", name=branch, exact=True)).to_be_visible()


def open_round_form(page: Page, base: str, scheme: str, title: str) -> None:
    """The form of a new round, with its title in it."""
    page.goto(f"{base}/admin/rounds")
    page.locator("a[href$='/admin/rounds/new']").first.click()
    page.locator(f"#choose-{scheme}").first.click()
    page.locator("#title").fill(title)


def fill_points(page: Page, round_url: str, points: Sequence[str]) -> None:
    """What each indicator counts in this round, where the document says nothing."""
    page.goto(f"{round_url}/points")
    for number, value in enumerate(points, start=1):
        page.fill(f"#points-{number}", value)
    page.click("#save-points")


def assess_oneself(
    page: Page, record_url: str, present: str, scores: Sequence[str], evidence: Sequence[str]
) -> None:
    """The branch writes its self-assessment and submits it."""
    page.goto(f"{record_url}/self")
    page.fill("#present", present)
    page.fill("#report", "本年度工作情况和自我认级说明，经支部委员会讨论通过。")
    for number, words in enumerate(evidence, start=1):
        page.fill(f"#evidence-{number}", words)
    for number, score in enumerate(scores, start=1):
        page.fill(f"#score-{number}", score)
    page.click("#submit-self")
    expect(page.locator("#self-total")).to_be_visible()


def recheck(page: Page, record_url: str, reasons: str = "") -> None:
    """The superior accepts a self-assessment, or returns it with reasons."""
    page.goto(f"{record_url}/self")
    if reasons:
        page.fill("#reasons", reasons)
    page.click("#return" if reasons else "#accept")
    expect(page.locator("body")).to_contain_text("退回" if reasons else "通过")


def assess(page: Page, record_url: str, scores: Sequence[str], comment: str) -> str:
    """The superior's scores per indicator; the grade that is proposed."""
    page.goto(f"{record_url}/assessment")
    for number, score in enumerate(scores, start=1):
        page.fill(f"#score-{number}", score)
    page.fill("#comment-1", comment)
    page.click("#save-scores")
    expect(page.locator("#proposed")).not_to_have_text("还不能建议")
    return page.locator("#proposed").inner_text().strip()


def decide(page: Page, record_url: str, grade: str, reason: str = "") -> None:
    """The superior decides."""
    page.goto(f"{record_url}/assessment")
    page.get_by_role("radio", name=re.compile(f"^{grade}")).check()
    page.fill("#reason", reason)
    page.click("#decide")
    expect(page.locator("#decisions")).to_contain_text(grade)


def prepare_meeting(
    page: Page,
    round_url: str,
    title: str,
    host: str,
    subjects: Sequence[str],
    groups: Mapping[str, int],
    k: int = 5,
) -> str:
    """Through the wizard up to its last page; the meeting's address."""
    page.goto(f"{round_url}/meetings/new")
    page.fill("#title", title)
    page.fill("#host", host)
    page.click("#next")
    for subject in subjects:
        page.get_by_label(subject, exact=True).check()
    page.click("#next")
    for number, (name, expected) in enumerate(groups.items()):
        page.locator("[name=name]").nth(number).fill(name)
        page.locator("[name=expected]").nth(number).fill(str(expected))
    for row in page.locator("[name=name]").all()[len(groups) :]:
        row.fill("")
    page.click("#next")
    page.locator("#policy-batched").check()
    page.fill("#k", str(k))
    page.click("#next")
    return re.sub(r"/(review|check).*$", "", page.url)


def print_slips(page: Page, base: str, number: int, group: str | None = None) -> list[str]:
    """The addresses on the slips of one group, as the one page that shows them has them."""
    code = page.locator(".code").first.inner_text().strip()
    if group:
        page.locator("#group").select_option(label=group)
    page.locator("#number").fill(str(number))
    page.locator("#issue").click()
    expect(page.locator("article.slip")).to_have_count(number)
    answer = page.request.get(f"{base}/api/v1/meetings/{code}").json()
    keys = {group["code"]: from_b64url(group["public_key"]) for group in answer["groups"]}
    digest = b64url(key_digest(keys))
    tokens = [
        re.sub(r"[^0-9A-Z]", "", "".join(article.locator(".slip-code span").all_inner_texts()))
        for article in page.locator("article.slip").all()
    ]
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("#done").click()
    return [f"{base}/v/{code}#{token}.{digest}" for token in tokens]


def vote(
    server: Server, slips: Sequence[str], tmp_path: Path, seed: int, marks: Path | None = None
) -> None:
    """Everybody with a slip votes, by a program that stands for their phones.

    marks: a file that says how many choose what; by chance where there is none.
    """
    file = tmp_path / f"slips-{seed}.txt"
    file.write_text("\n".join(slips))
    told = json.loads(
        server.flask(
            *("simulate", "--base", server.base, "--slips", str(file)),
            *("--voters", str(len(slips)), "--concurrency", "4", "--seed", str(seed)),
            *(("--marks", str(marks)) if marks else ()),
        )
    )
    assert (told["cast"], told["failed"]) == (len(slips), 0)


def some_days_later(server: Server, days: int) -> None:
    """The same server, with the calendar put forward."""
    server.stop()
    server.config = "tests/later_gunicorn.py"
    server.env[DAYS] = str(days)
    server.start()


def picture_of_paper(page: Page, name: str, take: Take) -> None:
    """As it comes out of the printer: A4 at 96 points an inch."""
    before = page.viewport_size
    page.emulate_media(media="print")
    page.set_viewport_size(A4)
    take(page, name, full_page=True)
    if before:
        page.set_viewport_size(before)
    page.emulate_media(media="screen")


def look_at_forms(page: Page, round_url: str, prefix: str, take: Take) -> None:
    """Every form of the round as it would be printed, and both of its files."""
    for name in ("summary", "details", "ledger", "no-new-members", "analysis"):
        page.goto(f"{round_url}/forms")
        page.locator(f"#forms a[href$='/forms/{name}']").click()
        take(page, f"{prefix}-form-{name}")
        for kind in ("Excel", "Word"):
            with page.expect_download() as saved:
                page.get_by_role("link", name=kind, exact=True).click()
            assert saved.value.path().stat().st_size > 3000
