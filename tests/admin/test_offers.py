"""What a page offers: no link and no form that the guard would refuse to whoever looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from admin.rights import permits
from app.actions.account import account_by_name
from app.actions.closing import close_meeting
from app.actions.meeting import (
    Settings,
    choose_subjects,
    create_meeting,
    open_meeting,
    set_groups,
    set_policy,
    void_meeting,
)
from app.actions.organisation import create_organisation
from app.actions.round import Member, RoundWish, create_round
from app.actions.self_assessment import LineWish, SelfWish, save_self
from app.domain.rights import ROLES
from app.models import GradingRecord, db
from tests.admin.conftest import BASE
from tests.admin.test_rights import DAY, Place, _address, doors, world

__all__ = ["doors", "world"]


class Offers(HTMLParser):
    """Addresses that a page offers: those of links, of forms, and of what it fetches by itself."""

    def __init__(self, page: str, path: str) -> None:
        super().__init__()
        self.path = path
        self.found: set[tuple[str, str]] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self._offer("GET", given["href"])
        if tag == "form":
            method = given.get("method", "get").upper()
            self._offer(method, given.get("action") or self.path)
        if "formaction" in given:
            self._offer("POST", given["formaction"])
        if "data-refresh" in given:
            self._offer("GET", given["data-refresh"])

    def _offer(self, method: str, address: str) -> None:
        path = address.split("#", maxsplit=1)[0].split("?", maxsplit=1)[0]
        if path.startswith("/admin"):
            self.found.add((method, path))


@pytest.fixture
def hall(app: Flask, world: tuple[Place, Place]) -> dict[str, Any]:
    """A second round of the first committee, that is not final, with a meeting in every state."""
    with app.app_context():
        place = world[0]
        other = create_organisation("甲村第二党支部", "branch", place.committee).id
        members = tuple(Member(o, "institution") for o in (place.branch, other))
        round_id = create_round(
            RoundWish("甲镇2013年", "huaixiang-2012", None, True, members, place.committee)
        ).id
        records = [r.id for r in db.session.query(GradingRecord).filter_by(round_id=round_id)]
        meetings = []
        for title in ("开着的会", "结束的会", "作废的会", "草稿"):
            meeting_id = create_meeting(round_id, Settings(title, "", "", BASE)).id
            choose_subjects(meeting_id, records[:1])
            set_groups(meeting_id, [("党员", 20), ("群众", 9)])
            set_policy(meeting_id, "batched", 3)
            meetings.append(meeting_id)
        open_meeting(meetings[1])
        close_meeting(meetings[1], 20)
        void_meeting(meetings[2], "断电")
        open_meeting(meetings[0])
        # One of the whole round, which the secretary of a single branch does not see.
        both = create_meeting(round_id, Settings("两个支部的会", "", "", BASE)).id
        choose_subjects(both, records)
        lines = [LineWish("1", "依据")] * 7
        save_self(records[1], SelfWish("张三", "", "", "90", lines, ()), "张三", DAY)
        db.session.remove()
        return {"round_id": round_id, "records": records, "meetings": [*meetings, both]}


def _refused(app: Flask, role: str, method: str, path: str) -> bool:
    adapter = app.url_map.bind("localhost")
    try:
        endpoint, values = adapter.match(path, method)
    except HTTPException:
        return True
    with app.test_request_context(path, method=method):
        account = account_by_name(role)
        assert account is not None
        return not permits(account, endpoint, method, values)


def starts(world: tuple[Place, Place], hall: dict[str, Any], app: Flask) -> Iterator[str]:
    """Every page of the table, of each thing that there is in the first committee."""
    yield "/admin/"
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("admin.") or "GET" not in (rule.methods or set()):
            continue
        yield _address(rule.rule, world[0].values)
        for number in (*hall["records"], *hall["meetings"], hall["round_id"]):
            known = {**world[0].values, "meeting_id": number, "record_id": number}
            if number == hall["round_id"]:
                known["round_id"] = number
            yield _address(rule.rule, known)


@pytest.mark.parametrize("role", ROLES)
def test_no_page_offers_what_would_be_refused(
    app: Flask,
    world: tuple[Place, Place],
    hall: dict[str, Any],
    doors: dict[str, FlaskClient],
    role: str,
) -> None:
    faults: dict[tuple[str, str], str] = {}
    known: dict[tuple[str, str], bool] = {}

    def refused(method: str, path: str) -> bool:
        if (method, path) not in known:
            known[method, path] = _refused(app, role, method, path)
        return known[method, path]

    looked = 0
    waiting = list(dict.fromkeys(starts(world, hall, app)))
    seen = set(waiting)
    while waiting:
        path = waiting.pop(0)
        if "/download" in path or path.endswith((".xlsx", ".docx", ".toml", "/first/x")):
            continue
        if refused("GET", path):
            continue
        answer = doors[role].get(path)
        assert answer.status_code != 403, path
        if answer.status_code != 200 or "html" not in answer.content_type:
            continue
        looked += 1
        for method, offered in sorted(Offers(answer.text, path).found):
            if refused(method, offered):
                faults.setdefault((method, offered), path)
            elif method == "GET" and offered not in seen:
                seen.add(offered)
                waiting.append(offered)
    assert looked > 20
    assert not faults, "\n".join(f"{m} {a}  on  {p}" for (m, a), p in sorted(faults.items()))
