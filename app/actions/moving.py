"""Move everything from the main database into an empty one of either kind."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection, Engine, Table, create_engine, func, inspect, select, text
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from app.actions.backup import batches_of, copy_rows, set_counters
from app.domain.errors import BadInput
from app.models import Base, Meeting, db
from app.models.base import reading

_VERSION = text("SELECT version_num FROM alembic_version")
_CHECKSUM_BYTES = 32


class Copied(NamedTuple):
    """One table, as it now stands in both databases. checksum: hex, whatever the order of rows."""

    table: str
    rows: int
    checksum: str


def copy_database(target_url: str, migrate: Callable[[Engine], None]) -> list[Copied]:
    """Copy all rows into the empty database at `target_url` and compare both; by table.

    target_url: as SQLAlchemy writes it. migrate: brings that database's tables up to date. All
    rows or none come over. Nobody may use this installation meanwhile: what is written after the
    copy has begun stays behind. Raises BadInput.
    """
    target = _engine(target_url)
    try:
        with reading() as source:
            _refuse_open_meetings(source)
            _refuse_content(target)
            migrate(target)
            with target.begin() as copy:
                if source.scalar(_VERSION) != copy.scalar(_VERSION):
                    raise BadInput("数据库结构不是最新的。请先运行 flask --app wsgi db upgrade。")
                copy_rows(source, copy)
                if copy.dialect.name == "postgresql":
                    set_counters(copy)
                done = [_compared(table, source, copy) for table in Base.metadata.sorted_tables]
    except IntegrityError as error:
        raise BadInput("数据库里有互相矛盾的内容，没有搬。请与维护人员联系。") from error
    except SQLAlchemyError as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        raise BadInput(
            f"数据库不能使用（{kind}）。请检查目标的地址、账号、权限和磁盘空间。"
        ) from error
    finally:
        target.dispose()
    return done


def _engine(url: str) -> Engine:
    try:
        target = create_engine(url, poolclass=NullPool, hide_parameters=True)
    except (ArgumentError, ValueError) as error:
        raise BadInput("目标数据库的地址写得不对。") from error
    if target.url.render_as_string(False) == db.engine.url.render_as_string(False):
        raise BadInput("目标就是现在的数据库。请填写另一个数据库的地址。")
    if target.dialect.name == "sqlite" and target.url.database:
        try:
            # Nobody but this account may read it.
            os.close(os.open(target.url.database, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise BadInput(f"不能写入 {target.url.database}（{error.strerror}）。") from error
    return target


def _refuse_open_meetings(source: Connection) -> None:
    state = Meeting.__table__.c.state
    codes = list(source.scalars(select(Meeting.__table__.c.code).where(state == "open")))
    if codes:
        raise BadInput(
            f"测评会 {'、'.join(sorted(codes))} 正在进行，现在不能搬。请等它结束，停下服务，再搬。"
        )


def _refuse_content(target: Engine) -> None:
    with target.connect() as connection:
        names = set(inspect(connection).get_table_names()) - {"alembic_version"}
        for table in Base.metadata.sorted_tables:
            if table.name in names and connection.scalar(select(func.count()).select_from(table)):
                raise BadInput("目标数据库里已有内容。只能搬到空的数据库，没有改动任何内容。")
        if names - set(Base.metadata.tables):
            raise BadInput("目标数据库里有别的程序的表。请新建一个空的数据库，没有改动任何内容。")


def _compared(table: Table, source: Connection, copy: Connection) -> Copied:
    before, after = _summed_up(table, source), _summed_up(table, copy)
    if before != after:
        raise BadInput(f"{table.name} 搬过去以后与原来不同，已全部撤回。请与维护人员联系。")
    return after


def _summed_up(table: Table, connection: Connection) -> Copied:
    """Number of rows and the sum of their hashes: databases sort texts each in their own way."""
    number, total = 0, 0
    for batch in batches_of(connection, table):
        for row in batch:
            written = repr(sorted(row.items())).encode()
            total += int.from_bytes(hashlib.sha256(written).digest(), "big")
            number += 1
    return Copied(table.name, number, f"{total % 2 ** (8 * _CHECKSUM_BYTES):064x}")
