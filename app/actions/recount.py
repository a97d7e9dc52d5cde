"""作废录入: discard what tellers have entered, so that papers are counted anew; by two people.

By correcting again and again a teller could find the other's numbers cell by cell, so corrections
are few, and then both entries go together. One alone goes where a teller is there no more.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import CursorResult, select, update

from app.actions.audit import note
from app.actions.meeting import get_meeting
from app.actions.witness import Witness, spend_witness
from app.domain.errors import BadInput, MeetingStateChanged
from app.models import Account, Meeting, db, paper_entries
from app.models.base import writing


class Teller(NamedTuple):
    """Somebody whose entry stands."""

    id: int
    name: str


def tellers_of(meeting: Meeting) -> tuple[Teller, ...]:
    """Whose entries stand, by name."""
    rows = db.session.execute(
        select(Account.id, Account.name)
        .join(paper_entries, paper_entries.c.account_id == Account.id)
        .where(paper_entries.c.meeting_id == meeting.id, paper_entries.c.discarded.is_(False))
        .order_by(Account.name)
    )
    return tuple(Teller(row.id, row.name) for row in rows)


def discard_entries(meeting_id: int, accounts: Collection[int], witness: Witness | None) -> None:
    """Discard the entries of these accounts, all of them or none; counting has begun all the same.

    witness: the scrutineer; none is needed in a rehearsal. Raises BadInput, CodeWrong,
    MeetingStateChanged.
    """
    with writing():
        meeting = get_meeting(meeting_id)
        if meeting.state != "open":
            raise MeetingStateChanged
        if not accounts:
            raise BadInput("请选择作废哪一份录入。")
        if witness is not None:
            spend_witness(meeting.id, witness)
        elif not meeting.rehearsal:
            raise BadInput("作废录入要监票人在场，由他本人输入一次性码。")
        names = {teller.id: teller.name for teller in tellers_of(meeting)}
        done = db.session.execute(
            update(paper_entries)
            .where(
                paper_entries.c.meeting_id == meeting.id,
                paper_entries.c.account_id.in_(accounts),
                paper_entries.c.discarded.is_(False),
            )
            .values(entry={}, discarded=True)
        )
        if not isinstance(done, CursorResult) or done.rowcount != len(set(accounts)):
            raise BadInput("录入的人和页面上显示的不一样了，没有作废。请刷新页面再选。")
        note(
            "作废纸质票录入",
            f"{meeting.title}（{meeting.code}）",
            {
                "计票人": ("、".join(names[one] for one in sorted(set(accounts))), None),
                "监票人": (None, witness.who.name if witness else ""),
            },
        )
