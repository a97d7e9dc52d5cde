"""An admin at the door: a logged-in client, and a round with a meeting in each state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.actions import account as accounts
from app.actions.account import account_by_name, create_account
from app.actions.confirmation import Wish, confirm, content_digest, shown_digest
from app.actions.meeting import (
    Settings,
    choose_subjects,
    create_meeting,
    get_meeting,
    open_meeting,
    set_groups,
    set_policy,
)
from app.actions.organisation import create_branches, create_organisation
from app.actions.round import Member, RoundWish, create_round
from app.domain.confirmation import Action
from tests.urns import all_rows

NAME, PASSWORD = "王秘书", "a long enough password"
WITNESS = "李监票"
BASE = "http://192.168.1.10:8000"


class Office:
    """A browser at the admin door. `post` takes the CSRF token from the page of the form."""

    def __init__(self, app: Flask, client: FlaskClient) -> None:
        self.app, self.client = app, client

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Send a form."""
        fields = {"csrf_token": self.token(), **(data or {})}
        return self.client.post(path, data=fields, **options)

    def token(self) -> str:
        """A token that is good for every form of this session."""
        page = self.client.get("/admin/password").text
        if 'name="csrf_token"' not in page:
            page = self.client.get("/admin/login").text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found, page
        return found[1]

    def log_in(self, name: str = NAME, password: str = PASSWORD, **options: Any) -> TestResponse:
        """Send the login form."""
        return self.post("/admin/login", {"name": name, "password": password}, **options)

    def open_meeting(self, meeting_id: int = 1, **options: Any) -> TestResponse:
        """Open a draft as its host, after a scrutineer has confirmed it."""
        witness(self.app, meeting_id, "open")
        with self.app.app_context():
            digest = content_digest(get_meeting(meeting_id), "open")
        return self.post(f"/admin/meetings/{meeting_id}/open", {"digest": digest}, **options)

    def close_meeting(self, wish: dict[str, Any], meeting_id: int = 1) -> TestResponse:
        """Close an open meeting as its host, after a scrutineer has confirmed it."""
        witness(self.app, meeting_id, "close")
        return self.post(f"/admin/meetings/{meeting_id}/close", wish)


def witness(app: Flask, meeting_id: int, action: Action) -> None:
    """A scrutineer confirms, on an account of their own."""
    with app.app_context():
        if account_by_name(WITNESS) is None:
            create_account(WITNESS, PASSWORD)
        who = account_by_name(WITNESS)
        assert who is not None
        meeting = get_meeting(meeting_id)
        if meeting.rehearsal:
            return
        confirm(meeting_id, who, Wish(action, "witness", shown_digest(meeting, action)))


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same hash with little work: these tests try many passwords."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", quick)
    monkeypatch.setattr(accounts, "_DUMMY_HASH", quick.hash("nobody's"))


@pytest.fixture
def account(app: Flask) -> None:
    """The account of the tests."""
    with app.app_context():
        create_account(NAME, PASSWORD)


@pytest.fixture
def stranger(app: Flask, client: FlaskClient) -> Office:
    """Somebody without an account."""
    return Office(app, client)


@pytest.fixture
def office(app: Flask, client: FlaskClient, account: None) -> Office:
    """Somebody who has logged in."""
    office = Office(app, client)
    assert office.log_in().status_code == 302
    return office


@pytest.fixture
def round_id(app: Flask) -> int:
    """A round of 怀乡中学 with three branches; records 1, 2, 3 of organisations 2, 3, 4."""
    return make_round(app, "huaixiang-2012", "institution")


def make_round(app: Flask, scheme_id: str, domain: str) -> int:
    """A general branch with three branches, and a round of them."""
    with app.app_context():
        root = create_organisation("怀乡中学党总支", "general_branch", None)
        names = ["第一党支部", "第二党支部", "第三党支部"]
        branches = create_branches(root.id, names)
        members = tuple(Member(branch.id, domain) for branch in branches)
        return create_round(RoundWish("2012年分类定级", scheme_id, None, True, members)).id


@pytest.fixture
def draft_id(app: Flask, round_id: int) -> int:
    """A draft with nothing but its settings."""
    with app.app_context():
        return create_meeting(round_id, Settings("党员群众测评会", "党总支", "", BASE)).id


@pytest.fixture
def open_id(app: Flask, draft_id: int) -> int:
    """An open meeting on all three branches: 党员 20, 群众代表 5, k = 3."""
    with app.app_context():
        choose_subjects(draft_id, [1, 2, 3])
        set_groups(draft_id, [("党员", 20), ("群众代表", 5)])
        set_policy(draft_id, "batched", 3)
        open_meeting(draft_id)
    return draft_id


@pytest.fixture
def unchanged(app: Flask) -> Iterator[Callable[[], None]]:
    """Fails at the end unless every table is as it was when the test called it."""
    before: list[dict[str, list[Any]]] = []
    yield lambda: before.append(_sorted_rows(app))
    assert before, "call it before the refusals"
    assert _sorted_rows(app) == before[-1]


def _sorted_rows(app: Flask) -> dict[str, list[Any]]:
    return {name: sorted(rows, key=repr) for name, rows in all_rows(app).items()}
