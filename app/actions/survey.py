"""调查摸底: what is found out of an organisation, and the household visits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from app.actions.grading import reassess, scheme_of
from app.actions.record import get_open_record
from app.actions.step import read_day, require_open
from app.domain.errors import BadInput, VisitUnknown
from app.domain.survey import (
    INTERVIEWED,
    TEXT_MOST,
    VISIT_FACTS,
    VisitSummary,
    facts_from,
    fields_for,
    read_answers,
    read_ratings,
    require_whole,
    sum_up,
)
from app.models import GradingRecord, Survey, Visit, db

NAME_MOST = 40
VISITS_MOST = 500


class VisitWish(NamedTuple):
    """A household visit as typed. ratings: of each indicator, in the scheme's order."""

    visited: str
    visitor: str
    household: str
    interviewed: str
    ratings: Sequence[str]
    opinion: str


def survey_of(record: GradingRecord) -> Survey:
    """What has been found out so far; an empty one where nothing has been entered."""
    kept = db.session.get(Survey, record.id)
    return kept or Survey(record_id=record.id, answers={}, finished=False)


def visits_of(record: GradingRecord) -> Sequence[Visit]:
    """The household visits, in the order in which they were entered."""
    return db.session.scalars(
        select(Visit).where(Visit.record_id == record.id).order_by(Visit.id)
    ).all()


def summary_of(record: GradingRecord, visits: Sequence[Visit]) -> VisitSummary:
    """What the visits say together."""
    return sum_up(_indicators(record), [visit.ratings for visit in visits])


def save_survey(record_id: int, typed: Mapping[str, str], finish: bool, day: date) -> Survey:
    """Keep what was typed and hand it to the record's facts. Raises BadInput, StepOver.

    finish: the survey shall count as done; then what has to be known must be there.
    """
    record = get_open_record(record_id)
    fields = fields_for(scheme_of(record.round))
    answers = read_answers(fields, typed)
    if finish:
        require_whole(fields, answers)
    require_open(record, "survey", day)
    survey = survey_of(record)
    before = survey.answers
    _withdraw(record, before.keys() - answers.keys())
    survey.answers, survey.finished = answers, finish
    db.session.add(survey)
    # What the superior has put right in the record stays, unless it is answered otherwise now.
    _hand_over(record, survey, [name for name in answers if answers[name] != before.get(name)])
    db.session.commit()
    return survey


def add_visit(record_id: int, wish: VisitWish, day: date) -> Visit:
    """Keep one household visit. Raises BadInput, StepOver."""
    record = get_open_record(record_id)
    visit = Visit(
        record_id=record.id,
        visited=_visited(wish.visited, day),
        visitor=_name("走访人", wish.visitor),
        household=_name("户主或编号", wish.household),
        interviewed=wish.interviewed if wish.interviewed in INTERVIEWED else "",
        ratings=read_ratings(_indicators(record), wish.ratings),
        opinion=wish.opinion.strip(),
    )
    if len(visit.opinion) > TEXT_MOST:
        raise BadInput(f"意见和建议不能超过 {TEXT_MOST} 字。")
    if len(visits_of(record)) >= VISITS_MOST:
        raise BadInput(f"一个党组织最多录入 {VISITS_MOST} 份调查表。")
    require_open(record, "survey", day)
    db.session.add(visit)
    db.session.flush()
    _hand_over(record, survey_of(record), VISIT_FACTS)
    db.session.commit()
    return visit


def get_visit(visit_id: int) -> Visit:
    """The visit of this id; raises VisitUnknown."""
    visit = db.session.get(Visit, visit_id)
    if visit is None:
        raise VisitUnknown
    return visit


def remove_visit(visit_id: int, day: date) -> GradingRecord:
    """Take out a visit that was entered by mistake; its record. Raises VisitUnknown, StepOver."""
    visit = get_visit(visit_id)
    record = get_open_record(visit.record_id)
    require_open(record, "survey", day)
    db.session.delete(visit)
    db.session.flush()
    _withdraw(record, VISIT_FACTS)
    _hand_over(record, survey_of(record), VISIT_FACTS)
    db.session.commit()
    return record


def _hand_over(record: GradingRecord, survey: Survey, only: Iterable[str]) -> None:
    """Let these of the record's facts follow; what else has been entered there stays."""
    found = facts_from(
        scheme_of(record.round), survey.answers, summary_of(record, visits_of(record))
    )
    record.facts = {**record.facts} | {name: found[name] for name in only if name in found}
    reassess(record)


def _withdraw(record: GradingRecord, names: Iterable[str]) -> None:
    """Take out facts that the survey no longer gives."""
    gone = set(names)
    record.facts = {name: value for name, value in record.facts.items() if name not in gone}


def _indicators(record: GradingRecord) -> list[str]:
    return [indicator.name for indicator in scheme_of(record.round).indicators]


def _visited(text: str, day: date) -> date | None:
    found = read_day("走访日期", text)
    if found and found > day:
        raise BadInput("走访日期在今天以后，请核对。")
    return found


def _name(title: str, text: str) -> str:
    text = " ".join(text.split())
    if len(text) > NAME_MOST:
        raise BadInput(f"{title}不能超过 {NAME_MOST} 字。")
    return text
