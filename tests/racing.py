"""Sixteen processes that all begin at one moment, on one SQLite file or at one server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from multiprocessing import get_context
from multiprocessing.pool import Pool
from multiprocessing.synchronize import Barrier
from typing import Any, NamedTuple

from flask import Flask

from app.actions.account import account_by_name
from app.actions.ballot import SealedBallot, cast_ballot
from app.actions.closing import close_meeting
from app.actions.confirmation import Wish, confirm, shown_digest
from app.actions.credential import redeem_slip
from app.actions.meeting import get_meeting, void_meeting
from app.config import Config
from app.domain.confirmation import Part
from app.domain.encoding import from_b64url
from app.domain.errors import ContentChanged, MingceError
from app.domain.slip import parse_token
from app.factory import create_app
from app.models import db

RACERS = 16
PATIENCE_SECONDS = 60
Answer = tuple[Any, ...]

_start: Barrier
_apps: dict[str, Flask] = {}


class Task(NamedTuple):
    """What one process does. data: folder of the database."""

    act: Callable[..., Answer]
    data: str
    arguments: tuple[Any, ...]


class Racers:
    """The processes. Each race has one task for each of them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def race(self, tasks: Sequence[Task]) -> list[Answer]:
        """The answers, in the order of the tasks."""
        assert len(tasks) == RACERS
        pending = self._pool.map_async(run, tasks, chunksize=1)
        return pending.get(timeout=PATIENCE_SECONDS * 2)


@contextmanager
def racers() -> Iterator[Racers]:
    """Sixteen fresh processes; they share nothing with this one but the files."""
    context = get_context("spawn")
    start = context.Barrier(RACERS)
    with context.Pool(RACERS, initializer=_get_ready, initargs=(start,)) as pool:
        yield Racers(pool)


def _get_ready(start: Barrier) -> None:
    global _start  # noqa: PLW0603 - the only way in which a barrier reaches a pool's processes
    _start = start


def run(task: Task) -> Answer:
    """In a process: make ready, wait for the others, act."""
    if task.data not in _apps:
        _apps[task.data] = create_app(Config.from_env({"MINGCE_DATA": task.data}))
    with _apps[task.data].app_context():
        db.session.connection()
        db.session.rollback()
        _start.wait(PATIENCE_SECONDS)
        try:
            return task.act(*task.arguments)
        except MingceError as error:
            return ("refused", error.code)
        finally:
            db.session.remove()


def redeem(code: str, token: str, blinded: bytes) -> Answer:
    """("redeemed", the evaluated element), by the action itself."""
    redeemed = redeem_slip(code, parse_token(token), blinded)
    return ("redeemed", redeemed.evaluation.evaluated)


def cast(code: str, body: dict[str, str]) -> Answer:
    """("cast", whether it was new), by the action itself."""
    ballot = SealedBallot(
        group=body["group"],
        nonce=from_b64url(body["nonce"]),
        iv=from_b64url(body["iv"]),
        sealed=from_b64url(body["sealed"]),
    )
    return ("cast", cast_ballot(code, ballot))


def close(meeting_id: int) -> Answer:
    """("closed", the digest), by the action itself."""
    return ("closed", close_meeting(meeting_id).digest)


def void(meeting_id: int) -> Answer:
    """("voided",), by the action itself."""
    void_meeting(meeting_id, "测试作废")
    return ("voided",)


def confirm_closing(meeting_id: int, name: str, part: Part) -> Answer:
    """("closed",) for whose confirmation was the second, ("waits",) for the first.

    A scrutineer who has seen what has changed since looks again, as the page tells him to.
    """
    who = account_by_name(name)
    assert who is not None
    while True:
        seen = shown_digest(get_meeting(meeting_id), "close")
        db.session.rollback()
        try:
            return ("closed" if confirm(meeting_id, who, Wish("close", part, seen)) else "waits",)
        except ContentChanged:
            continue


def post(port: int, path: str, body: dict[str, str]) -> Answer:
    """(status, JSON) of a request to a real server."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", f"/api/v1/meetings/{path}", json.dumps(body), headers)
    answer = connection.getresponse()
    value = json.loads(answer.read())
    connection.close()
    return (answer.status, value)
