"""更正: correct a final grade, in force only once it has been published and nothing is open.

The documents let nothing become final before the public has seen it and been answered (怀乡中学
2012, 四之5: 对公示期间群众提出的问题,认真进行调查核实,及时作出反馈), and a correction is no way
around that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.actions.final_grade import (
    add_version,
    pending_correction,
    read_change,
    versions_of_grade,
)
from app.actions.grading import scheme_of
from app.actions.notice import notices_of, republish
from app.actions.objection import waiting_for
from app.actions.quota import broken_by
from app.actions.record import get_record
from app.domain.decision import require_correctable
from app.domain.errors import BadInput, NotFound
from app.domain.notice import is_over
from app.models import Correction, CorrectionEnd, FinalGrade, GradingRecord, Notice, db
from app.models.base import writing

WITHDRAWN_WHY_MOST = 180
"""The notice that says so has room for a few words more."""


class CorrectionUnknown(NotFound):
    code = "correction_unknown"
    message = "没有这项更正。请回到本轮查看。"


def propose_correction(record_id: int, grade: str, reason: str, day: date) -> Correction:
    """Say what a final grade is to be corrected to, and why; the grade stays as it is meanwhile.

    Raises RecordUnknown, BadInput.
    """
    with writing():
        record = get_record(record_id)
        before = next(iter(versions_of_grade(record_id)), None)
        reason = read_change(record, before, grade, reason)
        if pending_correction(record_id) is not None:
            raise BadInput("已有一项更正在办理。请先让它生效，或者撤回。")
        scheme = scheme_of(record.round)
        ladder = scheme.domain(record.domain).ladder
        require_correctable(scheme, ladder, record.trace, grade)
        last = db.session.scalar(
            select(func.max(Correction.attempt)).where(Correction.record_id == record_id)
        )
        made = Correction(
            record_id=record_id, attempt=(last or 0) + 1, replaces=before, grade=grade,
            reason=reason, proposed_on=day,
        )  # fmt: skip
        db.session.add(made)
    return made


def bring_into_force(correction_id: int, day: date) -> FinalGrade:
    """Make the correction the final grade, as its next version. Raises BadInput: what hinders."""
    with writing():
        correction = _under_way(correction_id)
        if found := hindrances(correction, day):
            raise BadInput("更正还不能生效：" + "".join(found))
        before = correction.replaces
        if versions_of_grade(correction.record_id)[0].id != before.id:
            raise BadInput("等级在这期间另有变更。请撤回这项更正，核对后重新提出。")
        made = add_version(before, "correction", correction.grade, correction.reason, day)
        correction.end = CorrectionEnd(outcome="in_force", final_grade=made, ended_on=day)
        db.session.flush()
    return made


def withdraw_correction(correction_id: int, reason: str, day: date) -> Correction:
    """Take a correction back; a notice that published it says so in its next version.

    Raises BadInput.
    """
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= WITHDRAWN_WHY_MOST:
        raise BadInput(f"请写明撤回更正的原因（{WITHDRAWN_WHY_MOST} 字以内）。")
    with writing():
        correction = _under_way(correction_id)
        published = list(_notices_with(correction))
        correction.end = CorrectionEnd(outcome="withdrawn", reason=reason, ended_on=day)
        db.session.flush()
        for notice in published:
            republish(notice, f"更正撤回，等级不变：{reason}", day)
    return correction


def hindrances(correction: Correction, day: date) -> list[str]:
    """Why a correction cannot come into force on that day, a sentence each."""
    record = get_record(correction.record_id)
    notices = list(_notices_with(correction))
    found = [
        f"公示“{notice.title}”到 {notice.ends.isoformat()} 才满。"
        for notice in notices
        if not is_over(notice.ends, day)
    ]
    found += [
        f"公示“{notice.title}”还有 {waiting} 条意见没有答复。"
        for notice in notices
        if (waiting := waiting_for(notice.code))
    ]
    if not notices:
        found.append("更正还没有公示。请在原来的公示上发布更正。")
    return found + broken_by(record.round, correction)


def is_published(correction: Correction) -> bool:
    """Whether the newest version of a notice publishes it."""
    return any(_notices_with(correction))


def notice_to_correct(record: GradingRecord) -> Notice | None:
    """The notice on which a correction of this record is to be published."""
    return next(
        (
            notice
            for notice in reversed(notices_of(record.round_id))
            if any(line.record_id == record.id for line in notice.lines)
        ),
        None,
    )


def withdrawn_corrections(record_id: int) -> Sequence[Correction]:
    """Those of a record that were withdrawn, the newest first; the others are its versions."""
    return db.session.scalars(
        select(Correction)
        .join(CorrectionEnd, CorrectionEnd.correction_id == Correction.id)
        .where(Correction.record_id == record_id, CorrectionEnd.outcome == "withdrawn")
        .options(joinedload(Correction.end))
        .order_by(Correction.attempt.desc())
    ).all()


def get_correction(correction_id: int) -> Correction:
    """The correction of this id; raises CorrectionUnknown."""
    found = db.session.get(Correction, correction_id)
    if found is None:
        raise CorrectionUnknown
    return found


def _under_way(correction_id: int) -> Correction:
    found = get_correction(correction_id)
    if found.end is not None:
        word = "生效" if found.end.outcome == "in_force" else "撤回"
        raise BadInput(f"这项更正已经{word}，没有再改。")
    return found


def _notices_with(correction: Correction) -> Iterator[Notice]:
    """The notices whose newest version publishes the correction."""
    for notice in notices_of(get_record(correction.record_id).round_id):
        lines = (line.corrected for line in notice.lines)
        if any(line and line.correction_id == correction.id for line in lines):
            yield notice
