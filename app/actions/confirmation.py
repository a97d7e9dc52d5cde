"""两人确认: host and scrutineer open and close a meeting together, each on their own account.

The second of the two confirmations carries the action out, in one transaction with it. The command
line opens and closes without: whoever operates the server holds the keys anyway.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import msgspec
from sqlalchemy import ColumnElement, CursorResult, delete, func, select, update
from sqlalchemy.orm import aliased

from app.actions.account import SignedIn, account_by_id, account_by_name
from app.actions.audit import note
from app.actions.closing import NOT_ALL_CAST, check_closing, close_meeting
from app.actions.code import find_code, spend_code
from app.actions.countdown import (
    GONE,
    call_off,
    countdown_of,
    note_problem,
    seen_countdown,
    start_countdown,
)
from app.actions.meeting import get_meeting, obstacles_to_opening, open_meeting, planned_subjects
from app.actions.quorum import came_in_all
from app.actions.rights import require_meeting
from app.domain.code import WITNESS
from app.domain.confirmation import (
    BEFORE,
    HOLDS_SECONDS,
    WORDS,
    Action,
    Given,
    Part,
    Standing,
    digest_of,
    standing,
)
from app.domain.countdown import Countdown, is_choice
from app.domain.errors import (
    BadInput,
    CodeWrong,
    ContentChanged,
    MeetingNotReady,
    MeetingStateChanged,
    NotAllowed,
    SamePerson,
)
from app.domain.meeting import build_form
from app.models import Confirmation, Meeting, db
from app.models.base import writing

LAPSED = (
    "倒计时期间，有人换了密码，或账号停用、权限变了，两人的确认已经不全。"
    "请主持人和监票人重新确认结束。"
)
RIGHTS: dict[str, str] = {"host": "meeting.run", "witness": "meeting.witness"}
"""Part → the right that it takes, still when the second of the two confirms."""


class Wish(NamedTuple):
    """What somebody confirms. digest: of what they were shown; empty for a closing.

    present: 实到, of the host's closing. countdown: how voting ends, as app.domain.countdown says;
    None: at once. by_code: they typed a code at the host's computer.
    """

    action: Action
    part: Part
    digest: str = ""
    present: int | None = None
    by_code: bool = False
    countdown: int | None = None


class Signatories(NamedTuple):
    """The names of the two who opened or closed a meeting."""

    host: str
    witness: str


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


def standing_of(meeting: Meeting, action: Action) -> Standing:
    """Who has confirmed, as of now; nobody where the meeting is past that."""
    if meeting.state != BEFORE[action]:
        return Standing()
    given = _given(meeting, action)
    return standing(given, content_digest(meeting, action), _now(), _barred(meeting, given))


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
    who = _scrutineer(meeting_id, name)
    found = find_code(who.id if who else 0, WITNESS, code)
    if who is None or found is None:
        raise CodeWrong
    with writing():
        if not spend_code(who.id, WITNESS, found):
            raise CodeWrong
        return _confirm(get_meeting(meeting_id), who, wish._replace(part="witness", by_code=True))


class Witness(NamedTuple):
    """A scrutineer who stands at the host's computer. code: the hash of what they typed."""

    who: SignedIn
    code: bytes


def witness_by_code(meeting_id: int, host: SignedIn, name: str, code: str) -> Witness:
    """The scrutineer of this name, for what `spend_witness` is called with afterwards.

    Raises CodeWrong, whichever of the two is wrong; SamePerson.
    """
    who = _scrutineer(meeting_id, name)
    found = find_code(who.id if who else 0, WITNESS, code)
    if who is None or found is None:
        raise CodeWrong
    if who.id == host.id:
        raise SamePerson("监票人须是另一个人，用他自己的账号。")
    return Witness(who, found)


def spend_witness(meeting_id: int, witness: Witness) -> None:
    """Use the code up, in the transaction at hand.

    Raises CodeWrong where somebody was faster, or the scrutineer is one no more.
    """
    still = _may_still(witness.who.id, "witness", meeting_id)
    if not (still and spend_code(witness.who.id, WITNESS, witness.code)):
        raise CodeWrong


def take_back(meeting_id: int, action: Action, account_id: int) -> bool:
    """Take back one's confirmation while nothing has come of it; False where that is too late."""
    with writing():
        meeting = get_meeting(meeting_id)
        done = db.session.execute(
            delete(Confirmation).where(
                *_of(meeting, action),
                Confirmation.account_id == account_id,
                Confirmation.done.is_(False),
            )
        )
        gone = isinstance(done, CursorResult) and done.rowcount == 1
        if gone:
            note(f"收回确认{WORDS[action]}", _subject(meeting), {})
            if action == "close" and meeting.state == "open":
                _stop(meeting)
    return gone


