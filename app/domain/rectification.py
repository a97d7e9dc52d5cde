"""整改提升: until when, as the scheme says. Dates in, dates out."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from app.domain.scheme import GradeTarget, Ladder


class Terms(NamedTuple):
    """What a scheme asks of a grade. months_at_least: 0 where it names no time."""

    months_at_least: int
    published: bool
    report_to: str
    clauses: tuple[str, ...]


def terms_for(rules: Sequence[Mapping[str, Any]], ladder: Ladder, grade: str) -> Terms | None:
    """The terms of the `[[rectification]]` rules that fit the grade; None where none does."""
    fitting = [rule for rule in rules if _fits(rule["grade"], ladder, grade)]
    if not fitting:
        return None
    reports = [str(rule["report_to"]) for rule in fitting if rule.get("report_to")]
    return Terms(
        months_at_least=max(int(rule.get("months_at_least") or 0) for rule in fitting),
        published=any(rule.get("published") for rule in fitting),
        report_to="、".join(reports),
        clauses=tuple(str(rule["clause"]) for rule in fitting if rule.get("clause")),
    )


def _fits(written: Any, ladder: Ladder, grade: str) -> bool:
    return written == "any" or GradeTarget.written(written).of(ladder) == grade


def months_later(start: date, months: int) -> date:
    """The same day `months` later, or the month's last where it has no such day."""
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def is_overdue(deadline: date, accepted: bool, today: date) -> bool:
    """Whether the day has passed without acceptance."""
    return not accepted and today > deadline


def proof_stands(kinds: Sequence[str]) -> bool:
    """Whether there is proof that has not been returned. kinds: of the entries, in their order."""
    told = [kind for kind in kinds if kind in ("proof", "returned")]
    return told[-1:] == ["proof"]
