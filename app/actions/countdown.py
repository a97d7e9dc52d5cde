"""Count down to the end of voting, for all screens and phones to see; call it off; keep it.

It lies in the urn of the meeting, as what is shown of an open meeting is read there and nowhere
else, and it is destroyed with it. Whoever keeps it (app.keeper) closes the meeting in one piece
when it is due: a machine that sleeps or dies in between leaves the meeting open.
"""

from __future__ import annotations

import sqlite3
import time

from sqlalchemy import Connection, delete, update

from app.actions.audit import note
from app.actions.gate import open_urn
from app.actions.meeting import get_meeting
from app.actions.urn import countdown_in
from app.actions.whereabouts import other_host
from app.domain.countdown import EXTRA, GRACE, WAIT, Countdown, is_choice
from app.domain.errors import BadInput, MeetingStateChanged, UrnElsewhere
from app.models import Meeting, countdowns
from app.models.base import writing
from app.models.urn_file import UrnMissing, plain, urn_look, urn_reading, urn_writing

GONE = "现在没有倒计时（可能已经叫停，或测评会已经结束）。请刷新页面查看。"


def start_countdown(meeting: Meeting, seconds: int, present: int | None, who: str) -> None:
    """Begin to count down, in place of any that stopped. seconds: one of CHOICES, or WAIT.

    Raises BadInput; MeetingStateChanged where one runs already.
    """
    if not is_choice(seconds):
        raise BadInput("请选择倒计时的长短。")
    waits = seconds == WAIT
    with open_urn(meeting.code) as (urn, _):
        _make_room(urn)
        before = countdown_in(plain(urn))
        if before is not None and before.runs:
            raise MeetingStateChanged
        urn.execute(delete(countdowns))
        urn.execute(
            countdowns.insert().values(
                code=meeting.code,
                ends=None if waits else int(time.time()) + seconds,
                seconds=seconds,
                present=present,
                who=who,
            )
        )
    chosen = "等扫过码的人都投出" if waits else f"{seconds} 秒"
    note("开始倒计时结束", _subject(meeting), {"倒计时": (None, chosen), "确认": (None, who)})


def extend_countdown(meeting_id: int) -> None:
    """Give more time. Raises BadInput where none runs or none is set."""
    with writing():
        meeting = get_meeting(meeting_id)
        with open_urn(meeting.code) as (urn, _):
            _make_room(urn)
            done = urn.execute(
                update(countdowns)
                .where(countdowns.c.ends.is_not(None), countdowns.c.problem == "")
                .values(ends=countdowns.c.ends + EXTRA, seconds=countdowns.c.seconds + EXTRA)
            )
            if done.rowcount != 1:
                raise BadInput(GONE)
        note("延长倒计时", _subject(meeting), {"秒": (None, EXTRA)})


def call_off(meeting: Meeting) -> bool:
    """Stop a countdown in the transaction at hand; False where there is none."""
    with open_urn(meeting.code) as (urn, _):
        _make_room(urn)
        done = urn.execute(delete(countdowns))
    if done.rowcount != 1:
        return False
    note("叫停倒计时", _subject(meeting), {})
    return True


def countdown_of(meeting: Meeting) -> Countdown | None:
    """The countdown of an open meeting, if there is one. Raises UrnElsewhere."""
    try:
        with urn_reading(meeting.code) as urn:
            return countdown_in(plain(urn))
    except UrnMissing:
        raise UrnElsewhere(other_host(meeting.urn_host)) from None


def seen_countdown(code: str) -> tuple[Countdown | None, bool]:
    """For whoever keeps it: the countdown, and whether all who have scanned have cast.

    Raises UrnMissing, ServerBusy.
    """
    return urn_look(code, _look)


def give_grace(code: str, seen: Countdown) -> None:
    """Nobody has kept this one: let phones that come back have some seconds."""
    with urn_writing(code) as urn:
        urn.execute(
            update(countdowns)
            .where(countdowns.c.ends == seen.ends)
            .values(ends=int(time.time()) + GRACE)
        )


def note_problem(code: str, problem: str) -> None:
    """The time is up and voting goes on, because of this; the countdown stops."""
    with urn_writing(code) as urn:
        urn.execute(update(countdowns).values(problem=problem[:300]))


def _look(connection: sqlite3.Connection) -> tuple[Countdown | None, bool]:
    found = countdown_in(connection)
    if found is None:
        return None, False
    used, cast = connection.execute(
        "SELECT (SELECT count(*) FROM slips WHERE used), (SELECT count(*) FROM spent_nonces)"
    ).fetchone()
    return found, used <= cast


def _make_room(urn: Connection) -> None:
    countdowns.create(urn, checkfirst=True)


def _subject(meeting: Meeting) -> str:
    return f"{meeting.title}（{meeting.code}）"
