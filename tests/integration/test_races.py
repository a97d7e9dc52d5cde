"""Sixteen processes at once: one wins, nothing else changes, nothing is lost or counted twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from app.actions.account import create_account
from app.actions.box import published_box
from app.domain.ballot import tracker
from app.domain.encoding import b64url, from_b64url
from app.models import Base, Confirmation, db
from app.models.urn_file import urn_codes
from app.phones.voter import Credential, Sealed, blind, redeem, seal_ballot
from tests import racing
from tests.racing import RACERS, Answer, Racers, Task, racers
from tests.urns import Rows, all_rows
from tests.voters import Example


@pytest.fixture(scope="module")
def pack() -> Iterator[Racers]:
    with racers() as ready:
        yield ready


@pytest.fixture
def example(app: Flask) -> Example:
    return Example(app, slips=20)


class Field:
    """One way to race: directly on the database file, or at a server that uses it."""

    def __init__(self, pack: Racers, data: Path, example: Example, port: int | None) -> None:
        self._pack = pack
        self._data = str(data)
        self._code = example.code
        self._port = port

    def task(self, act: Callable[..., Answer], *arguments: Any) -> Task:
        """An action, always directly."""
        return Task(act, self._data, arguments)

    def redeem(self, token: str, blinded: bytes) -> Task:
        """Redeem a slip."""
        if self._port is None:
            return self.task(racing.redeem, self._code, token, blinded)
        body = {"token": token, "blinded": b64url(blinded)}
        return self.task(racing.post, self._port, f"{self._code}/credentials", body)

    def cast(self, ballot: Sealed) -> Task:
        """Cast a ballot."""
        if self._port is None:
            return self.task(racing.cast, self._code, ballot.body)
        return self.task(racing.post, self._port, f"{self._code}/ballots", ballot.body)

    def race(self, tasks: list[Task]) -> list[Answer]:
        """Start together; the answers of both ways in the words of the actions."""
        return [_in_one_form(answer) for answer in self._pack.race(tasks)]


@pytest.fixture(params=["on the file", "at a server"])
def field(request: pytest.FixtureRequest, pack: Racers, example: Example, data_dir: Path) -> Field:
    at_server = request.param == "at a server"
    port = request.getfixturevalue("server").port if at_server else None
    return Field(pack, data_dir, example, port)


def _in_one_form(answer: Answer) -> Answer:
    match answer:
        case (200 | 201 as status, {"accepted": True}):
            return ("cast", status == 201)
        case (200, {"evaluated": str() as evaluated}):
            return ("redeemed", from_b64url(evaluated))
        case (int(), {"error": code}):
            return ("refused", code)
    return answer


def credentials(example: Example, number: int) -> list[Credential]:
    """Credentials of so many slips."""
    return [redeem(example.door, example.meeting, slip, blind()) for slip in example.slips[:number]]


def ballot(example: Example, credential: Credential, choice: str = "option1") -> Sealed:
    """A ballot with the same choice in every cell."""
    return seal_ballot(example.meeting, credential, dict.fromkeys(example.meeting.cells, choice))


def test_of_sixteen_phones_with_one_slip_one_wins(field: Field, example: Example) -> None:
    before = all_rows(example.app)
    token = example.slips[0].token
    elements = [blind().blinded for _ in range(RACERS)]
    answers = field.race([field.redeem(token, element) for element in elements])
    assert Counter(answer[0] for answer in answers) == {"redeemed": 1, "refused": RACERS - 1}
    assert {answer[1] for answer in answers if answer[0] == "refused"} == {"slip_used"}
    winner = elements[[answer[0] for answer in answers].index("redeemed")]
    after = all_rows(example.app)
    assert {name: after[name] for name in after if name != "slips"} == {
        name: before[name] for name in before if name != "slips"
    }
    (changed,) = set(after["slips"]) - set(before["slips"])
    assert winner in changed
    assert len(after["slips"]) == len(before["slips"])


def test_of_sixteen_repetitions_of_one_request_all_get_the_same_element(
    field: Field, example: Example
) -> None:
    token, element = example.slips[0].token, blind().blinded
    answers = field.race([field.redeem(token, element)] * RACERS)
    assert len(set(answers)) == 1
    assert answers[0][0] == "redeemed"


def test_sixteen_copies_of_one_ballot_are_counted_once(field: Field, example: Example) -> None:
    (credential,) = credentials(example, 1)
    before = all_rows(example.app)
    answers = field.race([field.cast(ballot(example, credential))] * RACERS)
    assert Counter(answers) == {("cast", True): 1, ("cast", False): RACERS - 1}
    _one_ballot_more(before, all_rows(example.app))


def test_of_sixteen_ballots_under_one_credential_one_is_in_the_box(
    field: Field, example: Example
) -> None:
    (credential,) = credentials(example, 1)
    before = all_rows(example.app)
    ballots = [ballot(example, credential, f"option{number % 3 + 1}") for number in range(RACERS)]
    answers = field.race([field.cast(one) for one in ballots])
    assert Counter(answers) == {("cast", True): 1, ("refused", "already_cast"): RACERS - 1}
    after = all_rows(example.app)
    _one_ballot_more(before, after)
    winner = ballots[answers.index(("cast", True))]
    stored = {row[1] for row in after["marks"]}
    assert stored == {tracker(winner.secret, cell) for cell in example.meeting.cells}


def test_sixteen_ballots_at_once_are_all_in_the_box(field: Field, example: Example) -> None:
    ballots = [ballot(example, credential) for credential in credentials(example, RACERS)]
    answers = field.race([field.cast(one) for one in ballots])
    assert Counter(answers) == {("cast", True): RACERS}
    closed = example.close()
    assert closed["counts"]["g1"]["cast"] == RACERS
    assert closed["cells"]["s01.q1"]["option1"] == RACERS


def test_every_ballot_acknowledged_while_the_meeting_closes_is_in_the_box_once(
    field: Field, example: Example
) -> None:
    ballots = [ballot(example, credential) for credential in credentials(example, RACERS - 1)]
    tasks = [field.cast(one) for one in ballots]
    tasks.insert(RACERS // 2, field.task(racing.close, example.id))
    answers = field.race(tasks)
    (closed,) = [answer for answer in answers if answer[0] == "closed"]
    answers.remove(closed)
    assert set(answers) <= {("cast", True), ("refused", "meeting_closed")}
    acknowledged = [
        one for one, answer in zip(ballots, answers, strict=True) if answer == ("cast", True)
    ]
    with example.app.app_context():
        assert urn_codes() == []
        box = json.loads(published_box(example.code))
    assert box["digest"] == closed[1]
    assert box["counts"]["g1"]["cast"] == len(acknowledged)
    for entry in box["lists"]:
        found = sorted(mark[0] for mark in entry["marks"])
        mine = sorted(b64url(tracker(one.secret, entry["cell"])) for one in acknowledged)
        assert found == mine
    after = all_rows(example.app)
    assert not {"marks", "spent_nonces", "slips"} & set(after)


def test_of_sixteen_who_end_a_meeting_one_does(
    pack: Racers, example: Example, data_dir: Path
) -> None:
    example.vote_all(slips=example.slips[:7])
    tasks = [
        Task(racing.close if number % 2 else racing.void, str(data_dir), (example.id,))
        for number in range(RACERS)
    ]
    answers = pack.race(tasks)
    assert Counter(answer[0] for answer in answers)["refused"] == RACERS - 1
    assert {a[1] for a in answers if a[0] == "refused"} == {"meeting_state_changed"}
    (winner,) = [answer for answer in answers if answer[0] != "refused"]
    after = all_rows(example.app)
    assert len(after["boxes"]) == (winner[0] == "closed")
    assert {row.state for row in _meetings(example.app)} == {winner[0]}


def test_sixteen_confirmations_of_one_person_close_nothing_and_of_two_close_once(
    pack: Racers, example: Example, data_dir: Path
) -> None:
    with example.app.app_context():
        for name in ("甲", "乙"):
            create_account(name, "a long enough password")

    def race(names: str) -> Counter[Answer]:
        return Counter(
            pack.race(
                [
                    Task(
                        racing.confirm_closing,
                        str(data_dir),
                        (example.id, names[number % 2], ("host", "witness")[number % 2]),
                    )
                    for number in range(RACERS)
                ]
            )
        )

    alone = race("甲甲")
    assert set(alone) == {("waits",), ("refused", "same_person")}
    assert {row.state for row in _meetings(example.app)} == {"open"}
    with example.app.app_context():
        db.session.execute(delete(Confirmation))
        db.session.commit()
    together = race("甲乙")
    assert together[("closed",)] == 1
    assert set(together) <= {("closed",), ("waits",), ("refused", "meeting_state_changed")}
    assert {row.state for row in _meetings(example.app)} == {"closed"}


def _one_ballot_more(before: Rows, after: Rows) -> None:
    """Two cells and one spent nonce more, the running tally, and nothing else."""
    voting = {"marks": 2, "spent_nonces": 1, "pictures": 1 - len(before["pictures"])}
    for name, found in after.items():
        assert len(found) - len(before[name]) == voting.get(name, 0), name
        if name not in voting:
            assert found == before[name]


def _meetings(app: Flask) -> list[Any]:
    table = Base.metadata.tables["meetings"]
    with app.app_context():
        return list(db.session.execute(table.select()))
