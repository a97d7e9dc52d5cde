"""操作记录: who changed what."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from flask import render_template, request

from admin import blueprint
from app.actions.audit import look_up
from app.models import AuditEntry

_BEIJING = timezone(timedelta(hours=8))
ASKED_MOST = 60


class Line(NamedTuple):
    """An entry as it is shown. at: in China. changes: title, before, after."""

    entry: AuditEntry
    at: str
    changes: list[tuple[str, str, str]]


@blueprint.get("/audit")
def audit() -> str:
    """The entries, the newest first; searched by words and by who it was."""
    words, who = (request.args.get(name, "")[:ASKED_MOST] for name in ("q", "who"))
    found = look_up(words, who, request.args.get("page", 1, type=int))
    lines = [
        Line(
            entry,
            f"{datetime.fromisoformat(entry.at).astimezone(_BEIJING):%Y-%m-%d %H:%M:%S}",
            [(title, *pair) for title, pair in json.loads(entry.changes).items()],
        )
        for entry in found.entries
    ]
    return render_template("admin/audit.html", lines=lines, found=found, words=words, who=who)
