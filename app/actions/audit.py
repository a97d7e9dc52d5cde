"""操作记录: every change of what is graded is noted in the transaction that makes it.

Whatever the session is about to write is looked at, so that no action can forget to note; only
what is changed by a statement of its own says so with `note`. Of votes there is nothing here: they
never pass through this session.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from flask import g, has_request_context
from sqlalchemy import event, func, inspect, select
from sqlalchemy.orm import Session

from app.actions.grading import scheme_of
from app.domain.audit import FIRST, Entry, Sealed, Verdict, seal, verify
from app.domain.scheme import ADJUSTMENT_WORDS
from app.models import (
    Account,
    Adjustment,
    AuditEntry,
    Correction,
    CorrectionEnd,
    Decision,
    FinalGrade,
    Finalisation,
    GradingRecord,
    Meeting,
    Notice,
    Objection,
    Organisation,
    Rectification,
    RectificationChange,
    RectificationEntry,
    Round,
    RoundPoints,
    RoundStep,
    SchemeState,
    SchemeVersion,
    SelfAssessment,
    SuperiorLine,
    Survey,
    Visit,
    db,
)
from app.models.base import reading

PAGE = 50
TEXT_MOST = 300
SUBJECT_MOST = 300
COMMAND_LINE = "命令行"
STRANGER = "未登录"
BATCH = 500


class Watched(NamedTuple):
    """What is noted of one kind of row. titles: attribute → what people call it."""

    noun: str
    subject: Callable[[Any], str]
    titles: Mapping[str, str]


def _of_record(row: Any) -> str:
    record = db.session.get(GradingRecord, row.record_id)
    return _record(record) if record else ""


def _of_item(row: Any) -> str:
    record = db.session.get(GradingRecord, row.record_id)
    if record is None:
        return ""
    items = scheme_of(record.round).adjustments(row.kind, record.domain)
    names = {item.position: item.name for item in items}
    verb = ADJUSTMENT_WORDS[row.kind]
    return f"{_record(record)}：{verb}分“{names.get(row.position, row.position)}”"


def _of_round(row: Any) -> str:
    round_ = db.session.get(Round, row.round_id)
    return round_.title if round_ else ""


def _record(record: GradingRecord) -> str:
    return f"{record.round.title}：{record.organisation.name}"


_WATCHED: Mapping[type, Watched] = {
    Account: Watched(
        "账号",
        lambda row: row.name,
        {
            "name": "用户名",
            "password_hash": "密码",
            "totp_on": "两步登录",
            "role": "角色",
            "organisation_id": "范围",
            "disabled": "停用",
        },
    ),
    Organisation: Watched(
        "党组织",
        lambda row: row.name,
        {
            "name": "名称",
            "kind": "类型",
            "parent_id": "上级",
            "domain": "领域",
            "members": "党员人数",
            "last_admitted": "最近发展党员年份",
            "closed_on": "撤销日期",
        },
    ),
    Round: Watched(
        "轮次",
        lambda row: row.title,
        {
            "title": "名称",
            "scheme_id": "方案",
            "scheme_version": "方案版本",
            "ladder": "档次",
            "scoring": "录分方式",
        },
    ),
    SchemeVersion: Watched(
        "方案",
        lambda row: f"{row.scheme_id}（第{row.version}版）",
        {"title": "名称", "note": "说明", "origin": "来源"},
    ),
    SchemeState: Watched(
        "方案的选用",
        lambda row: row.scheme_id,
        {"state": "状态", "reason": "原因"},
    ),
    RoundStep: Watched(
        "步骤日期",
        lambda row: f"{_of_round(row)}：第{row.position}步",
        {"starts": "开始", "ends": "截止"},
    ),
    RoundPoints: Watched(
        "指标分值", lambda row: f"{_of_round(row)}：第{row.position}项", {"points": "分值"}
    ),
    GradingRecord: Watched(
        "定级记录",
        _record,
        {
            "domain": "领域",
            "self_score": "自评分",
            "superior_score": "上级评定分",
            "facts": "情况",
            "mass": "测评结果",
            "proposed": "建议等级",
        },
    ),
    Survey: Watched("调查摸底", _of_record, {"answers": "内容", "finished": "填完"}),
    Visit: Watched("入户走访", _of_record, {"visited": "日期", "ratings": "评价"}),
    SelfAssessment: Watched(
        "自评",
        lambda row: f"{_of_record(row)}（第{row.version}稿）",
        {"state": "状态", "claimed": "自认等级", "total": "自评总分", "reasons": "复核意见"},
    ),
    SuperiorLine: Watched(
        "上级评分",
        lambda row: f"{_of_record(row)}：第{row.position}项",
        {"score": "分", "comment": "评语"},
    ),
    Adjustment: Watched("扣分加分", _of_item, {"times": "次数", "reason": "事由"}),
    Decision: Watched(
        "上级评定",
        lambda row: f"{_of_record(row)}（第{row.version}次）",
        {"grade": "等级", "reason": "理由"},
    ),
    Meeting: Watched(
        "测评会",
        lambda row: f"{row.title}（{row.code}）",
        {
            "title": "名称",
            "base_url": "访问地址",
            "policy": "公布方式",
            "k": "每批最少票数",
            "entrance": "门口屏",
            "rehearsal": "演练",
            "state": "状态",
            "present": "实到",
            "void_reason": "作废原因",
        },
    ),
    Notice: Watched(
        "公示",
        lambda row: f"{row.title}（第{row.version}版）",
        {"state": "状态", "reason": "原因", "ends": "截止", "days": "天数"},
    ),
    Objection: Watched(
        "异议",
        lambda row: f"{row.notice_code} 第{row.number}号",
        {"outcome": "处理结果", "answer": "答复"},
    ),
    FinalGrade: Watched(
        "最终等级",
        lambda row: f"{_of_record(row)}（第{row.version}版）",
        {"kind": "种类", "grade": "等级", "reason": "原因"},
    ),
    Finalisation: Watched(
        "定稿",
        _of_round,
        {"untested": "没有测评的党组织数", "reason": "不测评也定级的原因", "decided_on": "日期"},
    ),
    Correction: Watched(
        "更正",
        lambda row: f"{_of_record(row)}（第{row.attempt}次）",
        {"grade": "更正为", "reason": "原因"},
    ),
    CorrectionEnd: Watched(
        "更正结果",
        lambda row: _of_record(row.correction),
        {"outcome": "结果", "reason": "撤回原因"},
    ),
    Rectification: Watched(
        "整改方案",
        lambda row: f"{row.organisation}",
        {"problems": "问题", "measures": "措施", "responsible": "责任人", "deadline": "期限"},
    ),
    RectificationChange: Watched(
        "整改方案的修改",
        lambda row: f"第 {row.rectification_id} 份整改方案",
        {"reason": "原因"},
    ),
    RectificationEntry: Watched(
        "整改记录",
        lambda row: f"第 {row.rectification_id} 份整改方案",
        {"kind": "种类", "text": "内容"},
    ),
}
_SECRET = {"password_hash"}


def keep_history() -> None:
    """Watch every session from now on."""
    if not event.contains(db.session, "before_flush", _note_changes):
        event.listen(db.session, "before_flush", _note_changes)


def acts(name: str) -> None:
    """Say who is behind the request at hand, or behind what the server does by itself."""
    g.mingce_who = name


def note(action: str, subject: str, changes: Mapping[str, tuple[object, object]]) -> None:
    """Note a change in the transaction at hand. changes: title → before and after."""
    _append(db.session(), [(action, subject, changes)])


def note_meeting(meeting: Meeting, changes: Mapping[str, tuple[object, object]]) -> None:
    """Note what a statement has changed of a meeting. changes: attribute → before and after."""
    watched = _WATCHED[Meeting]
    named = {watched.titles[name]: pair for name, pair in changes.items() if name in watched.titles}
    note(f"修改{watched.noun}", watched.subject(meeting), named)


class Page(NamedTuple):
    """Entries, the newest first. found: how many there are in all."""

    entries: Sequence[AuditEntry]
    found: int
    page: int
    pages: int


def look_up(text: str = "", who: str = "", page: int = 1) -> Page:
    """The entries in whose subject, action or changes `text` stands."""
    wanted = select(AuditEntry)
    if text := text.strip():
        wanted = wanted.where(
            AuditEntry.subject.contains(text, autoescape=True)
            | AuditEntry.action.contains(text, autoescape=True)
            | AuditEntry.changes.contains(text, autoescape=True)
        )
    if who := who.strip():
        wanted = wanted.where(AuditEntry.who == who)
    found = db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    pages = max(1, -(-found // PAGE))
    page = min(max(page, 1), pages)
    rows = wanted.order_by(AuditEntry.number.desc()).limit(PAGE).offset((page - 1) * PAGE)
    return Page(db.session.scalars(rows).all(), found, page, pages)


def verify_history(expected: str = "") -> Verdict:
    """Whether every entry is as it was written. expected: a hash that was noted earlier."""
    return verify(_chain(), expected)


def _chain() -> Iterator[Sealed]:
    columns = [getattr(AuditEntry, name) for name in Entry._fields]
    wanted = select(*columns, AuditEntry.hash).order_by(AuditEntry.number)
    with reading() as connection:
        for row in connection.execute(wanted).yield_per(BATCH):
            yield Sealed(Entry(*row[:-1]), row[-1])


def _note_changes(session: Session, _context: object, _instances: object) -> None:
    found: list[tuple[str, str, Mapping[str, tuple[object, object]]]] = []
    with session.no_autoflush:
        for verb, rows in (
            ("新建", session.new),
            ("修改", session.dirty),
            ("删除", session.deleted),
        ):
            for row in rows:
                watched = _WATCHED.get(type(row))
                if watched is None:
                    continue
                changes = _changes(row, watched, verb)
                if changes or verb == "删除":
                    found.append((f"{verb}{watched.noun}", watched.subject(row), changes))
        if found:
            _append(session, found)


def _changes(row: Any, watched: Watched, verb: str) -> dict[str, tuple[object, object]]:
    state = inspect(row)
    found: dict[str, tuple[object, object]] = {}
    for name, title in watched.titles.items():
        if verb == "删除":
            before, after = getattr(row, name), None
        else:
            history = state.attrs[name].history
            if not history.has_changes():
                continue
            before = history.deleted[0] if history.deleted else None
            after = history.added[0] if history.added else None
        if name in _SECRET:
            before, after = None, "（已设定，不记内容）"
        if name == "parent_id":
            before, after = _name_of(before), _name_of(after)
        if _text(before) != _text(after):
            found[title] = (before, after)
    return found


def _name_of(organisation_id: Any) -> str | None:
    organisation = db.session.get(Organisation, organisation_id) if organisation_id else None
    return organisation.name if organisation else None


def _append(
    session: Session, found: Sequence[tuple[str, str, Mapping[str, tuple[object, object]]]]
) -> None:
    """Whoever writes stands in line (`settle_transactions`), so nobody else appends meanwhile."""
    with session.no_autoflush:
        newest = session.execute(
            select(AuditEntry.number, AuditEntry.hash).order_by(AuditEntry.number.desc()).limit(1)
        ).first()
    pending = [row for row in session.new if isinstance(row, AuditEntry)]
    number, before = (newest.number, newest.hash) if newest else (0, FIRST)
    if pending:
        last = max(pending, key=lambda row: row.number)
        number, before = last.number, last.hash
    for action, subject, changes in found:
        number += 1
        entry = Entry(
            number=number,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            who=_who(),
            action=action,
            subject=subject[:SUBJECT_MOST],
            changes=json.dumps(
                {title: [_text(old), _text(new)] for title, (old, new) in changes.items()},
                ensure_ascii=False,
                sort_keys=True,
            ),
            previous=before,
        )
        before = seal(entry)
        session.add(AuditEntry(**entry._asdict(), hash=before))


def _who() -> str:
    return str(g.get("mingce_who", STRANGER if has_request_context() else COMMAND_LINE))


def _text(value: object) -> str:
    match value:
        case None:
            text = ""
        case bool():
            text = "是" if value else "否"
        case Decimal():
            text = f"{value:f}"
        case date():
            text = value.isoformat()
        case {"satisfaction": dict() as rate, "meeting": meeting}:
            figures = rate.get("figures", f"{rate['numerator']}÷{rate['denominator']}")
            text = f"{meeting}：满意率 {rate['percent']}%（{figures}）"
            if not rate["denominator"]:
                text = f"{meeting}：没有满意率"
        case dict() | list():
            text = json.dumps(value, ensure_ascii=False, sort_keys=True)
        case _:
            text = str(value)
    return text if len(text) <= TEXT_MOST else f"{text[:TEXT_MOST]}…"
