"""Meetings made by `demo` inside the test's process, and voters who use its test client."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app.phones.crowd import Choices, Outcome, vote_once
from app.phones.voter import Door, Meeting, SlipUrl, fetch_meeting, read_slip_url


class ClientDoor(Door):
    """The voters' door through Flask's test client: no server, no network, no patience."""

    def __init__(self, client: FlaskClient) -> None:
        super().__init__("http://127.0.0.1:1", patience=0)
        self._client = client

    def _once(self, method: str, path: str, body: Mapping[str, str] | None) -> tuple[int, bytes]:
        answer = self._client.open(f"/api/v1/meetings/{path}", method=method, json=body)
        return answer.status_code, answer.data


class Example:
    """An open meeting with its slips."""

    def __init__(self, app: Flask, *options: str, slips: int = 12) -> None:
        self.app = app
        words = ("demo", "--scheme", "awu-villages-2012", "--subjects", "2", "--json")
        made = app.test_cli_runner().invoke(args=[*words, "--slips", str(slips), *options])
        assert made.exit_code == 0, made.stderr
        self.demo: dict[str, Any] = json.loads(made.stdout)
        self.code: str = self.demo["meeting"]
        self.id: int = self.demo["meeting_id"]
        self.slips: list[SlipUrl] = [read_slip_url(url) for url in self.demo["slips"]]
        self.door = ClientDoor(app.test_client())
        self.meeting: Meeting = fetch_meeting(self.door, self.slips[0])

    def vote(self, slip: SlipUrl, choices: Choices) -> Outcome:
        """One vote."""
        return vote_once(self.door, self.meeting, slip, choices)

    def vote_all(self, choice: str = "option1", slips: Sequence[SlipUrl] | None = None) -> None:
        """The same choice everywhere, from every slip (or these); none may fail."""
        for slip in self.slips if slips is None else slips:
            outcome = self.vote(slip, dict.fromkeys(self.meeting.cells, choice))
            assert outcome.failure is None, outcome.failure

    def close(self) -> dict[str, Any]:
        """Close by the command line; its answer."""
        done = self.app.test_cli_runner().invoke(args=["meeting", "close", self.code, "--json"])
        assert done.exit_code == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer
