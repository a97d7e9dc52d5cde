"""Where the urn of an open meeting lies on disk: make it, use it, destroy it."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from flask import Flask, current_app
from sqlalchemy import Connection, Engine, QueuePool, create_engine
from sqlalchemy.exc import DatabaseError

from app.domain.slip import ALPHABET
from app.models.base import READ_ONLY, WRITES, settle_transactions
from app.models.urn import metadata

FOLDER = "urns"
SUFFIX = ".sqlite"
_CODE = re.compile(f"[{ALPHABET}]{{1,12}}")
_ENGINES = "mingce_urns"
_lock = threading.Lock()


class UrnMissing(Exception):
    """No meeting of this code has its urn on this machine (any more), or it cannot be read."""


class _OpenUrn(NamedTuple):
    """The connections of this process to an urn. inode: of the file when the first was made."""

    inode: int
    engine: Engine


def create_urn(code: str) -> None:
    """Make the empty urn of a meeting, in place of one that an opening left when it failed."""
    destroy_urn(code)
    path = urn_path(code)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    _sync(path.parent.parent)
    path.touch(mode=0o600, exist_ok=False)
    metadata.create_all(_engine(code))
    _sync(path.parent)


@contextmanager
def urn_reading(code: str) -> Iterator[Connection]:
    """A connection to the urn that only reads. Raises UrnMissing."""
    with _connection(code, READ_ONLY) as connection:
        yield connection


@contextmanager
def urn_writing(code: str) -> Iterator[Connection]:
    """The only transaction that writes; durable at the end of the block. Raises UrnMissing."""
    with _connection(code, WRITES) as connection:
        yield connection


def destroy_urn(code: str) -> None:
    """Overwrite the urn's files, if there are any, and remove them.

    Other processes may have it open: they find no database in it from then on. Nobody may write to
    it any more, so its state must have been `closing` before.
    """
    path = urn_path(code)
    _forget(path)
    for leftover in (path.with_name(f"{path.name}-journal"), path):
        with suppress(FileNotFoundError):
            _overwrite(leftover)
    if path.parent.is_dir():
        _sync(path.parent)


def urn_exists(code: str) -> bool:
    """Whether a meeting's urn lies on this machine."""
    return bool(_CODE.fullmatch(code)) and urn_path(code).exists()


def urn_codes() -> list[str]:
    """The codes of all meetings whose urns lie on this machine."""
    return sorted(path.stem for path in urn_path("X").parent.glob(f"*{SUFFIX}"))


def urn_path(code: str) -> Path:
    """The file of a meeting's urn, whether it is there or not."""
    data: Path = current_app.config["MINGCE"].data
    return data / FOLDER / f"{code}{SUFFIX}"


def close_urns(app: Flask) -> None:
    """Close all connections to urns that this process holds."""
    for urn in app.extensions.get(_ENGINES, {}).values():
        urn.engine.dispose()


@contextmanager
def _connection(code: str, option: str) -> Iterator[Connection]:
    try:
        with (
            _engine(code).connect().execution_options(**{option: True}) as connection,
            connection.begin(),
        ):
            yield connection
    except DatabaseError as error:
        if urn_exists(code) and not _is_no_database(error):
            raise
        # It was destroyed while we looked at it, or the disk has spoilt it.
        raise UrnMissing from error


def _is_no_database(error: DatabaseError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def _engine(code: str) -> Engine:
    path = urn_path(code)
    try:
        if not urn_exists(code):
            raise FileNotFoundError
        inode = path.stat().st_ino
    except FileNotFoundError:
        _forget(path)
        raise UrnMissing from None
    urns: dict[Path, _OpenUrn] = current_app.extensions.setdefault(_ENGINES, {})
    with _lock:
        known = urns.get(path)
        # An opening that failed has left a file, and the next one put another in its place. The
        # number is not used again while a connection holds the file.
        if known is None or known.inode != inode:
            # Another process has destroyed what ended; its connections are of no use here.
            for ended in [other for other in urns if other == path or not other.exists()]:
                urns.pop(ended).engine.dispose()
            urns[path] = _OpenUrn(inode, _new_engine(path))
        return urns[path].engine


def _new_engine(path: Path) -> Engine:
    # Without mode=rw SQLite would make an empty file where there is none.
    address = f"file:{quote(str(path))}?mode=rw"
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(address, uri=True, check_same_thread=False),
        poolclass=QueuePool,
        # Who waits to write holds a connection; nobody who only reads shall wait for one.
        max_overflow=-1,
        hide_parameters=True,
    )
    # A write-ahead log would keep the last hundreds of commits in their order.
    settle_transactions(engine, journal="TRUNCATE")
    return engine


def _forget(path: Path) -> None:
    with _lock:
        urn = current_app.extensions.get(_ENGINES, {}).pop(path, None)
    if urn is not None:
        urn.engine.dispose()


def _overwrite(path: Path) -> None:
    """Unlink first: who comes now asks the main database, and does not find half a file."""
    with path.open("r+b") as file:
        path.unlink()
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        file.write(bytes(size))
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
