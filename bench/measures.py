"""What is measured. Ratios are against the yardstick F in the same minute on the same machine."""

from __future__ import annotations

import re
import sqlite3
import statistics
import time
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from bench.client import Run, Watchers, drive, percentile, post
from bench.stand import Bare, Hall, Voter, in_the_box, make_hall, use_of
from tests.serving import Server

ECHO = post("/echo", b'{"text": "' + b"x" * 288 + b'"}')
CAST = re.compile(rb'"cast": ?(\d+)')
RELEASED = re.compile(rb'"at": ?(\d+)')
Figures = dict[str, Any]


def echo(bare: Bare, requests: int, connections: int) -> Run:
    """The yardstick."""
    return drive(bare.port, [[("echo", ECHO)]] * requests, connections)


def voters(server: Server, bare: Bare, connections: int, number: int, rounds: int) -> Figures:
    """Whole voters, two POSTs each, between two runs of the yardstick; the median of rounds.

    Beside them, in the first part of each round, redeeming alone and casting alone.
    """
    each = max(number, connections)
    hall = make_hall(server, each * (3 * rounds) + 100)
    store = iter(hall.voters)

    def some(count: int) -> list[Voter]:
        return [next(store) for _ in range(count)]

    warm = some(100)
    runs = [drive(server.port, [_two_posts(v) for v in warm], min(50, connections))]
    echo(bare, 200, min(50, connections))
    found: list[Figures] = []
    before = echo(bare, 2 * each, connections)
    for _ in range(rounds):
        crowd = some(each)
        redeem = drive(server.port, [[("redeem", v.redeem)] for v in crowd], connections)
        cast = drive(server.port, [[("cast", v.cast)] for v in crowd], connections)
        used = use_of(server)
        posts = drive(server.port, [_two_posts(v) for v in some(each)], connections)
        cpu = use_of(server).cpu - used.cpu
        whole = drive(
            server.port, [[("page", hall.face), *_two_posts(v)] for v in some(each)], connections
        )
        used = use_of(bare)
        after = echo(bare, 2 * each, connections)
        echo_cpu = (use_of(bare).cpu - used.cpu) / (2 * each)
        runs += [redeem, cast, posts, whole]
        f = (_rate(before) + _rate(after)) / 2
        found.append(
            {
                "echo_per_s": f,
                "echo_p99_ms": 1000 * after.percentile(0.99),
                "ratio": each / posts.seconds / (f / 2),
                "whole_ratio": each / whole.seconds / (f / 2),
                "redeem_ratio": _rate(redeem) / f,
                "cast_ratio": _rate(cast) / f,
                "voters_per_s": each / posts.seconds,
                "whole_voters_per_s": each / whole.seconds,
                "redeem_per_s": _rate(redeem),
                "cast_per_s": _rate(cast),
                "p50_ms": 1000 * posts.percentile(0.5),
                "p99_ms": 1000 * posts.percentile(0.99),
                "cpu_ratio": 2 * echo_cpu / max(cpu / each, 1e-9),
                "echo_cpu_ms": 1000 * echo_cpu,
                "cpu_ms_per_voter": 1000 * cpu / each,
                "memory_mb": use_of(server).memory / 2**20,
            }
        )
        before = after
    errors = sum(sum(run.errors.values()) for run in runs)
    accepted = sum(run.accepted("cast") for run in runs)
    figures = {key: statistics.median(one[key] for one in found) for key in found[0]}
    lost = accepted - in_the_box(server, hall)
    return {**figures, "rounds": rounds, "voters": each, "errors": errors, "lost_or_doubled": lost}


def cells(server: Server, numbers: Sequence[int], voters_each: int) -> dict[str, Figures]:
    """How a cast grows with subjects × questions."""
    found = {}
    for number in numbers:
        hall = make_hall(server, voters_each + 50, number)
        drive(server.port, [_two_posts(v) for v in hall.voters[voters_each:]], 50)
        crowd = hall.voters[:voters_each]
        drive(server.port, [[("redeem", v.redeem)] for v in crowd], 50)
        run = drive(server.port, [[("cast", v.cast)] for v in crowd], 50)
        found[str(hall.cells)] = {
            "cast_per_s": _rate(run),
            "p99_ms": 1000 * run.percentile(0.99),
            "errors": sum(run.errors.values()),
            "bytes": len(crowd[0].cast),
        }
    return found


