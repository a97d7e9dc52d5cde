"""Overwrite what a closed or voided meeting has left in freed pages and journals."""

from __future__ import annotations

import sqlite3
import time

import structlog
from sqlalchemy import select, update

from app.models import Meeting, db

PATIENCE_SECONDS = 10.0

log = structlog.get_logger()


def sweep(patience: float = PATIENCE_SECONDS) -> bool:
    """Rewrite the database file and empty its journal, if a meeting that ended asks for it.

    Returns False where other connections were busy for longer than `patience` seconds; the
    meetings then stay marked, and the next close or start tries again.
    """
    pending = list(
        db.session.scalars(
            select(Meeting.id).where(Meeting.state.in_(("closed", "voided")), ~Meeting.swept)
        )
    )
    db.session.rollback()
    if not pending:
        return True
    if not _rewrite(time.monotonic() + patience):
        log.warning("sweep_postponed", meetings=len(pending))
        return False
    db.session.execute(update(Meeting).where(Meeting.id.in_(pending)).values(swept=True))
    db.session.commit()
    return True


def _rewrite(deadline: float) -> bool:
    """VACUUM drops freed pages and stale bytes; the checkpoint empties the journal."""
    connection = db.engine.raw_connection()
    try:
        while True:
            try:
                connection.cursor().execute("VACUUM")
                cursor = connection.cursor()
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                busy, *_ = cursor.fetchone() or (1,)
                if not busy:
                    return True
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) and "busy" not in str(error):
                    raise
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
    finally:
        connection.close()
