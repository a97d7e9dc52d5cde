"""Every page of the admins' door on a phone: nothing wider than it but tables in their frames.

The scrutineer confirms there, a secretary looks in between; pages that are printed are A4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from playwright.sync_api import Page

from tests.admin.conftest import PASSWORD
from tests.admin.test_offers import hall, starts
from tests.admin.test_rights import Place, account, world
from tests.browser.offices import log_in
from tests.pages import PHONE
from tests.serving import Server

__all__ = ["hall", "world"]

TOO_WIDE = """
(width) => {
  const wide = document.documentElement.scrollWidth - width;
  // What is printed has the size of its paper.
  if (wide <= 0 || document.querySelector(".official")) return null;
  const names = [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > width + 1
      && !one.closest(".table-responsive, .out-of-sight"))
    .slice(0, 6).map((one) => `${one.tagName.toLowerCase()}.${one.className}`);
  return `${wide} px too wide: ${names.join(" ")}`;
}
"""


def test_every_page_of_the_admins_door_fits_a_phone(
    app: Flask,
    world: tuple[Place, Place],
    hall: dict[str, Any],
    start_server: Callable[..., Server],
    phone_page: Page,
) -> None:
    with app.app_context():
        account(app, "system_admin", None)
        paths = list(dict.fromkeys(starts(world, hall, app)))
    server = start_server()
    log_in(server, phone_page, "system_admin", PASSWORD)
    faults, looked = [], 0
    for path in paths:
        answer = phone_page.request.get(f"{server.base}{path}")
        if answer.status != 200 or "html" not in answer.headers["content-type"]:
            continue
        if "<!doctype html>" not in answer.text():
            continue  # a part that a page fetches
        phone_page.goto(f"{server.base}{path}")
        looked += 1
        fault = phone_page.evaluate(TOO_WIDE, PHONE["viewport"]["width"])
        if fault:
            faults.append(f"{path}: {fault}")
    assert looked > 60
    assert not faults, "\n".join(faults)
