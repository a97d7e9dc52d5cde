"""What the public sees of a notice, and what becomes of an objection to it.

The voters' door calls this module: it reads nothing but a notice's own rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone

from sqlalchemy import func, select

from app.domain.errors import BadInput, NotFound
from app.domain.notice import OBJECTIONS_MOST, OUTCOMES, is_over
from app.models import Notice, Objection, Rectification, db
from app.models.base import writing

TEXT_MOST = 2000
SIGNED_MOST = 40
CONTACT_MOST = 60
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


def objections_to(code: str) -> Sequence[Objection]:
    """The objections to a notice, in the order of their numbers."""
    return db.session.scalars(
        select(Objection).where(Objection.notice_code == code).order_by(Objection.number)
    ).all()


def open_objections(code: str) -> Sequence[Objection]:
    """Those of `objections_to` that have not been answered."""
    return [objection for objection in objections_to(code) if objection.outcome is None]


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
        if any(told and told in answer for told in (found.signed, found.contact)):
            raise BadInput("答复会公布，不能写出提意见人的署名或联系方式。请改写后再提交。")
        found.investigation, found.answer = investigation, answer
        found.outcome, found.answered_on = outcome, day
    return found


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


def _plain(text: str) -> str:
    """Several lines of text without what cannot be printed."""
    kept = ("".join(c for c in line if c.isprintable()).strip() for line in text.splitlines())
    return "\n".join(kept).strip()


def _line(text: str) -> str:
    return " ".join(_plain(text).split())
