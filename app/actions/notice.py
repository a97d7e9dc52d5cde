"""公示: publish what a round proposes, correct it or take it back, each as a new version."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select

from app.actions.assessment import decided_grades
from app.actions.final_grade import final_grades, pending_corrections
from app.actions.grading import scheme_of
from app.actions.objection import versions_of
from app.actions.round import get_round
from app.domain.errors import BadInput
from app.domain.notice import COUNTED, COUNTED_WORDS, check_exceptions, last_day
from app.domain.slip import ALPHABET
from app.models import CorrectedLine, Correction, GradingRecord, Notice, NoticeLine, Round, db
from app.models.base import writing

CODE_LENGTH = 8
BODY_MOST = 4000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class NoticeWish(NamedTuple):
    """What is to be published. off, worked: holidays and weekends worked, as typed (2012-04-04).

    record_ids: of the records whose grades it publishes, in this order.
    """

    title: str
    body: str
    issuer: str
    contact: str
    days: int
    counted: str
    off: str
    worked: str
    record_ids: tuple[int, ...]


def grades_of(round_: Round) -> dict[int, str | None]:
    """The grade that stands for each record before it is final, by its id; None where none does.

    The superior's decision, where there is one in force, takes the place of the proposal. Two
    statements, however many they are.
    """
    decided = decided_grades(round_)
    records = db.session.execute(
        select(GradingRecord.id, GradingRecord.proposed).where(GradingRecord.round_id == round_.id)
    )
    return {row.id: decided.get(row.id, row.proposed) for row in records}


class ToPublish(NamedTuple):
    """What a notice says of a record. correction: of the final grade, while one is under way."""

    grade: str | None
    correction: Correction | None = None


def to_publish(round_: Round) -> dict[int, ToPublish]:
    """By the record's id: the final grade, or what it is to be corrected to; else `grades_of`."""
    finals, corrections = final_grades(round_), pending_corrections(round_)
    found = {i: ToPublish(grade) for i, grade in grades_of(round_).items()}
    found |= {i: ToPublish(final.grade) for i, final in finals.items()}
    return found | {i: ToPublish(made.grade, made) for i, made in corrections.items()}


def scheme_notice(round_: Round) -> dict[str, Any]:
    """What the scheme says of the notice: days (an int), counted (either `unstated`), place."""
    rule = dict(scheme_of(round_).data.get("notice", {}))
    if rule and rule["days"] != "unstated":
        rule["days"] = int(rule["days"])
    return rule


def notices_of(round_id: int) -> Sequence[Notice]:
    """The newest version of each notice of a round."""
    replaced = select(Notice.previous_id).where(Notice.previous_id.is_not(None))
    return db.session.scalars(
        select(Notice)
        .where(Notice.round_id == round_id, Notice.id.not_in(replaced))
        .order_by(Notice.id)
    ).all()


def publish_notice(round_id: int, wish: NoticeWish, day: date) -> Notice:
    """Publish a notice of the round; its period begins. Raises RoundUnknown, BadInput.

    The correction of a final grade is published where the grade was: as a version of that notice.
    """
    with writing():
        round_ = get_round(round_id)
        made = _made(round_, wish, day)
        _refuse_corrections(round_, made)
        made.code, made.version = _new_code(), 1
        db.session.add(made)
    return made


def correct_notice(code: str, wish: NoticeWish, reason: str, day: date) -> Notice:
    """Publish a corrected version, whose period begins anew. Raises NoticeUnknown, BadInput."""
    reason = _reason(reason)
    with writing():
        versions = versions_of(code)
        round_ = get_round(versions[0].round_id)
        made = _made(round_, wish, day)
        if final_grades(round_):
            _require_all_of(made, versions[0])
        if any(line.corrected for line in made.lines):
            _require_as_long_as_before(made, versions)
        _follow(made, versions[0], reason)
    return made


def withdraw_notice(code: str, reason: str, day: date) -> Notice:
    """Take a notice back; its page then says so and why. Raises NoticeUnknown, BadInput."""
    reason = _reason(reason)
    with writing():
        old = versions_of(code)[0]
        if old.state == "withdrawn":
            raise BadInput("这个公示已经撤回。")
        if final_grades(get_round(old.round_id)):
            raise BadInput("本轮等级已经确定，公示不能撤回。有错的，请更正等级，再发布更正公示。")
        made = Notice(
            round_id=old.round_id, title=old.title, body=old.body, issuer=old.issuer,
            contact=old.contact, published_on=day, days=old.days, counted=old.counted,
            exceptions=old.exceptions, ends=day, state="withdrawn",
        )  # fmt: skip
        _follow(made, old, reason)
    return made


def republish(old: Notice, reason: str, day: date) -> Notice:
    """The same notice with the grades of this moment, in the caller's transaction."""
    off, worked = ("、".join(old.exceptions.get(name, ())) for name in ("off", "worked"))
    wish = NoticeWish(
        old.title, old.body, old.issuer, old.contact, old.days, old.counted, off, worked,
        tuple(line.record_id for line in old.lines),
    )  # fmt: skip
    made = _made(get_round(old.round_id), wish, day)
    _follow(made, old, reason)
    return made


