"""A real meeting at a real server process, of which the harness knows who did what, and when."""

from __future__ import annotations

import hashlib
import json
import queue
import random
import sqlite3
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from app.domain.ballot import tracker
from app.domain.encoding import b64url, from_b64url
from app.domain.slip import in_fours, parse_token
from app.phones.voter import (
    Door,
    Meeting,
    SlipUrl,
    blind,
    fetch_meeting,
    finalise,
    read_slip_url,
    seal_ballot,
    send,
)
from tests.postgres import Postgres
from tests.serving import Server

Variant = Literal["product", "joined", "apart"]
"""The product, or one of the two leaky controls: see tests.forensics.leaky."""

Pattern = Literal["sequential", "overlapping", "reordered"]
"""One voter after another, the worst case; several at once, who think before they cast; all
redeem first and then cast in another order."""

CHANCE = random.SystemRandom()
HEADER = "X-Forensics"
AT_ONCE = 6
THINKING_SECONDS = 0.06


@dataclass
class Voter:
    """One voter and all that was drawn for them; filled as the vote goes on."""

    slip: SlipUrl
    choices: dict[str, str] = field(default_factory=dict)
    known: dict[str, bytes] = field(default_factory=dict)
    trackers: dict[str, bytes] = field(default_factory=dict)
    secrets: dict[str, bytes] = field(default_factory=dict)


