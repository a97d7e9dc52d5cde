"""Voting that ends by a countdown: what two people confirmed is done when its time is up."""

from __future__ import annotations

from sqlalchemy import delete, update

from app.actions.audit import note
from app.actions.closing import NOT_ALL_CAST, check_closing, close_meeting
from app.actions.countdown import GONE, call_off, countdown_of, note_problem, seen_countdown
from app.actions.meeting import get_meeting
from app.actions.quorum import came_in_all
from app.actions.signing import Signatories, barred, confirmations_of, given_to, subject_of
from app.domain.countdown import Countdown
from app.domain.errors import BadInput, MeetingStateChanged
from app.models import Confirmation, Meeting, db
from app.models.base import writing

LAPSED = (
    "倒计时期间，有人换了密码，或账号停用、权限变了，两人的确认已经不全。"
    "请主持人和监票人重新确认结束。"
)


def countdown_runs(meeting: Meeting) -> bool:
    """Whether voting is being counted down."""
    found = countdown_of(meeting) if meeting.state == "open" else None
    return found is not None and found.runs


def stop_countdown(meeting_id: int) -> bool:
    """Call a countdown off; to close, both confirm again. False where there is none."""
    with writing():
        meeting = get_meeting(meeting_id)
        if meeting.state != "open":
            raise MeetingStateChanged
        return undo_countdown(meeting)


def finish_countdown(meeting_id: int, seen: Countdown, all_cast: bool = False) -> None:
    """Close the meeting on the two confirmations with which its countdown began.

    seen: the countdown that is over. all_cast: only where nobody has scanned and not cast.
    Raises MeetingStateChanged where it is another one by now, or has been called off; BadInput
    where the confirmations are not two any more; what `close_meeting` raises. Then nothing
    has changed.
    """
    with writing():
        # Whoever calls it off, prolongs it or takes a confirmation back stands in the same line.
        meeting = get_meeting(meeting_id)
        if meeting.state != "open" or countdown_of(meeting) != seen:
            raise MeetingStateChanged
        # As stated when it began, where attendance is not recorded.
        present = seen.present if came_in_all(meeting) is None else None
        check_closing(meeting.id, present)
        _settle_countdown(meeting)
        close_meeting(meeting.id, present, all_cast)


def _settle_countdown(meeting: Meeting) -> None:
    """Mark both confirmations as done. Time passes and people come late: these still hold."""
    if meeting.rehearsal:
        return
    given = [one for one in given_to(meeting, "close") if not one.done]
    if len(given) != len(Signatories._fields) or barred(meeting, given):
        raise BadInput(LAPSED)
    db.session.execute(
        update(Confirmation)
        .where(*confirmations_of(meeting, "close"), Confirmation.done.is_(False))
        .values(done=True)
        .execution_options(synchronize_session=False)
    )


def give_up_countdown(meeting_id: int, seen: Countdown, problem: str) -> None:
    """The time is up and the meeting cannot be closed: voting goes on, and both confirm anew."""
    with writing():
        meeting = get_meeting(meeting_id)
        if meeting.state != "open" or countdown_of(meeting) != seen:
            return
        _forget(meeting)
        note("倒计时到了没有结束", subject_of(meeting), {"原因": (None, problem)})
        note_problem(meeting.code, problem)


def finish_now(meeting_id: int) -> None:
    """As `finish_countdown`, before the time is up, where everybody who has scanned has cast."""
    meeting = get_meeting(meeting_id)
    if meeting.state != "open":
        raise MeetingStateChanged
    # Before papers are looked at; whoever scans in the meantime is found in the closing itself.
    found, all_cast = seen_countdown(meeting.code)
    if found is None or not found.runs:
        raise BadInput(GONE)
    if not all_cast:
        raise BadInput(NOT_ALL_CAST)
    finish_countdown(meeting_id, found, all_cast=True)


def undo_countdown(meeting: Meeting) -> bool:
    """Forget who has confirmed the closing, and go on voting; False where no countdown ran."""
    _forget(meeting)
    return call_off(meeting)


def _forget(meeting: Meeting) -> None:
    open_still = (*confirmations_of(meeting, "close"), Confirmation.done.is_(False))
    db.session.execute(delete(Confirmation).where(*open_still))