def _require_all_of(made: Notice, old: Notice) -> None:
    """Raise BadInput where a version would leave out what is final and cannot be withdrawn."""
    kept = {line.record_id for line in made.lines}
    lost = [line.organisation for line in old.lines if line.record_id not in kept]
    if lost:
        raise BadInput(
            f"本轮等级已经确定，公示过的党组织都要保留，不能删去：{'、'.join(lost[:5])}。"
            "请勾选后再发布。"
        )


def _refuse_corrections(round_: Round, made: Notice) -> None:
    corrected = {line.record_id for line in made.lines if line.corrected}
    for other in notices_of(round_.id) if corrected else ():
        names = [n.organisation for n in other.lines if n.record_id in corrected]
        if names:
            raise BadInput(
                f"{'、'.join(names[:5])}正在更正等级。请打开公示“{other.title}”，在那里发布更正。"
            )


def _follow(made: Notice, old: Notice, reason: str) -> None:
    made.code, made.version, made.previous_id = old.code, old.version + 1, old.id
    made.reason = reason
    db.session.add(made)


def _made(round_: Round, wish: NoticeWish, day: date) -> Notice:
    title, issuer = _line(wish.title, "公示标题", 100), _line(wish.issuer, "公示单位", 60)
    contact = _line(wish.contact, "联系方式", 100)
    body = wish.body.strip()
    if not 1 <= len(body) <= BODY_MOST:
        raise BadInput(f"请填写公示正文（{BODY_MOST} 字以内）。")
    off, worked = _days(wish.off), _days(wish.worked)
    check_exceptions(off, worked)
    ends = last_day(day, wish.days, wish.counted, off, worked)
    _require_as_long_as(scheme_notice(round_), ends, day, wish.counted, off, worked)
    return Notice(
        round_id=round_.id, title=title, body=body, issuer=issuer, contact=contact,
        published_on=day, days=wish.days, counted=wish.counted,
        exceptions={name: sorted(d.isoformat() for d in days)
                    for name, days in (("off", off), ("worked", worked))},
        ends=ends,
        lines=_lines(round_, wish.record_ids), state="published", reason="",
    )  # fmt: skip


def _require_as_long_as(
    rule: Mapping[str, Any], ends: date, day: date, counted: str, off: set[date], worked: set[date]
) -> None:
    """Raise BadInput where the period ends before the scheme lets it, as the scheme counts."""
    days, how = rule.get("days"), str(rule.get("counted"))
    if not isinstance(days, int):
        return
    stated = how in COUNTED
    least = last_day(day, days, how if stated else counted, off, worked)
    if ends < least:
        kind = f"个{COUNTED_WORDS[how]}" if stated else "天"
        raise BadInput(f"方案规定公示 {days} {kind}，不能少于 {days} {kind}（到 {least} 为止）。")


def _require_as_long_as_before(made: Notice, versions: Iterable[Notice]) -> None:
    """Raise BadInput where a correction would be published for less time than the grade was."""
    off, worked = (
        {date.fromisoformat(text) for text in made.exceptions[name]} for name in ("off", "worked")
    )
    for old in versions:
        if old.state == "published":
            least = last_day(made.published_on, old.days, old.counted, off, worked)
            if made.ends < least:
                kind = f"{old.days} 个{COUNTED_WORDS[old.counted]}"
                raise BadInput(
                    f"更正等级的公示不能比原来短：原来公示 {kind}，至少到 {least} 为止。"
                )


def _lines(round_: Round, record_ids: Iterable[int]) -> list[NoticeLine]:
    records = {record.id: record for record in round_.records}
    scheme = scheme_of(round_)
    chosen = list(dict.fromkeys(record_ids))
    if not chosen or not set(chosen) <= set(records):
        raise BadInput("请至少选择一个本轮的党组织。")
    grades = to_publish(round_)
    lacking = [records[i].organisation.name for i in chosen if grades[i].grade is None]
    if lacking:
        raise BadInput(f"还没有等级，不能公示：{'、'.join(lacking[:5])}。请先完成评定。")
    found = []
    for position, record in enumerate((records[i] for i in chosen), start=1):
        grade, correction = grades[record.id]
        line = NoticeLine(
            position=position,
            record_id=record.id,
            organisation=record.organisation.name,
            domain=scheme.domain(record.domain).name,
            grade=grade,
        )
        if correction is not None:
            line.corrected = CorrectedLine(
                correction_id=correction.id, before=correction.replaces.grade
            )
        found.append(line)
    return found


def _days(text: str) -> set[date]:
    """The days in a text, however they are separated; raises BadInput."""
    found = set()
    for word in re.split(r"[\s,，、;；]+", text.strip()):
        if not word:
            continue
        try:
            if not _DAY.fullmatch(word):
                raise ValueError
            found.add(date.fromisoformat(word))
        except ValueError:
            raise BadInput(f"“{word[:20]}”不是日期，请写成 2012-04-04 这样。") from None
    return found


def _line(text: str, what: str, most: int) -> str:
    text = " ".join(text.split())
    if not 1 <= len(text) <= most or not text.isprintable():
        raise BadInput(f"请填写{what}（{most} 字以内）。")
    return text


def _reason(text: str) -> str:
    return _line(text, "原因", 200)


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
