"""What anyone may see of a meeting while it runs: one batch behind, and final after closing."""

from __future__ import annotations

import sqlite3
import time
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import func, select

from app.actions.picture import Counts, Picture, released_picture
from app.actions.urn import cast_number, countdown_in
from app.actions.whereabouts import other_host
from app.domain.countdown import Countdown
from app.domain.errors import MeetingUnknown, UrnElsewhere
from app.domain.meeting import Form
from app.domain.paper import valid_and_invalid
from app.domain.tally import satisfaction
from app.models import Meeting, VoterGroup, boxes, paper_results
from app.models.base import reading
from app.models.urn_file import UrnMissing, urn_look


class Turnout(NamedTuple):
    """Totals of a meeting: 应到, 发出 (without voided), 已扫码, 已投."""

    expected: int
    issued: int
    redeemed: int
    cast: int


class _Seen(NamedTuple):
    """What is read of an urn at one moment."""

    stopped: bool
    form: bytes
    released: Picture | None
    turnout: Turnout
    countdown: Countdown | None


def live_picture(meeting_code: str) -> dict[str, Any]:
    """The answer of `GET …/live`: state, number cast, and the released picture or None.

    While voting is counted down to its end, `closing` says how many seconds are left.
    Raises MeetingUnknown; UrnElsewhere where another host has the urn.
    """
    return live_and_turnout(meeting_code)[0]


def live_and_turnout(meeting_code: str) -> tuple[dict[str, Any], Turnout]:
    """The same, and the totals that the screen shows beside it, of one moment."""
    try:
        seen = urn_look(meeting_code, _look)
    except UrnMissing:
        return _without_urn(meeting_code), _turnout_of_box(meeting_code)
    if seen.stopped and (ended := _without_urn(meeting_code))["state"] != "open":
        return ended, _turnout_of_box(meeting_code)
    form = msgspec.json.decode(seen.form, type=Form) if seen.released else None
    answer = _answer("open", seen.turnout.cast, form, seen.released)
    if seen.countdown is not None and seen.countdown.runs:
        answer["closing"] = {"seconds": seen.countdown.left(time.time())}
    return answer, seen.turnout


def _look(urn: sqlite3.Connection) -> _Seen:
    meeting = urn.execute("SELECT state, form FROM meeting").fetchone()
    if meeting is None:
        raise UrnMissing
    expected = urn.execute('SELECT coalesce(sum(expected), 0) FROM "groups"').fetchone()[0]
    issued, redeemed = urn.execute(
        "SELECT count(*) FILTER (WHERE NOT voided), count(*) FILTER (WHERE used) FROM slips"
    ).fetchone()
    return _Seen(
        stopped=meeting[0] != "open",
        form=meeting[1].encode(),
        released=released_picture(urn),
        turnout=Turnout(expected, issued, redeemed, cast_number(urn)),
        countdown=countdown_in(urn),
    )


def turnout(meeting_code: str) -> Turnout:
    """The totals that the screen shows beside the picture."""
    return live_and_turnout(meeting_code)[1]


def picture(form: Form, counts: Counts, at: int) -> dict[str, Any]:
    """A released picture: the counts of each cell and each subject's satisfaction."""
    return {
        "at": at,
        "cells": counts,
        "satisfaction": {
            subject.id: {
                "numerator": figure.numerator,
                "denominator": figure.denominator,
                "percent": figure.percent,
            }
            for subject in form.subjects
            for figure in [
                satisfaction(form.rule(subject.id), subject_counts(form, counts, subject.id))
            ]
        },
    }


def subject_counts(form: Form, counts: Counts, subject_id: str) -> Counts:
    """Question id → choice → number, for one subject."""
    return {cell.question: counts[cell.id] for cell in form.cells if cell.subject == subject_id}


def _answer(state: str, cast: int, form: Form | None, released: Picture | None) -> dict[str, Any]:
    shown = picture(form, released.counts, released.at) if form and released else None
    return {"state": state, "cast": cast, "released": shown}


def _without_urn(code: str) -> dict[str, Any]:
    """The same of a meeting that is over, or whose urn is lost."""
    table = Meeting.__table__.c
    with reading() as connection:
        row = connection.execute(
            select(
                table.state,
                table.form,
                table.urn_host,
                boxes.c.counts,
                boxes.c.cast,
                paper_results.c.entry,
            )
            .outerjoin(boxes, boxes.c.meeting_id == table.id)
            .outerjoin(paper_results, paper_results.c.meeting_id == table.id)
            .where(table.code == code)
        ).first()
    if row is None or row.state == "draft":
        raise MeetingUnknown
    if row.state == "open" and (host := other_host(row.urn_host)):
        raise UrnElsewhere(host)
    if row.cast is None:
        return _answer(row.state, 0, None, None)
    form = msgspec.convert(row.form, Form)
    answer = _answer(row.state, row.cast, form, Picture(row.cast, row.counts))
    # A recount of the box gives the phones' marks alone: say how many papers were added.
    return answer if row.entry is None else {**answer, "paper": valid_and_invalid(row.entry)}


def _turnout_of_box(code: str) -> Turnout:
    table = Meeting.__table__.c
    with reading() as connection:
        meeting = connection.execute(
            select(table.id, table.state, boxes.c.groups)
            .outerjoin(boxes, boxes.c.meeting_id == table.id)
            .where(table.code == code)
        ).first()
        if meeting is None or meeting.state == "draft":
            raise MeetingUnknown
        expected = connection.scalar(
            select(func.sum(VoterGroup.expected)).where(VoterGroup.meeting_id == meeting.id)
        )
    groups = (meeting.groups or {}).values()
    return Turnout(
        expected=expected or 0,
        issued=sum(group["issued"] - group["voided"] for group in groups),
        redeemed=sum(group["redeemed"] for group in groups),
        cast=sum(group["cast"] for group in groups),
    )
