"""A meeting through the actions: slips, votes, the picture one batch behind, the end, the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.actions.box import published_box
from app.actions.live import live_picture, turnout
from app.actions.meeting import (
    Settings,
    create_meeting,
    get_meeting,
    open_meeting,
    set_groups,
    set_policy,
    void_meeting,
)
from app.actions.public import public_meeting
from app.actions.slip import issue_slips, void_slip, void_unused_slips
from app.domain.box import findings, read_box
from app.domain.encoding import b64url, from_b64url
from app.domain.errors import (
    BadInput,
    BoxNotReady,
    MeetingClosed,
    MeetingFrozen,
    MeetingNotOpen,
    MeetingNotReady,
    MeetingStateChanged,
    MeetingUnknown,
    MingceError,
    SlipUnknown,
    SlipUsed,
)
from app.domain.meeting import ABSTAIN
from app.domain.slip import crockford, parse_token, token_hash
from app.models import GradingRecord, db
from app.models.urn_file import urn_codes
from app.phones.voter import NotCast, SlipUrl, blind, redeem, seal_ballot, send
from tests.urns import urn_rows
from tests.voters import Example


@pytest.fixture
def inside(app: Flask) -> Iterator[Flask]:
    """The application, with its context open."""
    with app.app_context():
        yield app


def code_of(example: Example, slip: SlipUrl, choice: str = "option1") -> str:
    """`cast`, or the code of the refusal."""
    outcome = example.vote(slip, dict.fromkeys(example.meeting.cells, choice))
    return outcome.failure.code if outcome.failure else "cast"


# While it is open


def test_the_picture_is_one_batch_behind_and_the_number_is_not(app: Flask) -> None:
    example = Example(app, slips=17)
    choices = ["option1", "option2", "option3", ABSTAIN, "option1", "option1", "option2"] * 3
    for number, (slip, choice) in enumerate(zip(example.slips, choices, strict=False), start=1):
        assert code_of(example, slip, choice) == "cast"
        with app.app_context():
            seen = live_picture(example.code)
        assert seen["cast"] == number
        if number < 10:
            assert seen["released"] is None
            continue
        at = number // 5 * 5 - 5
        assert seen["released"]["at"] == at
        counted = seen["released"]["cells"]["s01.q1"]
        assert counted == {c: choices[:at].count(c) for c in counted}


def test_under_turnout_nothing_but_the_number_is_shown_before_the_end(app: Flask) -> None:
    example = Example(app, "--policy", "turnout", slips=12)
    example.vote_all()
    with app.app_context():
        assert live_picture(example.code) == {"state": "open", "cast": 12, "released": None}
    assert urn_rows(app, example.code)["pictures"] == []
    example.close()
    with app.app_context():
        assert live_picture(example.code)["released"]["at"] == 12


def test_after_the_end_the_picture_is_final(app: Flask) -> None:
    example = Example(app, slips=7)
    example.vote_all("option2")
    closed = example.close()
    with app.app_context():
        seen = live_picture(example.code)
    assert seen["state"] == "closed"
    assert seen["released"] == {
        "at": 7, "cells": closed["cells"], "satisfaction": closed["satisfaction"],
    }  # fmt: skip


def test_a_spoiled_slip_is_voided_and_another_is_issued(app: Flask) -> None:
    example = Example(app, slips=6)
    spoiled, used = example.slips[:2]
    assert code_of(example, used) == "cast"
    with app.app_context():
        assert void_slip(example.id, parse_token(spoiled.token)) == "g1"
        with pytest.raises(SlipUsed):
            void_slip(example.id, parse_token(used.token))
        with pytest.raises(SlipUsed):
            void_slip(example.id, parse_token(spoiled.token))
        with pytest.raises(SlipUnknown):
            void_slip(example.id, parse_token("0" * 16))
        (fresh,) = issue_slips(example.id, "g1", 1)
    assert code_of(example, spoiled) == "slip_unknown"
    assert code_of(example, used._replace(token=crockford(fresh))) == "cast"


def test_the_totals_reconcile(app: Flask) -> None:
    example = Example(app, "--groups", "党员:12,群众代表:8", slips=20)
    example.vote_all(slips=example.slips[:9])
    redeem(example.door, example.meeting, example.slips[9], blind())
    with app.app_context():
        void_slip(example.id, parse_token(example.slips[10].token))
        assert turnout(example.code)._asdict() == {
            "expected": 20, "issued": 19, "redeemed": 10, "cast": 9,
        }  # fmt: skip
        assert void_unused_slips(example.id, "g2") <= 8
        assert void_unused_slips(example.id, "g2") == 0
    counts = example.close()["counts"]
    assert sum(count["issued"] for count in counts.values()) == 20
    assert sum(count["cast"] for count in counts.values()) == 9
    assert sum(count["redeemed"] for count in counts.values()) == 10
    assert counts["g2"]["unused"] == 0
    for count in counts.values():
        assert count["issued"] == count["redeemed"] + count["voided"] + count["unused"]


# What cannot be


def test_an_open_meeting_is_frozen(inside: Flask) -> None:
    example = Example(inside)
    with pytest.raises(MeetingFrozen):
        set_policy(example.id, "turnout", 5)
    with pytest.raises(MeetingFrozen):
        set_groups(example.id, [("党员", 50)])
    with pytest.raises(MeetingStateChanged):
        open_meeting(example.id)


def test_a_draft_is_unknown_to_the_public_and_does_not_open_before_it_is_ready(
    inside: Flask,
) -> None:
    round_id = get_meeting(Example(inside).id).round_id
    draft = create_meeting(round_id, Settings("测评会", "", "", "http://192.168.1.10:8000"))
    for ask in (public_meeting, live_picture):
        with pytest.raises(MeetingUnknown):
            ask(draft.code)
    with pytest.raises(MeetingNotReady):
        open_meeting(draft.id)
    with pytest.raises(MeetingNotOpen):
        issue_slips(draft.id, "g1", 1)
    db.session.rollback()
    assert get_meeting(draft.id).state == "draft"


@pytest.mark.parametrize("number", [0, -1, 20_001])
def test_an_absurd_number_of_slips_is_refused(inside: Flask, number: int) -> None:
    example = Example(inside)
    with pytest.raises(BadInput):
        issue_slips(example.id, "g1", number)
    with pytest.raises(BadInput):
        issue_slips(example.id, "g9", 1)
    assert len(urn_rows(inside, example.code)["slips"]) == 12


def test_a_meeting_that_ended_takes_nothing_more(app: Flask) -> None:
    example = Example(app)
    credential = redeem(example.door, example.meeting, example.slips[0], blind())
    late = seal_ballot(example.meeting, credential, dict.fromkeys(example.meeting.cells, "option1"))
    example.vote_all(slips=example.slips[1:7])
    closed = example.close()
    assert code_of(example, example.slips[8]) == "meeting_closed"
    with pytest.raises(NotCast) as refused:
        send(example.door, example.meeting, late)
    assert (refused.value.status, refused.value.code) == (410, "meeting_closed")
    with app.app_context():
        for act in (
            lambda: issue_slips(example.id, "g1", 1),
            lambda: void_slip(example.id, parse_token(example.slips[9].token)),
            lambda: void_meeting(example.id, "再来"),
        ):
            with pytest.raises((MeetingClosed, MeetingStateChanged)):
                act()
            db.session.rollback()
        assert json.loads(published_box(example.code))["digest"] == closed["digest"]
    again = app.test_cli_runner().invoke(args=["meeting", "close", example.code])
    assert again.exit_code == 2


# The end


def test_the_box_holds_every_mark_and_the_records_the_tally(app: Flask) -> None:
    example = Example(app, "--policy", "turnout", "--groups", "党员:6,群众代表:5", slips=11)
    by_group: dict[str, int] = {}
    for slip in example.slips:
        group = redeem_group(example, slip)
        by_group[group] = by_group.get(group, 0) + 1
    closed = example.close()
    assert by_group == {"g1": 6, "g2": 5}
    with app.app_context():
        box = read_box(published_box(example.code).encode())
        record = db.session.scalars(db.select(GradingRecord)).first()
        assert record is not None
        mass: dict[str, Any] = record.mass or {}
    assert findings(box, closed["digest"]) == ()
    assert [(entry.group, entry.cell) for entry in box.lists] == [
        ("g1", "s01.q1"), ("g1", "s02.q1"), ("g2", "s01.q1"), ("g2", "s02.q1"),
    ]  # fmt: skip
    assert mass["tallies"] == {
        "g1": {"q1": {"option1": 6, "option2": 0, "option3": 0, "abstain": 0}},
        "g2": {"q1": {"option1": 0, "option2": 0, "option3": 5, "abstain": 0}},
    }
    assert mass["satisfaction"] == closed["satisfaction"]["s01"]
    assert mass["satisfaction"]["numerator"] == 6


def redeem_group(example: Example, slip: SlipUrl) -> str:
    """Vote by group: members for the best grade, the others for the worst; the slip's group."""
    credential = redeem(example.door, example.meeting, slip, blind())
    choice = {"g1": "option1", "g2": "option3"}[credential.group]
    ballot = seal_ballot(example.meeting, credential, dict.fromkeys(example.meeting.cells, choice))
    send(example.door, example.meeting, ballot)
    return credential.group


