"""上级评定: the superior's scores beside the others', and the decision on the grade."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from app.actions.grading import proposal_of, reassess, require_points, scheme_of
from app.actions.points import points_of
from app.actions.record import get_open_record
from app.actions.step import require_open
from app.domain.decision import Latitude, is_outdated, latitude, require_lawful
from app.domain.errors import BadInput
from app.domain.points import read_score, total_of
from app.domain.tally import score_text
from app.models import (
    Decision,
    GradingRecord,
    Meeting,
    MeetingSubject,
    Round,
    SelfAssessment,
    SuperiorLine,
    db,
)

COMMENT_MOST = 1000


class ScoreWish(NamedTuple):
    """One indicator as typed."""

    score: str
    comment: str


class Comparison(NamedTuple):
    """One indicator from all sides. points: None where there are totals only."""

    name: str
    points: Decimal | None
    own: Decimal | None
    evidence: str
    superior: Decimal | None
    comment: str


def compare(record: GradingRecord, assessment: SelfAssessment | None) -> list[Comparison]:
    """Every indicator, self and superior side by side. assessment: the version to be shown."""
    indicators = scheme_of(record.round).indicators
    points = points_of(record.round) or [None] * len(indicators)
    own = {line.position: line for line in assessment.lines} if assessment else {}
    superior = {
        line.position: line
        for line in db.session.scalars(
            select(SuperiorLine).where(SuperiorLine.record_id == record.id)
        )
    }
    return [
        Comparison(
            indicator.name,
            most,
            own[number].score if number in own else None,
            own[number].evidence if number in own else "",
            superior[number].score if number in superior else None,
            superior[number].comment if number in superior else "",
        )
        for number, (indicator, most) in enumerate(zip(indicators, points, strict=True), 1)
    ]


def save_scores(
    record_id: int, total: str, lines: Sequence[ScoreWish], day: date
) -> GradingRecord:  # fmt: skip
    """Enter the superior's scores; the proposal follows. total: only where there are totals only.

    Raises BadInput, StepOver.
    """
    record = get_open_record(record_id)
    scheme, points = scheme_of(record.round), points_of(record.round)
    names = [indicator.name for indicator in scheme.indicators]
    if len(lines) != len(names):
        raise BadInput("指标有变化，请刷新页面重新填写。")
    if any(len(line.comment) > COMMENT_MOST for line in lines):
        raise BadInput(f"每项评语不能超过 {COMMENT_MOST} 字。")
    require_points(record.round)
    scores: list[Decimal | None] = [None] * len(names)
    if points is not None:
        scores = [
            read_score(name, line.score, most)
            for name, line, most in zip(names, lines, points, strict=True)
        ]
    together = read_score("上级评定分", total, scheme.total) if points is None else total_of(scores)
    require_open(record, "superior", day)
    db.session.execute(delete(SuperiorLine).where(SuperiorLine.record_id == record.id))
    db.session.add_all(
        SuperiorLine(record_id=record.id, position=number, score=score, comment=line.comment)
        for number, (score, line) in enumerate(zip(scores, lines, strict=True), 1)
    )
    record.superior_score = together
    reassess(record)
    db.session.commit()
    return record


def decisions_of(record: GradingRecord) -> Sequence[Decision]:
    """All decisions, the one in force first."""
    return db.session.scalars(
        select(Decision).where(Decision.record_id == record.id).order_by(Decision.version.desc())
    ).all()


def decision_in_force(record: GradingRecord) -> Decision | None:
    """The latest decision; None where there is none, or where it cannot stand by now.

    For whoever publishes or reports grades: nothing else is a decided grade.
    """
    latest = next(iter(decisions_of(record)), None)
    return None if latest is None or outdated(record, latest) else latest


class Decided(NamedTuple):
    """The latest decision on a record. in_force: False where it cannot stand by now."""

    grade: str
    reason: str
    in_force: bool


def decided_grades(round_: Round) -> dict[int, str]:
    """Record id → the grade decided, for all decisions in force of a round; in one statement."""
    return {i: found.grade for i, found in latest_decisions(round_).items() if found.in_force}


def latest_decisions(round_: Round) -> dict[int, Decided]:
    """Record id → its latest decision, in force or not; in one statement."""
    scheme = scheme_of(round_)
    rows = db.session.execute(
        select(
            Decision.record_id, Decision.grade, Decision.reason,
            GradingRecord.domain, GradingRecord.proposed,
        )
        .join(GradingRecord, GradingRecord.id == Decision.record_id)
        .where(GradingRecord.round_id == round_.id)
        .order_by(Decision.version)
    )  # fmt: skip
    return {
        row.record_id: Decided(
            row.grade,
            row.reason,
            not is_outdated(scheme.domain(row.domain).ladder, row.grade, row.reason, row.proposed),
        )
        for row in rows
    }


def outdated(record: GradingRecord, decision: Decision) -> bool:
    """Whether the record's figures have changed so that the decision cannot stand."""
    ladder = scheme_of(record.round).domain(record.domain).ladder
    return is_outdated(ladder, decision.grade, decision.reason, record.proposed)


def latitude_of(record: GradingRecord) -> Latitude:
    """What may be decided now."""
    scheme = scheme_of(record.round)
    ladder = scheme.domain(record.domain).ladder
    return latitude(
        scheme, ladder, record.proposed, record.trace, record.mass is not None, _awaited(record)
    )


def _awaited(record: GradingRecord) -> bool:
    """Whether a meeting that tests it is being prepared or held."""
    return bool(
        db.session.scalar(
            select(func.count(Meeting.id))
            .join(MeetingSubject, MeetingSubject.meeting_id == Meeting.id)
            .where(
                MeetingSubject.record_id == record.id,
                Meeting.state.in_(("draft", "open")),
                Meeting.rehearsal.is_(False),
            )
        )
    )


def decide(record_id: int, grade: str, reason: str, by: str, day: date) -> Decision:
    """Decide on the grade: a new version, whatever was decided before. Raises BadInput, StepOver.

    Stricter than proposed needs a written reason; better is never lawful.
    """
    record = get_open_record(record_id)
    reason = reason.strip()
    require_lawful(latitude_of(record), record.trace, grade, reason)
    require_open(record, "superior", day)
    version = db.session.scalar(
        select(func.coalesce(func.max(Decision.version), 0) + 1).where(
            Decision.record_id == record.id
        )
    )
    decision = Decision(
        record_id=record.id,
        version=version or 1,
        grade=grade,
        proposed=record.proposed or "",
        reason=reason,
        basis=_basis(record),
        decided_on=day,
        decided_by=by,
    )
    db.session.add(decision)
    try:
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise BadInput("有人同时作了评定。请刷新页面，核对后再评定。") from error
    return decision


def _basis(record: GradingRecord) -> dict[str, Any]:
    """The figures and reasons of this moment, which later changes leave alone."""
    score = proposal_of(record).score
    return {
        "self": None if record.self_score is None else f"{record.self_score:f}",
        "superior": None if record.superior_score is None else f"{record.superior_score:f}",
        "satisfaction": record.mass["satisfaction"] if record.mass else None,
        "score": None if score is None else score_text(score),
        "trace": list(record.trace),
    }
