"""Redeem a slip: exchange its token for a blind credential, once."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, select, update

from app.actions.gate import open_urn
from app.domain.credential import Evaluation, checked_element, evaluate, evaluator
from app.domain.errors import SlipUnknown, SlipUsed
from app.domain.slip import Token, token_hash
from app.models import slips


class Redeemed(NamedTuple):
    """The slip's voter group and the evaluated element with its proof."""

    group: str
    evaluation: Evaluation


def redeem_slip(meeting_code: str, token: Token, blinded: bytes) -> Redeemed:
    """Bind the slip to `blinded` and evaluate it; the same request again gives the same element.

    Durable before it returns. Raises BadRequest, SlipUnknown, SlipUsed and the meeting's errors.
    """
    checked_element(blinded)
    with open_urn(meeting_code) as (connection, meeting):
        group = _bind(connection, token_hash(token), blinded)
    key = evaluator(meeting.seed, meeting.code, group)
    return Redeemed(group, evaluate(key, blinded))


def _bind(connection: Connection, hashed: bytes, blinded: bytes) -> str:
    """Set the slip's element if it is not used yet; its group's code."""
    mine = slips.c.token_hash == hashed
    connection.execute(
        update(slips).where(mine, ~slips.c.used, ~slips.c.voided).values(blinded=blinded, used=True)
    )
    row = connection.execute(
        select(slips.c.group_code, slips.c.blinded, slips.c.voided).where(mine)
    ).first()
    if row is None or row.voided:
        raise SlipUnknown
    if row.blinded != blinded:
        raise SlipUsed
    return str(row.group_code)
