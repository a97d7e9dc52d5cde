"""Issue and void the slips of an open meeting."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection, func, select, update

from app.actions.gate import code_of, open_urn
from app.actions.urn import make_room
from app.domain.credential import ELEMENT_BYTES
from app.domain.errors import BadInput, SlipsIssuedMeanwhile, SlipUnknown, SlipUsed
from app.domain.meeting import SLIPS_MOST
from app.domain.slip import TOKEN_BYTES, Token, token_hash
from app.models import slips, urn_groups
from app.models.urn_file import plain


class SlipTotals(NamedTuple):
    """How the slips of one group stand; which ones is shown to nobody."""

    issued: int
    redeemed: int
    voided: int

    @property
    def unused(self) -> int:
        """Neither used nor voided."""
        return self.issued - self.redeemed - self.voided


def issue_slips(
    meeting_id: int,
    group_code: str,
    number: int,
    draw: Callable[[int], bytes] = secrets.token_bytes,
    so_far: int | None = None,
) -> list[Token]:
    """New tokens for one group, in the order in which they were drawn, which is chance.

    They exist in this answer only: at rest there is their hash. so_far: how many slips the
    meeting had when somebody asked for these, so that one form sent twice issues once. Raises
    BadInput, MeetingNotOpen, SlipsIssuedMeanwhile.
    """
    with open_urn(code_of(meeting_id)) as (connection, meeting):
        if group_code not in meeting.keys:
            raise BadInput("没有这类参会人员，请刷新页面重选。")
        issued = _issued(connection)
        if so_far is not None and so_far != issued:
            raise SlipsIssuedMeanwhile
        if not 1 <= number <= SLIPS_MOST - issued:
            raise BadInput(
                f"张数应为 1 到 {SLIPS_MOST - issued} 的整数（每会最多 {SLIPS_MOST} 张）。"
            )
        make_room(plain(connection), meeting.seed, meeting.lawful, issued + number)
        tokens = [Token(draw(TOKEN_BYTES)) for _ in range(number)]
        connection.execute(
            slips.insert(),
            [
                {
                    "token_hash": hashed,
                    "group_code": group_code,
                    "blinded": secrets.token_bytes(ELEMENT_BYTES),
                }
                # Sorted, so that the file does not show in which order they were printed.
                for hashed in sorted(token_hash(token) for token in tokens)
            ],
        )
    return tokens


def _issued(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(slips)) or 0


def void_slip(meeting_id: int, token: Token) -> str:
    """Void one spoiled slip that is at hand; its group's code. Raises SlipUsed, SlipUnknown."""
    with open_urn(code_of(meeting_id)) as (connection, _):
        mine = slips.c.token_hash == token_hash(token)
        changed = connection.execute(
            update(slips).where(mine, ~slips.c.used, ~slips.c.voided).values(voided=True)
        )
        row = connection.execute(select(slips.c.group_code).where(mine)).first()
        if row is None:
            raise SlipUnknown
        if changed.rowcount == 0:
            raise SlipUsed("这张测评票已经使用或已经作废，不能再作废。")
        return str(row.group_code)


def void_unused_slips(meeting_id: int, group_code: str | None = None) -> int:
    """Void every slip that nobody has used (of one group, or of all); how many they were."""
    with open_urn(code_of(meeting_id)) as (connection, _):
        statement = update(slips).where(~slips.c.used, ~slips.c.voided)
        if group_code is not None:
            statement = statement.where(slips.c.group_code == group_code)
        return connection.execute(statement.values(voided=True)).rowcount


def slip_totals(connection: Connection) -> dict[str, SlipTotals]:
    """Group code → totals, for every group of the meeting whose urn this is."""
    rows = connection.execute(
        select(
            slips.c.group_code,
            func.count(),
            func.count().filter(slips.c.used),
            func.count().filter(slips.c.voided),
        ).group_by(slips.c.group_code)
    )
    found = {row[0]: SlipTotals(*row[1:]) for row in rows}
    groups = connection.scalars(select(urn_groups.c.code))
    return {code: found.get(code, SlipTotals(0, 0, 0)) for code in sorted(groups)}
