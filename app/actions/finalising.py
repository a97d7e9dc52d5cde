"""A round's grades become final: what still stands in the way, and the grades once they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.actions.assessment import latest_decisions
from app.actions.coverage import coverage_of
from app.actions.final_grade import REASON_MOST, final_grades
from app.actions.grading import scheme_of
from app.actions.notice import grades_of, notices_of
from app.actions.objection import waiting_for
from app.actions.quota import quotas_of
from app.actions.round import get_round
from app.actions.validity import invalid_meetings
from app.domain.decision import unjudged
from app.domain.errors import BadInput
from app.domain.notice import is_over
from app.models import (
    FinalGrade,
    Finalisation,
    GradingRecord,
    Meeting,
    MeetingSubject,
    Notice,
    Round,
    db,
)
from app.models.base import writing


def obstacles(round_: Round, day: date) -> list[str]:
    """Why the round cannot become final on that day, a sentence each; empty where it can.

    The round's records and its decisions are each read once, however many they are.
    """
    records = records_of(round_)
    grades = grades_of(round_)
    return [
        *_missing_organisations(round_, records),
        *_without_grade(records, grades),
        *_decisions(round_, records),
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


def untested(records: Iterable[GradingRecord]) -> list[GradingRecord]:
    """Those that no testing meeting has given a result."""
    return [record for record in records if record.mass is None]


def finalise(round_id: int, day: date, why_untested: str = "") -> int:
    """Freeze every grade of the round; how many they are. Raises BadInput with the obstacles.

    why_untested: the reason why organisations were graded that had no testing meeting; needed
    where there are any. A county may hold meetings for a sample, but it shall never just happen.
    """
    why = " ".join(why_untested.split())
    with writing():
        round_ = get_round(round_id)
        if final_grades(round_):
            raise BadInput("本轮等级已经确定。更改请逐个更正，并写明原因。")
        found = obstacles(round_, day)
        if found:
            raise BadInput("还不能确定等级：" + "".join(found))
        lacking = untested(records_of(round_))
        if lacking and not 1 <= len(why) <= REASON_MOST:
            raise BadInput(
                f"{_named([r.organisation.name for r in lacking])}没有开过测评会。"
                f"请写明为什么不测评也定级（{REASON_MOST} 字以内），再确定。"
            )
        db.session.add(
            Finalisation(
                round_id=round_.id, untested=len(lacking), reason=why if lacking else "",
                decided_on=day,
            )
        )  # fmt: skip
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


def finalisation_of(round_: Round) -> Finalisation | None:
    """That and how the round became final; None before, and of rounds of earlier versions."""
    return db.session.get(Finalisation, round_.id)


def _missing_organisations(round_: Round, records: Sequence[GradingRecord]) -> list[str]:
    """Organisations that the scheme grades and that are missing or stand twice (coverage)."""
    if not records:
        return ["本轮还没有党组织参加。"]
    found = coverage_of(round_)
    return (
        []
        if found.complete
        else found.words[: bool(found.missing) + bool(found.twice) + bool(found.unknown)]
    )


def _without_grade(records: Sequence[GradingRecord], grades: Mapping[int, str | None]) -> list[str]:
    names = [record.organisation.name for record in records if grades[record.id] is None]
    return [f"{_named(names)}还没有等级。"] if names else []


def _decisions(round_: Round, records: Sequence[GradingRecord]) -> list[str]:
    """A sentence for rules not judged, decisions without ground, and reasons that nobody gave."""
    scheme, decided = scheme_of(round_), latest_decisions(round_)
    told: dict[str, list[str]] = {}
    for record in records:
        name, latest = record.organisation.name, decided.get(record.id)
        if unjudged(scheme, record.trace, record.mass is not None):
            told.setdefault("有规则还不能判断，请先补齐情况，或重新测评", []).append(name)
        if latest and not latest.in_force:
            told.setdefault("评定以后情况有变，评定已不能成立，请重新评定", []).append(name)
        elif any(line["effect"] == "flag" for line in record.trace) and not (
            latest and latest.reason
        ):
            told.setdefault("有方案要求说明理由的情形，请评定等级并写明理由", []).append(name)
    return [f"{_named(names)}{words}。" for words, names in told.items()]


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
    published: dict[int, set[str]] = {}
    for notice in standing:
        for line in notice.lines:
            published.setdefault(line.record_id, set()).add(line.grade)
    unpublished, changed = [], []
    for record in records:
        # A record may stand in two notices: all of them must say the same.
        if record.id not in published:
            unpublished.append(record.organisation.name)
        elif grades[record.id] is not None and published[record.id] != {grades[record.id]}:
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
    waiting = [(notice.title, waiting_for(notice.code)) for notice in notices]
    return [f"公示“{title}”还有 {number} 条意见没有答复。" for title, number in waiting if number]


def _named(names: Sequence[str]) -> str:
    """Some of them by name, all of them by number."""
    if len(names) <= 3:
        return "、".join(names)
    return f"{'、'.join(names[:3])}等 {len(names)} 个党组织"
