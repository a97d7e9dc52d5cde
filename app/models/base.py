"""The database handle, the naming of constraints, and how transactions begin."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from flask import g, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Dialect, Engine, MetaData, String, TypeDecorator, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase

from app.process import chance

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_SECONDS = 15.0
"""How long a transaction that writes waits for its turn."""

BLOCKING_SECONDS = 5.0
"""How long SQLite itself may wait, with every greenlet of the process waiting behind it: a reader
for a commit to finish and a commit for readers, both of which takes milliseconds."""

WRITERS_LINE = 0x6D696E67
"""The advisory lock of PostgreSQL that whoever writes holds."""

READ_ONLY = "mingce_read_only"
WRITES = "mingce_writes"


class Base(DeclarativeBase):
    """All tables; their constraints are named, so that every migration can name them too."""

    metadata = MetaData(naming_convention=NAMES)


# Rows stay readable after a commit, so that looking at them does not begin a new transaction.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class Exact(TypeDecorator[Decimal]):
    """A decimal number kept as text: SQLite has only floats, and scores are compared exactly."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Decimal to text."""
        return None if value is None else format(value, "f")

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        """Text to Decimal."""
        return None if value is None else Decimal(value)


def settle_transactions(engine: Engine, journal: str = "WAL") -> None:
    """Let writers of the database stand in line, and make SQLite durable and forgetful.

    A transaction that may write takes its turn as it begins: one that reads and then writes would
    fail on SQLite with `database is locked` however long it is willing to wait, and could decide
    on what is no longer true on PostgreSQL. Those of GET requests and of `reading` take no turn,
    nor does what a request reads after its action has committed: nobody shall wait for a page to
    be rendered. journal: SQLite's journal mode.
    """
    if engine.dialect.name == "sqlite":
        _settle_sqlite(engine, journal)
    else:
        _settle_postgresql(engine)


def _settle_sqlite(engine: Engine, journal: str) -> None:
    line = threading.Lock()

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        prepare_sqlite(connection, journal)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if _takes_no_turn(connection):
            connection.exec_driver_sql("BEGIN")
        else:
            _begin_immediate(connection, line)


def prepare_sqlite(connection: sqlite3.Connection, journal: str) -> None:
    """Make a connection durable and forgetful; whoever has it begins transactions himself."""
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_SECONDS * 1000:.0f}",
        f"journal_mode={journal}",
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        f"busy_timeout={BLOCKING_SECONDS * 1000:.0f}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _settle_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get(READ_ONLY):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        elif not _takes_no_turn(connection):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS:.0f}s'")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LINE})")


def _takes_no_turn(connection: Connection) -> bool:
    options = connection.get_execution_options()
    return bool(options.get(READ_ONLY) or (_only_reads() and not options.get(WRITES)))


@event.listens_for(db.session, "after_commit")
def _done(_session: object) -> None:
    if has_request_context():
        g.mingce_committed = True


def _only_reads() -> bool:
    """Whether the request at hand does not write, or has done so already."""
    return has_request_context() and (
        request.method in ("GET", "HEAD", "OPTIONS") or "mingce_committed" in g
    )


def _begin_immediate(connection: Connection, line: threading.Lock) -> None:
    """Wait for the one write lock in Python: SQLite would wait in C and hold up every greenlet."""
    deadline = time.monotonic() + BUSY_SECONDS
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    # One of a process asks for the lock; the others stand in line behind it and cost nothing.
    in_line = line.acquire(timeout=BUSY_SECONDS)
    try:
        while not _begun(connection, deadline):
            time.sleep(chance.uniform(0.001, 0.008))
    finally:
        if in_line:
            line.release()
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BLOCKING_SECONDS * 1000:.0f}")


def _begun(connection: Connection, deadline: float) -> bool:
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        busy = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
        if not busy or time.monotonic() > deadline:
            raise
        return False
    return True


def done_reading() -> None:
    """End the session's transaction, which would hold a connection while others need one."""
    db.session.commit()


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection that only reads and so waits for no more than a commit."""
    with db.engine.connect().execution_options(**{READ_ONLY: True}) as connection:
        yield connection


@contextmanager
def writing() -> Iterator[Connection]:
    """The session's transaction, committed at the end of the block or left as it was.

    It is the session's, because a request that has begun one holds the only lock there is.
    """
    try:
        if not db.session().in_transaction():
            db.session.connection(execution_options={WRITES: True})
        yield db.session.connection()
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
