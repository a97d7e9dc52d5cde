"""操作记录: who changed what."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from flask import render_template, request

from admin import blueprint
from app.actions.audit import look_up
from app.actions.rectification import KINDS
from app.domain.notice import DISMISSALS, OUTCOMES
from app.domain.rights import ROLES
from app.domain.roster import KIND_WORDS
from app.models import AuditEntry

_BEIJING = timezone(timedelta(hours=8))
ASKED_MOST = 60


_WORDS = {
    "状态": {
        "draft": "草稿", "open": "进行中", "closed": "已计票", "voided": "已作废",
        "submitted": "已提交", "returned": "已退回", "accepted": "复核通过",
        "published": "公示", "withdrawn": "撤回", "offered": "可以选用",
    },
    "种类": {**KINDS, "final": "定稿", "correction": "更正", "upgrade": "升级晋位"},
    "类型": KIND_WORDS,
    "角色": ROLES,
    "处理结果": {**OUTCOMES, **DISMISSALS},
    "结果": {"in_force": "已生效", "withdrawn": "已撤回"},
    "公布方式": {"batched": "分批公布", "turnout": "计票后公布"},
    "录分方式": {"totals": "只录总分", "points": "按指标录分"},
}  # fmt: skip
"""What is kept as one of a few codes, by its title; the page says it as the other pages do."""


class Line(NamedTuple):
    """An entry as it is shown. at: in China. changes: title, before, after."""

    entry: AuditEntry
    at: str
    changes: list[tuple[str, str, str]]


def _said(title: str, before: str, after: str) -> tuple[str, str, str]:
    words = _WORDS.get(title, {})
    return title, words.get(before, before), words.get(after, after)


@blueprint.get("/audit")
def audit() -> str:
    """The entries, the newest first; searched by words and by who it was."""
    words, who = (request.args.get(name, "")[:ASKED_MOST] for name in ("q", "who"))
    found = look_up(words, who, request.args.get("page", 1, type=int))
    lines = [
        Line(
            entry,
            f"{datetime.fromisoformat(entry.at).astimezone(_BEIJING):%Y-%m-%d %H:%M:%S}",
            [_said(title, *pair) for title, pair in json.loads(entry.changes).items()],
        )
        for entry in found.entries
    ]
    return render_template("admin/audit.html", lines=lines, found=found, words=words, who=who)
