"""Watchers and voters of a real server, for tests of streams and of the screen."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from app.phones.voter import Door, blind, fetch_meeting, read_slip_url, redeem, seal_ballot, send
from tests.serving import Server

Json = dict[str, Any]
PATIENCE = 60.0


def open_demo(server: Server, *options: str, slips: int = 30, subjects: int = 2) -> Json:
    """An open meeting of 商都县's scheme, as `flask demo` prints it."""
    words = ("--subjects", str(subjects), "--slips", str(slips), "--json", *options)
    answer: Json = json.loads(server.flask("demo", "--scheme", "shangdu-2012", *words))
    return answer


def cast_votes(demo: Json, number: int, first: int = 0, choice: str = "option1") -> None:
    """Vote with so many slips of a demo, all with the same choice in every cell."""
    door = Door(demo["base"])
    try:
        slips = [read_slip_url(url) for url in demo["slips"][first : first + number]]
        meeting = fetch_meeting(door, slips[0])
        for slip in slips:
            credential = redeem(door, meeting, slip, blind())
            send(
                door,
                meeting,
                seal_ballot(meeting, credential, dict.fromkeys(meeting.cells, choice)),
            )
    finally:
        door.close()


class Watcher:
    """One open event stream. url: of the stream."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=PATIENCE
        )
        self._connection.request("GET", parts.path, headers=headers or {})
        self.answer = self._connection.getresponse()

    def events(self) -> Iterator[Json]:
        """The data of each unnamed event, until the stream ends."""
        name, data = "", ""
        while line := self.answer.readline().decode():
            field, _, value = line.rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data = value
            elif not field:
                if data and not name:
                    yield json.loads(data)
                name, data = "", ""

    def until(self, cast: int) -> Json:
        """The first picture with so many ballots; AssertionError if the stream ends before."""
        for event in self.events():
            live: Json = event.get("live", event)
            if live["cast"] >= cast:
                return event
        raise AssertionError(f"the stream ended before {cast} ballots were in")

    def close(self) -> None:
        """Hang up."""
        self.answer.close()
        self._connection.close()


@contextmanager
def watching(url: str) -> Iterator[Watcher]:
    """A watcher that hangs up in the end."""
    watcher = Watcher(url)
    try:
        yield watcher
    finally:
        watcher.close()
