"""A round's grades become final: what still stands in the way, and the grades once they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.actions.coverage import coverage_of
from app.actions.grading import scheme_of
from app.actions.notice import grades_of, notices_of
from app.actions.objection import objections_to
from app.actions.quota import quotas_of
from app.actions.record import get_record
from app.actions.round import get_round
from app.actions.validity import invalid_meetings
from app.domain.errors import BadInput
from app.domain.notice import is_over
from app.models import FinalGrade, GradingRecord, Meeting, MeetingSubject, Notice, Round, db
from app.models.base import writing

REASON_MOST = 500


def obstacles(round_: Round, day: date) -> list[str]:
    """Why the round cannot become final on that day, a sentence each; empty where it can.

    The round's records and its decisions are each read once, however many they are.
    """
    records = records_of(round_)
    grades = grades_of(round_)
    return [
        *_missing_organisations(round_, records),
        *_without_grade(records, grades),
        *_meetings(round_, records),
        *_invalid_meetings(round_),
        *_quotas(round_),
        *_notices(round_, records, grades, day),
    ]


def records_of(round_: Round) -> Sequence[GradingRecord]:
    """The round's records with their organisations, in one statement."""
    return db.session.scalars(
        select(GradingRecord)
        .where(GradingRecord.round_id == round_.id)
        .options(joinedload(GradingRecord.organisation))
        .order_by(GradingRecord.id)
    ).all()


def finalise(round_id: int, day: date) -> int:
    """Freeze every grade of the round; how many they are. Raises BadInput with the obstacles."""
    with writing():
        round_ = get_round(round_id)
        if final_grades(round_):
            raise BadInput("本轮等级已经确定。更改请逐个更正，并写明原因。")
        found = obstacles(round_, day)
        if found:
            raise BadInput("还不能确定等级：" + "".join(found))
        grades = grades_of(round_)
        for record_id, grade in grades.items():
            db.session.add(
                FinalGrade(
                    record_id=record_id,
                    version=1,
                    kind="final",
                    grade=grade,
                    reason="",
                    decided_on=day,
                )
            )
    return len(grades)


def change_final_grade(
    record_id: int, grade: str, reason: str, day: date, kind: str = "correction"
) -> FinalGrade:
    """Add a version that corrects a final grade or raises it after a re-test; the old ones stay.

    The caller's scheme knows the grades. Raises RecordUnknown, BadInput.
    """
    with writing():
        return add_final_grade(get_record(record_id), grade, reason, day, kind)


def add_final_grade(
    record: GradingRecord, grade: str, reason: str, day: date, kind: str
) -> FinalGrade:
    """As `change_final_grade`, inside the caller's transaction."""
    reason = " ".join(reason.split())
    labels = scheme_of(record.round).domain(record.domain).ladder.labels
    if grade not in labels:
        raise BadInput(f"请选择等级：{'、'.join(labels)}。")
    if not 1 <= len(reason) <= REASON_MOST:
        raise BadInput(f"请写明更改的原因和依据（{REASON_MOST} 字以内）。")
    earlier = versions_of_grade(record.id)
    if not earlier:
        raise BadInput("这个党组织的等级还没有确定，不用更正。")
    if earlier[0].grade == grade:
        raise BadInput(f"现在的等级就是“{grade}”，没有更改。")
    if kind == "upgrade" and labels.index(grade) > labels.index(earlier[0].grade):
        raise BadInput("升级晋位后的等级不能比原来低。")
    made = FinalGrade(
        record_id=record.id, version=earlier[0].version + 1, kind=kind,
        grade=grade, reason=reason, decided_on=day,
    )  # fmt: skip
    db.session.add(made)
    return made


def versions_of_grade(record_id: int) -> Sequence[FinalGrade]:
    """All versions of a record's final grade, the newest first."""
    return db.session.scalars(
        select(FinalGrade)
        .where(FinalGrade.record_id == record_id)
        .order_by(FinalGrade.version.desc())
    ).all()