def many_meetings(server: Server, meetings: int, voters_each: int) -> Figures:
    """A vote, page data included, with so many closed meetings in a SQLite database."""
    halls = [make_hall(server, 3 * voters_each)]

    def cost(hall: Hall, part: int) -> float:
        crowd = hall.voters[part * voters_each : (part + 1) * voters_each]
        jobs = [[("page", hall.face), *_two_posts(v)] for v in crowd]
        return drive(server.port, jobs, 50).seconds / len(crowd)

    cost(halls[0], 0)
    empty = statistics.median([cost(halls[0], 1), cost(halls[0], 2)])
    _fill(server, halls[0].code, meetings)
    halls.append(make_hall(server, 3 * voters_each))
    cost(halls[1], 0)
    full = statistics.median([cost(halls[1], 1), cost(halls[1], 2)])
    return {
        "meetings": meetings,
        "ratio": full / empty,
        "ms_empty": 1000 * empty,
        "ms_full": 1000 * full,
    }


def _fill(server: Server, code: str, meetings: int) -> None:
    with closing(sqlite3.connect(server.data / "mingce.sqlite", timeout=30)) as base:
        names = [row[1] for row in base.execute("PRAGMA table_info(meetings)")]
        row = list(base.execute("SELECT * FROM meetings WHERE code = ?", (code,)).fetchone())
        at = {name: place for place, name in enumerate(names)}
        rows = []
        for number in range(meetings):
            row[at["id"]], row[at["code"]] = 1_000_000 + number, f"x{number:05d}"
            row[at["state"]] = "closed"
            rows.append(tuple(row))
        places = ", ".join("?" * len(names))
        base.executemany(f"INSERT INTO meetings VALUES ({places})", rows)  # noqa: S608 - no input
        base.commit()


def screen(server: Server, watchers: int, probes: int, load: int = 0) -> Figures:
    """From the answer to a cast until number and picture arrive at every watcher.

    load: voters on 50 connections while they watch; 0: single ballots in quiet.
    """
    hall = make_hall(server, max(load, probes) + 10)
    acks: list[float] = []
    # The processes have their first greenlets and buffers before memory is compared.
    drive(server.port, [_two_posts(v) for v in hall.voters[-10:]], 1)
    memory = use_of(server).memory
    streams = Watchers(server.port, hall.events, watchers)
    try:
        streams.wait_for(1, 60)
        each = (use_of(server).memory - memory) / watchers
        jobs = [_two_posts(v) for v in hall.voters[: load or probes]]
        errors = 0
        for part in [jobs] if load else [[job] for job in jobs]:
            run = drive(server.port, part, 50 if load else 1, streams)
            acks += sorted(a.at for a in run.answers if a.kind == "cast" and a.status == 201)
            errors += sum(run.errors.values())
            # Quiet between two single ballots, and time for the last frames to arrive.
            streams.listen(1.5 if load else max(0.4, watchers / 1000))
        number, picture = _delays(streams, acks, 10, hall.k)
    finally:
        streams.close()
    return {
        "watchers": watchers,
        "errors": errors,
        "number_p50_ms": 1000 * percentile(number, 0.5),
        "number_p99_ms": 1000 * percentile(number, 0.99),
        "picture_p50_ms": 1000 * percentile(picture, 0.5),
        "picture_p99_ms": 1000 * percentile(picture, 0.99),
        "pictures_seen": len(picture),
        "kb_per_watcher": each / 1000,
    }


def _delays(
    streams: Watchers, acks: Sequence[float], before: int, k: int
) -> tuple[list[float], list[float]]:
    """Of every ballot and of every picture, at every watcher."""
    numbers: list[float] = []
    pictures: list[float] = []
    # The picture at `at` is released by the ballot that fills the next batch.
    due = {at: acks[at + k - before - 1] for at in range(0, before + len(acks), k)
           if 0 <= at + k - before - 1 < len(acks)}  # fmt: skip
    places = sorted(due)
    for frames in streams.frames.values():
        cast, released = before, -1
        for at, content in frames:
            seen = max(map(int, CAST.findall(content)), default=cast)
            numbers += [max(0.0, at - acks[n - before]) for n in range(cast, seen)]
            cast = max(cast, seen)
            shown = max(map(int, RELEASED.findall(content)), default=released)
            if shown > released:
                new = places[bisect_left(places, released + 1) : bisect_left(places, shown + 1)]
                pictures += [max(0.0, at - due[one]) for one in new]
                released = shown
    return numbers, pictures


def opening(server: Server, slips: int) -> Figures:
    """From a draft's opening to slips whose sheets are ready to be printed, a thousand a page."""
    from bench.desk import Desk

    hall = make_hall(server, 1)
    desk = Desk(server.base, hall.admin)
    began = time.perf_counter()
    pages = desk.print_slips(hall.meeting_id, slips)
    return {"slips": slips, "seconds": time.perf_counter() - began, "page_bytes": pages}


def _two_posts(voter: Voter) -> list[tuple[str, bytes]]:
    return [("redeem", voter.redeem), ("cast", voter.cast)]


def _rate(run: Run) -> float:
    return len(run.answers) / run.seconds