class Stand:
    """A server of one variant with its store, in a folder of its own.

    redeemed, cast: the voters in the order in which the server has answered them. running:
    whether there are processes to look at.
    """

    def __init__(self, folder: Path, variant: Variant, cluster: Postgres | None) -> None:
        self.variant = variant
        self.cluster = cluster
        self.data = folder / "data"
        self.data.mkdir(mode=0o700, parents=True)
        self.redeemed: list[Voter] = []
        self.cast: list[Voter] = []
        self.running = False
        self._lock = threading.Lock()
        self.address = cluster.database() if cluster else ""
        env = {"DATABASE_URL": self.address} if cluster else {}
        if variant != "product":
            env |= {"LEAKY_STORE": self.address, "LEAKY_SHAPE": variant}
        self.server = Server(self.data, env)
        if variant != "product":
            self.server.config = "tests/forensics/leaky_gunicorn.py"

    def open(self, slips: int, subjects: int = 3, k: int = 5) -> None:
        """Make a meeting, start the server, and learn the form."""
        made = json.loads(
            self.server.flask(
                *("demo", "--scheme", "awu-villages-2012", "--subjects", str(subjects)),
                *("--slips", str(slips), "--k", str(k), "--json"),
            )
        )
        self.code: str = made["meeting"]
        self.k = k
        self.waiting = [Voter(read_slip_url(url)) for url in made["slips"]]
        for voter in self.waiting:
            token = parse_token(voter.slip.token)
            voter.known["token_hash"] = hashlib.sha256(token).digest()
            voter.secrets["token"] = bytes(token)
            voter.secrets["token as printed"] = in_fours(voter.slip.token).encode()
            voter.secrets["token as typed"] = voter.slip.token.encode()
        self.start()
        with closing(Door(self.server.base)) as door:
            self.meeting: Meeting = fetch_meeting(door, self.waiting[0].slip)

    def start(self) -> None:
        """Start the server, and the database where it is not running."""
        if self.cluster:
            self.cluster.start()
        self.server.start()
        self.running = True

    def kill(self) -> None:
        """A power cut: server and database end at once."""
        self.running = False
        self.server.kill()
        if self.cluster:
            self.cluster.kill()

    def settle(self) -> None:
        """Let PostgreSQL write its pages, as it does by itself every five minutes."""
        if self.cluster:
            self.cluster.psql("CHECKPOINT")

    def vote(self, number: int, pattern: Pattern) -> None:
        """Let so many of those who wait vote; returns when all are in."""
        voters = [self.waiting.pop() for _ in range(number)]
        if pattern == "overlapping":
            self._overlapping(voters)
            return
        with closing(self.door()) as door:
            if pattern == "sequential":
                for voter in voters:
                    self.cast_ballot(door, voter, self.redeem(door, voter))
                return
            credentials = [(voter, self.redeem(door, voter)) for voter in voters]
            CHANCE.shuffle(credentials)
            for voter, credential in credentials:
                self.cast_ballot(door, voter, credential)

    @contextmanager
    def voting(self, number: int, pattern: Pattern) -> Iterator[Callable[[], bool]]:
        """Let so many vote meanwhile: gives a question whether all are in, and waits for it."""
        with ThreadPoolExecutor(1) as beside:
            votes = beside.submit(self.vote, number, pattern)
            yield votes.done
            votes.result()

    def door(self) -> TellingDoor:
        """A connection of its own to the server."""
        return TellingDoor(self.server.base, tells=self.variant != "product")

    def redeem(self, door: TellingDoor, voter: Voter) -> Any:
        """Exchange the slip for a credential."""
        drawn = blind()
        voter.known["blinded"] = drawn.blinded
        voter.known["nonce"] = drawn.nonce
        door.tell = {
            "token_hash": voter.known["token_hash"].hex(),
            "blinded": drawn.blinded.hex(),
        }
        body = {"token": voter.slip.token, "blinded": b64url(drawn.blinded)}
        answer = door.ask("POST", f"{self.code}/credentials", body)
        with self._lock:
            self.redeemed.append(voter)
        credential = finalise(self.meeting, answer, drawn)
        voter.secrets["evaluated element"] = from_b64url(answer["evaluated"])
        voter.secrets["proof"] = from_b64url(answer["proof"])
        voter.secrets["credential"] = credential.output
        return credential

    def cast_ballot(self, door: TellingDoor, voter: Voter, credential: Any) -> None:
        """Seal and cast a ballot of chance choices."""
        voter.choices = {c: CHANCE.choice(lawful) for c, lawful in self.meeting.cells.items()}
        ballot = seal_ballot(self.meeting, credential, voter.choices)
        sealed = from_b64url(ballot.body["sealed"])
        voter.known["sealed_hash"] = hashlib.sha256(sealed).digest()
        voter.secrets |= {
            "iv": from_b64url(ballot.body["iv"]),
            # A part of it is enough, and is what a page might still hold.
            "sealed text, its beginning": sealed[:24],
            "sealed text, its end": sealed[-24:],
            "receipt secret": ballot.secret,
        }
        voter.trackers = {cell: tracker(ballot.secret, cell) for cell in self.meeting.cells}
        door.tell |= {
            "nonce": voter.known["nonce"].hex(),
            "k": self.k,
            "marks": [[c, voter.choices[c], t.hex()] for c, t in voter.trackers.items()],
        }
        send(door, self.meeting, ballot)
        with self._lock:
            self.cast.append(voter)

    def close(self) -> None:
        """End the meeting by the product's own command; the leaky control deletes its rows."""
        self.seeds = seeds_in(self.data)
        assert self.seeds, "an open meeting has a seed, and the search after closing needs it"
        self.server.flask("meeting", "close", self.code, "--json")
        if self.variant != "product":
            end = f"{self.server.base}/forensics/end"
            urllib.request.urlopen(end, timeout=60).close()  # noqa: S310 - loopback

    def picture(self) -> dict[str, Any]:
        """What everybody may see now: `GET …/live`."""
        with closing(Door(self.server.base)) as door:
            return door.ask("GET", f"{self.code}/live")

    def backup(self, path: Path) -> None:
        """Make a backup by the product's own command."""
        self.server.flask("backup", str(path))

    def _overlapping(self, voters: Iterable[Voter]) -> None:
        line: queue.SimpleQueue[Voter] = queue.SimpleQueue()
        for voter in voters:
            line.put(voter)

        def one_after_another() -> None:
            with closing(self.door()) as door, suppress(queue.Empty):
                while True:
                    voter = line.get_nowait()
                    credential = self.redeem(door, voter)
                    time.sleep(CHANCE.uniform(0, THINKING_SECONDS))
                    self.cast_ballot(door, voter, credential)

        with ThreadPoolExecutor(AT_ONCE) as phones:
            for done in [phones.submit(one_after_another) for _ in range(AT_ONCE)]:
                done.result()


class TellingDoor(Door):
    """The voters' door; the leaky controls are told in a header what a naive service is told."""

    def __init__(self, base: str, tells: bool) -> None:
        super().__init__(base, patience=300)
        self.tell: dict[str, Any] = {}
        self._tells = tells

    def _once(self, method: str, path: str, body: Mapping[str, str] | None) -> tuple[int, bytes]:
        if not self._tells:
            return super()._once(method, path, body)
        headers = {"Content-Type": "application/json", HEADER: json.dumps(self.tell)}
        try:
            self._connection.request(
                method, f"/api/v1/meetings/{path}", json.dumps(body).encode(), headers
            )
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except BaseException:
            self._connection.close()
            raise


def seeds_in(data: Path) -> list[bytes]:
    """The seeds of open meetings, wherever a SQLite file below `data` has a column of that name."""
    found = []
    for path in sorted(data.rglob("*.sqlite")):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
            tables = [row[0] for row in store.execute("SELECT name FROM sqlite_master")]
            for table in tables:
                columns = [row[1] for row in store.execute(f'PRAGMA table_info("{table}")')]
                if "seed" in columns:
                    rows = store.execute(f'SELECT seed FROM "{table}"')  # noqa: S608 - its own names
                    found += [row[0] for row in rows]
    return [seed for seed in found if seed]