def final_grades(round_: Round) -> dict[int, FinalGrade]:
    """The final grade in force of each record that has one, by the record's id."""
    rows = db.session.scalars(
        select(FinalGrade)
        .join(GradingRecord, GradingRecord.id == FinalGrade.record_id)
        .where(GradingRecord.round_id == round_.id)
        .order_by(FinalGrade.version)
    )
    return {row.record_id: row for row in rows}


def _missing_organisations(round_: Round, records: Sequence[GradingRecord]) -> list[str]:
    """Organisations that the scheme grades and that are missing or stand twice (coverage)."""
    if not records:
        return ["本轮还没有党组织参加。"]
    found = coverage_of(round_)
    return [] if found.complete else found.words[: bool(found.missing) + bool(found.twice)]


def _without_grade(records: Sequence[GradingRecord], grades: Mapping[int, str | None]) -> list[str]:
    names = [record.organisation.name for record in records if grades[record.id] is None]
    return [f"{_named(names)}还没有等级。"] if names else []


def _meetings(round_: Round, records: Sequence[GradingRecord]) -> list[str]:
    """A sentence for each meeting that runs, and for subjects whose only meetings are void."""
    rows = db.session.execute(
        select(Meeting.title, Meeting.state, MeetingSubject.record_id)
        .join(MeetingSubject, MeetingSubject.meeting_id == Meeting.id, isouter=True)
        .where(Meeting.round_id == round_.id, Meeting.rehearsal.is_(False))
        .order_by(Meeting.id)
    ).all()
    running = dict.fromkeys(row.title for row in rows if row.state == "open")
    voided = {row.record_id for row in rows if row.state == "voided"}
    names = [
        record.organisation.name
        for record in records
        if record.id in voided and record.mass is None
    ]
    found = [f"测评会“{title}”还没有结束。" for title in running]
    return [*found, f"{_named(names)}的测评会已作废，须重新测评。"] if names else found


def _invalid_meetings(round_: Round) -> list[str]:
    """A sentence for each meeting that the scheme does not let count."""
    return [
        f"测评会“{judged.title}”无效：{judged.faults[0].words}{_named(judged.names)}须重新测评。"
        for judged in invalid_meetings(round_)
    ]


def _quotas(round_: Round) -> list[str]:
    return [state.words for state in quotas_of(round_) if not state.holds]


def _notices(
    round_: Round,
    records: Sequence[GradingRecord],
    grades: Mapping[int, str | None],
    day: date,
) -> list[str]:
    """Grades not published as they stand, periods that run, objections that wait."""
    notices = notices_of(round_.id)
    standing = [notice for notice in notices if notice.state == "published"]
    published: dict[int, str] = {}
    for notice in standing:
        published |= {line.record_id: line.grade for line in notice.lines}
    unpublished, changed = [], []
    for record in records:
        if record.id not in published:
            unpublished.append(record.organisation.name)
        elif grades[record.id] not in (None, published[record.id]):
            changed.append(record.organisation.name)
    found = []
    if unpublished:
        found.append(f"{_named(unpublished)}还没有公示。")
    if changed:
        found.append(f"{_named(changed)}的等级与公示的不同，请更正公示。")
    found += [
        f"公示“{notice.title}”到 {notice.ends.isoformat()} 才满。"
        for notice in standing
        if not is_over(notice.ends, day)
    ]
    return [*found, *_open_objections(notices)]


def _open_objections(notices: Sequence[Notice]) -> list[str]:
    found = []
    for notice in notices:
        waiting = [o.number for o in objections_to(notice.code) if o.outcome is None]
        if waiting:
            found.append(f"公示“{notice.title}”还有 {len(waiting)} 条意见没有答复。")
    return found


def _named(names: Sequence[str]) -> str:
    """Some of them by name, all of them by number."""
    if len(names) <= 3:
        return "、".join(names)
    return f"{'、'.join(names[:3])}等 {len(names)} 个党组织"
