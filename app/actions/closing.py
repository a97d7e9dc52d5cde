"""Close a meeting: write the box anew, forget how it came about, hand the tally to the records."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import func, select

from app.actions.grading import reassess
from app.actions.live import picture, subject_counts
from app.actions.meeting import forget_votes, get_meeting, update_state
from app.actions.slip import slip_totals
from app.actions.sweep import sweep_after_ending
from app.actions.urn import read_marks_of
from app.domain.box import Box, GroupCounts, box_marks, build_box, marks_by_group
from app.domain.errors import BadInput, MeetingStateChanged
from app.domain.meeting import Form, groups_shown
from app.domain.tally import count_marks
from app.models import Meeting, boxes, db, spent_nonces


def close_meeting(meeting_id: int, present: int | None = None) -> Box:
    """open → closed, in one transaction; then overwrite what lies in freed pages and journals.

    present: number of persons in the room (实到), where the host has counted them. Ballots whose
    transaction has begun are in the box; later ones are refused. Raises MeetingStateChanged.
    """
    meeting = get_meeting(meeting_id)
    if present is not None and not 0 <= present <= 100_000:
        raise BadInput("实到人数应为 0 到 100000 的整数。")
    if meeting.state != "open":
        raise MeetingStateChanged
    form = msgspec.convert(meeting.form, Form)
    box = _build(meeting, form)
    counts = count_marks(box_marks(box), form.lawful())
    cast = sum(group.cast for group in box.counts.values())
    db.session.execute(
        boxes.insert().values(
            meeting_id=meeting.id,
            digest=box.digest,
            document=msgspec.json.encode(box).decode(),
            cast=cast,
            counts=counts,
            groups=msgspec.to_builtins(box.counts),
        )
    )
    if not meeting.rehearsal:
        _hand_over(meeting, form, box, picture(form, counts, cast)["satisfaction"])
    forget_votes(meeting.id)
    if not update_state(
        meeting, ("open",), state="closed", seed=None, present=present, swept=False
    ):
        raise MeetingStateChanged
    db.session.commit()
    sweep_after_ending()
    return box


def _build(meeting: Meeting, form: Form) -> Box:
    connection = db.session.connection()
    cast = {
        row[0]: row[1]
        for row in connection.execute(
            select(spent_nonces.c.group_code, func.count())
            .where(spent_nonces.c.meeting_id == meeting.id)
            .group_by(spent_nonces.c.group_code)
        )
    }
    counts = {
        group: GroupCounts(
            issued=totals.issued,
            redeemed=totals.redeemed,
            cast=cast.get(group, 0),
            voided=totals.voided,
            unused=totals.unused,
        )
        for group, totals in slip_totals(connection, meeting.id).items()
    }
    return build_box(
        meeting_code=meeting.code,
        counts=counts,
        shown=groups_shown({group: count.cast for group, count in counts.items()}, meeting.k),
        cells=form.lawful(),
        marks=read_marks_of(connection, meeting.id),
    )


def _hand_over(meeting: Meeting, form: Form, box: Box, satisfaction: dict[str, Any]) -> None:
    """Make the tally final in every tested organisation's record."""
    tallies = {
        group: count_marks(marks, form.lawful()) for group, marks in marks_by_group(box).items()
    }
    for subject, row in zip(form.subjects, meeting.subjects, strict=True):
        row.record.mass = {
            "meeting": meeting.code,
            "tallies": {
                group: subject_counts(form, counts, subject.id) for group, counts in tallies.items()
            },
            "satisfaction": satisfaction[subject.id],
        }
        reassess(row.record)
