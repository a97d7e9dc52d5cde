"""Close a meeting: publish its box, destroy its urn, hand the tally to the records."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog

from app.actions.grading import reassess
from app.actions.live import picture, subject_counts
from app.actions.meeting import get_meeting, stopped, update_state
from app.actions.picture import spans_of_pictures
from app.actions.slip import slip_totals
from app.actions.sweep import destroy_after_ending
from app.actions.urn import cast_by_group, read_marks_of
from app.actions.urn_state import Stop, stop_urn
from app.actions.whereabouts import other_host
from app.domain.box import Box, GroupCounts, box_marks, build_box, marks_by_group
from app.domain.errors import BadInput, MeetingStateChanged, UrnElsewhere
from app.domain.meeting import Form, groups_shown
from app.domain.tally import count_marks
from app.models import Meeting, boxes, db
from app.models.base import writing
from app.models.urn_file import UrnMissing, plain, urn_writing

log = structlog.get_logger()


def close_meeting(meeting_id: int, present: int | None = None) -> Box:
    """open → closed, and the urn is destroyed.

    present: number of persons in the room (实到), where the host has counted them. Ballots whose
    transaction has begun are in the box; later ones are refused. Raises MeetingStateChanged,
    UrnElsewhere.
    """
    if present is not None and not 0 <= present <= 100_000:
        raise BadInput("实到人数应为 0 到 100000 的整数。")
    with writing():
        meeting = get_meeting(meeting_id)
        if meeting.state != "open":
            raise MeetingStateChanged
        with stopped(meeting) as stop:
            box = _box_of(meeting, stop)
            _publish(meeting, box)
            if not update_state(meeting, ("open",), state="closed", present=present):
                raise MeetingStateChanged
    log.info("meeting_closed", meeting=meeting.code)
    destroy_after_ending(meeting.code)
    return box


def _box_of(meeting: Meeting, stop: Stop) -> Box:
    """What is in the urn, as it is to be published; from here on nothing comes in."""
    form = msgspec.convert(meeting.form, Form)
    try:
        with urn_writing(meeting.code) as urn:
            stop_urn(urn, stop)
            cast = cast_by_group(plain(urn))
            spans = spans_of_pictures(plain(urn))
            counts = {
                group: GroupCounts(
                    issued=totals.issued,
                    redeemed=totals.redeemed,
                    cast=cast.get(group, 0),
                    voided=totals.voided,
                    unused=totals.unused,
                )
                for group, totals in slip_totals(urn).items()
            }
            marks = list(read_marks_of(plain(urn)))
    except UrnMissing:
        raise UrnElsewhere(other_host(meeting.urn_host)) from None
    return build_box(
        meeting_code=meeting.code,
        counts=counts,
        shown=groups_shown(cast, meeting.k, spans),
        cells=form.lawful(),
        marks=marks,
    )


def _publish(meeting: Meeting, box: Box) -> None:
    form = msgspec.convert(meeting.form, Form)
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
