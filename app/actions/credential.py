"""Redeem a slip: exchange its token for a blind credential, once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from app.actions.gate import meeting_here, write_in_company
from app.domain.credential import Evaluation, checked_element, evaluate
from app.domain.errors import MingceError, SlipUnknown, SlipUsed
from app.domain.slip import Token, token_hash


class Redeemed(NamedTuple):
    """The slip's voter group and the evaluated element with its proof."""

    group: str
    evaluation: Evaluation


class _Wish(NamedTuple):
    token_hash: bytes
    blinded: bytes


def redeem_slip(meeting_code: str, token: Token, blinded: bytes) -> Redeemed:
    """Bind the slip to `blinded` and evaluate it; the same request again gives the same element.

    Durable before it returns. Raises BadRequest, SlipUnknown, SlipUsed and the meeting's errors.
    """
    checked_element(blinded)
    meeting = meeting_here(meeting_code)
    group = write_in_company(meeting_code, bind_slips, _Wish(token_hash(token), blinded))
    return Redeemed(group, evaluate(meeting.keys[group], blinded))


def bind_slips(connection: sqlite3.Connection, wishes: Sequence[_Wish]) -> list[str | MingceError]:
    """Set each slip's element if it is not used yet; the slip's group, or the refusal."""
    found: dict[_Wish, str | MingceError] = {}
    # Sorted, so that the order in which they came is in no journal.
    for wish in sorted(set(wishes)):
        connection.execute(
            "UPDATE slips SET blinded = ?, used = 1"
            " WHERE token_hash = ? AND NOT used AND NOT voided",
            (wish.blinded, wish.token_hash),
        )
        row = connection.execute(
            "SELECT group_code, blinded, voided FROM slips WHERE token_hash = ?",
            (wish.token_hash,),
        ).fetchone()
        try:
            found[wish] = _group_of(row, wish)
        except MingceError as refusal:
            found[wish] = refusal
    return [found[wish] for wish in wishes]


def _group_of(slip: tuple[str, bytes | None, int] | None, wish: _Wish) -> str:
    """The group of a slip (group, element, whether voided) that is bound to the wished element."""
    if slip is None or slip[2]:
        raise SlipUnknown
    if slip[1] != wish.blinded:
        raise SlipUsed
    return slip[0]
