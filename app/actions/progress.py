"""How far an open meeting is: totals only, and the picture that everybody may see."""

from __future__ import annotations

import time
from typing import NamedTuple

import msgspec

from app.actions.live import live_picture
from app.actions.paper import papers_issued
from app.actions.quorum import came_in_all
from app.actions.result import Table, result_tables
from app.actions.slip import SlipTotals, slip_totals
from app.actions.urn import countdown_in
from app.actions.whereabouts import other_host
from app.domain.countdown import Countdown
from app.domain.errors import MeetingStateChanged, UrnElsewhere
from app.domain.meeting import Form
from app.models import Meeting
from app.models.urn_file import UrnMissing, plain, urn_reading


class GroupProgress(NamedTuple):
    """One voter group; totals of its slips."""

    code: str
    name: str
    expected: int
    slips: SlipTotals

    @property
    def out(self) -> int:
        """发出: without the voided ones."""
        return self.slips.issued - self.slips.voided


class Progress(NamedTuple):
    """cast: ballots in the box, always up to date. at: how many the picture is of, or 0.

    came: 实到 as recorded so far, None where it was not. papers: paper ballots handed out.
    countdown: to the end of voting, if there is one. left: its seconds; None where it waits.
    """

    groups: tuple[GroupProgress, ...]
    cast: int
    at: int
    tables: tuple[Table, ...]
    came: int | None
    papers: int
    countdown: Countdown | None
    left: int | None

    @property
    def expected(self) -> int:
        """应到."""
        return sum(group.expected for group in self.groups)

    @property
    def out(self) -> int:
        """发出, of all groups."""
        return sum(group.out for group in self.groups)

    @property
    def redeemed(self) -> int:
        """已扫码, of all groups."""
        return sum(group.slips.redeemed for group in self.groups)

    @property
    def uncast(self) -> int:
        """扫码未投, of all groups: nobody can tell who."""
        return self.redeemed - self.cast

    @property
    def without(self) -> int | None:
        """How many of those who came have been handed neither slip nor paper; None: unknown."""
        return None if self.came is None else self.came - self.out - self.papers

    @property
    def unused(self) -> int:
        """未用, of all groups."""
        return sum(group.slips.unused for group in self.groups)

    @property
    def ever_issued(self) -> int:
        """All slips that were ever issued, voided ones too: this number only grows."""
        return sum(group.slips.issued for group in self.groups)


def progress(meeting: Meeting) -> Progress:
    """The totals of an open meeting and its released picture, one batch behind.

    Raises UrnElsewhere; MeetingStateChanged where it has ended meanwhile.
    """
    picture = live_picture(meeting.code)
    if picture["state"] != "open":
        raise MeetingStateChanged
    try:
        with urn_reading(meeting.code) as urn:
            totals = slip_totals(urn)
            countdown = countdown_in(plain(urn))
    except UrnMissing:
        # Nobody shall be told to void a meeting because it has just been closed.
        if live_picture(meeting.code)["state"] != "open":
            raise MeetingStateChanged from None
        raise UrnElsewhere(other_host(meeting.urn_host)) from None
    released = picture["released"]
    return Progress(
        groups=tuple(
            GroupProgress(group.code, group.name, group.expected, totals[group.code])
            for group in meeting.groups
        ),
        cast=picture["cast"],
        at=released["at"] if released else 0,
        tables=result_tables(
            msgspec.convert(meeting.form, Form), released["cells"], released["satisfaction"]
        )
        if released
        else (),
        came=came_in_all(meeting),
        papers=sum(papers_issued(meeting).values()),
        countdown=countdown,
        left=countdown.left(time.time()) if countdown else None,
    )
