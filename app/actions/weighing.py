"""加权满意率 of a closed meeting, by its subjects; from the box and the papers, nothing else."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select

from app.actions.closing import subject_tallies, tallies
from app.actions.grading import scheme_of
from app.actions.paper import papers_of
from app.domain.box import Box
from app.domain.grading import OrganisationFacts, mass_result, rate_json
from app.domain.meeting import Form
from app.models import Meeting, boxes, db


class Weighed(NamedTuple):
    """One subject. rate: as `rate_json` has it, None where it cannot be formed; words: why not."""

    subject: str
    rate: dict[str, Any] | None
    words: tuple[str, ...]


def weighed_results(meeting: Meeting, form: Form) -> tuple[Weighed, ...]:
    """A line for each subject whose scheme gives voter groups weights; of a closed meeting."""
    if not any(form.rule(subject.id).weighted for subject in form.subjects):
        return ()
    document = db.session.scalar(select(boxes.c.document).where(boxes.c.meeting_id == meeting.id))
    box = msgspec.json.decode(document or "", type=Box)
    scheme, names = scheme_of(meeting.round), {group.code: group.name for group in meeting.groups}
    counts = tallies(form, box, papers_of(meeting))
    found = []
    for subject, row in zip(form.subjects, meeting.subjects, strict=True):
        if not form.rule(subject.id).weighted:
            continue
        own = subject_tallies(form, counts, subject.id)
        by_name = {names.get(code, code): marks for code, marks in own.items()}
        facts = OrganisationFacts(row.record.domain, {}, by_name, {})
        result = mass_result(scheme, facts)
        rate = None if result.satisfaction is None else rate_json(result.satisfaction)
        words = tuple(filter(None, (result.weighing.hindrance, *result.weighing.remarks)))
        found.append(Weighed(subject.name, rate, words))
    return tuple(found)
