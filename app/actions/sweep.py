"""Overwrite what a closed or voided meeting has left in freed pages and journals."""

from __future__ import annotations

import sqlite3
import threading
import time
from typing import cast

import structlog
from flask import Flask, current_app, has_request_context
from sqlalchemy import select, update

from app.models import Meeting, db
from app.models.base import BLOCKING_SECONDS, reading, writing

PATIENCE_SECONDS = 10.0
PATIENCE_IN_REQUEST = 3.0
PAUSE_SECONDS = 5.0

log = structlog.get_logger()


def sweep(patience: float = PATIENCE_SECONDS) -> bool:
    """Rewrite the database file, if a meeting that ended asks for it.

    Returns False where other connections were busy for longer than `patience` seconds; the
    meetings then stay marked, and the next close or start tries again.
    """
    with reading() as connection:
        pending = connection.scalars(
            select(Meeting.id).where(Meeting.state.in_(("closed", "voided")), ~Meeting.swept)
        ).all()
    if not pending:
        return True
    if not _rewrite(time.monotonic() + patience):
        log.warning("sweep_postponed", meetings=len(pending))
        return False
    with writing() as connection:
        connection.execute(update(Meeting).where(Meeting.id.in_(pending)).values(swept=True))
    return True


def sweep_after_ending() -> None:
    """Sweep now; where that cannot be, a server process goes on trying in the background."""
    if not has_request_context():
        sweep()
    elif not sweep(PATIENCE_IN_REQUEST):
        app = cast(Flask, current_app._get_current_object())  # type: ignore[attr-defined]  # a proxy
        threading.Thread(target=_keep_sweeping, args=(app,), name="sweep", daemon=True).start()


def _keep_sweeping(app: Flask) -> None:
    with app.app_context():
        while not sweep(PATIENCE_IN_REQUEST):
            time.sleep(PAUSE_SECONDS)


def _rewrite(deadline: float) -> bool:
    """VACUUM drops freed pages and stale bytes; its journal is emptied as it ends."""
    connection = db.engine.raw_connection()
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                cursor.execute("VACUUM")
                return True
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
    finally:
        cursor.execute(f"PRAGMA busy_timeout={BLOCKING_SECONDS * 1000:.0f}")
        connection.close()