def test_groups_that_are_too_small_stand_together(app: Flask) -> None:
    options = ("--policy", "turnout", "--groups", "党员:8,群众代表:5,服务对象代表:5")
    example = Example(app, *options, slips=18)
    left = {"g1": 8, "g2": 3, "g3": 3}
    for slip in example.slips:
        credential = redeem(example.door, example.meeting, slip, blind())
        if left[credential.group]:
            left[credential.group] -= 1
            choices = dict.fromkeys(example.meeting.cells, "option1")
            send(example.door, example.meeting, seal_ballot(example.meeting, credential, choices))
    example.close()
    with app.app_context():
        box = read_box(published_box(example.code).encode())
    assert {entry.group: len(entry.marks) for entry in box.lists} == {"*": 6, "g1": 8}
    assert findings(box) == ()


def test_a_lone_small_group_takes_the_others_with_it(app: Flask) -> None:
    example = Example(app, "--groups", "党员:8,群众代表:5", slips=13)
    left = {"g1": 8, "g2": 2}
    for slip in example.slips:
        credential = redeem(example.door, example.meeting, slip, blind())
        if left[credential.group]:
            left[credential.group] -= 1
            choices = dict.fromkeys(example.meeting.cells, "option1")
            send(example.door, example.meeting, seal_ballot(example.meeting, credential, choices))
    example.close()
    with app.app_context():
        box = read_box(published_box(example.code).encode())
    assert {entry.group: len(entry.marks) for entry in box.lists} == {"*": 10}


