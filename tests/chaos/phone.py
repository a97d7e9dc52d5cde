"""A phone that resends as static/src/phone/net.js does, and remembers what it was answered.

An acknowledged ballot is one whose answer of 200 or 201 was read to its end.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from app.domain.ballot import tracker
from app.domain.encoding import b64url
from app.domain.meeting import ABSTAIN
from app.phones.voter import (
    Blinding,
    Credential,
    Meeting,
    NotCast,
    Sealed,
    SlipUrl,
    blind,
    finalise,
    seal_ballot,
)

TRY_SECONDS = 20.0
PAUSES_SECONDS = (1, 2, 4, 8, 15, 30)
PACE = 0.05
"""A phone waits as net.js does between two tries, but so many times as long."""

HANGS_UP = 0.03
"""How often a phone loses its network when it has sent a request, and reads no answer."""

TRIES = 8
"""After so many somebody gives up, and comes back later with the same slip and phone."""

NEW, KNOWN = 201, 200


class Answer(NamedTuple):
    """status: 0 where no complete answer came. pause: Retry-After in seconds."""

    status: int
    content: dict[str, Any]
    pause: float = 0.0

    @property
    def done(self) -> bool:
        """A complete answer that is no refusal."""
        return 200 <= self.status < 300

    @property
    def passes(self) -> bool:
        """Whether trying again may help without anyone doing anything."""
        return self.status >= 500 or self.status in (429, 408, 0)


NO_ANSWER = Answer(0, {})


class GaveUp(Exception):
    """No answer after so many tries; the owner of the slip comes back later."""


class Refused(Exception):
    """A refusal that no repetition mends."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status} {answer.content.get('error')}")
        self.code = answer.content.get("error")


@dataclass
class Voter:
    """One slip and all that its owner's phone keeps. answers: of complete answers to the ballot,
    the statuses. unanswered: how often no answer, or that of a busy server, came.
    """

    slip: SlipUrl
    drawn: Blinding | None = None
    element: dict[str, Any] | None = None
    credential: Credential | None = None
    choices: dict[str, str] = field(default_factory=dict)
    ballot: Sealed | None = None
    answers: list[int] = field(default_factory=list)
    resent: int = 0
    unanswered: int = 0
    refused: str = ""

    @property
    def begun(self) -> bool:
        """Whether the slip may have reached the server."""
        return self.drawn is not None

    @property
    def acknowledged(self) -> bool:
        """Whether the server has said that the ballot is in the box."""
        return NEW in self.answers or KNOWN in self.answers

    def marks(self) -> dict[tuple[str, str], str]:
        """(cell, tracker) → choice, as the box must show them."""
        assert self.ballot is not None
        secret = self.ballot.secret
        return {(cell, b64url(tracker(secret, cell))): c for cell, c in self.choices.items()}


class Phone:
    """One connection and its owner's patience; one for each thread."""

    def __init__(
        self, base: str, meeting: Meeting, chance: random.Random, hangs_up: float = HANGS_UP
    ) -> None:
        parts = urlsplit(base)
        self._connection = HTTPConnection(
            parts.hostname or "", parts.port or 80, timeout=TRY_SECONDS
        )
        self._meeting = meeting
        self._chance = chance
        self._hangs_up = hangs_up

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def redeem(self, voter: Voter) -> None:
        """Exchange the slip; the same element in every repetition. Raises GaveUp, Refused."""
        voter.drawn = voter.drawn or blind()
        body = {"token": voter.slip.token, "blinded": b64url(voter.drawn.blinded)}
        answer = self._insist("credentials", body, voter).content
        if voter.element is not None and voter.element["evaluated"] != answer["evaluated"]:
            raise NotCast("untrusted", "two elements for one slip")
        voter.element = answer
        voter.credential = finalise(self._meeting, answer, voter.drawn)

    def cast(self, voter: Voter) -> None:
        """Send the ballot, sealed once and only ever resent. Raises GaveUp, Refused."""
        self._insist("ballots", self.seal(voter).body, voter)

    def seal(self, voter: Voter) -> Sealed:
        """The ballot of a voter who has a credential."""
        if voter.ballot is None:
            assert voter.credential is not None
            voter.choices = {
                cell: self._chance.choice([*lawful, ABSTAIN])
                for cell, lawful in self._meeting.cells.items()
            }
            voter.ballot = seal_ballot(self._meeting, voter.credential, voter.choices)
        return voter.ballot

    def cast_again(self, voter: Voter) -> None:
        """The same ballot once more, after it was acknowledged."""
        assert voter.ballot is not None
        voter.resent += 1
        self._insist("ballots", voter.ballot.body, voter)

    def redeem_again(self, voter: Voter) -> None:
        """Another phone with the same slip; raises Refused, as it must."""
        body = {"token": voter.slip.token, "blinded": b64url(blind().blinded)}
        self._insist("credentials", body, None)

    def cast_otherwise(self, voter: Voter) -> None:
        """Another ballot under the same credential; raises Refused, as it must."""
        assert voter.credential is not None
        other = seal_ballot(self._meeting, voter.credential, voter.choices)
        self._insist("ballots", other.body, None)

    def ask(self, path: str, body: Mapping[str, str], hang_up: bool = False) -> Answer:
        """One request; NO_ANSWER where none came to its end, as far as the phone can know."""
        try:
            headers = {"Content-Type": "application/json"}
            address = f"/api/v1/meetings/{self._meeting.code}/{path}"
            self._connection.request("POST", address, json.dumps(body).encode(), headers)
            if hang_up:
                self._connection.close()
                return NO_ANSWER
            answer = self._connection.getresponse()
            content = json.loads(answer.read())
            pause = answer.headers.get("Retry-After") or "0"
            return Answer(answer.status, content, float(pause) if pause.isdecimal() else 0.0)
        except (OSError, HTTPException):
            self._connection.close()
        except ValueError:
            # Something other than this system has answered.
            self._connection.close()
        return NO_ANSWER

    def _insist(self, path: str, body: Mapping[str, str], voter: Voter | None) -> Answer:
        for tries in range(1, TRIES + 1):
            answer = self.ask(path, body, self._chance.random() < self._hangs_up)
            if voter is not None and path == "ballots" and answer.done:
                voter.answers.append(answer.status)
            if answer.done:
                return answer
            if not answer.passes:
                raise Refused(answer)
            if voter is not None:
                voter.unanswered += 1
                voter.resent += path == "ballots"
            regular = PAUSES_SECONDS[min(tries, len(PAUSES_SECONDS)) - 1]
            pause = max(min(answer.pause, 60.0), regular) * self._chance.uniform(0.8, 1.2)
            time.sleep(pause * PACE)
        raise GaveUp
