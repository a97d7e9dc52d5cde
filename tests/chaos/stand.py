"""A real server with its stores, killed in parts and started again as systemd would."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

from app.domain.box import Box, read_box
from app.domain.encoding import b64url
from app.phones.voter import Door, Meeting, blind, fetch_meeting, read_slip_url
from tests.chaos.host import Host
from tests.chaos.phone import Voter
from tests.postgres import Postgres
from tests.serving import READY_WITHIN, Server

Store = Literal["SQLite", "PostgreSQL"]
STORES: tuple[Store, ...] = ("SQLite", "PostgreSQL")
Kind = Literal["worker", "arbiter", "database"]

FAULTY = Path(__file__).resolve().parent / "faulty"
STARTS_MOST = 5
KNOCKS = 8


class Killed(Server):
    """A gunicorn whose processes may be killed one by one."""

    def kill_worker(self, chance: random.Random) -> None:
        """SIGKILL to one worker; the arbiter starts another."""
        workers = self.processes()[1:]
        if workers:
            _kill(chance.choice(workers))

    def kill_arbiter(self, orphans: bool) -> None:
        """SIGKILL to the arbiter, and to its workers unless they are left as `orphans`.

        systemd kills what is left of a unit before it starts it again; without systemd, orphans
        find out within a second or so, and take ballots until then.
        """
        assert self._process is not None
        if not orphans:
            self.kill()
            return
        self._process.kill()
        self._process.wait(timeout=60)
        self._process = None

    def start_again(self, orphans: list[int]) -> None:
        """Sweep and start, as systemd would; where orphans hold the port, until they let go."""
        for _ in range(STARTS_MOST):
            self.flask("sweep")
            with suppress(RuntimeError):
                self.start()
                # Orphans may have answered that all is well.
                _await_end(orphans)
                while self._process is not None and self._process.poll() is None:
                    if self._healthy():
                        return
                    time.sleep(0.05)
        raise RuntimeError(f"the server did not start again:\n{self.log_text()}")


class Hall(NamedTuple):
    """An open meeting. meeting_id: its row."""

    code: str
    meeting_id: int
    meeting: Meeting
    voters: list[Voter]


class Stand:
    """One server and its main database, in a folder of its own."""

    def __init__(self, folder: Path, cluster: Postgres | None, faulty: bool) -> None:
        self.cluster = cluster
        self.store: Store = "PostgreSQL" if cluster else "SQLite"
        self.data = folder / "data"
        self.data.mkdir(mode=0o700, parents=True)
        env = {"DATABASE_URL": cluster.database()} if cluster else {}
        self.faults = folder / "faults.json"
        self.faults.write_text("{}")
        faults = {"PYTHONPATH": str(FAULTY), "CHAOS_FAULTS": str(self.faults)}
        self.server = Killed(self.data, env | faults if faulty else env)
        self.host = Host(self.server.env | faults, folder / "host.log")
        self._draft: dict[str, Any] | None = None
        # Starting the command line takes longer than closing; once is enough.
        self._proved = False

    def draft(self, slips: int) -> dict[str, Any]:
        """A new meeting that is not open yet, in a round with three subjects."""
        if self._draft is None:
            words = ("--scheme", "awu-villages-2012", "--subjects", "3", "--slips", "9")
            self._draft = json.loads(self.server.flask("demo", *words, "--rehearsal", "--json"))
        return self.host.done("draft", self._draft["meeting_id"], slips)

    def hall(self, slips: int) -> Hall:
        """An open meeting with so many slips, in two groups; the server must be running."""
        draft = self.draft(slips)
        self.host.done("open", draft["meeting_id"])
        return self.enter(draft, slips)

    def enter(self, draft: dict[str, Any], slips: int) -> Hall:
        """The voters of a meeting that has just been opened."""
        fewer = slips // 3
        urls = [
            url
            for group, number in (("g1", slips - fewer), ("g2", fewer))
            for url in self.host.done("issue", draft["meeting_id"], group, number)["slips"]
        ]
        voters = [Voter(read_slip_url(url)) for url in urls]
        with closing(Door(self.server.base)) as door:
            meeting = fetch_meeting(door, voters[0].slip)
        return Hall(draft["meeting"], draft["meeting_id"], meeting, voters)

    def knock(self, code: str) -> None:
        """Strangers who ask for the credential of a meeting, and do not wait for an answer."""
        body = json.dumps({"token": "0" * 16, "blinded": b64url(blind().blinded)}).encode()
        head = (
            f"POST /api/v1/meetings/{code}/credentials HTTP/1.1\r\nHost: x\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        for _ in range(KNOCKS):
            with socket.create_connection(("127.0.0.1", self.server.port), 20) as stranger:
                stranger.sendall(head.encode() + body)

    def close(self, hall: Hall) -> Box:
        """Close, the first time by the product's command; the box as everybody gets it."""
        if self._proved:
            digest = self.host.done("close", hall.meeting_id)["digest"]
        else:
            digest = json.loads(self.server.flask("meeting", "close", hall.code, "--json"))[
                "digest"
            ]
        box = self.box(hall)
        assert digest == box.digest
        return box

    def box(self, hall: Hall) -> Box:
        """The box as everybody gets it, the first one proved by the product's command."""
        address = f"{self.server.base}/api/v1/meetings/{hall.code}/box"
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - loopback
            document = answer.read()
        box = read_box(document)
        if not self._proved:
            file = self.faults.with_name("box.json")
            file.write_bytes(document)
            self.server.flask("box", "verify", str(file), "--digest", box.digest)
            self._proved = True
        return box

    def urns(self) -> list[str]:
        """The files in the folder of urns."""
        folder = self.data / "urns"
        return sorted(file.name for file in folder.iterdir()) if folder.exists() else []

    def be_faulty(self, **faults: float) -> None:
        """Set what is faulty in the server from now on; see tests/chaos/faulty."""
        draft = self.faults.with_suffix(".new")
        draft.write_text(json.dumps(faults))
        draft.replace(self.faults)

    def kill(self, kind: Kind, chance: random.Random) -> None:
        """Kill something; everything runs again on return."""
        if kind == "worker":
            self.server.kill_worker(chance)
        elif kind == "arbiter":
            orphans = self.server.processes()[1:] if chance.random() < 0.5 else []
            self.server.kill_arbiter(bool(orphans))
            self.server.start_again(orphans)
        elif self.cluster:
            if chance.random() < 0.3:
                # A child of PostgreSQL that dies takes all others with it; it starts them anew.
                _kill(chance.choice(_children(_server_of(self.cluster))))
                _await_postgres(self.cluster)
            else:
                kill_postgres(self.cluster)
                time.sleep(chance.uniform(0, 0.5))
                self.cluster.start()

    def limit_files(self, size: int) -> None:
        """Let no process of the server write to any file beyond so many bytes (-1: no limit)."""
        for process in self.server.processes():
            with suppress(ProcessLookupError):
                _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
                resource.prlimit(process, resource.RLIMIT_FSIZE, (size, most))

    def end(self) -> None:
        """Leave no process behind."""
        self.host.end()
        self.server.kill()


