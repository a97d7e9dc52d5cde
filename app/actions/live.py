"""What anyone may see of a meeting while it runs: one batch behind, and final after closing."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import func, select

from app.actions.picture import Counts, Picture, released_picture
from app.actions.slip import slip_totals
from app.actions.urn import cast_number
from app.actions.urn_state import is_stopped
from app.actions.whereabouts import other_host
from app.domain.errors import MeetingUnknown, UrnElsewhere
from app.domain.meeting import Form
from app.domain.tally import satisfaction
from app.models import Meeting, VoterGroup, boxes, urn_groups, urn_meeting
from app.models.base import reading
from app.models.urn_file import UrnMissing, plain, urn_reading


class Turnout(NamedTuple):
    """Totals of a meeting: 应到, 发出 (without voided), 已扫码, 已投."""

    expected: int
    issued: int
    redeemed: int
    cast: int


def live_picture(meeting_code: str) -> dict[str, Any]:
    """The answer of `GET …/live`: state, number cast, and the released picture or None.

    Raises MeetingUnknown; UrnElsewhere where another host has the urn.
    """
    try:
        with urn_reading(meeting_code) as urn:
            stopped = is_stopped(urn)
            released = released_picture(plain(urn))
            form = urn.scalar(select(urn_meeting.c.form))
            answer = _answer("open", cast_number(plain(urn)), form, released)
    except UrnMissing:
        return _without_urn(meeting_code)
    if stopped and (ended := _without_urn(meeting_code))["state"] != "open":
        return ended
    return answer


def turnout(meeting_code: str) -> Turnout:
    """The totals that the screen shows beside the picture."""
    try:
        with urn_reading(meeting_code) as urn:
            stopped = is_stopped(urn)
            groups = slip_totals(urn).values()
            totals = Turnout(
                expected=urn.scalar(select(func.sum(urn_groups.c.expected))) or 0,
                issued=sum(group.issued - group.voided for group in groups),
                redeemed=sum(group.redeemed for group in groups),
                cast=cast_number(plain(urn)),
            )
    except UrnMissing:
        return _turnout_of_box(meeting_code)
    if stopped and _without_urn(meeting_code)["state"] != "open":
        return _turnout_of_box(meeting_code)
    return totals


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


def _answer(
    state: str, cast: int, form: dict[str, Any] | None, released: Picture | None
) -> dict[str, Any]:
    return {
        "state": state,
        "cast": cast,
        "released": picture(msgspec.convert(form, Form), released.counts, released.at)
        if released
        else None,
    }


def _without_urn(code: str) -> dict[str, Any]:
    """The same of a meeting that is over, or whose urn is lost."""
    table = Meeting.__table__.c
    with reading() as connection:
        row = connection.execute(
            select(table.state, table.form, table.urn_host, boxes.c.counts, boxes.c.cast)
            .outerjoin(boxes, boxes.c.meeting_id == table.id)
            .where(table.code == code)
        ).first()
    if row is None or row.state == "draft":
        raise MeetingUnknown
    if row.state == "open" and (host := other_host(row.urn_host)):
        raise UrnElsewhere(host)
    if row.cast is None:
        return _answer(row.state, 0, None, None)
    return _answer(row.state, row.cast, row.form, Picture(row.cast, row.counts))


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
