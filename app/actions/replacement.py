"""换发: a phone has lost all after scanning; its slip is voided, and the voter gets a paper.

The system does not know which of the used slips have cast, and must not. So the slip that is shown
is voided only while its group has fewer ballots than used slips, and from then on no more ballots
come in than slips are used: should the lost phone cast after all, the last of the others is told to
ask, and the replacement is taken back (docs/adr/0016).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from sqlalchemy import ColumnElement, Connection, select, update

from app.actions.audit import note
from app.actions.gate import open_urn
from app.actions.meeting import get_meeting
from app.actions.paper import counting_stands
from app.actions.urn import replaced_by_group, uncast_in
from app.actions.witness import Witness, spend_witness
from app.domain.credential import ELEMENT_BYTES
from app.domain.errors import BadInput, MeetingStateChanged, SlipUnknown, SlipUsed
from app.domain.slip import Token, token_hash
from app.models import Meeting, replacements, slips
from app.models.base import writing
from app.models.urn_file import plain

BEGUN = (
    "已开始清点纸质票，不能再换发或撤销换发。确要换发的，"
    "请先在“纸质票”页面由监票人在场作废录入，换发以后两名计票人重新清点。"
)


def replace_slip(
    meeting_id: int,
    token: Token,
    witness: Witness | None,
    draw: Callable[[int], bytes] = secrets.token_bytes,
) -> str:
    """Void a slip that was used and has not cast, as far as anybody can know; its group's name.

    One more paper of the group counts as handed out. witness: the scrutineer; none is needed in a
    rehearsal. Raises BadInput, SlipUnknown, SlipUsed, CodeWrong, MeetingStateChanged.
    """

    def void(urn: Connection, group: str) -> None:
        _void(urn, group, token, draw)

    return _change(meeting_id, token, witness, void, 1)


def take_back_replacement(meeting_id: int, token: Token, witness: Witness | None) -> str:
    """Undo `replace_slip`: the paper is not counted, the slip's ballot is. Raises as it does."""

    def restore(urn: Connection, group: str) -> None:
        _restore(urn, group, token)

    return _change(meeting_id, token, witness, restore, -1)


def _change(
    meeting_id: int,
    token: Token,
    witness: Witness | None,
    work: Callable[[Connection, str], None],
    by: int,
) -> str:
    # Whoever closes the meeting holds this turn, and whoever begins to count.
    with writing():
        meeting = get_meeting(meeting_id)
        if meeting.state != "open":
            raise MeetingStateChanged
        if counting_stands(meeting):
            raise BadInput(BEGUN)
        if witness is not None:
            spend_witness(meeting.id, witness)
        elif not meeting.rehearsal:
            raise BadInput("换发要监票人在场，由他本人输入一次性码。")
        with open_urn(meeting.code) as (urn, _):
            replacements.create(urn, checkfirst=True)
            group = _group_of(urn, token)
            work(urn, group)
            number = _add(urn, group, by)
        name = _name(meeting, group)
        note(
            "换发纸质票" if by > 0 else "撤销换发",
            f"{meeting.title}（{meeting.code}）",
            {name: (number - by, number), "监票人": (None, witness.who.name if witness else "")},
        )
    return name


def _void(urn: Connection, group: str, token: Token, draw: Callable[[int], bytes]) -> None:
    row = urn.execute(select(slips.c.used, slips.c.voided).where(_is(token))).one()
    if row.voided:
        raise SlipUsed("这张测评票已经作废（可能已经换发过），不能再换。")
    if not row.used:
        raise BadInput("这张测评票还没有扫过码，直接作废、另发一张就可以。")
    if uncast_in(plain(urn), group) < 1:
        raise BadInput(
            "这一类扫过码的票都已经投出，这张票也在其中，不能换发。"
            "请本人在原来的手机上看一看是否显示“投票成功”。"
        )
    # What the phone had blinded goes, so that this row is like those of slips never used.
    urn.execute(
        update(slips).where(_is(token)).values(used=False, voided=True, blinded=draw(ELEMENT_BYTES))
    )


def _restore(urn: Connection, group: str, token: Token) -> None:
    if not replaced_by_group(plain(urn)).get(group):
        raise BadInput("这一类没有换发过纸质票，没有可以撤销的。")
    done = urn.execute(
        update(slips).where(_is(token), slips.c.voided).values(used=True, voided=False)
    )
    if done.rowcount != 1:
        raise BadInput("这张测评票没有作废。请照换发时收回的那张票输入票码。")


def _add(urn: Connection, group: str, by: int) -> int:
    before = replaced_by_group(plain(urn)).get(group, 0)
    mine = replacements.c.group_code == group
    if urn.execute(update(replacements).where(mine).values(papers=before + by)).rowcount == 0:
        urn.execute(replacements.insert().values(group_code=group, papers=before + by))
    return before + by


def _group_of(urn: Connection, token: Token) -> str:
    group = urn.scalar(select(slips.c.group_code).where(_is(token)))
    if group is None:
        raise SlipUnknown
    return str(group)


def _is(token: Token) -> ColumnElement[bool]:
    return slips.c.token_hash == token_hash(token)


def _name(meeting: Meeting, group: str) -> str:
    return next(g.name for g in meeting.groups if g.code == group)
