"""Structured logs of events only: never addresses, bodies, slips or choices.

They go to standard error, and to a file in the data folder for those who close the terminal.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from pathlib import Path

import structlog


def set_up_logs(folder: Path) -> None:
    """Set up structlog for this process, to write under `folder` too; safe to call again."""
    folder.mkdir(mode=0o700, exist_ok=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=False),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_names: _EventLog(folder / "events.log"),
        cache_logger_on_first_use=False,
    )


class _EventLog:
    """Writes each event as one line; what structlog wraps."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
        # A full disk must not turn a logged mishap into a failed request. Opened anew each time:
        # events are rare, several processes write, and the file may be rotated away.
        with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    debug = info = warning = error = critical = msg
