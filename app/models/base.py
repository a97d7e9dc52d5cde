"""The database handle, the naming of constraints, and how transactions begin on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from flask import has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Dialect, Engine, MetaData, String, TypeDecorator, event
from sqlalchemy.orm import DeclarativeBase

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_MILLISECONDS = 15_000
READ_ONLY = "mingce_read_only"


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


def settle_transactions(engine: Engine) -> None:
    """Make SQLite durable, forgetful of deleted content, and free of lock errors.

    A transaction that may write begins IMMEDIATE, because one that reads and then writes fails
    with `database is locked` however long it is willing to wait. Those of GET requests and of
    `reading` stay deferred.
    """
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",
            "foreign_keys=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get(READ_ONLY) or (
            has_request_context() and request.method in ("GET", "HEAD", "OPTIONS")
        )
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection that only reads and so never waits for a writer."""
    with db.engine.connect().execution_options(**{READ_ONLY: True}) as connection:
        yield connection


@contextmanager
def writing() -> Iterator[Connection]:
    """The session's transaction, committed at the end of the block or left as it was.

    It is the session's, because a request that has read its user holds the only lock there is.
    """
    try:
        yield db.session.connection()
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
