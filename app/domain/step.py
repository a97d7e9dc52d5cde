"""The steps of a round: which there are, when they ought to be done, and who is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

from app.domain.errors import StepOver
from app.domain.scheme import Scheme

Kind = Literal[
    "mobilise", "survey", "self", "mass", "superior", "notice", "report", "rectify", "other"
]
Phase = Literal["undated", "ahead", "running", "over"]

OWN: tuple[Kind, ...] = ("survey", "self", "mass", "superior")
"""The steps that each organisation goes through by itself; the others are the whole round's."""

SOON_DAYS = 3
YEARS = (2000, 2100)

_WORDS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("mobilise", ("动员", "部署")),
    ("survey", ("摸底", "调查")),
    ("self", ("自评",)),
    ("notice", ("公示",)),
    ("mass", ("测评",)),
    ("rectify", ("整改",)),
    ("report", ("上报", "汇总", "备案")),
    ("superior", ("评定", "定级")),
)
"""What a step's name has in it, the telling words first: 公示评级结果 is a 公示."""

_USUAL = (
    "动员部署", "调查摸底", "自评", "测评", "上级评定", "公示", "汇总上报", "整改提升"
)  # fmt: skip
"""Where a document names no steps: those that the documents of 2012 have in common."""


@dataclass(frozen=True)
class Step:
    """One step. position: from 1. month_days: from and to as `MM-DD`, where the document says.

    strict: the document lets nothing in after its last day; else being late is only shown.
    usual: the document names no steps, these are the customary ones.
    """

    position: int
    kind: Kind
    name: str
    month_days: tuple[str | None, str | None] = (None, None)
    clause: str = ""
    strict: bool = False
    usual: bool = False


class Span(NamedTuple):
    """First and last day of a step, both included; None where it is not set."""

    starts: date | None = None
    ends: date | None = None


def steps_of(scheme: Scheme) -> tuple[Step, ...]:
    """The steps as the scheme's document has them, or else the customary ones."""
    written = scheme.data.get("steps", ())
    if not written:
        return tuple(Step(n, kind_of(name), name, usual=True) for n, name in enumerate(_USUAL, 1))
    return tuple(
        Step(
            number,
            kind_of(step["name"]),
            step["name"],
            (step.get("from"), step.get("to")),
            step.get("clause", ""),
            bool(step.get("strict", False)),
        )
        for number, step in enumerate(written, 1)
    )


def kind_of(name: str) -> Kind:
    """What kind of step a document's word means."""
    return next((kind for kind, words in _WORDS if any(w in name for w in words)), "other")


def suggested(steps: Sequence[Step], year: int) -> list[Span]:
    """The document's days in `year`; where they go back, the new year has begun meanwhile."""
    spans: list[Span] = []
    latest = date(year, 1, 1)
    for step in steps:
        days: list[date | None] = []
        for month_day in step.month_days:
            day = None if month_day is None else _in_year(month_day, latest)
            latest = max(latest, day or latest)
            days.append(day)
        spans.append(Span(*days))
    return spans


def _in_year(month_day: str, not_before: date) -> date:
    """A day of the year, or of the next if it lies more than a half year back. 02-29 may be 28."""
    month, day = (int(part) for part in month_day.split("-"))
    for year in (not_before.year, not_before.year + 1):
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        found = date(year, month, 28 if (month, day) == (2, 29) and not leap else day)
        if not_before - found < timedelta(days=183):
            break
    return found


def problems(steps: Sequence[Step], spans: Sequence[Span]) -> list[str]:
    """What is wrong with these days, one sentence each; nothing if they can be."""
    found: list[str] = []
    before: tuple[str, date] | None = None
    for step, span in zip(steps, spans, strict=True):
        if any(day and not YEARS[0] <= day.year <= YEARS[1] for day in span):
            found.append(f"“{step.name}”的年份应在 {YEARS[0]} 到 {YEARS[1]} 之间。")
        if span.starts and span.ends and span.ends < span.starts:
            found.append(f"“{step.name}”的截止日期早于开始日期，请改正其中一个。")
        first = span.starts or span.ends
        if first and before and first < before[1]:
            found.append(f"“{step.name}”不能早于前面的“{before[0]}”，请核对这两步的日期。")
        if first:
            before = (step.name, first)
    return found


def phase(span: Span, today: date) -> Phase:
    """Where a step stands today."""
    if span.ends and today > span.ends:
        return "over"
    if span.starts and today < span.starts:
        return "ahead"
    return "running" if span.starts or span.ends else "undated"


def is_late(span: Span, today: date) -> bool:
    """Whether who has not done it by now is late."""
    return phase(span, today) == "over"


def is_due_soon(span: Span, today: date) -> bool:
    """Whether its last day is today or one of the next few."""
    return span.ends is not None and 0 <= (span.ends - today).days <= SOON_DAYS


def require_in_time(steps: Sequence[Step], spans: Sequence[Span], kind: Kind, today: date) -> None:
    """Raise StepOver where the document lets nothing in any more; otherwise late is lawful."""
    mine = [(s, span) for s, span in zip(steps, spans, strict=True) if s.kind == kind]
    if mine and all(step.strict and is_late(span, today) for step, span in mine):
        step, span = mine[-1]
        raise StepOver(
            f"“{step.name}”已于 {span.ends} 截止，方案规定逾期不再受理。"
            "如需补办，请管理员修改日期。"
        )
