"""What queues up before an urn is committed together, and each gets the answer that is its own."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from app.domain.errors import ServerBusy, SlipUsed
from app.models import urn_line as line_module
from app.models.urn_file import destroy_urn, urn_line, urn_path, urn_writing
from app.models.urn_line import UrnLine, UrnMissing, UrnStopped
from tests.voters import Example

PATIENCE = 60.0


class Work:
    """Batches that write down their company, and can be held up in the middle."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, list[int]]] = []
        self.going = threading.Event()
        self.held = threading.Semaphore(0)

    def first(self, connection: sqlite3.Connection, jobs: Sequence[int]) -> list[Any]:
        """One kind of work; doubles."""
        return self._done("first", connection, jobs)

    def second(self, connection: sqlite3.Connection, jobs: Sequence[int]) -> list[Any]:
        """Another kind."""
        return self._done("second", connection, jobs)

    def _done(self, kind: str, connection: sqlite3.Connection, jobs: Sequence[int]) -> list[Any]:
        self.seen.append((kind, sorted(jobs)))
        self.going.set()
        assert self.held.acquire(timeout=PATIENCE)
        if 13 in jobs:
            connection.execute("SELECT no_such_column FROM slips")
        return [SlipUsed() if job == 7 else 2 * job for job in jobs]


@pytest.fixture
def example(app: Flask) -> Example:
    return Example(app)


@contextmanager
def _queue(
    example: Example, work: Work, jobs: Sequence[tuple[Callable[..., Any], int]]
) -> Iterator[tuple[UrnLine, list[Future[Any]]]]:
    """The first job is under way and held up while all the others stand in line, in this order."""
    with example.app.app_context():
        line = urn_line(example.code)
    with ThreadPoolExecutor(len(jobs)) as pool:
        futures = [pool.submit(line.write, *jobs[0])]
        assert work.going.wait(PATIENCE)
        for number, job in enumerate(jobs[1:], start=1):
            futures.append(pool.submit(line.write, *job))
            while line.waiting < number:
                threading.Event().wait(0.001)
        yield line, futures


def test_what_queues_up_during_a_commit_is_committed_together(example: Example) -> None:
    work = Work()
    jobs = [(work.first, number) for number in range(6)]
    with _queue(example, work, jobs) as (_, futures):
        work.held.release(2)
        assert [future.result(PATIENCE) for future in futures] == [0, 2, 4, 6, 8, 10]
    assert work.seen == [("first", [0]), ("first", [1, 2, 3, 4, 5])]


def test_no_transaction_holds_two_kinds_and_the_longest_waiting_kind_comes_next(
    example: Example,
) -> None:
    work = Work()
    jobs = [
        (work.first, 1),
        (work.second, 2),
        (work.first, 3),
        (work.second, 4),
        (work.first, 5),
    ]
    with _queue(example, work, jobs) as (_, futures):
        work.held.release(3)
        assert [future.result(PATIENCE) for future in futures] == [2, 4, 6, 8, 10]
    assert work.seen == [("first", [1]), ("second", [2, 4]), ("first", [3, 5])]


def test_a_refusal_of_one_is_no_refusal_of_his_company(example: Example) -> None:
    work = Work()
    with _queue(example, work, [(work.first, n) for n in (1, 6, 7, 8)]) as (_, futures):
        work.held.release(2)
        assert [futures[place].result(PATIENCE) for place in (0, 1, 3)] == [2, 12, 16]
        with pytest.raises(SlipUsed):
            futures[2].result(PATIENCE)


def test_a_transaction_that_fails_is_told_to_all_in_it_and_the_next_goes_on(
    example: Example,
) -> None:
    work = Work()
    jobs = [(work.first, 1), (work.second, 13), (work.second, 14), (work.first, 2)]
    with _queue(example, work, jobs) as (_, futures):
        work.held.release(3)
        assert futures[0].result(PATIENCE) == 2
        for failed in futures[1:3]:
            with pytest.raises(ServerBusy):
                failed.result(PATIENCE)
        assert futures[3].result(PATIENCE) == 4


def test_no_more_than_the_most_stand_in_line(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "WAITING_MOST", 3)
    work = Work()
    with _queue(example, work, [(work.first, n) for n in range(4)]) as (line, futures):
        with pytest.raises(ServerBusy):
            line.write(work.first, 5)
        work.held.release(2)
        assert [future.result(PATIENCE) for future in futures] == [0, 2, 4, 6]


