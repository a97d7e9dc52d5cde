"""What anyone may see of a meeting while it runs: one batch behind, and final after closing."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from app.actions.ballot import cast_number
from app.actions.slip import slip_totals
from app.domain.errors import MeetingUnknown
from app.domain.meeting import Form, released_at
from app.domain.tally import satisfaction
from app.models import Meeting, VoterGroup, boxes, snapshots
from app.models.base import reading

Counts = dict[str, dict[str, int]]
"""Cell id → choice (with `abstain`) → number."""


class Turnout(NamedTuple):
    """Totals of a meeting: 应到, 发出 (without voided), 已扫码, 已投."""

    expected: int
    issued: int
    redeemed: int
    cast: int


class _Meeting(NamedTuple):
    id: int
    state: str
    form: dict[str, Any] | None
    policy: str
    k: int


def live_picture(meeting_code: str) -> dict[str, Any]:
    """The answer of `GET …/live`: state, number cast, and the released picture or None."""
    with reading() as connection:
        meeting = _meeting(connection, meeting_code)
        cast, counts, at = _released(connection, meeting)
    return {
        "state": meeting.state,
        "cast": cast,
        "released": picture(msgspec.convert(meeting.form, Form), counts, at)
        if counts is not None
        else None,
    }


def turnout(meeting_code: str) -> Turnout:
    """The totals that the screen shows beside the picture."""
    with reading() as connection:
        meeting = _meeting(connection, meeting_code)
        expected = connection.scalars(
            select(VoterGroup.expected).where(VoterGroup.meeting_id == meeting.id)
        ).all()
        closed = connection.scalar(select(boxes.c.groups).where(boxes.c.meeting_id == meeting.id))
        if closed is not None:
            return Turnout(
                expected=sum(expected),
                issued=sum(t["issued"] - t["voided"] for t in closed.values()),
                redeemed=sum(t["redeemed"] for t in closed.values()),
                cast=sum(t["cast"] for t in closed.values()),
            )
        groups = slip_totals(connection, meeting.id).values()
        return Turnout(
            expected=sum(expected),
            issued=sum(group.issued - group.voided for group in groups),
            redeemed=sum(group.redeemed for group in groups),
            cast=cast_number(connection, meeting.id),
        )


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


def _meeting(connection: Connection, code: str) -> _Meeting:
    table = Meeting.__table__.c
    row = connection.execute(
        select(table.id, table.state, table.form, table.policy, table.k).where(table.code == code)
    ).first()
    if row is None or row.state == "draft":
        raise MeetingUnknown
    return _Meeting(*row)


def _released(connection: Connection, meeting: _Meeting) -> tuple[int, Counts | None, int]:
    """Number cast, counts that may be shown (or None), and at how many ballots they stand."""
    if meeting.state == "closed":
        box = connection.execute(
            select(boxes.c.counts, boxes.c.cast).where(boxes.c.meeting_id == meeting.id)
        ).one()
        return box.cast, box.counts, box.cast
    cast = cast_number(connection, meeting.id)
    at = released_at(cast, meeting.k) if meeting.policy == "batched" else None
    if meeting.state != "open" or at is None:
        return cast, None, 0
    counts = connection.scalar(
        select(snapshots.c.counts).where(
            snapshots.c.meeting_id == meeting.id, snapshots.c.cast == at
        )
    )
    return cast, counts, at
