"""Write everything that the main database holds into one file, and read it back into an empty one.

The file is a SQLite database, whatever the main database is, so that it also moves an installation
from one kind to the other. Urns are not in it: what an open meeting has taken in lies nowhere
but on the machine that takes it in, and no copy of it shall outlast its end.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    Row,
    Table,
    Text,
    create_engine,
    func,
    select,
    text,
)
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.pool import NullPool

from app.domain.errors import BadInput
from app.models import Base, Meeting
from app.models.base import reading, writing
from app.models.disk import sync

BATCH = 500
"""Rows in memory at once; of tables with texts or files as long as they like, one."""

_VERSION = text("SELECT version_num FROM alembic_version")


class BackedUp(NamedTuple):
    """rows: of all tables. open: how many meetings were open, whose urns are not in the file."""

    rows: int
    open: int


def back_up(path: Path) -> BackedUp:
    """Write a new file, as of one moment; people may go on working meanwhile. Raises BadInput."""
    draft = path.with_name(f"{path.name}.part")
    try:
        # Nobody but this account may read it; and what is there is never overwritten.
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise BadInput(f"{draft} 已经存在。请先移走它，再备份。") from None
    except OSError as error:
        raise BadInput(f"不能写入 {path.parent}（{error.strerror}）。请换一个目录。") from error
    try:
        done = _fill(draft)
        sync(draft)
        # Unlike a renaming, this fails where somebody else has made the file meanwhile.
        os.link(draft, path)
        sync(path.parent)
    except FileExistsError:
        raise BadInput(f"{path} 已经存在。请换一个文件名，备份不会覆盖已有的文件。") from None
    finally:
        # Where the disk is full, SQLite leaves its journal as well.
        for leftover in (draft, draft.with_name(f"{draft.name}-journal")):
            with suppress(FileNotFoundError):
                leftover.unlink()
    return done


def restore(path: Path) -> int:
    """Read a file that `back_up` wrote into the empty main database; the number of rows.

    All or nothing. Raises BadInput: no such backup, of another version, or the database not empty.
    """
    if not path.is_file():
        raise BadInput(f"没有找到备份文件 {path}。")
    with _file(path, "ro") as source, source.connect() as kept:
        try:
            version = kept.scalar(_VERSION)
        except DatabaseError as error:
            raise _not_a_backup(path) from error
        with writing() as connection:
            if version != connection.scalar(_VERSION):
                raise BadInput(
                    "备份与现在的程序版本不同。请用备份时的版本恢复，然后再更新程序。没有改动任何内容。"
                )
            for table in Base.metadata.sorted_tables:
                if connection.scalar(select(func.count()).select_from(table)):
                    raise BadInput("数据库里已有内容。只能恢复到新建的空数据库，没有改动任何内容。")
            _check(kept, path)
            try:
                rows = copy_rows(kept, connection)
            except IntegrityError as error:
                raise _not_a_backup(path) from error
            if connection.dialect.name == "postgresql":
                set_counters(connection)
    return rows


def _check(kept: Connection, path: Path) -> None:
    """Raise BadInput where a part of the file is damaged or missing, or refers to nothing."""
    try:
        whole = kept.scalar(text("PRAGMA integrity_check(1)")) == "ok"
        orphan = kept.execute(text("PRAGMA foreign_key_check")).first()
        for table in Base.metadata.sorted_tables:
            kept.execute(table.select().limit(0))
    except DatabaseError as error:
        raise _not_a_backup(path) from error
    if not whole or orphan is not None:
        raise _not_a_backup(path)


def _not_a_backup(path: Path) -> BadInput:
    return BadInput(f"{path} 不是明测的备份文件，或已损坏。没有改动任何内容。")


def _fill(draft: Path) -> BackedUp:
    with (
        reading() as connection,
        _file(draft, "rw") as target,
        target.begin() as copy,
    ):
        Base.metadata.create_all(copy)
        copy.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        copy.execute(
            text("INSERT INTO alembic_version VALUES (:version)"),
            {"version": connection.scalar(_VERSION)},
        )
        state = Meeting.__table__.c.state
        return BackedUp(
            rows=copy_rows(connection, copy),
            open=connection.scalar(select(func.count()).where(state == "open")) or 0,
        )


def copy_rows(source: Connection, target: Connection) -> int:
    """All rows of all tables, those first to which others refer; how many they were."""
    copied = 0
    for table in Base.metadata.sorted_tables:
        for batch in batches_of(source, table):
            target.execute(table.insert(), batch)
            copied += len(batch)
    return copied


def batches_of(source: Connection, table: Table) -> Iterator[list[dict[str, object]]]:
    """The rows of a table, a few at a time; in a tree each after the one to which it refers."""
    own_keys = [key for key in table.foreign_keys if key.column.table is table]
    if own_keys:
        ((parent, own),) = ((key.parent, key.column) for key in own_keys)
        numbers = _parents_first(table, source.execute(select(own, parent)).all())
        for start in range(0, len(numbers), BATCH):
            wanted = numbers[start : start + BATCH]
            rows = source.execute(table.select().where(own.in_(wanted))).mappings()
            found = {row[own]: dict(row) for row in rows}
            yield [found[number] for number in wanted]
        return
    at_once = 1 if any(_is_long(column) for column in table.columns) else BATCH
    result = source.execute(table.select(), execution_options={"yield_per": at_once})
    for part in result.mappings().partitions():
        yield [dict(row) for row in part]


def _is_long(column: Column[Any]) -> bool:
    kind = column.type
    return isinstance(kind, Text) or (isinstance(kind, LargeBinary) and kind.length is None)


def _parents_first(table: Table, rows: Sequence[Row[Any, Any]]) -> list[Any]:
    """The numbers of a tree's rows (own, parent's), each after the one to which it refers."""
    below: dict[Any, list[Any]] = {}
    for own, parent in rows:
        below.setdefault(parent, []).append(own)
    ordered = list(below.get(None, ()))
    for number in ordered:
        ordered += below.get(number, ())
    if len(ordered) != len(rows):
        raise BadInput(f"{table.name} 的上下级关系不完整，没有改动任何内容。")
    return ordered


def set_counters(connection: Connection) -> None:
    """Let PostgreSQL go on counting after the highest number of each table."""
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        counter = select(func.pg_get_serial_sequence(table.name, column.name)).scalar_subquery()
        highest = func.max(column)
        # Of an empty table the next number is 1, not 2.
        next_is_higher = highest.is_not(None)
        connection.execute(select(func.setval(counter, func.coalesce(highest, 1), next_is_higher)))


@contextmanager
def _file(path: Path, mode: str) -> Iterator[Engine]:
    address = f"file:{quote(str(path))}?mode={mode}"
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(address, uri=True),
        poolclass=NullPool,
        hide_parameters=True,
    )
    try:
        yield engine
    finally:
        engine.dispose()
