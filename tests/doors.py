"""A screen at the entrance without a browser: what its page sends, and a meeting that has such."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.actions.entrance import entrance_link
from app.actions.meeting import (
    Settings,
    choose_subjects,
    create_meeting,
    get_meeting,
    open_meeting,
    set_groups,
    set_policy,
)
from app.domain.encoding import b64url, from_b64url
from app.domain.entrance import mark
from app.domain.slip import TOKEN_BYTES, Token, token_hash
from app.models import db
from tests.admin.conftest import BASE, make_round

EXPECTED = {"g1": 6, "g2": 4}


def meeting_with_screens(app: Flask, is_open: bool = True) -> int:
    """党员 6, 群众代表 4, k = 3, codes at the entrance; its id."""
    round_id = make_round(app, "huaixiang-2012", "institution")
    with app.app_context():
        made = create_meeting(round_id, Settings("党员群众测评会", "党总支", "", BASE, True)).id
        choose_subjects(made, [1, 2, 3])
        set_groups(made, [("党员", EXPECTED["g1"]), ("群众代表", EXPECTED["g2"])])
        set_policy(made, "batched", 3, entrance=True)
        if is_open:
            open_meeting(made)
    return made


class DoorScreen:
    """One screen. token: of the code that it shows; None before the first."""

    def __init__(self, app: Flask, meeting_id: int, link: str = "") -> None:
        with app.app_context():
            self.link = link or entrance_link(get_meeting(meeting_id))
            db.session.commit()
        self.client: FlaskClient = app.test_client()
        path, _, key = self.link.partition("#")
        self.path, self.key = path, from_b64url(key)
        self.screen = secrets.token_bytes(16)
        self.group = "g1"
        self.token: Token | None = None
        self.turn = 0
        self.last: dict[str, object] = {}

    @property
    def shown(self) -> str:
        """The hash of the code that it shows, as it is sent."""
        return b64url(token_hash(self.token)) if self.token else ""

    def ask(self, what: str, *fields: tuple[str, object], key: bytes | None = None) -> TestResponse:
        """A request with its mark."""
        made = mark(key or self.key, what, *(str(value) for _, value in fields))
        self.last = {**dict(fields), "mark": b64url(made)}
        return self.client.post(f"{self.path}/{what}", json=self.last)

    def next(self) -> dict[str, Any]:
        """Ask for another code; it is shown if the answer says so."""
        token = Token(secrets.token_bytes(TOKEN_BYTES))
        self.turn += 1
        answer = self.ask(
            "next",
            ("screen", b64url(self.screen)),
            ("group", self.group),
            ("turn", self.turn),
            ("next", b64url(token_hash(token))),
        )
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.get_json()
        if told.get("standing") == "shown":
            self.token = token
        return told

    def look(self, shown: str | None = None) -> dict[str, Any]:
        """Ask how the code stands."""
        answer = self.ask(
            "look",
            ("screen", b64url(self.screen)),
            ("group", self.group),
            ("shown", self.shown if shown is None else shown),
        )
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.get_json()
        return told


def digest_of(data: bytes) -> str:
    """SHA-256, as hashes are sent."""
    return b64url(hashlib.sha256(data).digest())
