"""Servers to be measured, and meetings in them with voters whose requests are ready to be sent."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from voprf import ristretto

from app.domain.credential import NONCE_BYTES, Seed, evaluator
from app.domain.encoding import b64url
from app.phones.voter import Credential, Meeting, read_slip_url, seal_ballot
from bench.client import get, post
from tests.serving import Server

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
CELLS = 10


class Bare(Server):
    """The yardstick under gunicorn."""

    config = "bench/gunicorn_bare.py"


class Voter(NamedTuple):
    """The bytes of a voter's requests."""

    redeem: bytes
    cast: bytes


class Hall(NamedTuple):
    """An open meeting. face: the request for its page data. k: ballots in a batch."""

    code: str
    meeting_id: int
    admin: dict[str, str]
    face: bytes
    events: str
    voters: list[Voter]
    cells: int
    k: int


def make_hall(server: Server, slips: int, cells: int = CELLS, k: int = 5) -> Hall:
    """A new meeting, and for each slip a voter; all that is secret is worked out beforehand."""
    words = ("demo", "--scheme", "awu-villages-2012", "--json", "--k", str(k))
    made = json.loads(server.flask(*words, "--subjects", str(cells), "--slips", str(slips)))
    code = made["meeting"]
    file = f"file:{server.data / 'urns' / code}.sqlite?mode=ro"
    with closing(sqlite3.connect(file, uri=True)) as urn:
        seed, form = urn.execute("SELECT seed, form FROM meeting").fetchone()
    lawful = {
        cell["id"]: [choice["value"] for choice in cell["choices"]]
        for cell in json.loads(form)["cells"]
    }
    path = f"/api/v1/meetings/{code}"
    key = evaluator(Seed(seed), code, "g1")
    meeting = Meeting(code, {}, lawful, {})
    voters = [_voter(path, key, meeting, read_slip_url(url).token) for url in made["slips"]]
    return Hall(
        *(code, made["meeting_id"], made["admin"], get(path), f"{path}/events"),
        *(voters, len(lawful), k),
    )


def _voter(path: str, key: Any, meeting: Meeting, token: str) -> Voter:
    nonce = secrets.token_bytes(NONCE_BYTES)
    blinded = ristretto.Client.blind(nonce)[1].serialize()
    credential = Credential("g1", nonce, key.evaluate_known_input(nonce))
    choices = {cell: secrets.choice(lawful) for cell, lawful in meeting.cells.items()}
    wish = {"token": token, "blinded": b64url(blinded)}
    ballot = seal_ballot(meeting, credential, choices).body
    return Voter(
        post(f"{path}/credentials", json.dumps(wish).encode()),
        post(f"{path}/ballots", json.dumps(ballot).encode()),
    )


def in_the_box(server: Server, hall: Hall) -> int:
    """Close the meeting; how many ballots are in its box. RuntimeError where its marks differ."""
    server.flask("meeting", "close", hall.code, "--json")
    with urllib.request.urlopen(f"{server.base}/api/v1/meetings/{hall.code}/box") as answer:  # noqa: S310 - loopback
        box = json.load(answer)
    for entry in box["lists"]:
        cast = sum(count["cast"] for count in box["counts"].values())
        trackers = {mark[0] for mark in entry["marks"]}
        if len(entry["marks"]) != cast or len(trackers) != cast:
            raise RuntimeError(f"cell {entry['cell']} holds {len(trackers)} marks of {cast}")
    return int(sum(count["cast"] for count in box["counts"].values()))


class Use(NamedTuple):
    """What all processes of a server have used. cpu: seconds; memory: resident bytes."""

    cpu: float
    memory: int


def use_of(server: Server) -> Use:
    """What they have used until now."""
    cpu, memory = 0.0, 0
    for process in server.processes():
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        cpu += (int(fields[11]) + int(fields[12])) / TICKS
        memory += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE
    return Use(cpu, memory)


def slow_disk(folder: Path) -> dict[str, str] | None:
    """The environment in which every fsync takes 4 ms longer; None without a C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    library = folder / "slow_fsync.so"
    source = Path(__file__).with_name("slow_fsync.c")
    done = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=False
    )
    return {"LD_PRELOAD": str(library)} if done.returncode == 0 else None
