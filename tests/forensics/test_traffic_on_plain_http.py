"""Whoever records every byte of a meeting on plain http learns who voted when, and no choice.

The traffic of the loopback device is recorded while people vote at a real server process. The same
attacks are made on phones that leak, to show that they bite.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page

from app.config import DATABASE_FILE
from app.domain.ballot import IV_BYTES, seal, tracker
from app.domain.encoding import b64url, from_b64url
from app.domain.slip import crockford
from app.phones.voter import (
    Credential,
    Door,
    Meeting,
    NotCast,
    SlipUrl,
    blind,
    fetch_meeting,
    read_slip_url,
    redeem,
    seal_ballot,
    send,
)
from tests.browser.meetings import OpenMeeting, Slip, open_meeting_on
from tests.browser.voter import Voter as PhoneUser
from tests.forensics.traffic import (
    Capture,
    Exchange,
    Listener,
    Relay,
    Sniffer,
    Voter,
    attack_capture,
    findings,
    listen,
    sights,
    spellings,
)
from tests.pages import INSECURE_HOST, PHONE, Pages
from tests.serving import Server

VOTERS = 24
LOOKS = 3

Leak = Callable[[Door, Meeting, Credential, Mapping[str, str]], None]
"""What a phone that leaks sends besides its ballot."""


class Recorded(NamedTuple):
    """A meeting that has ended. open: the traffic until just before; whole: and the box after."""

    open: Capture
    whole: Capture
    truth: list[Voter]
    box: dict[str, Any]
    form: Meeting


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> Iterator[Server]:
    """A server for all meetings of this module."""
    data = tmp_path_factory.mktemp("traffic") / "data"
    data.mkdir(mode=0o700)
    shutil.copyfile(migrated_database, data / DATABASE_FILE)
    server = Server(data, {})
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def recorded(hall: Server) -> Recorded:
    """Twenty-four people of two groups, one after another, each with a phone of their own."""
    with closing(listen(hall.port)) as listener:
        return hold_meeting(hall, listener)


def hold_meeting(
    server: Server, listener: Listener, leak: Leak | None = None, voters: int = VOTERS
) -> Recorded:
    """A meeting on two subjects, in each of which every choice falls to as many voters."""
    words = ("--scheme", "awu-villages-2012", "--subjects", "2", "--slips", str(voters), "--json")
    groups = ("--groups", f"党员:{voters // 2},群众代表:{voters // 2}")
    demo = json.loads(server.flask("demo", *words, *groups))
    slips = [read_slip_url(url) for url in demo["slips"]]
    with closing(Door(listener.base)) as watcher:
        form = fetch_meeting(watcher, slips[0])
        truth = [
            vote(listener, slip, choices, leak)
            for slip, choices in zip(slips, dealt(form, voters), strict=True)
        ]
        for _ in range(LOOKS):
            watcher.ask("GET", f"{form.code}/live")
        before = listener.capture()
        server.flask("meeting", "close", form.code, "--json")
        box = watcher.ask("GET", f"{form.code}/box")
    return Recorded(before, listener.capture(), truth, box, form)


def dealt(form: Meeting, voters: int) -> list[dict[str, str]]:
    """Choices dealt from a shuffled pack for each cell: as balanced and as fair as can be."""
    dice = random.SystemRandom()
    packs = {}
    for cell, lawful in form.cells.items():
        known = [*lawful, "abstain"]
        packs[cell] = (known * (voters // len(known) + 1))[:voters]
        dice.shuffle(packs[cell])
    return [{cell: pack[number] for cell, pack in packs.items()} for number in range(voters)]


def vote(
    listener: Listener, slip: SlipUrl, choices: dict[str, str], leak: Leak | None = None
) -> Voter:
    """One voter, with connections that nobody else uses."""
    with closing(Door(listener.base)) as door:
        meeting = fetch_meeting(door, slip)
        credential = redeem(door, meeting, slip, blind())
        if leak is not None:
            with suppress(NotCast):
                leak(door, meeting, credential, choices)
        ballot = seal_ballot(meeting, credential, choices)
        send(door, meeting, ballot)
    return Voter(slip.token, choices, ballot.secret)


# What the capture shows


def test_the_capture_tells_which_token_came_when_and_sent_which_sealed_ballot(
    recorded: Recorded,
) -> None:
    """Said plainly in the threat model: on plain http the tokens can be read."""
    everything = recorded.open.everything()
    assert all(voter.token.encode() in everything for voter in recorded.truth)
    seen = sights(recorded.open)
    assert list(seen) == [voter.token for voter in recorded.truth]
    for token, sight in seen.items():
        assert [ballot.posted for ballot in sight.cast] == ["ballots"], token
        assert sight.cast[0].client == sight.redeemed.client


# What it does not show


def test_nothing_of_a_ballot_is_in_the_capture_before_the_end(recorded: Recorded) -> None:
    everything, sent = recorded.open.everything(), recorded.open.sent()
    for voter in recorded.truth:
        secrets = [voter.secret, crockford(voter.secret).encode()]
        secrets += [tracker(voter.secret, cell) for cell in voter.choices]
        for secret in secrets:
            assert not any(spelling in everything for spelling in spellings(secret))
    # The form, which everybody may read, tells what can be chosen. What phones send does not.
    words = {word for voter in recorded.truth for pair in voter.choices.items() for word in pair}
    assert all(word.encode() in recorded.open.everything() for word in words - {"abstain"})
    assert not [word for word in words if word.encode() in sent]
    # The search finds what there is: after the end the box is on the wire.
    after = recorded.whole.everything()
    for voter in recorded.truth:
        for cell in voter.choices:
            assert b64url(tracker(voter.secret, cell)).encode() in after


def test_requests_and_answers_look_the_same_whatever_was_chosen(recorded: Recorded) -> None:
    for kind in ("credentials", "ballots"):
        posts = recorded.open.posts(kind)
        assert len(posts) == VOTERS
        assert {post.status for post in posts} == {200 if kind == "credentials" else 201}
        assert len({looks(post) for post in posts}) == 1
    assert len({len(post.wish["sealed"]) for post in recorded.open.posts("ballots")}) == 1


def looks(post: Exchange) -> tuple[object, ...]:
    """All of a request and its answer but for the values themselves."""
    return (
        post.head,
        str({name: len(value) for name, value in sorted(post.wish.items())}),
        len(post.body),
        post.answered,
        str({name: len(str(value)) for name, value in sorted(post.told.items())}),
        len(post.content),
    )


def test_no_attack_joins_a_token_with_a_choice(recorded: Recorded) -> None:
    best = attack_capture(recorded.whole, recorded.truth, recorded.box)
    assert not best.is_a_leak, best


def test_the_whole_meeting_is_in_the_capture(recorded: Recorded) -> None:
    """Nothing was missed: as many requests as were made, each with its whole answer."""
    faces = [e for e in recorded.whole.exchanges if e.told.get("protocol") and "cells" in e.told]
    assert len(faces) == VOTERS + 1
    boxes = [e for e in recorded.whole.exchanges if e.path.endswith("/box")]
    assert [json.loads(e.content) for e in boxes] == [recorded.box]
    assert len([e for e in recorded.open.exchanges if e.path.endswith("/live")]) == LOOKS


# Phones that leak


def a_plain_ballot(
    door: Door, meeting: Meeting, credential: Credential, choices: Mapping[str, str]
) -> None:
    """Beside the sealed one."""
    cells = json.dumps([[cell, choice, "-"] for cell, choice in choices.items()])
    door.ask("POST", f"{meeting.code}/ballots", {"cells": cells})


def a_key_on_the_wire(
    door: Door, meeting: Meeting, credential: Credential, choices: Mapping[str, str]
) -> None:
    """Sealed with the nonce that stands beside it."""
    weak = seal_ballot(meeting, credential._replace(output=credential.nonce), choices)
    door.ask("POST", f"{meeting.code}/ballots", weak.body)


def a_length_that_tells(
    door: Door, meeting: Meeting, credential: Credential, choices: Mapping[str, str]
) -> None:
    """Sealed well, but longer for some choices than for others."""
    cell = min(choices)
    rank = sorted([*meeting.cells[cell], "abstain"]).index(choices[cell])
    iv, group = bytes(IV_BYTES), credential.group
    sealed = seal(credential.output, meeting.code, group, iv, bytes(100 + rank))
    body = {"group": group, "nonce": b64url(credential.nonce), "iv": b64url(iv)}
    door.ask("POST", f"{meeting.code}/ballots", {**body, "sealed": b64url(sealed)})


@pytest.mark.parametrize(
    ("leak", "attack", "share"),
    [
        (a_plain_ballot, "words", 1.0),
        (a_key_on_the_wire, "keys", 1.0),
        (a_length_that_tells, "length of the sealed ballot", 0.5),
    ],
)
def test_a_phone_that_leaks_is_joined_with_its_choices(
    hall: Server, leak: Leak, attack: str, share: float
) -> None:
    with closing(listen(hall.port)) as listener:
        meeting = hold_meeting(hall, listener, leak)
    found = list(findings(meeting.whole, meeting.truth, meeting.box))
    best = attack_capture(meeting.whole, meeting.truth, meeting.box)
    assert best.is_a_leak
    assert best.attack.startswith(attack)
    assert max(f.linked for f in found if f.is_a_leak) >= share * VOTERS * len(meeting.form.cells)


def test_trackers_seen_too_early_are_joined_with_the_box(recorded: Recorded) -> None:
    """As if phones had sent their receipts along, to have them printed."""
    capture = Capture([])
    seen = sights(recorded.whole)
    for voter in recorded.truth:
        redeemed, (ballot,) = seen[voter.token]
        receipt = ".".join(b64url(tracker(voter.secret, cell)) for cell in voter.choices)
        leaky = ballot._replace(body=ballot.body + receipt.encode())
        capture.exchanges += [redeemed, leaky]
    best = attack_capture(capture, recorded.truth, recorded.box)
    assert best.attack == "trackers"
    assert best.linked == best.of


# The recorders


def test_the_relay_writes_down_what_the_wire_carries(hall: Server) -> None:
    """The relay is what records where nobody may listen to the device."""
    with closing(Relay(hall.port)) as relay:
        try:
            wire = Sniffer(relay.port)
        except OSError:
            pytest.skip("listening to the loopback device is not permitted here")
        with closing(wire):
            meeting = hold_meeting(hall, relay, voters=12)
            same = wire.capture()
    assert [e[1:] for e in same.exchanges] == [e[1:] for e in meeting.whole.exchanges]
    assert len(same.posts("ballots")) == 12


def test_a_meeting_recorded_by_the_relay_gives_no_more_away(hall: Server) -> None:
    with closing(Relay(hall.port)) as relay:
        meeting = hold_meeting(hall, relay)
    best = attack_capture(meeting.whole, meeting.truth, meeting.box)
    assert not best.is_a_leak, best
    assert len(sights(meeting.whole)) == VOTERS


# Real phones


class Recorder:
    """A meeting as phones meet it whose address is the recorder's."""

    def __init__(self, meeting: OpenMeeting, listener: Listener) -> None:
        self.code = meeting.code
        self._base = f"http://{INSECURE_HOST}:{listener.base.rsplit(':', 1)[1]}"

    def address(self, slip: Slip) -> str:
        return f"{self._base}/v/{self.code}#{slip.fragment}"


