"""Structured logs on standard error, of events only: never addresses, bodies, slips or choices."""

from __future__ import annotations

import logging
import sys

import structlog


def set_up_logs() -> None:
    """Set up structlog for this process; safe to call again."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=False),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
