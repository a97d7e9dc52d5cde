"""Write to an urn in company: whatever queued up during the last commit is committed together.

A commit waits for the disk, and the next requests come meanwhile. So the first of those who wait
leads: it writes for all who wait for the same kind of work, in one transaction, and hands the lead
to the next. Nobody waits for company that is not at the door yet, and alone everybody commits at
once. Slips and ballots are different kinds: no transaction holds both.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from app import metrics
from app.domain.errors import ServerBusy
from app.logs import Complaints
from app.process import chance, off_the_loop

Outcome = Any
Batch = Callable[[sqlite3.Connection, Sequence[Any]], list[Outcome]]
"""Does a kind of work for several at once, and gives what each is answered: for a refusal, which
must have changed nothing, the exception."""

BATCH_MOST = 64
"""Ballots in one transaction: some milliseconds of work, while the process does nothing else."""

WAITING_MOST = 4000
"""Who comes when so many wait in one process is asked to come again."""

TURN_SECONDS = 15.0
COMMIT_SECONDS = 5.0
QUICK_SECONDS = 0.002
"""To hand a commit to a thread and back takes about as long as this, and more in a busy process."""

TRY_AGAIN = 50
"""After so many commits in a thread one is made at once, to see whether the disk is quick now."""

PAUSE_SECONDS = (0.0005, 0.002)

log = structlog.get_logger()


class UrnStopped(Exception):
    """The meeting is being closed at this moment, or that was broken off."""


class UrnMissing(Exception):
    """No meeting of this code has its urn on this machine (any more), or it cannot be read."""


class BatchSizes(NamedTuple):
    """What the lines of this process have committed. kind: name of the batch function."""

    kind: str
    batches: int
    jobs: int


committed: dict[str, BatchSizes] = {}
"""By kind, since the process began."""


class _Ticket:
    __slots__ = ("_called", "answered", "batch", "job", "outcome")

    def __init__(self, batch: Batch, job: Any) -> None:
        self.batch = batch
        self.job = job
        self.answered = False
        self.outcome: Outcome = None
        # A lock that is held until the call comes costs a quarter of an event.
        self._called = threading.Lock()
        self._called.acquire()

    def wait(self) -> None:
        """Wait for the answer or the lead."""
        self._called.acquire()

    def call(self) -> None:
        """End the wait; once."""
        self._called.release()


class UrnLine:
    """The line before one urn in this process, and the connection of whoever leads."""

    def __init__(self, path: Path, connect: Callable[[Path], sqlite3.Connection]) -> None:
        self._path = path
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._waiting: deque[_Ticket] = deque()
        self._led = False
        self._complaints = Complaints()
        self._disk_is_quick = False
        self._in_a_thread = 0
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._waiting)

    def write(self, batch: Batch, job: Any) -> Outcome:
        """Have a job done; durable before it returns.

        Raises what the batch gives for it, ServerBusy, UrnStopped and UrnMissing; nothing has
        changed then, except that after ServerBusy nobody knows.
        """
        ticket = _Ticket(batch, job)
        with self._lock:
            if len(self._waiting) >= WAITING_MOST:
                raise ServerBusy
            self._waiting.append(ticket)
            metrics.add_waiting(batch.__name__, 1)
            leads, self._led = not self._led, True
        if leads:
            # Whoever is at the door already comes along; a commit costs one and many the same.
            time.sleep(0)
        else:
            ticket.wait()
        if not ticket.answered:
            self._lead(ticket)
        if isinstance(ticket.outcome, Exception):
            raise ticket.outcome
        return ticket.outcome

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _lead(self, mine: _Ticket) -> None:
        company: list[_Ticket] = []
        try:
            with self._lock:
                # Mine is the first: the lead goes to whoever waits longest.
                company = [t for t in self._waiting if t.batch == mine.batch][:BATCH_MOST]
                chosen = set(map(id, company))
                self._waiting = deque(t for t in self._waiting if id(t) not in chosen)
            metrics.add_waiting(mine.batch.__name__, -len(company))
            outcomes = self._committed(mine.batch, [ticket.job for ticket in company])
            for ticket, outcome in zip(company, outcomes, strict=True):
                ticket.outcome = outcome
        except Exception as error:
            for ticket in company:
                ticket.outcome = error
        except BaseException:
            # The process ends. What is under way in another thread may still use the connection.
            self._connection = None
            for ticket in company:
                ticket.outcome = ServerBusy()
            raise
        finally:
            for ticket in company:
                ticket.answered = True
                if ticket is not mine:
                    ticket.call()
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._led = following is not None
            if following is not None:
                following.call()

    def _committed(self, batch: Batch, jobs: list[Any]) -> list[Outcome]:
        connection = None
        try:
            connection = self._connection = self._connection or self._connect(self._path)
            self._begin(connection)
            state = connection.execute("SELECT state FROM meeting").fetchone()
            if state is None or state[0] != "open":
                raise UrnStopped
            outcomes = batch(connection, jobs)
            seconds = self._commit(connection)
        except BaseException as error:
            _roll_back(connection)
            if isinstance(error, sqlite3.DatabaseError):
                metrics.count_failed_batch(batch.__name__)
                raise self._meaning(error) from error
            raise
        self._note(batch.__name__, len(jobs))
        metrics.observe_batch(batch.__name__, len(jobs), seconds)
        return outcomes

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Take the turn to write. SQLite must not wait for it: all of the process would wait."""
        deadline = time.monotonic() + TURN_SECONDS
        connection.execute("PRAGMA busy_timeout=0")
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    raise
                if time.monotonic() > deadline:
                    raise ServerBusy from error
            # Two processes that keep step would keep each other out.
            time.sleep(chance.uniform(*PAUSE_SECONDS))

    def _commit(self, connection: sqlite3.Connection) -> float:
        """Commit, in a thread unless the disk has just been quicker than that; the seconds."""
        seconds = None
        if self._disk_is_quick or self._in_a_thread >= TRY_AGAIN:
            self._in_a_thread = 0
            try:
                seconds = _commit(connection)
            except sqlite3.OperationalError as error:
                # Somebody reads at this moment, and the thread can wait for that.
                if not _is_busy(error):
                    raise
        if seconds is None:
            connection.execute(f"PRAGMA busy_timeout={COMMIT_SECONDS * 1000:.0f}")
            seconds = off_the_loop(_commit, connection)
            self._in_a_thread += 1
        self._disk_is_quick = seconds < QUICK_SECONDS
        return seconds

    def _meaning(self, error: sqlite3.DatabaseError) -> Exception:
        gone = getattr(error, "sqlite_errorcode", 0) & 0xFF in (
            sqlite3.SQLITE_NOTADB,
            sqlite3.SQLITE_CORRUPT,
        )
        # Without a code: the connection was closed, because the urn has been destroyed.
        if gone or not self._path.exists() or isinstance(error, sqlite3.ProgrammingError):
            self.close()
            return UrnMissing()
        kind = getattr(error, "sqlite_errorname", "?")
        if self._complaints.are_due(kind):
            log.error("urn_not_written", kind=kind)
        return ServerBusy()

    @staticmethod
    def _note(kind: str, jobs: int) -> None:
        before = committed.get(kind, BatchSizes(kind, 0, 0))
        committed[kind] = BatchSizes(kind, before.batches + 1, before.jobs + jobs)


def _commit(connection: sqlite3.Connection) -> float:
    began = time.perf_counter()
    connection.execute("COMMIT")
    return time.perf_counter() - began


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _roll_back(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