def stop_countdown(meeting_id: int) -> bool:
    """Call a countdown off; to close, both confirm again. False where there is none."""
    with writing():
        meeting = get_meeting(meeting_id)
        if meeting.state != "open":
            raise MeetingStateChanged
        return _stop(meeting)


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
    given = [one for one in _given(meeting, "close") if not one.done]
    if len(given) != len(Signatories._fields) or _barred(meeting, given):
        raise BadInput(LAPSED)
    db.session.execute(
        update(Confirmation)
        .where(*_of(meeting, "close"), Confirmation.done.is_(False))
        .values(done=True)
        .execution_options(synchronize_session=False)
    )


def give_up_countdown(meeting_id: int, seen: Countdown, problem: str) -> None:
    """The time is up and the meeting cannot be closed: voting goes on, and both confirm anew."""
    with writing():
        meeting = get_meeting(meeting_id)
        if meeting.state != "open" or countdown_of(meeting) != seen:
            return
        db.session.execute(
            delete(Confirmation).where(*_of(meeting, "close"), Confirmation.done.is_(False))
        )
        note("倒计时到了没有结束", _subject(meeting), {"原因": (None, problem)})
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


def signatories(meeting: Meeting, action: Action) -> Signatories | None:
    """Who opened or closed a meeting; None where no two people did, as at the command line."""
    names = {one.part: one.name for one in _given(meeting, action) if one.done}
    return Signatories(**names) if len(names) == len(Signatories._fields) else None


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


def _stop(meeting: Meeting) -> bool:
    db.session.execute(
        delete(Confirmation).where(*_of(meeting, "close"), Confirmation.done.is_(False))
    )
    return call_off(meeting)


def _chosen(meeting: Meeting) -> int | None:
    return next((g.countdown for g in _given(meeting, "close") if g.part == "host"), None)


def countdown_runs(meeting: Meeting) -> bool:
    """Whether voting is being counted down."""
    found = countdown_of(meeting) if meeting.state == "open" else None
    return found is not None and found.runs


def _carry_out(meeting: Meeting, action: Action, present: int | None) -> None:
    if action == "open":
        open_meeting(meeting.id)
    else:
        close_meeting(meeting.id, present)


def _settle(meeting: Meeting, action: Action, digest: str) -> bool:
    """Mark both confirmations as done, if there are two that hold. Otherwise change nothing.

    A part has one row and an account one part: two rows are two people. Both may still give it.
    """
    barred = _barred(meeting, _given(meeting, action))

    def holds(row: Any) -> tuple[ColumnElement[bool], ...]:
        return (
            row.meeting_id == meeting.id,
            row.action == action,
            row.digest == digest,
            row.at >= _now() - HOLDS_SECONDS,
            row.done.is_(False),
            row.account_id.notin_(barred),
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
    elif wish.part == "host":
        if wish.countdown is not None and not is_choice(wish.countdown):
            raise BadInput("请选择结束的方式。")
        check_closing(meeting.id, wish.present)


def _keep(meeting: Meeting, who: SignedIn, wish: Wish, digest: str) -> None:
    for one in _given(meeting, wish.action):
        if one.account_id == who.id and one.part != wish.part:
            raise SamePerson(
                f"您已经作为{WORDS[one.part]}确认过，另一人须用自己的账号确认。"
                f"要换一个身份，请先收回您的确认。"
            )
    db.session.execute(
        delete(Confirmation).where(
            *_of(meeting, wish.action),
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
        _subject(meeting),
        {WORDS[wish.part]: (None, who.name), "方式": (None, way)},
    )


def _scrutineer(meeting_id: int, name: str) -> SignedIn | None:
    """The account of this name, if it may confirm for this meeting."""
    who = account_by_name(name)
    return who if _may(who, "witness", meeting_id) else None


def _barred(meeting: Meeting, given: Sequence[Given]) -> set[int]:
    """Whose account has been disabled, given another role or moved away since."""
    return {one.account_id for one in given if not _may_still(one.account_id, one.part, meeting.id)}


def _may_still(account_id: int, part: str, meeting_id: int) -> bool:
    return _may(account_by_id(account_id), part, meeting_id)


def _may(who: SignedIn | None, part: str, meeting_id: int) -> bool:
    try:
        if who is not None:
            require_meeting(who, RIGHTS[part], meeting_id)
    except NotAllowed:
        return False
    return who is not None


def _present(meeting: Meeting) -> int | None:
    return next((g.present for g in _given(meeting, "close") if g.part == "host"), None)


def _given(meeting: Meeting, action: Action) -> Sequence[Given]:
    columns = [getattr(Confirmation, name) for name in Given._fields]
    rows = db.session.execute(select(*columns).where(*_of(meeting, action)))
    return [
        Given(*cast("tuple[str, int, str, bool, str, int, int, bool, int]", row)) for row in rows
    ]


def _of(meeting: Meeting, action: Action) -> tuple[ColumnElement[bool], ...]:
    return (Confirmation.meeting_id == meeting.id, Confirmation.action == action)


def _subject(meeting: Meeting) -> str:
    return f"{meeting.title}（{meeting.code}）"


def _now() -> int:
    return int(time.time())