def test_a_transaction_is_no_larger_than_the_largest(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "BATCH_MOST", 2)
    work = Work()
    with _queue(example, work, [(work.first, n) for n in range(6)]) as (_, futures):
        work.held.release(4)
        assert [future.result(PATIENCE) for future in futures] == [0, 2, 4, 6, 8, 10]
    assert [jobs for _, jobs in work.seen] == [[0], [1, 2], [3, 4], [5]]


def test_whoever_leads_may_die_and_the_others_go_on(example: Example) -> None:
    class Death(BaseException):
        pass

    work = Work()

    def die(_connection: sqlite3.Connection, _jobs: Sequence[int]) -> list[Any]:
        raise Death

    with _queue(example, work, [(work.first, 1), (die, 2), (die, 3), (work.first, 4)]) as (
        _,
        futures,
    ):
        work.held.release(2)
        with pytest.raises(Death):
            futures[1].result(PATIENCE)
        with pytest.raises(ServerBusy):
            futures[2].result(PATIENCE)
        assert futures[3].result(PATIENCE) == 8


def test_an_urn_that_is_stopped_or_gone_is_written_by_nobody(example: Example) -> None:
    work = Work()
    work.held.release(5)
    with example.app.app_context():
        line = urn_line(example.code)
        assert line.write(work.first, 1) == 2
        with urn_writing(example.code) as connection:
            connection.exec_driver_sql("UPDATE meeting SET state = 'closing'")
        with pytest.raises(UrnStopped):
            line.write(work.first, 1)
        path = urn_path(example.code)
        destroy_urn(example.code)
        with pytest.raises(UrnMissing):
            line.write(work.first, 1)
        assert not path.exists()
    assert work.seen == [("first", [1])]


def test_somebody_who_holds_the_urn_is_waited_for_and_not_for_ever(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "TURN_SECONDS", 0.2)
    work = Work()
    work.held.release(5)
    with example.app.app_context():
        line = urn_line(example.code)
        with urn_writing(example.code), pytest.raises(ServerBusy):
            line.write(work.first, 1)
        assert line.write(work.first, 1) == 2


def test_a_disk_that_takes_nothing_is_noted_once_for_all_phones(example: Example) -> None:
    work = Work()
    work.held.release(3)
    for _ in range(3):
        with example.app.app_context(), pytest.raises(ServerBusy):
            urn_line(example.code).write(work.first, 13)
    events = (example.app.config["MINGCE"].data / "logs" / "events.log").read_text("utf-8")
    assert events.count("urn_not_written") == 1


def test_a_commit_that_meets_a_reader_waits_for_him_in_a_thread(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "TRY_AGAIN", 0)
    in_threads: list[str] = []
    waits = threading.Event()

    def noted(call: Callable[..., Any], *arguments: Any) -> Any:
        in_threads.append(call.__name__)
        waits.set()
        return call(*arguments)

    monkeypatch.setattr(line_module, "off_the_loop", noted)
    work = Work()
    work.held.release(5)
    with example.app.app_context():
        line = urn_line(example.code)
        reader = sqlite3.connect(urn_path(example.code), isolation_level=None)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT state FROM meeting").fetchall()

        def write(connection: sqlite3.Connection, jobs: Sequence[int]) -> list[Any]:
            connection.execute("UPDATE meeting SET state = state")
            return list(jobs)

        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(line.write, write, 1)
            assert waits.wait(PATIENCE)
            reader.execute("COMMIT")
            assert answer.result(PATIENCE) == 1
    finally:
        reader.close()
    assert in_threads == ["_commit"]


def test_a_slow_disk_is_tried_again_now_and_then(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_module, "QUICK_SECONDS", -1.0)
    monkeypatch.setattr(line_module, "TRY_AGAIN", 3)
    in_threads: list[int] = []
    written: list[int] = []

    def noted(call: Callable[..., Any], *arguments: Any) -> Any:
        in_threads.append(len(written))
        return call(*arguments)

    monkeypatch.setattr(line_module, "off_the_loop", noted)
    work = Work()
    work.held.release(20)
    with example.app.app_context():
        line = urn_line(example.code)
        for number in range(9):
            assert line.write(work.first, 100 + number) == 200 + 2 * number
            written.append(number)
    assert in_threads == [0, 1, 2, 4, 5, 6, 8]
