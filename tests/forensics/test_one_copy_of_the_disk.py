"""One copy of the disk, taken while a meeting is open, links no slip to a mark.

People vote one after another, the worst case for secrecy, at a real server process. The same
attacks are made on a store that keeps rows as they come, to show that they bite.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from app.cli.voter import Door, blind, fetch_meeting, read_slip_url, redeem, seal_ballot, send
from app.domain.ballot import tracker
from app.domain.slip import parse_token
from tests.forensics.attacks import Truth, best_guess_of_arrival, best_link, files_of
from tests.serving import Server

VOTERS = 40
BY_CHANCE = 9
"""Places that agree between two orders of chance: one on average, more than nine in one try of a
million; twelve pairs are tried."""


@pytest.fixture
def truth(server: Server) -> list[Truth]:
    """Forty people have voted, slip by slip, each ballot with two cells."""
    made = json.loads(
        server.flask(
            *("demo", "--scheme", "awu-villages-2012", "--subjects", "2"),
            *("--slips", str(VOTERS), "--json"),
        )
    )
    slips = [read_slip_url(url) for url in made["slips"]]
    door = Door(server.base)
    meeting = fetch_meeting(door, slips[0])
    voters = []
    for number, slip in enumerate(slips):
        credential = redeem(door, meeting, slip, blind())
        choices = dict.fromkeys(meeting.cells, f"option{number % 3 + 1}")
        ballot = seal_ballot(meeting, credential, choices)
        send(door, meeting, ballot)
        voters.append(
            Truth(
                hashlib.sha256(parse_token(slip.token)).digest(),
                {cell: tracker(ballot.secret, cell) for cell in meeting.cells},
            )
        )
    door.close()
    return voters


def test_the_order_on_disk_links_nothing(server: Server, truth: list[Truth]) -> None:
    content = b"".join(files_of(server.data).values())
    assert all(content.count(voter.token_hash) == 1 for voter in truth)
    assert all(content.count(mark) == 1 for voter in truth for mark in voter.trackers.values())
    assert best_link(content, truth) <= BY_CHANCE
    assert best_guess_of_arrival(content, truth) <= BY_CHANCE


def test_no_journal_keeps_what_was_committed_before(server: Server, truth: list[Truth]) -> None:
    journals = {name: text for name, text in files_of(server.data).items() if "sqlite-" in name}
    assert all(text == b"" for text in journals.values()), list(journals)
    assert truth


def test_the_same_bytes_lie_on_disk_in_whatever_order_people_vote(tmp_path: Path) -> None:
    marks = [(b"%010d" % number, hashlib.sha256(b"%d" % number).digest()) for number in range(60)]
    assert _blocks(tmp_path / "one", marks) == _blocks(tmp_path / "other", list(reversed(marks)))


def test_a_store_that_keeps_rows_as_they_come_is_linked(
    server: Server, truth: list[Truth], tmp_path: Path
) -> None:
    leaky = tmp_path / "leaky.sqlite"
    with closing(sqlite3.connect(leaky)) as store:
        store.execute("CREATE TABLE slips (hash BLOB)")
        store.execute("CREATE TABLE cells (cell TEXT, tracker BLOB)")
        for voter in truth:
            store.execute("INSERT INTO slips VALUES (?)", (voter.token_hash,))
            store.executemany("INSERT INTO cells VALUES (?, ?)", voter.trackers.items())
            store.commit()
    content = leaky.read_bytes()
    assert best_link(content, truth) == VOTERS
    assert best_guess_of_arrival(content, truth) == VOTERS


def _blocks(folder: Path, marks: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The file of a store of blocks after these marks came in this order."""
    from app.domain.credential import Seed
    from app.domain.urn import EMPTY_BLOCK, Entry, block_of, blocks_needed, with_entry

    folder.mkdir()
    number, seed = blocks_needed(len(marks)), Seed(bytes(32))
    path = folder / "urn.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as store:
        store.execute("PRAGMA secure_delete=ON")
        store.execute("PRAGMA journal_mode=TRUNCATE")
        store.execute("CREATE TABLE urn (block INTEGER PRIMARY KEY, marks BLOB) WITHOUT ROWID")
        rows = [(block, EMPTY_BLOCK) for block in range(number)]
        store.executemany("INSERT INTO urn VALUES (?, ?)", rows)
        for mark, _ in marks:
            place = block_of(seed, mark, number)
            (block,) = store.execute("SELECT marks FROM urn WHERE block = ?", (place,)).fetchone()
            filled = with_entry(block, Entry(mark, "option1", "g1"))
            store.execute("UPDATE urn SET marks = ? WHERE block = ?", (filled, place))
    return path.read_bytes()[100:]