@pytest.mark.browser
def test_real_phones_on_plain_http_show_their_tokens_and_nothing_of_their_ballots(
    hall: Server, pages: Pages
) -> None:
    meeting = open_meeting_on(hall, INSECURE_HOST)
    labels = [("好", "好", "好"), ("较差", None, "一般"), (None, None, None)]
    with closing(listen(hall.port)) as listener:
        pages_of = [pages.open(PHONE) for _ in labels]
        secrets = [
            _vote_by_hand(page, Recorder(meeting, listener), slip, marks)
            for page, slip, marks in zip(pages_of, meeting.slips, labels, strict=False)
        ]
        capture = listener.capture()
    everything = capture.everything()
    seen = sights(capture)
    assert list(seen) == [slip.token for slip in meeting.slips[:3]]
    ballots = [sight.cast[0] for sight in seen.values()]
    assert [len(sight.cast) for sight in seen.values()] == [1, 1, 1]
    assert len({len(ballot.wish["sealed"]) for ballot in ballots}) == 1
    assert len({(ballot.answered, ballot.content) for ballot in ballots}) == 1
    assert len({len(ballot.body) for ballot in ballots}) == 1
    cells = [f"s{number:02d}.q1" for number in (1, 2, 3)]
    for secret in secrets:
        for value in [secret, *(tracker(secret, cell) for cell in cells)]:
            assert not any(spelling in everything for spelling in spellings(value))
        assert crockford(secret).encode() not in everything
    assert not [cell for cell in cells if cell.encode() in capture.sent()]
    # What was recorded are these phones and all they did: each asked for the form by itself.
    assert len([e for e in capture.exchanges if e.told.get("protocol")]) >= len(labels)
    assert all(from_b64url(ballot.wish["nonce"], 32) for ballot in ballots)


def _vote_by_hand(
    page: Page, meeting: Recorder, slip: Slip, marks: tuple[str | None, ...]
) -> bytes:
    """One vote on a phone; the secret of its receipt."""
    voter = PhoneUser(page, meeting)
    voter.begin(slip)
    voter.choose(*marks)
    voter.send()
    return _from_crockford(voter.done())


def _from_crockford(text: str) -> bytes:
    from app.domain.slip import parse_token

    return bytes(parse_token(text))
