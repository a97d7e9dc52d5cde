"""What the public sees of a notice, and what becomes of an objection to it.

The voters' door calls this module: it reads nothing but a notice's own rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple, cast

from sqlalchemy import func, select

from app.domain.errors import BadInput, NotFound
from app.domain.notice import DISMISSALS, OBJECTIONS_MOST, OUTCOMES, in_ranges, is_over
from app.models import Notice, Objection, Rectification, db
from app.models.base import writing

TEXT_MOST = 2000
SIGNED_MOST = 40
CONTACT_MOST = 60
DISMISSED_WHY_MOST = 200
LISTED_MOST = 100
"""Objections on a page, and dismissed at once."""

CHINA = timezone(timedelta(hours=8))


class NoticeUnknown(NotFound):
    code = "notice_unknown"
    message = "没有这个公示。请核对网址，或向发布公示的党组织询问。"


class ObjectionEmpty(BadInput):
    message = "请写明意见内容。"


class ObjectionTooLong(BadInput):
    message = (
        f"内容不超过 {TEXT_MOST} 字，署名不超过 {SIGNED_MOST} 字，"
        f"联系方式不超过 {CONTACT_MOST} 字，请缩短后再提交。"
    )


class NoticeOver(BadInput):
    message = "公示已经结束或撤回，不再收意见。请直接向公示上写的联系方式反映。"


class NotInNotice(BadInput):
    message = "公示里没有所选的党组织，请重新选择。"


class ObjectionsFull(BadInput):
    message = "这里收到的意见已满，请按公示上写的联系方式反映。"


class ObjectionUnknown(NotFound):
    code = "objection_unknown"
    message = "没有这条意见。请回到公示页面查看。"


def today() -> date:
    """The day in China, whatever the machine's time zone."""
    return datetime.now(CHINA).date()


def versions_of(code: str) -> Sequence[Notice]:
    """All versions of a notice, the newest first; raises NoticeUnknown."""
    found = db.session.scalars(
        select(Notice).where(Notice.code == code).order_by(Notice.version.desc())
    ).all()
    if not found:
        raise NoticeUnknown
    return found


class Dismissed(NamedTuple):
    """Objections to a notice that were dismissed together, by their numbers."""

    outcome: str
    reason: str
    day: date
    numbers: tuple[int, ...]

    @property
    def ranges(self) -> str:
        """Which they are, in words."""
        return in_ranges(self.numbers)


class Listed(NamedTuple):
    """A page of the objections to a notice, those that wait first; how many there are of each."""

    objections: Sequence[Objection]
    page: int
    pages: int
    waiting: int
    answered: int