def test_a_rehearsal_ends_like_a_meeting_but_reaches_no_record(app: Flask) -> None:
    example = Example(app, "--rehearsal")
    assert example.meeting.face["title"].startswith("【演练】")
    example.vote_all()
    assert example.close()["records"] == []
    with app.app_context():
        assert all(record.mass is None for record in db.session.scalars(db.select(GradingRecord)))
        assert published_box(example.code)


def test_a_voided_meeting_counts_nothing_and_says_so(app: Flask) -> None:
    example = Example(app)
    example.vote_all(slips=example.slips[:11])
    with app.app_context():
        for reason in ("", " ", "长" * 201):
            with pytest.raises(BadInput):
                void_meeting(example.id, reason)
            db.session.rollback()
        void_meeting(example.id, "签到不符")
        assert urn_codes() == []
        assert all(record.mass is None for record in db.session.scalars(db.select(GradingRecord)))
        with pytest.raises(BoxNotReady):
            published_box(example.code)
        assert live_picture(example.code) == {"state": "voided", "cast": 0, "released": None}
    assert code_of(example, example.slips[11]) == "meeting_not_open"


# What is left of it


def test_nothing_of_the_voting_is_left_in_any_file_after_the_end(
    app: Flask, data_dir: Path
) -> None:
    _nothing_is_left(app, data_dir, lambda example: example.close())


def test_nothing_of_the_voting_is_left_in_any_file_after_voiding(
    app: Flask, data_dir: Path
) -> None:
    def void(example: Example) -> None:
        with app.app_context():
            void_meeting(example.id, "测试作废")

    _nothing_is_left(app, data_dir, void)


def _nothing_is_left(app: Flask, data_dir: Path, end: Any) -> None:
    """The secrets are looked for while the meeting is open too, to see that the search works."""
    example = Example(app, slips=14)
    example.vote_all(slips=example.slips[:12])
    rows = urn_rows(app, example.code)
    secrets: dict[str, list[bytes]] = {
        "token hash": [row.token_hash for row in rows["slips"]],
        "blinded element": [row.blinded for row in rows["slips"] if row.used],
        "nonce": [row.nonce for row in rows["spent_nonces"]],
        "hash of the sealed ballot": [row.sealed_hash for row in rows["spent_nonces"]],
        "tracker": [mark[1] for mark in rows["marks"]],
        "seed": [row.seed for row in rows["meeting"]],
    }
    assert secrets["token hash"]
    assert token_hash(parse_token(example.slips[0].token)) in secrets["token hash"]
    for name, values in secrets.items():
        assert _found(data_dir, values) == len(values), f"the search misses a {name}"
    end(example)
    for name, values in secrets.items():
        assert _found(data_dir, values) == 0, f"{name} left behind"
    with app.app_context():
        assert urn_codes() == []


def _found(folder: Path, values: list[bytes]) -> int:
    """How many of these stand in any file of the folder."""
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return sum(any(value in content for content in contents) for value in values)


def test_the_marks_in_the_box_have_the_order_of_chance(app: Flask) -> None:
    example = Example(app, slips=12)
    example.vote_all()
    example.close()
    with app.app_context():
        box = json.loads(published_box(example.code))
    for entry in box["lists"]:
        trackers = [mark[0] for mark in entry["marks"]]
        assert trackers == sorted(trackers)
        assert all(b64url(from_b64url(tracker, 10)) == tracker for tracker in trackers)


def test_every_refusal_of_the_meeting_has_a_sentence() -> None:
    for error in (MeetingClosed, MeetingNotOpen, SlipUnknown, SlipUsed, BoxNotReady):
        assert issubclass(error, MingceError)
        assert str(error()).endswith("。")
