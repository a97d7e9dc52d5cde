"""More than there should be comes at once, and the hall can vote all the same."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import ServerBusy
from app.extensions import limiter
from app.phones.crowd import Outcome, vote_once
from app.phones.voter import Door, Meeting, SlipUrl, fetch_meeting, read_slip_url
from tests.phones import PATIENCE
from tests.serving import Server
from voting.api import FAILED_TRIES

HALL = 500
HALF_OPEN = 300
LONG = 1200.0


class NotingDoor(Door):
    """Notes the status of every answer."""

    def __init__(self, base: str, statuses: Counter[int]) -> None:
        super().__init__(base, patience=LONG)
        self._statuses = statuses

    def _once(self, method: str, path: str, body: Mapping[str, str] | None) -> tuple[int, bytes]:
        status, content = super()._once(method, path, body)
        self._statuses[status] += 1
        return status, content


def open_meeting(server: Server, slips: int) -> list[SlipUrl]:
    words = ("--scheme", "awu-villages-2012", "--subjects", "1", "--json")
    made = json.loads(server.flask("demo", *words, "--slips", str(slips)))
    return [read_slip_url(url) for url in made["slips"]]


def hall_votes(server: Server, slips: list[SlipUrl], statuses: Counter[int]) -> list[Outcome]:
    """All slips vote at once, each over a connection that was open before the first one voted."""
    first = Door(server.base)
    meeting = fetch_meeting(first, slips[0])
    first.close()
    outcomes: list[Outcome] = []
    together = threading.Barrier(len(slips))

    def vote(slip: SlipUrl) -> None:
        door = NotingDoor(server.base, statuses)
        try:
            door.ask("GET", slip.meeting)
            together.wait(LONG)
            outcomes.append(vote_once(door, meeting, slip, _choices(meeting)))
        finally:
            door.close()

    threads = [threading.Thread(target=vote, args=(slip,)) for slip in slips]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def _choices(meeting: Meeting) -> dict[str, str]:
    return dict.fromkeys(meeting.cells, "option1")


@contextmanager
def somebody_guesses(server: Server, code: str) -> Iterator[tuple[Counter[int], list[Any]]]:
    """From the hall's own address tokens are tried that there are not, as fast as it goes."""
    statuses: Counter[int] = Counter()
    refusals: list[Any] = []
    over = threading.Event()

    def guess(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LONG)
        path, tried = f"/api/v1/meetings/{code}/credentials", 0
        # As long as the hall votes, and at any rate until the limit of both workers is passed.
        while not (over.is_set() and statuses[429]):
            tried += 1
            body = {"token": f"{number:08}{tried:08}", "blinded": "A" * 43}
            connection.request("POST", path, json.dumps(body).encode())
            answer = connection.getresponse()
            content = answer.read()
            statuses[answer.status] += 1
            if answer.status == 429 and len(refusals) < 10:
                refusals.append((dict(answer.headers), json.loads(content)))
        connection.close()

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield statuses, refusals
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_who_guesses_behind_the_halls_address_shuts_out_nobody(server: Server) -> None:
    slips = open_meeting(server, HALL)
    answers: Counter[int] = Counter()
    with somebody_guesses(server, slips[0].meeting) as (guessed, refusals):
        outcomes = hall_votes(server, slips, answers)
    assert [outcome.failure for outcome in outcomes if outcome.failure] == []
    assert len(outcomes) == HALL
    # A full line in front of the urn may send somebody away for a moment; a guesser may not.
    assert set(answers) <= {200, 201, 503}
    assert sum(guessed.values()) > FAILED_TRIES.amount
    assert set(guessed) <= {400, 404, 429}
    for headers, said in refusals:
        assert 1 <= int(headers["Retry-After"]) <= 60
        assert said["error"] == "too_many"
    closed = json.loads(server.flask("meeting", "close", slips[0].meeting, "--json"))
    assert closed["counts"]["g1"]["cast"] == HALL


def test_connections_that_never_finish_their_request_keep_nobody_out(server: Server) -> None:
    slips = open_meeting(server, 40)
    path = f"POST /api/v1/meetings/{slips[0].meeting}/ballots HTTP/1.1\r\nHost: x\r\n".encode()
    with ExitStack() as stack:

        def half(sent: bytes) -> socket.socket:
            address = ("127.0.0.1", server.port)
            opened = stack.enter_context(socket.create_connection(address, PATIENCE))
            opened.sendall(sent)
            return opened

        no_headers = [half(path) for _ in range(HALF_OPEN)]
        for _ in range(HALF_OPEN):
            half(path + b'Content-Length: 1000\r\n\r\n{"group": "g1"')
        outcomes = hall_votes(server, slips, Counter())
        assert [outcome.failure for outcome in outcomes if outcome.failure] == []
        # Whose headers do not end is let go.
        for opened in no_headers:
            assert opened.recv(100) == b""


@pytest.mark.parametrize("path", ["/api/v1/meetings/X", "/v/X"])
def test_who_is_to_come_again_is_told_when(app: Flask, path: str) -> None:
    def busy() -> None:
        raise ServerBusy

    app.before_request_funcs.setdefault(None, []).append(busy)
    answer = app.test_client().get(path)
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (503, True)


def test_only_what_is_refused_counts_and_the_limit_is_told_in_a_sentence(app: Flask) -> None:
    limiter.reset()
    client, path = app.test_client(), "/api/v1/meetings/ABC/ballots"
    statuses = Counter(client.post(path).status_code for _ in range(FAILED_TRIES.amount + 5))
    assert statuses == {400: FAILED_TRIES.amount, 429: 5}
    refused = client.post(path)
    assert refused.get_json()["error"] == "too_many"
    assert int(refused.headers["Retry-After"]) > 0
    assert client.get("/").status_code == 200
    limiter.reset()


def test_what_is_too_large_is_refused_before_it_is_read(server: Server) -> None:
    code = open_meeting(server, 5)[0].meeting
    statuses = []
    for path in (f"/api/v1/meetings/{code}/ballots", "/go"):
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {10**9}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port), PATIENCE) as sender:
            sender.sendall(head.encode())
            statuses.append(sender.recv(1000).split()[1])
    assert statuses[0] == b"413"
    assert statuses[1] in (b"405", b"413")