@contextmanager
def standing(store: Store, faulty: bool = False) -> Iterator[Stand]:
    """A running server with an empty database. faulty: whether `be_faulty` may be asked for."""
    folder = Path(tempfile.mkdtemp(prefix="mingce-chaos-"))
    cluster = Postgres() if store == "PostgreSQL" else None
    stand = None
    try:
        stand = Stand(folder, cluster, faulty)
        stand.server.flask("db", "upgrade")
        stand.server.start()
        yield stand
    finally:
        if stand:
            stand.end()
        if cluster:
            cluster.remove()
        shutil.rmtree(folder)


def kill_postgres(cluster: Postgres) -> None:
    """SIGKILL to the server and to all its processes, as it cannot know."""
    server = _server_of(cluster)
    # Those that it forks while we look are orphans, who end by themselves.
    os.kill(server, signal.SIGSTOP)
    children = _children(server)
    _kill(server)
    for child in children:
        _kill(child)
    _await_end(children)
    cluster.kill()


def _server_of(cluster: Postgres) -> int:
    assert cluster._process is not None
    return cluster._process.pid


def _await_postgres(cluster: Postgres) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while True:
        with suppress(RuntimeError, subprocess.SubprocessError):
            cluster.psql("SELECT 1")
            return
        if time.monotonic() > deadline:
            raise RuntimeError("PostgreSQL did not come back")
        time.sleep(0.02)


def _children(process: int) -> list[int]:
    return list(map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()))


def _kill(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _await_end(processes: list[int]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while any(_runs(process) for process in processes):
        if time.monotonic() > deadline:
            raise RuntimeError(f"processes live on: {processes}")
        time.sleep(0.02)


def _runs(process: int) -> bool:
    """Whether a process runs; not where it has ended and nobody has asked for its status."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in ("Z", "X")
