"""What a phone is told of a meeting before anybody votes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.domain.credential import PROTOCOL
from app.domain.encoding import b64url
from app.domain.errors import MeetingUnknown
from app.models import Meeting, VoterGroup
from app.models.base import reading


def public_meeting(meeting_code: str) -> dict[str, Any]:
    """The answer of `GET /api/v1/meetings/CODE`; a draft is unknown to everybody."""
    table = Meeting.__table__.c
    with reading() as connection:
        row = connection.execute(
            select(
                table.id, table.code, table.title, table.host, table.state,
                table.form, table.policy, table.k, table.rehearsal,
            ).where(table.code == meeting_code)
        ).first()  # fmt: skip
        if row is None or row.form is None:
            raise MeetingUnknown
        groups = connection.execute(
            select(VoterGroup.code, VoterGroup.name, VoterGroup.public_key)
            .where(VoterGroup.meeting_id == row.id)
            .order_by(VoterGroup.code)
        ).all()
    return {
        "protocol": PROTOCOL,
        "code": row.code,
        "title": f"【演练】{row.title}" if row.rehearsal else row.title,
        "host": row.host,
        "state": row.state,
        "groups": [
            {"code": g.code, "name": g.name, "public_key": b64url(g.public_key)} for g in groups
        ],
        "subjects": row.form["subjects"],
        "questions": row.form["questions"],
        "cells": row.form["cells"],
        "policy": {"live": row.policy, "k": row.k},
    }
