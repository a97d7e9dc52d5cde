"""Close a meeting: publish its box, destroy its urn, hand the tally to the records."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog

from app.actions.entrance import void_codes_on_screens
from app.actions.grading import reassess
from app.actions.live import picture, subject_counts
from app.actions.meeting import get_meeting, stopped, update_state, void_meeting
from app.actions.paper import Papers, agreed_papers, excess_of, keep_papers
from app.actions.picture import spans_of_pictures
from app.actions.quorum import came_in_all
from app.actions.slip import slip_totals
from app.actions.sweep import destroy_after_ending
from app.actions.urn import cast_by_group, read_marks_of
from app.actions.urn_state import Stop, stop_urn
from app.actions.whereabouts import other_host
from app.domain.box import TOGETHER, Box, GroupCounts, box_marks, build_box, marks_by_group
from app.domain.errors import (
    BadInput,
    MeetingStateChanged,
    PaperNotAgreed,
    PaperVoids,
    StillVoting,
    UrnElsewhere,
)
from app.domain.meeting import Form, groups_shown
from app.domain.paper import added, channel_problem
from app.domain.tally import count_marks
from app.models import Meeting, boxes, db
from app.models.base import writing
from app.models.urn_file import UrnMissing, plain, urn_writing

log = structlog.get_logger()

NOT_ALL_CAST = "还有人扫了码没有投出，请等倒计时走完，或先叫停。"


def close_meeting(meeting_id: int, present: int | None = None, all_cast: bool = False) -> Box:
    """open → closed, and the urn is destroyed.

    present: number of persons who came (实到), where the host has counted them; where attendance
    was recorded, its sum. Ballots whose transaction has begun are in the box; later ones are
    refused. Papers join the tally, not the box. all_cast: only where everybody who has scanned has
    cast, as found when nothing comes in any more. Raises BadInput, MeetingStateChanged,
    UrnElsewhere, PaperNotAgreed; PaperVoids where more papers came back than went out, and the
    meeting has been voided.
    """
    if present is not None and not 0 <= present <= 100_000:
        raise BadInput("实到人数应为 0 到 100000 的整数。")
    _void_for_papers(meeting_id)
    with writing():
        meeting = get_meeting(meeting_id)
        if meeting.state != "open":
            raise MeetingStateChanged
        present = _present(meeting, present)
        papers = agreed_papers(meeting)
        if excess_of(meeting, papers):
            raise MeetingStateChanged
        with stopped(meeting) as stop:
            box = _box_of(meeting, stop, papers, all_cast)
            _publish(meeting, box, papers)
            if not update_state(meeting, ("open",), state="closed", present=present):
                raise MeetingStateChanged
    log.info("meeting_closed", meeting=meeting.code)
    destroy_after_ending(meeting.code)
    return box


def check_closing(meeting_id: int, present: int | None) -> None:
    """Refuse what nobody shall be asked to confirm; as `close_meeting`, before it comes to that."""
    _void_for_papers(meeting_id)
    _present(get_meeting(meeting_id), present)


def _present(meeting: Meeting, present: int | None) -> int | None:
    """实到: one number, wherever it stands on the count sheet. Raises BadInput."""
    came = came_in_all(meeting)
    if came is None or present in (None, came):
        return present if came is None else came
    raise BadInput(
        f"登记的到会人数合计 {came} 人，这里填的是 {present} 人。"
        "请先在“到会人数”里更正（后来的人填“迟到”），两处要一致。"
    )


def _box_of(meeting: Meeting, stop: Stop, papers: Papers | None, all_cast: bool) -> Box:
    """What is in the urn, as it is to be published; from here on nothing comes in.

    all_cast: raise StillVoting where somebody has scanned and not cast. Raises PaperNotAgreed where
    phones or papers are too few to stand beside each other. Then the urn is as it was.
    """
    form = msgspec.convert(meeting.form, Form)
    try:
        with urn_writing(meeting.code) as urn:
            stop_urn(urn, stop)
            void_codes_on_screens(urn)
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
            if all_cast and any(group.redeemed > group.cast for group in counts.values()):
                raise StillVoting(NOT_ALL_CAST)
            if problem := channel_problem(
                sum(cast.values()), papers.valid if papers else 0, meeting.k
            ):
                # Whoever takes the box from the result must find at least k ballots on either side.
                raise PaperNotAgreed(problem)
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


def _publish(meeting: Meeting, box: Box, papers: Papers | None) -> None:
    form = msgspec.convert(meeting.form, Form)
    counts = count_marks(box_marks(box), form.lawful())
    cast = sum(group.cast for group in box.counts.values())
    if papers is not None:
        counts = added(counts, papers.entry.values())
        cast += papers.valid
    keep_papers(meeting, papers)
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
        satisfaction = picture(form, counts, cast)["satisfaction"]
        _hand_over(meeting, form, tallies(form, box, papers), satisfaction)


Tallies = dict[str, dict[str, dict[str, int]]]
"""Group code, or `*`, → cell id → choice → number."""


def tallies(form: Form, box: Box, papers: Papers | None) -> Tallies:
    """Phones and papers, by group where the phones are; else all of them together."""
    lawful = form.lawful()
    marks = marks_by_group(box)
    phones = {group: count_marks(found, lawful) for group, found in marks.items()}
    if papers is None:
        return phones
    if TOGETHER in phones:
        return {TOGETHER: added(count_marks(box_marks(box), lawful), papers.entry.values())}
    return {
        group: added(phones.get(group, count_marks((), lawful)), [found])
        for group, found in papers.entry.items()
        if group in phones or found.returned
    }


def _hand_over(
    meeting: Meeting, form: Form, tallies: Tallies, satisfaction: dict[str, Any]
) -> None:
    """Make the tally final in every tested organisation's record."""
    for subject, row in zip(form.subjects, meeting.subjects, strict=True):
        row.record.mass = {
            "meeting": meeting.code,
            "tallies": subject_tallies(form, tallies, subject.id),
            "satisfaction": satisfaction[subject.id],
            "groups": {group.code: group.name for group in meeting.groups},
        }
        reassess(row.record)


def subject_tallies(form: Form, tallies: Tallies, subject_id: str) -> Tallies:
    """Group code, or `*`, → question id → choice → number, for one subject."""
    return {group: subject_counts(form, counts, subject_id) for group, counts in tallies.items()}


def _void_for_papers(meeting_id: int) -> None:
    """Void the meeting where more papers came back than went out, and say so."""
    meeting = get_meeting(meeting_id)
    if meeting.state != "open":
        raise MeetingStateChanged
    reason = excess_of(meeting, agreed_papers(meeting))
    if reason is not None:
        void_meeting(meeting_id, reason)
        raise PaperVoids(f"本次测评会已作废：{reason}")
