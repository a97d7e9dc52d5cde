"""The display link of a meeting, and what the screen behind it shows."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

from sqlalchemy import select

from app.actions.live import Turnout, live_and_turnout
from app.domain.errors import LinkInvalid, MeetingUnknown
from app.models import Meeting, boxes
from app.models.base import reading
from app.security import sign, unsign

PURPOSE = "display"


class WatchedMeeting(NamedTuple):
    """The meeting that a display link shows, and the version that the link was made for."""

    code: str
    version: int


class ScreenPicture(NamedTuple):
    """What a watcher may see at one moment.

    live: as `live_picture`; None while the meeting is a draft. turnout: 应到, 发出, 已扫码, 已投.
    digest: of the box, after closing. version: of the display links that are good.
    """

    live: dict[str, Any] | None
    turnout: dict[str, int] | None
    digest: str | None
    version: int


def display_link(meeting: Meeting) -> str:
    """The path of the meeting's screen; good until `revoke_display`."""
    return f"/screen/{sign(PURPOSE, [meeting.code, meeting.display_version])}"


def watched_meeting(signed: str) -> WatchedMeeting:
    """The meeting behind the signed part of a link. Raises LinkInvalid: forged or revoked."""
    value = unsign(PURPOSE, signed)
    if not isinstance(value, list) or len(value) != 2:
        raise LinkInvalid
    table = Meeting.__table__.c
    with reading() as connection:
        row = connection.execute(
            select(table.code, table.display_version).where(table.code == str(value[0]))
        ).first()
    if row is None or row.display_version != value[1]:
        raise LinkInvalid
    return WatchedMeeting(row.code, row.display_version)


def screen_picture(meeting_code: str, version: int | None = None) -> ScreenPicture:
    """What the screen shows now. Raises MeetingUnknown; UrnElsewhere where another host knows.

    version: of the display links, where it has been read a moment ago; then the main database is
    not asked about an open meeting.
    """
    live: dict[str, Any] | None = None
    totals: Turnout | None = None
    # To live_and_turnout a draft is unknown; whether there is no meeting at all is found out below.
    with suppress(MeetingUnknown):
        live, totals = live_and_turnout(meeting_code)
    digest = None
    if version is None or live is None or live["state"] != "open":
        version, digest = _version_and_digest(meeting_code)
    return ScreenPicture(
        live=live,
        turnout=totals._asdict() if totals else None,
        digest=digest if live and live["state"] == "closed" else None,
        version=version,
    )


def _version_and_digest(code: str) -> tuple[int, str | None]:
    table = Meeting.__table__.c
    with reading() as connection:
        row = connection.execute(
            select(table.display_version, boxes.c.digest)
            .outerjoin(boxes, boxes.c.meeting_id == table.id)
            .where(table.code == code)
        ).first()
    if row is None:
        raise MeetingUnknown
    return row.display_version, row.digest


def shown_meeting(meeting_code: str) -> dict[str, Any]:
    """What the screen shows beside the figures: names, address, form; `subjects` empty in a draft.

    `satisfaction`: subject id → of which questions its rate is formed, which choices count as
    satisfied, which are left out, and whether the rate that counts is weighted by voter groups,
    which the one on the screen never is.
    """
    table = Meeting.__table__.c
    with reading() as connection:
        row = connection.execute(
            select(
                table.code, table.title, table.host, table.wifi, table.base_url, table.policy,
                table.k, table.rehearsal, table.form,
            ).where(table.code == meeting_code)
        ).first()  # fmt: skip
    if row is None:
        raise MeetingUnknown
    form = row.form or {"subjects": [], "questions": [], "cells": [], "satisfaction": {}}
    return {
        "code": row.code,
        "title": f"【演练】{row.title}" if row.rehearsal else row.title,
        "host": row.host,
        "wifi": row.wifi,
        "address": row.base_url,
        "policy": {"live": row.policy, "k": row.k},
        "subjects": form["subjects"],
        "questions": form["questions"],
        "cells": form["cells"],
        "satisfaction": {
            subject: {
                "questions": rule["question_ids"],
                "satisfied": rule["satisfied"],
                "left_out": rule["left_out"],
                "weighted": rule.get("weighted", False),
            }
            for subject, rule in form["satisfaction"].items()
        },
    }


def receipt_address(meeting_code: str) -> str:
    """Where the meeting's voters check their marks, as the QR code on the screen holds it."""
    with reading() as connection:
        base = connection.scalar(select(Meeting.base_url).where(Meeting.code == meeting_code))
    if base is None:
        raise MeetingUnknown
    return f"{base}/r/{meeting_code}"
