"""两人确认: host and scrutineer open and close a meeting together, each on their own account.

The second of the two confirmations carries the action out, in one transaction with it. The command
line opens and closes without: whoever operates the server holds the keys anyway.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, CursorResult, delete, func, select, update
from sqlalchemy.orm import aliased

from app.actions.account import SignedIn
from app.actions.audit import note
from app.actions.closing import check_closing, close_meeting
from app.actions.code import find_code, spend_code
from app.actions.countdown import (
    start_countdown,
)
from app.actions.ending import countdown_runs, undo_countdown
from app.actions.meeting import get_meeting, obstacles_to_opening, open_meeting, planned_subjects
from app.actions.paper import papers_digest
from app.actions.quorum import came_in_all
from app.actions.signing import (
    Signatories,
    barred,
    confirmations_of,
    given_to,
    scrutineer,
    subject_of,
)
from app.domain.code import WITNESS
from app.domain.confirmation import (
    BEFORE,
    HOLDS_SECONDS,
    WORDS,
    Action,
    Part,
    Standing,
    digest_of,
    standing,
)
from app.domain.countdown import is_choice
from app.domain.errors import (
    BadInput,
    CodeWrong,
    ContentChanged,
    MeetingNotReady,
    MeetingStateChanged,
    SamePerson,
)
from app.domain.meeting import build_form
from app.models import Confirmation, Meeting, db
from app.models.base import writing


class Wish(NamedTuple):
    """What somebody confirms. digest: of what they were shown; empty for a host's closing.

    present: 实到, of the host's closing. countdown: how voting ends, as app.domain.countdown says;
    None: at once. by_code: they typed a code at the host's computer.
    """

    action: Action
    part: Part
    digest: str = ""
    present: int | None = None
    by_code: bool = False
    countdown: int | None = None


def content_digest(meeting: Meeting, action: Action) -> str:
    """What a confirmation is bound to: all that opening freezes; the keys, and 实到."""
    if action == "close":
        key = (meeting.key_digest or b"").hex()
        return digest_of(action, meeting.code, [key, came_in_all(meeting)])
    content = {
        "settings": [
            meeting.title,
            meeting.host,
            meeting.wifi,
            meeting.base_url,
            meeting.rehearsal,
            meeting.policy,
            meeting.entrance,
            meeting.k,
        ],
        "groups": [[group.name, group.expected] for group in meeting.groups],
        "records": [subject.record_id for subject in meeting.subjects],
        "form": msgspec.to_builtins(build_form(planned_subjects(meeting))),
    }
    return digest_of(action, meeting.code, content)


def shown_digest(meeting: Meeting, action: Action) -> str:
    """What a page shows to whoever confirms: beside the content, what the host has put in.

    A scrutineer's confirmation of a closing is bound to the number, the ending and the papers that
    he saw.
    """
    content = content_digest(meeting, action)
    if action == "open":
        return content
    host = [g for g in given_to(meeting, action) if g.part == "host" and not g.done]
    stated = [[g.present, g.countdown] for g in host]
    return digest_of(action, meeting.code, [content, stated, papers_digest(meeting)])


def standing_of(meeting: Meeting, action: Action) -> Standing:
    """Who has confirmed, as of now; nobody where the meeting is past that."""
    if meeting.state != BEFORE[action]:
        return Standing()
    given = given_to(meeting, action)
    return standing(given, content_digest(meeting, action), _now(), barred(meeting, given))


def confirm(meeting_id: int, who: SignedIn, wish: Wish) -> bool:
    """Take somebody's confirmation; True where it was the second, and the action is carried out.

    Nothing is kept of a confirmation that is refused. Raises MeetingStateChanged, ContentChanged,
    SamePerson, MeetingNotReady, and whatever the action itself raises.
    """
    with writing():
        return _confirm(get_meeting(meeting_id), who, wish)


def confirm_by_code(meeting_id: int, name: str, code: str, wish: Wish) -> bool:
    """As `confirm`, for the scrutineer of this name, who types a code at the host's computer.

    Raises CodeWrong as well, whichever of the two is wrong, and then the code stays.
    """
    who = scrutineer(meeting_id, name)
    found = find_code(who.id if who else 0, WITNESS, code)
    if who is None or found is None:
        raise CodeWrong
    with writing():
        if not spend_code(who.id, WITNESS, found):
            raise CodeWrong
        return _confirm(get_meeting(meeting_id), who, wish._replace(part="witness", by_code=True))


def take_back(meeting_id: int, action: Action, account_id: int) -> bool:
    """Take back one's confirmation while nothing has come of it; False where that is too late."""
    with writing():
        meeting = get_meeting(meeting_id)
        done = db.session.execute(
            delete(Confirmation).where(
                *confirmations_of(meeting, action),
                Confirmation.account_id == account_id,
                Confirmation.done.is_(False),
            )
        )
        gone = isinstance(done, CursorResult) and done.rowcount == 1
        if gone:
            note(f"收回确认{WORDS[action]}", subject_of(meeting), {})
            if action == "close" and meeting.state == "open":
                undo_countdown(meeting)
    return gone


