"""Structured logs of events only: never addresses, bodies, slips or choices.

They go to standard error, and to a file in the data folder for those who close the terminal.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

import click
import structlog

COMPLAIN_EVERY_S = 60.0


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
    # Flask's own log, of errors that it meets outside of a view.
    logging.getLogger("app").addFilter(withhold)
    # Where the warnings of libraries go that nobody has asked for.
    if logging.lastResort:
        logging.lastResort.addFilter(withhold)
    # Statements, echoed, would tell when somebody voted, and the rows below them even what.
    logging.getLogger("sqlalchemy.engine.Engine").addFilter(_is_warning)
    # Werkzeug's server, which `flask run` starts, writes down each request and its address.
    logging.getLogger("werkzeug").disabled = True


def withhold(record: logging.LogRecord) -> bool:
    """A filter that lets everything pass, without addresses, paths and what a request contained.

    A traceback keeps its places in the code and the kinds of errors. Their messages go, because
    they may quote what a voter sent; but why the server does not start, the operator must read.
    """
    text = str(record.msg)
    if text.startswith("Invalid request from ip="):
        record.msg, record.args = "Refused a malformed request", ()
    elif text.startswith(("Error handling request", "Exception on ")):
        record.msg, record.args = "A request ended in an error", ()
    if record.exc_info and record.exc_info[1] and text != "Exception in worker process":
        record.exc_text = _trace_without_messages(record.exc_info[1])
        record.exc_info = None
    return True


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _trace_without_messages(error: BaseException) -> str:
    errors = [error]
    while (cause := errors[-1].__cause__ or errors[-1].__context__) and cause not in errors:
        errors.append(cause)
    return "\n\n".join(
        "".join(traceback.format_tb(one.__traceback__))
        + f"{type(one).__qualname__} (message withheld)"
        for one in reversed(errors)
    )


class Complaints:
    """Which kinds of trouble the log has been told of lately.

    What fails for a whole hall is not noted for each of its phones: the lines would tell when each
    of them came.
    """

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def are_due(self, kind: str) -> bool:
        """Whether this kind is to be noted now: once, and once a minute while it goes on."""
        now = time.monotonic()
        if now - self._told.get(kind, float("-inf")) < COMPLAIN_EVERY_S:
            return False
        self._told[kind] = now
        return True


class _EventLog:
    """Writes each event as one line; what structlog wraps."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def msg(self, line: str) -> None:
        # A full disk must not turn a logged mishap into a failed request.
        with suppress(OSError):
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        self._keep(line)

    def info(self, line: str) -> None:
        # Who gives a command reads on the terminal what the command says, in words.
        if click.get_current_context(silent=True) is None:
            self.msg(line)
        else:
            self._keep(line)

    def _keep(self, line: str) -> None:
        # Opened anew each time: events are rare, several processes write, and the file may be
        # rotated away.
        with suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    debug = warning = error = critical = msg