def objections_to(code: str, page: int = 1) -> Listed:
    """What there is to do on a notice, a page at a time: there may be thousands."""
    found = db.session.scalar(select(func.count()).where(Objection.notice_code == code)) or 0
    waiting = waiting_for(code)
    pages = max(1, -(-found // LISTED_MOST))
    page = min(max(1, page), pages)
    objections = db.session.scalars(
        select(Objection)
        .where(Objection.notice_code == code)
        .order_by(Objection.outcome.is_not(None), Objection.number)
        .limit(LISTED_MOST)
        .offset((page - 1) * LISTED_MOST)
    ).all()
    return Listed(objections, page, pages, waiting, found - waiting)


def waiting_for(code: str) -> int:
    """How many objections to a notice wait for an answer."""
    return (
        db.session.scalar(
            select(func.count()).where(Objection.notice_code == code, Objection.outcome.is_(None))
        )
        or 0
    )


def answered_to(code: str) -> Sequence[Objection]:
    """The objections to a notice that have an answer of their own."""
    return db.session.scalars(
        select(Objection)
        .where(Objection.notice_code == code, Objection.outcome.in_(OUTCOMES))
        .order_by(Objection.number)
    ).all()


def dismissed_of(code: str) -> list[Dismissed]:
    """Those that were dismissed, together as they were; without a word of what they said."""
    rows = db.session.execute(
        select(Objection.outcome, Objection.answer, Objection.answered_on, Objection.number)
        .where(Objection.notice_code == code, Objection.outcome.in_(DISMISSALS))
        .order_by(Objection.number)
    )
    groups: dict[tuple[str, str, date], list[int]] = {}
    for *told, number in rows:
        groups.setdefault(cast("tuple[str, str, date]", tuple(told)), []).append(number)
    return [Dismissed(*together, tuple(numbers)) for together, numbers in groups.items()]


def dropped_from(notice: Notice, versions: Sequence[Notice]) -> list[str]:
    """Whom an earlier version names and this one does not, by name: nobody just disappears."""
    kept = {line.record_id for line in notice.lines}
    earlier = sorted((v for v in versions if v.version < notice.version), key=lambda v: v.version)
    lost = {
        line.record_id: line.organisation
        for version in earlier
        for line in version.lines
        if line.record_id not in kept
    }
    return list(lost.values())


def takes_objections(notice: Notice, day: date) -> bool:
    """Whether the public may object to this version on that day."""
    return notice.state == "published" and not is_over(notice.ends, day)


def file_objection(
    code: str, about: str, text: str, signed: str, contact: str, day: date
) -> Objection:
    """Take in what somebody objects; quite the same a second time is the same objection.

    But not to another version of the notice, which is another matter. Raises NoticeUnknown,
    BadInput.
    """
    text, signed, contact = _plain(text), _line(signed), _line(contact)
    if not text:
        raise ObjectionEmpty
    if len(text) > TEXT_MOST or len(signed) > SIGNED_MOST or len(contact) > CONTACT_MOST:
        raise ObjectionTooLong
    with writing():
        notice = versions_of(code)[0]
        if not takes_objections(notice, day):
            raise NoticeOver
        if about and about not in {line.organisation for line in notice.lines}:
            raise NotInNotice
        mine = Objection.notice_id == notice.id
        same = db.session.scalar(
            select(Objection).where(
                mine, Objection.text == text, Objection.about == about,
                Objection.signed == signed, Objection.contact == contact,
            )
        )  # fmt: skip
        if same is not None:
            return same
        if (db.session.scalar(select(func.count()).where(mine)) or 0) >= OBJECTIONS_MOST:
            raise ObjectionsFull
        last = db.session.scalar(
            select(func.max(Objection.number)).where(Objection.notice_code == code)
        )
        number = (last or 0) + 1
        made = Objection(
            notice_id=notice.id, notice_code=code, number=number, about=about, text=text,
            signed=signed, contact=contact, received_on=day, investigation="", answer="",
        )  # fmt: skip
        db.session.add(made)
    return made


def answer_objection(
    objection_id: int, investigation: str, answer: str, outcome: str, day: date
) -> Objection:
    """Record what was found out, and publish the answer; once. Raises BadInput."""
    investigation, answer = _plain(investigation), _plain(answer)
    if not investigation or not answer:
        raise BadInput("请填写调查核实情况和答复。")
    if len(investigation) > TEXT_MOST or len(answer) > TEXT_MOST:
        raise BadInput(f"调查核实情况和答复各不超过 {TEXT_MOST} 字，请缩短后再提交。")
    if outcome not in OUTCOMES:
        raise BadInput("请选择处理结果。")
    with writing():
        found = get_objection(objection_id)
        if found.outcome is not None:
            raise BadInput("这条意见已经答复并公布，不能改写。")
        if _gives_away(found, answer):
            raise BadInput("答复会公布，不能写出提意见人的署名或联系方式。请改写后再提交。")
        found.investigation, found.answer = investigation, answer
        found.outcome, found.answered_on = outcome, day
    return found


def dismiss_objections(
    code: str, ids: Collection[int], outcome: str, reason: str, day: date
) -> int:
    """Settle what is no objection of its own, for one reason, in public; how many they are.

    All of them or none, and once, as with an answer. Raises BadInput.
    """
    reason = _line(reason)
    if outcome not in DISMISSALS:
        raise BadInput("请选择是重复的，还是与公示无关的。")
    if not 1 <= len(reason) <= DISMISSED_WHY_MOST:
        raise BadInput(f"请写明理由（{DISMISSED_WHY_MOST} 字以内）。")
    if not 1 <= len(ids) <= LISTED_MOST:
        raise BadInput(f"请勾选要处理的意见，一次不超过 {LISTED_MOST} 条。")
    with writing():
        found = db.session.scalars(
            select(Objection)
            .where(Objection.notice_code == code, Objection.id.in_(ids))
            .order_by(Objection.number)
        ).all()
        if len(found) != len(set(ids)):
            raise BadInput("勾选的意见有的不在这个公示里，一条也没有处理。请刷新后重新勾选。")
        settled = in_ranges(o.number for o in found if o.outcome is not None)
        if settled:
            raise BadInput(f"第 {settled} 号已经处理并公布，不能改写，一条也没有处理。请重新勾选。")
        told = in_ranges(o.number for o in found if _gives_away(o, reason))
        if told:
            raise BadInput(
                f"理由会公布，不能写出第 {told} 号的署名或联系方式。请改写理由，或不勾选它。"
            )
        for objection in found:
            objection.answer, objection.outcome = reason, outcome
            objection.answered_on = day
    return len(found)


def public_plan(code: str) -> Rectification:
    """The plan of rectification that stands on a public page; raises NoticeUnknown."""
    found = db.session.scalar(
        select(Rectification).where(Rectification.code == code, Rectification.published)
    )
    if found is None:
        raise NoticeUnknown
    return found


def get_objection(objection_id: int) -> Objection:
    """The objection of this id; raises ObjectionUnknown."""
    found = db.session.get(Objection, objection_id)
    if found is None:
        raise ObjectionUnknown
    return found


def _gives_away(objection: Objection, public: str) -> bool:
    """Whether a text that is published names the sender.

    A single character is nobody's name: whoever signs with a comma forbids nobody to use one.
    """
    return any(len(t) > 1 and t in public for t in (objection.signed, objection.contact))


def _plain(text: str) -> str:
    """Several lines of text without what cannot be printed."""
    kept = ("".join(c for c in line if c.isprintable()).strip() for line in text.splitlines())
    return "\n".join(kept).strip()


def _line(text: str) -> str:
    return " ".join(_plain(text).split())
