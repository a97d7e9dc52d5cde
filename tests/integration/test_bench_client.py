"""The load generator of `make bench` at a real server."""

from __future__ import annotations

from pathlib import Path

from bench.client import Watchers, drive
from bench.stand import in_the_box, make_hall
from tests.serving import Server


def test_every_ballot_of_the_load_generator_is_in_the_box_once(data_dir: Path) -> None:
    server = Server(data_dir, {})
    hall = make_hall(server, slips=12, cells=2)
    server.start()
    try:
        watchers = Watchers(server.port, hall.events, 2)
        watchers.wait_for(1, 60)
        jobs = [
            [("page", hall.face), ("redeem", voter.redeem), ("cast", voter.cast)]
            for voter in hall.voters
        ]
        run = drive(server.port, jobs, 4, watchers)
        watchers.close()
        assert run.errors == {}
        assert {kind: run.accepted(kind) for kind in ("page", "redeem", "cast")} == {
            "page": 12,
            "redeem": 12,
            "cast": 12,
        }
        assert all(watchers.frames.values())
        again = drive(server.port, [[("cast", voter.cast)] for voter in hall.voters], 4)
        assert {answer.status for answer in again.answers} == {200}
        assert in_the_box(server, hall) == 12
    finally:
        server.kill()
