"""The forms of one organisation in a round."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.actions.assessment import compare
from app.actions.grading import scheme_of
from app.actions.points import points_of
from app.actions.report.round import figures_of
from app.actions.self_assessment import versions_of
from app.actions.survey import summary_of, survey_of, visits_of
from app.domain.report import (
    UNSTATED,
    Answer,
    Document,
    Scored,
    Visited,
    blank_visit,
    letter,
    plan,
    register,
    survey,
    visits,
)
from app.domain.survey import Field, fields_for
from app.models import GradingRecord

RECORD_FORMS = ("register", "survey", "visit", "visits", "plan", "letter")


def record_form(record: GradingRecord, name: str, day: date) -> Document:
    """One of RECORD_FORMS; KeyError for another name."""
    figures = figures_of(record.round, day, only=record.id)
    entry = figures.entries[0]
    indicators = [indicator.name for indicator in scheme_of(record.round).indicators]
    match name:
        case "register":
            return register(figures, entry)
        case "plan":
            return plan(figures, entry)
        case "letter":
            return letter(figures, entry)
        case "survey":
            return survey(figures, entry, _answers(record), _scored(record))
        case "visit":
            return blank_visit(figures, entry, indicators)
        case "visits":
            found = visits_of(record)
            told = [
                Visited(v.visited, v.visitor, v.interviewed, v.ratings, v.opinion) for v in found
            ]
            return visits(figures, entry, summary_of(record, found), told)
    raise KeyError(name)


def _answers(record: GradingRecord) -> list[Answer]:
    kept = survey_of(record).answers
    return [
        Answer(field.part, field.title, _answer(field, kept.get(field.name)), field.type == "text")
        for field in fields_for(scheme_of(record.round))
    ]


def _answer(field: Field, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"{value}{field.unit}"


def _scored(record: GradingRecord) -> list[Scored]:
    points = points_of(record.round)
    return [
        Scored(
            line.name,
            UNSTATED if points is None or line.points is None else f"{line.points:f}分",
            "" if line.own is None else f"{line.own:f}",
            "" if line.superior is None else f"{line.superior:f}",
        )
        for line in compare(record, next(iter(versions_of(record)), None))
    ]
