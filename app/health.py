"""Whether this process lives, and whether it can do all that it is for.

`/healthz` asks nothing else: a process that answers can take votes, whatever the main database
does, and whoever watches it must not end it for that. `/readyz` looks at each part and says a word
about each; who spreads requests over several hosts may ask it.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import redis
import structlog
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Engine, ExceptionContext, event, text
from sqlalchemy.exc import SQLAlchemyError

from app.config import Config
from app.models.base import reading
from app.models.urn_file import FOLDER

MEGABYTE = 1024 * 1024
ROOM_LEAST = 64 * MEGABYTE
"""Bytes that the disk of the urns must have left; a large meeting takes some tens of megabytes."""

FRESH_S = 1.0
"""How long an answer of /readyz is good for others who ask."""

REDIS_S = 1.0
"""How long Redis may take to answer."""

_SLACK = "mingce_health_slack"

log = structlog.get_logger()


class _Looked(NamedTuple):
    """What was found, and when."""

    parts: dict[str, str]
    ready: bool
    at: float


def use_health(app: Flask, migrations: Path) -> None:
    """Answer `GET /healthz` and `GET /readyz`. migrations: folder of the migrations."""
    config: Config = app.config["MINGCE"]
    if config.redis_url:
        may_be_missing(app, "redis", partial(_redis, config.redis_url))
    one_at_a_time = threading.Lock()
    last = [_Looked({}, False, float("-inf"))]

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> tuple[dict[str, object], int, dict[str, str]]:
        # A database that is away is asked by one at a time.
        with one_at_a_time:
            if time.monotonic() - last[0].at > FRESH_S:
                last[0] = _look(migrations)
            looked = last[0]
        status = "ready" if looked.ready else "not_ready"
        return (
            {"status": status, "parts": looked.parts},
            200 if looked.ready else 503,
            {} if looked.ready else {"Retry-After": "5"},
        )


def may_be_missing(app: Flask, part: str, look: Callable[[], str]) -> None:
    """Show a part at /readyz that voting can do without. look: gives one word, quickly."""
    app.extensions.setdefault(_SLACK, {})[part] = look


def watch_database(engine: Engine) -> None:
    """Note once that the main database is lost, and once that it is back; PostgreSQL only."""
    if engine.dialect.name != "postgresql":
        return
    lost = threading.Event()

    @event.listens_for(engine, "handle_error")
    def _failed(context: ExceptionContext) -> None:
        if (context.is_disconnect or context.connection is None) and not lost.is_set():
            lost.set()
            log.warning("database_lost")

    @event.listens_for(engine, "connect")
    def _connected(_connection: object, _record: object) -> None:
        if lost.is_set():
            lost.clear()
            log.warning("database_back")


def _look(migrations: Path) -> _Looked:
    data: Path = current_app.config["MINGCE"].data
    database, schema = _database(migrations)
    needed = {
        "database": database,
        "migrations": schema,
        "urns": _urns(data),
        "disk": _disk(data),
    }
    slack: dict[str, Callable[[], str]] = current_app.extensions.get(_SLACK, {})
    parts = needed | {name: look() for name, look in slack.items()}
    return _Looked(parts, set(needed.values()) == {"ok"}, time.monotonic())


def _database(migrations: Path) -> tuple[str, str]:
    try:
        with reading() as connection:
            connection.execute(text("SELECT 1"))
            try:
                version = connection.scalar(text("SELECT version_num FROM alembic_version"))
            except SQLAlchemyError:
                version = None
    except SQLAlchemyError:
        return "lost", "unknown"
    return "ok", "ok" if version == _head(migrations) else "outdated"


@cache
def _head(migrations: Path) -> str | None:
    return ScriptDirectory(str(migrations)).get_current_head()


def _redis(url: str) -> str:
    client = redis.Redis.from_url(
        url,
        socket_timeout=REDIS_S,
        socket_connect_timeout=REDIS_S,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        client.ping()
    except redis.RedisError:
        return "lost"
    finally:
        client.close()
    return "ok"


def _urns(data: Path) -> str:
    folder = data / FOLDER
    folder = folder if folder.exists() else data
    return "ok" if os.access(folder, os.W_OK | os.X_OK) else "not_writable"


def _disk(data: Path) -> str:
    try:
        return "ok" if shutil.disk_usage(data).free >= ROOM_LEAST else "full"
    except OSError:
        return "lost"
