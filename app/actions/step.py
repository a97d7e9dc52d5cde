"""The days of a round's steps, which the admin sets; and what day it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple

from sqlalchemy import delete, select

from app.actions.grading import scheme_of
from app.actions.round import get_round
from app.domain.errors import BadInput
from app.domain.step import (
    Kind,
    Phase,
    Span,
    Step,
    phase,
    problems,
    require_in_time,
    steps_of,
    suggested,
)
from app.models import GradingRecord, Round, RoundStep, db

_BEIJING = timezone(timedelta(hours=8))


class Planned(NamedTuple):
    """A step with its days, and where it stands today."""

    step: Step
    span: Span
    phase: Phase


def today() -> date:
    """The date in China, wherever the server stands."""
    return datetime.now(_BEIJING).date()


def plan(round_: Round, day: date) -> list[Planned]:
    """The steps of a round in their order."""
    rows = db.session.scalars(select(RoundStep).where(RoundStep.round_id == round_.id))
    spans = {row.position: Span(row.starts, row.ends) for row in rows}
    return [
        Planned(step, span, phase(span, day))
        for step in steps_of(scheme_of(round_))
        for span in (spans.get(step.position, Span()),)
    ]


def suggested_days(round_: Round, year: int) -> list[Span]:
    """What the document says of each step's days, in this year."""
    return suggested(steps_of(scheme_of(round_)), year)


def set_days(round_id: int, typed: Sequence[tuple[str, str]]) -> Round:
    """Set first and last day of each step, as `YYYY-MM-DD` or empty. Raises BadInput."""
    round_ = get_round(round_id)
    steps = steps_of(scheme_of(round_))
    if len(typed) != len(steps):
        raise BadInput("步骤有变化，请刷新页面重新填写。")
    spans = [
        Span(_day(step, first), _day(step, last))
        for step, (first, last) in zip(steps, typed, strict=True)
    ]
    if wrong := problems(steps, spans):
        raise BadInput("".join(wrong))
    db.session.execute(delete(RoundStep).where(RoundStep.round_id == round_.id))
    db.session.add_all(
        RoundStep(round_id=round_.id, position=step.position, starts=span.starts, ends=span.ends)
        for step, span in zip(steps, spans, strict=True)
        if span.starts or span.ends
    )
    db.session.commit()
    return round_


def require_open(record: GradingRecord, kind: Kind, day: date) -> None:
    """Raise StepOver where the scheme lets nothing in after the step's last day."""
    planned = plan(record.round, day)
    require_in_time([p.step for p in planned], [p.span for p in planned], kind, day)


def read_day(title: str, text: str) -> date | None:
    """A day as `YYYY-MM-DD`; None of an empty text. Raises BadInput."""
    text = text.strip()
    if not text:
        return None
    try:
        # Nothing else that `fromisoformat` takes, such as 20120327 or 2012-W13-2.
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=_BEIJING).date()
    except ValueError as error:
        raise BadInput(f"{title}不是日期，请写成 2012-03-27 的样子。") from error


def _day(step: Step, text: str) -> date | None:
    return read_day(f"“{step.name}”的日期", text)
