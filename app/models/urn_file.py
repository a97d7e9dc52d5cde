"""Where the urn of an open meeting lies on disk: make it, use it, destroy it."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TypeVar, cast
from urllib.parse import quote

from flask import Flask, current_app
from sqlalchemy import Connection, Engine, QueuePool, create_engine
from sqlalchemy.exc import DatabaseError

from app.domain.errors import ServerBusy
from app.domain.slip import ALPHABET
from app.models.base import READ_ONLY, WRITES, prepare_sqlite, settle_transactions
from app.models.disk import sync
from app.models.urn import metadata
from app.models.urn_line import UrnLine
from app.models.urn_line import UrnMissing as UrnMissing  # noqa: PLC0414 - part of this module's face
from app.process import off_the_loop

T = TypeVar("T")

FOLDER = "urns"
SUFFIX = ".sqlite"
_CODE = re.compile(f"[{ALPHABET}]{{1,12}}")
_URNS = "mingce_urns"
# A write-ahead log would keep the last hundreds of commits in their order.
_JOURNAL = "TRUNCATE"
_lock = threading.Lock()


class _OpenUrn(NamedTuple):
    """What this process has open of an urn. inode: of the file when it was opened."""

    inode: int
    engine: Engine
    line: UrnLine

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        self.line.close()


def create_urn(code: str) -> None:
    """Make the empty urn of a meeting, in place of one that an opening left when it failed."""
    destroy_urn(code)
    path = urn_path(code)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    sync(path.parent.parent)
    path.touch(mode=0o600, exist_ok=False)
    metadata.create_all(_open_urn(code).engine)
    sync(path.parent)


def plain(connection: Connection) -> sqlite3.Connection:
    """The same connection without SQLAlchemy, for what is done often or in company."""
    return cast(sqlite3.Connection, connection.connection.driver_connection)


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


def urn_line(code: str) -> UrnLine:
    """The line of those who write to the urn in company. Raises UrnMissing."""
    return _open_urn(code).line


def urn_inode(code: str) -> int:
    """The number of the urn's file: another one is another urn. Raises UrnMissing."""
    if not _CODE.fullmatch(code):
        raise UrnMissing
    try:
        return os.stat(_address(code)).st_ino
    except FileNotFoundError:
        raise UrnMissing from None


def urn_stamp(code: str) -> tuple[int, int, int] | None:
    """The number of the urn's file, when it was last changed, and its size; None where it is not.

    A look from outside: whoever opened the file and closed it would take SQLite's locks away.
    """
    if not _CODE.fullmatch(code):
        return None
    try:
        found = os.stat(_address(code))
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def urn_look(code: str, look: Callable[[sqlite3.Connection], T]) -> T:
    """What `look` reads of the urn in one transaction; other greenlets go on meanwhile.

    It may wait for a commit, so it has a connection of its own and no lock of gevent's. Raises
    UrnMissing, ServerBusy.
    """
    if not urn_exists(code):
        raise UrnMissing
    try:
        found: T = off_the_loop(_look, urn_path(code), look)
    except sqlite3.DatabaseError as error:
        if urn_exists(code) and not _spoilt(error):
            raise ServerBusy from error
        raise UrnMissing from error
    return found


def destroy_urn(code: str) -> None:
    """Overwrite the urn's files, if there are any, and remove them.

    Other processes may have it open: they find no database in it from then on. Nobody may write to
    it any more, so its state must have been `closing` before.
    """
    path = urn_path(code)
    _forget(code)
    for leftover in (path.with_name(f"{path.name}-journal"), path):
        with suppress(FileNotFoundError):
            _overwrite(leftover)
    if path.parent.is_dir():
        sync(path.parent)


def urn_exists(code: str) -> bool:
    """Whether a meeting's urn lies on this machine."""
    return bool(_CODE.fullmatch(code)) and urn_path(code).exists()


def urn_codes() -> list[str]:
    """The codes of all meetings whose urns lie on this machine."""
    return sorted(path.stem for path in urn_path("X").parent.glob(f"*{SUFFIX}"))


def urn_path(code: str) -> Path:
    """The file of a meeting's urn, whether it is there or not."""
    return Path(_address(code))


def _address(code: str) -> str:
    return f"{current_app.config['MINGCE'].data}/{FOLDER}/{code}{SUFFIX}"


def close_urns(app: Flask) -> None:
    """Close all connections to urns that this process holds."""
    for urn in app.extensions.get(_URNS, {}).values():
        urn.close()


@contextmanager
def _connection(code: str, option: str) -> Iterator[Connection]:
    try:
        with (
            _open_urn(code).engine.connect().execution_options(**{option: True}) as connection,
            connection.begin(),
        ):
            yield connection
    except (DatabaseError, sqlite3.DatabaseError) as error:
        # The second is what `plain` raises.
        if urn_exists(code) and not _is_no_database(error):
            raise
        # It was destroyed while we looked at it, or the disk has spoilt it.
        raise UrnMissing from error


def _look(path: Path, look: Callable[[sqlite3.Connection], T]) -> T:
    with closing(_connect_prepared(path)) as connection:
        connection.execute("BEGIN")
        return look(connection)


def _is_no_database(error: DatabaseError | sqlite3.DatabaseError) -> bool:
    return _spoilt(error.orig if isinstance(error, DatabaseError) else error)


def _spoilt(error: BaseException | None) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


def _open_urn(code: str) -> _OpenUrn:
    urns: dict[str, _OpenUrn] = current_app.extensions.setdefault(_URNS, {})
    try:
        inode = urn_inode(code)
    except UrnMissing:
        _forget(code)
        raise
    known = urns.get(code)
    # An opening that failed has left a file, and the next one put another in its place. The
    # number is not used again while a connection holds the file.
    if known is None or known.inode != inode:
        with _lock:
            known = urns.get(code)
            if known is None or known.inode != inode:
                # Another process has destroyed what ended; its connections are of no use here.
                for ended in [other for other in urns if other == code or not urn_exists(other)]:
                    urns.pop(ended).close()
                path = urn_path(code)
                known = urns[code] = _OpenUrn(
                    inode, _new_engine(path), UrnLine(path, _connect_prepared)
                )
    return known


def _new_engine(path: Path) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(path),
        poolclass=QueuePool,
        # Who waits to write holds a connection; nobody who only reads shall wait for one.
        max_overflow=-1,
        hide_parameters=True,
    )
    settle_transactions(engine, journal=_JOURNAL)
    return engine


def _connect(path: Path) -> sqlite3.Connection:
    # Without mode=rw SQLite would make an empty file where there is none.
    address = f"file:{quote(str(path))}?mode=rw"
    return sqlite3.connect(address, uri=True, check_same_thread=False)


def _connect_prepared(path: Path) -> sqlite3.Connection:
    connection = _connect(path)
    prepare_sqlite(connection, _JOURNAL)
    return connection


def _forget(code: str) -> None:
    with _lock:
        urn = current_app.extensions.get(_URNS, {}).pop(code, None)
    if urn is not None:
        urn.close()


def _overwrite(path: Path) -> None:
    """Unlink first: who comes now asks the main database, and does not find half a file."""
    with path.open("r+b") as file:
        path.unlink()
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        file.write(bytes(size))
        file.flush()
        os.fsync(file.fileno())