def _confirm(meeting: Meeting, who: SignedIn, wish: Wish) -> bool:
    if meeting.state != BEFORE[wish.action]:
        raise MeetingStateChanged
    if meeting.rehearsal:
        # What comes of it reaches no record: one person practises.
        if wish.part != "host":
            raise BadInput("演练由主持人一人开启、结束，不用监票人确认。")
        if wish.countdown is None:
            _carry_out(meeting, wish.action, wish.present)
        else:
            _check(meeting, wish, "")
            start_countdown(meeting, wish.countdown, wish.present, who.name)
        return True
    digest = content_digest(meeting, wish.action)
    _check(meeting, wish, digest)
    _keep(meeting, who, wish, digest)
    countdown = _chosen(meeting) if wish.action == "close" else None
    if countdown is not None:
        return _count_down(meeting, countdown)
    if not _settle(meeting, wish.action, digest):
        return False
    _carry_out(meeting, wish.action, _present(meeting))
    return True


def _count_down(meeting: Meeting, seconds: int) -> bool:
    """Begin, if both have confirmed; what they confirmed is done when the time is up."""
    standing = standing_of(meeting, "close")
    if not standing.complete or not (standing.host and standing.witness):
        return False
    check_closing(meeting.id, standing.host.present)
    who = f"{standing.host.name}、{standing.witness.name}"
    start_countdown(meeting, seconds, standing.host.present, who)
    return True


def _chosen(meeting: Meeting) -> int | None:
    return next((g.countdown for g in given_to(meeting, "close") if g.part == "host"), None)


def _carry_out(meeting: Meeting, action: Action, present: int | None) -> None:
    if action == "open":
        open_meeting(meeting.id)
    else:
        close_meeting(meeting.id, present)


def _settle(meeting: Meeting, action: Action, digest: str) -> bool:
    """Mark both confirmations as done, if there are two that hold. Otherwise change nothing.

    A part has one row and an account one part: two rows are two people. Both may still give it.
    """
    gone = barred(meeting, given_to(meeting, action))

    def holds(row: Any) -> tuple[ColumnElement[bool], ...]:
        return (
            row.meeting_id == meeting.id,
            row.action == action,
            row.digest == digest,
            row.at >= _now() - HOLDS_SECONDS,
            row.done.is_(False),
            row.account_id.notin_(gone),
        )

    people = len(Signatories._fields)
    row = aliased(Confirmation)
    found = select(func.count()).select_from(row).where(*holds(row)).scalar_subquery()
    done = db.session.execute(
        update(Confirmation)
        .where(*holds(Confirmation), found == people)
        .values(done=True)
        .execution_options(synchronize_session=False)
    )
    return isinstance(done, CursorResult) and done.rowcount == people


def _check(meeting: Meeting, wish: Wish, digest: str) -> None:
    if wish.action == "open":
        blocking = [o for o in obstacles_to_opening(meeting) if o.blocking]
        if blocking:
            raise MeetingNotReady(f"还不能开启：{blocking[0].what}{blocking[0].remedy}")
        if wish.digest != digest:
            raise ContentChanged
    elif countdown_runs(meeting):
        raise MeetingStateChanged
    elif wish.part == "witness":
        if wish.digest != shown_digest(meeting, "close"):
            raise ContentChanged
    elif wish.part == "host":
        if wish.countdown is not None and not is_choice(wish.countdown):
            raise BadInput("请选择结束的方式。")
        check_closing(meeting.id, wish.present)


def _keep(meeting: Meeting, who: SignedIn, wish: Wish, digest: str) -> None:
    for one in given_to(meeting, wish.action):
        if one.account_id == who.id and one.part != wish.part:
            raise SamePerson(
                f"您已经作为{WORDS[one.part]}确认过，另一人须用自己的账号确认。"
                f"要换一个身份，请先收回您的确认。"
            )
    db.session.execute(
        delete(Confirmation).where(
            *confirmations_of(meeting, wish.action),
            Confirmation.part == wish.part,
            Confirmation.done.is_(False),
        )
    )
    db.session.add(
        Confirmation(
            meeting_id=meeting.id,
            action=wish.action,
            part=wish.part,
            account_id=who.id,
            name=who.name,
            by_code=wish.by_code,
            digest=digest,
            at=_now(),
            present=wish.present,
            countdown=wish.countdown,
        )
    )
    db.session.flush()
    way = "一次性码，在主持人的电脑上" if wish.by_code else "本人账号"
    note(
        f"{WORDS[wish.part]}确认{WORDS[wish.action]}",
        subject_of(meeting),
        {WORDS[wish.part]: (None, who.name), "方式": (None, way)},
    )


def _present(meeting: Meeting) -> int | None:
    return next((g.present for g in given_to(meeting, "close") if g.part == "host"), None)


def _now() -> int:
    return int(time.time())
