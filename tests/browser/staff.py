"""The people of an office, each on an account and a laptop of their own."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from app.domain.rights import ROLES
from tests.browser.offices import PASSWORD, log_in
from tests.pages import WIDE, Pages
from tests.serving import Server


def hire(
    server: Server,
    pages: Pages,
    admin: Page,
    name: str,
    role: str,
    place: str = "",
    device: dict[str, object] = WIDE,
) -> Page:
    """An account that the admin makes in the pages; its owner, logged in with a password of theirs.

    role: of app.domain.rights. place: the name of an organisation; empty: all of them.
    """
    admin.goto(f"{server.base}/admin/accounts/new")
    admin.fill("#name", name)
    admin.get_by_role("radio", name=ROLES[role], exact=True).check()
    if place:
        option = admin.locator("#organisation option", has_text=re.compile(rf"^\s*{place}$"))
        admin.select_option("#organisation", value=option.get_attribute("value"))
    admin.click("#save")
    once = admin.locator("#password").inner_text().strip()
    admin.click("#done")
    page = pages.open(device)
    page.goto(f"{server.base}/admin/login")
    page.fill("#name", name)
    page.fill("#password", once)
    page.click("#log-in")
    # The first log-in leads nowhere but to a password of one's own.
    expect(page).to_have_url(re.compile(r"/admin/password$"))
    page.fill("#old", once)
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.click("#save")
    log_in(server, page, name)
    return page


def is_refused(page: Page, address: str) -> None:
    """That this page is not for whoever is logged in."""
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 403, f"{address}: {answer.status}"
    expect(page.locator("body")).to_contain_text("没有这项权限，或者它不在您负责的范围内")
