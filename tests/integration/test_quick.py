"""Votes are answered before Flask (voting/quick.py), and from the outside nobody can tell."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.config import Config
from app.domain.encoding import b64url
from app.extensions import limiter
from app.factory import create_app
from app.phones.voter import (
    Door,
    Meeting,
    SlipUrl,
    blind,
    fetch_meeting,
    finalise,
    read_slip_url,
    seal_ballot,
)
from tests.integration.test_metrics import read, requests_of
from tests.serving import Server
from tests.voters import Example
from voting.api import BODY_BYTES_MOST, WORK, Answer
from voting.quick import VotesFirst

Body = dict[str, str]


class Voter:
    """The two bodies of a vote."""

    def __init__(self, meeting: Meeting, slip: SlipUrl) -> None:
        self.meeting = meeting
        self._drawn = blind()
        self.wish: Body = {"token": slip.token, "blinded": b64url(self._drawn.blinded)}

    def ballot(self, redeemed: Body) -> Body:
        """The sealed ballot, by what the redeeming was answered."""
        credential = finalise(self.meeting, redeemed, self._drawn)
        choices = {cell: next(iter(values)) for cell, values in self.meeting.cells.items()}
        return dict(seal_ballot(self.meeting, credential, choices).body)


@pytest.fixture
def example(app: Flask) -> Iterator[Example]:
    limiter.reset()
    # It asks for the page of the meeting: the first request of a process goes through Flask.
    yield Example(app)
    limiter.reset()


def post(example: Example, kind: str, body: Body | bytes, *, quick: bool = True) -> TestResponse:
    """The answer; without `quick` by Flask alone."""
    client = example.app.test_client()
    first = example.app.wsgi_app
    assert isinstance(first, VotesFirst)
    if not quick:
        example.app.wsgi_app = first._rest  # type: ignore[assignment, method-assign]
    try:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(
            f"/api/v1/meetings/{example.code}/{kind}", data=content, content_type="application/json"
        )
    finally:
        example.app.wsgi_app = first  # type: ignore[method-assign]


def looks(answer: TestResponse) -> tuple[str, list[tuple[str, str]]]:
    return answer.status, sorted(answer.headers.items())


def test_an_answer_looks_like_one_of_flask(example: Example) -> None:
    slips = iter(example.slips)
    voter, other = Voter(example.meeting, next(slips)), Voter(example.meeting, next(slips))
    quick = post(example, "credentials", voter.wish)
    slow = post(example, "credentials", other.wish, quick=False)
    assert looks(quick) == looks(slow)
    assert quick.status_code == 200
    assert quick.json is not None
    assert slow.json is not None
    assert quick.json.keys() == slow.json.keys()
    ballot, another = voter.ballot(quick.json), other.ballot(slow.json)
    for status in (201, 200):
        quick = post(example, "ballots", ballot)
        slow = post(example, "ballots", another, quick=False)
        assert (looks(quick), quick.data) == (looks(slow), slow.data)
        assert quick.status_code == status
    live = example.app.test_client().get(f"/api/v1/meetings/{example.code}/live").json
    assert live is not None
    assert live["cast"] == 2


@pytest.mark.parametrize("kind", ["credentials", "ballots"])
@pytest.mark.parametrize("body", [b"", b"nonsense", b"{}", b"x" * (BODY_BYTES_MOST + 1)])
def test_a_refusal_looks_like_one_of_flask(example: Example, kind: str, body: bytes) -> None:
    quick, slow = post(example, kind, body), post(example, kind, body, quick=False)
    assert (looks(quick), quick.data) == (looks(slow), slow.data)
    assert quick.status_code in (400, 413)


def test_what_is_accepted_does_not_reach_flask(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = example.app.wsgi_app
    assert isinstance(first, VotesFirst)

    def refuse(*_: object) -> Iterable[bytes]:
        raise AssertionError("it reached Flask")

    monkeypatch.setattr(first, "_rest", refuse)
    voter = Voter(example.meeting, example.slips[0])
    redeemed = post(example, "credentials", voter.wish).json
    assert redeemed is not None
    assert post(example, "ballots", voter.ballot(redeemed)).status_code == 201
    with pytest.raises(AssertionError, match="it reached Flask"):
        post(example, "ballots", b"{}")


def test_what_is_refused_is_not_tried_again_in_flask(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    redeem = WORK["credentials"]

    def counted(code: str, content: bytes) -> Answer:
        tried.append(code)
        return redeem(code, content)

    monkeypatch.setitem(WORK, "credentials", counted)
    assert post(example, "credentials", b"{}").status_code == 400
    assert tried == [example.code]


def test_everything_is_counted_once(example: Example) -> None:
    def numbers() -> dict[str, float]:
        return read(example.app.test_client().get("/metrics").get_data(as_text=True))

    before = numbers()
    # What is accepted is shown in full tens.
    for slip in example.slips[:10]:
        voter = Voter(example.meeting, slip)
        redeemed = post(example, "credentials", voter.wish).json
        assert redeemed is not None
        post(example, "ballots", voter.ballot(redeemed))
        assert post(example, "credentials", Voter(example.meeting, slip).wish).status_code == 409
    after = numbers()
    for kind, status, more in (
        ("credentials", "2xx", 10),
        ("credentials", "4xx", 10),
        ("ballots", "2xx", 10),
        ("ballots", "4xx", 0),
    ):
        endpoint = f"voting.{kind}"
        grown = requests_of(endpoint, status, after) - requests_of(endpoint, status, before)
        assert grown == more, (kind, status)


def test_the_admin_door_takes_no_votes(data_dir: Path) -> None:
    app = create_app(Config.from_env({"MINGCE_DATA": str(data_dir), "MINGCE_ROLE": "admin"}))
    assert not isinstance(app.wsgi_app, VotesFirst)
    answer = app.test_client().post("/api/v1/meetings/ABCDEF/credentials", json={})
    assert answer.status_code == 404


def test_a_vote_in_pieces_counts_and_half_a_vote_takes_no_slip(server: Server) -> None:
    words = ("--scheme", "awu-villages-2012", "--subjects", "1", "--slips", "10", "--json")
    demo = json.loads(server.flask("demo", *words))
    slip = read_slip_url(demo["slips"][0])
    with closing(Door(server.base)) as door:
        meeting = fetch_meeting(door, slip)
    path = f"/api/v1/meetings/{slip.meeting}"
    voter = Voter(meeting, slip)
    wish = json.dumps(voter.wish).encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as half:
        head = f"POST {path}/credentials HTTP/1.1\r\nHost: x\r\nContent-Length: {len(wish)}\r\n\r\n"
        half.sendall(head.encode() + wish[:-5])
        half.shutdown(socket.SHUT_WR)
        assert half.recv(1000)[:12] in (b"", b"HTTP/1.1 400")
    # With another blinded element: the half has not used the slip.
    voter = Voter(meeting, slip)
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as phone:
        wish = json.dumps(voter.wish).encode()
        phone.request("POST", f"{path}/credentials", iter((wish[:9], wish[9:])))
        answer = phone.getresponse()
        assert answer.status == 200
        ballot = json.dumps(voter.ballot(json.load(answer))).encode()
        phone.request("POST", f"{path}/ballots", iter((ballot[:99], ballot[99:])))
        assert phone.getresponse().status == 201
