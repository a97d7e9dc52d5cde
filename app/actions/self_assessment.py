"""自评: an organisation scores itself, submits, and the superior accepts or returns it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError

from app.actions.attachment import FILES_MOST, Upload, checked, copies, drop_orphans
from app.actions.grading import reassess, require_points, scheme_of
from app.actions.points import points_of
from app.actions.record import get_open_record
from app.actions.step import require_open
from app.domain.errors import (
    BadInput,
    SelfAssessmentFrozen,
    SelfAssessmentNotSubmitted,
    SelfAssessmentUnknown,
)
from app.domain.points import read_score, total_of
from app.domain.scheme import number_text
from app.models import Attachment, GradingRecord, SelfAssessment, SelfLine, db

TEXT_MOST = 2000
REASONS_LEAST = 4


class LineWish(NamedTuple):
    """One indicator as typed."""

    score: str
    evidence: str


class SelfWish(NamedTuple):
    """A self-assessment as typed. total: only where there are totals only.

    removed: the content ids of attachments to take out.
    """

    present: str
    report: str
    claimed: str
    total: str
    lines: Sequence[LineWish]
    uploads: Sequence[Upload] = ()
    removed: frozenset[int] = frozenset()


def versions_of(record: GradingRecord) -> Sequence[SelfAssessment]:
    """All versions, the latest first."""
    return db.session.scalars(
        select(SelfAssessment)
        .where(SelfAssessment.record_id == record.id)
        .order_by(SelfAssessment.version.desc())
    ).all()


def get_version(record_id: int, version: int) -> SelfAssessment:
    """One version; raises SelfAssessmentUnknown."""
    found = db.session.scalar(
        select(SelfAssessment).where(
            SelfAssessment.record_id == record_id, SelfAssessment.version == version
        )
    )
    if found is None:
        raise SelfAssessmentUnknown
    return found


def save_self(record_id: int, wish: SelfWish, submit: str | None, day: date) -> SelfAssessment:
    """Keep what was typed; submit: by whom it is submitted now, or None for a draft.

    What has been submitted is frozen; what has been returned goes on in the next version. Raises
    BadInput, SelfAssessmentFrozen, StepOver.
    """
    record = get_open_record(record_id)
    latest = next(iter(versions_of(record)), None)
    if latest is not None and latest.state in ("submitted", "accepted"):
        raise SelfAssessmentFrozen
    require_points(record.round)
    require_open(record, "self", day)
    lines, total = _read_scores(record, wish)
    added = checked(wish.uploads)
    _check_words(record, wish, sum(map(len, [latest.attachments if latest else [], added])))
    if submit is not None:
        _require_whole(record, wish, lines, total)
    draft = _draft(record, latest)
    draft.present, draft.report, draft.claimed = wish.present, wish.report, wish.claimed
    draft.total = total
    draft.lines = [
        SelfLine(position=number, score=score, evidence=line.evidence)
        for number, (score, line) in enumerate(zip(lines, wish.lines, strict=True), 1)
    ]
    _change_files(draft, wish.removed, added)
    if submit is not None:
        draft.state, draft.submitted_on, draft.submitted_by = "submitted", day, submit
        record.self_score = total
        reassess(record)
    try:
        db.session.commit()
    except IntegrityError as error:
        # Somebody else has begun the same version.
        db.session.rollback()
        raise BadInput("有人同时改了这份自评。请刷新页面，核对后再保存。") from error
    return draft


def accept_self(record_id: int, remark: str, by: str, day: date) -> SelfAssessment:
    """复核: the superior accepts what was submitted. Raises SelfAssessmentNotSubmitted."""
    return _settle(record_id, "accepted", remark.strip(), by, day, "submitted")


def return_self(
    record_id: int, reasons: str, by: str, day: date, accepted: bool = False
) -> SelfAssessment:
    """复核: the superior returns it with reasons. accepted: what had been accepted by mistake.

    Raises BadInput, SelfAssessmentNotSubmitted.
    """
    reasons = reasons.strip()
    if len(reasons) < REASONS_LEAST:
        raise BadInput(f"退回要写明理由（至少 {REASONS_LEAST} 个字），好让对方知道改什么。")
    return _settle(record_id, "returned", reasons, by, day, "accepted" if accepted else "submitted")


def _settle(
    record_id: int, state: str, reasons: str, by: str, day: date, before: str
) -> SelfAssessment:
    record = get_open_record(record_id)
    if len(reasons) > TEXT_MOST:
        raise BadInput(f"意见不能超过 {TEXT_MOST} 字。")
    done: CursorResult[object] = db.session.execute(
        update(SelfAssessment)
        .where(SelfAssessment.record_id == record.id, SelfAssessment.state == before)
        .values(state=state, reasons=reasons, checked_on=day, checked_by=by)
    )  # type: ignore[assignment]  # an UPDATE gives a CursorResult
    if done.rowcount != 1:
        raise SelfAssessmentNotSubmitted
    if state == "returned":
        record.self_score = None
        reassess(record)
    db.session.commit()
    return versions_of(record)[0]


def _draft(record: GradingRecord, latest: SelfAssessment | None) -> SelfAssessment:
    """The draft to go on with: the latest, or a new one that follows what was returned."""
    if latest is not None and latest.state == "draft":
        latest.lines.clear()
        db.session.flush()
        return latest
    draft = SelfAssessment(record_id=record.id, version=latest.version + 1 if latest else 1)
    draft.attachments = copies(latest.attachments) if latest else []
    db.session.add(draft)
    return draft


def _change_files(
    draft: SelfAssessment, removed: frozenset[int], added: Sequence[Attachment]
) -> None:
    """Take files out and put new ones in. removed: content ids, which copies have in common."""
    gone = [a for a in draft.attachments if a.content_id in removed]
    for attachment in gone:
        draft.attachments.remove(attachment)
    draft.attachments.extend(added)
    db.session.flush()
    drop_orphans([a.content_id for a in gone])


def _read_scores(
    record: GradingRecord, wish: SelfWish
) -> tuple[list[Decimal | None], Decimal | None]:
    """The score of each indicator and the total. Raises BadInput."""
    scheme, points = scheme_of(record.round), points_of(record.round)
    names = [indicator.name for indicator in scheme.indicators]
    if len(wish.lines) != len(names):
        raise BadInput("指标有变化，请刷新页面重新填写。")
    if points is None:
        return [None] * len(names), read_score("自评总分", wish.total, scheme.total)
    scores = [
        read_score(name, line.score, most)
        for name, line, most in zip(names, wish.lines, points, strict=True)
    ]
    return scores, total_of(scores)


def _check_words(record: GradingRecord, wish: SelfWish, files: int) -> None:
    texts = [wish.present, wish.report, *(line.evidence for line in wish.lines)]
    if any(len(text) > TEXT_MOST for text in texts):
        raise BadInput(f"每一处文字不能超过 {TEXT_MOST} 字。")
    ladder = scheme_of(record.round).domain(record.domain).ladder
    if wish.claimed and wish.claimed not in ladder.labels:
        raise BadInput("请在所列的等级里选择自我认定的等级。")
    if files > FILES_MOST:
        raise BadInput(f"附件最多 {FILES_MOST} 个，请合并后再上传。")


def _require_whole(
    record: GradingRecord, wish: SelfWish, scores: Sequence[Decimal | None], total: Decimal | None
) -> None:
    """Raise BadInput naming what is missing before it can be submitted."""
    scheme = scheme_of(record.round)
    lacking = []
    if points_of(record.round) is None:
        lacking += ["自评总分"] if total is None else []
        lacking += [] if wish.report or any(line.evidence for line in wish.lines) else ["自评依据"]
    else:
        lines = zip(scheme.indicators, scores, strict=True)
        lacking += [f"“{i.name}”的得分" for i, score in lines if score is None]
    lacking += [] if wish.present else ["与会人员"]
    if lacking:
        raise BadInput(f"还缺：{'、'.join(lacking)}。请补填，或先点“保存草稿”。")
    domain = scheme.domain(record.domain)
    if wish.claimed and total is not None:
        reached = domain.ladder.grade_for(Fraction(total)).label
        if domain.ladder.rank(wish.claimed) < domain.ladder.rank(reached):
            raise BadInput(
                f"自评 {number_text(Fraction(total))} 分属“{reached}”，"
                f"不能自认“{wish.claimed}”。请核对分数或等级。"
            )
