"""What the code says in Chinese and a page shows in the voter's language: refusals, outcomes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from app.actions import objection
from app.domain import errors
from app.domain.notice import DISMISSALS, OUTCOMES

ROOT = Path(__file__).resolve().parent.parent

REFUSALS: tuple[type[errors.MingceError], ...] = (
    errors.BadRequest,
    errors.BoxNotReady,
    errors.HostAway,
    errors.LinkInvalid,
    errors.MeetingUnknown,
    errors.MethodNotAllowed,
    errors.NotFound,
    errors.ServerBusy,
    errors.ServerError,
    errors.TooLarge,
    errors.TooMany,
    errors.UrnElsewhere,
    objection.NoticeOver,
    objection.NoticeUnknown,
    objection.NotInNotice,
    objection.ObjectionEmpty,
    objection.ObjectionTooLong,
    objection.ObjectionsFull,
)
"""What a page of the voters' door may refuse. The API says it in Chinese, and the phone in words of
its own."""


def sentences() -> Iterator[tuple[str, str]]:
    """File and sentence of each."""
    for refusal in REFUSALS:
        yield str(Path(inspect.getfile(refusal)).relative_to(ROOT)), refusal.message
    for outcome in (*OUTCOMES.values(), *DISMISSALS.values()):
        yield "app/domain/notice.py", outcome
