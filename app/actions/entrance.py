"""The screens at the entrance: their link, the code that each shows, and taking it back."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any, Literal, NamedTuple

from flask import current_app
from sqlalchemy import Connection, delete, func, select, update

from app.actions.gate import code_of, meeting_here, open_urn
from app.actions.slip import SlipTotals, slip_totals
from app.actions.urn import make_room, replaced_by_group
from app.domain.credential import ELEMENT_BYTES
from app.domain.encoding import b64url
from app.domain.entrance import KEY_BYTES, SCREENS_MOST, Wish, is_full, label
from app.domain.errors import BadRequest, LinkInvalid, MeetingClosed
from app.domain.meeting import SLIPS_MOST
from app.models import (
    Meeting,
    VoterGroup,
    attendance,
    entrance_screens,
    paper_issues,
    slips,
    urn_groups,
)
from app.models.base import reading
from app.models.urn_file import UrnMissing, plain, urn_reading
from app.security import sign, unsign

PURPOSE = "entrance"

Standing = Literal["shown", "used", "voided", "gone"]
"""Of the code that a screen shows: still good; redeemed; voided by the host; or the screen shows
another by now (in another window), or was dismissed."""


class Entrance(NamedTuple):
    """The meeting that a link is for. key: of its marks."""

    meeting_id: int
    code: str
    state: str
    key: bytes


class Answer(NamedTuple):
    """What a screen is told of its own code, and of its group: 应到, 发出, 已扫码."""

    standing: Standing
    expected: int
    out: int
    used: int


class Screen(NamedTuple):
    """One screen as the host sees it; never whether its code has been used."""

    name: str
    label: str
    group: str


def entrance_link(meeting: Meeting) -> str:
    """The path of the screens' page, with its key behind the `#`; good until it is revoked."""
    signed = sign(PURPOSE, [meeting.code, meeting.entrance_version])
    return f"/entrance/{signed}#{b64url(_key(signed))}"


def entrance_of(signed: str) -> Entrance:
    """The meeting behind the signed part of a link. Raises LinkInvalid: forged, revoked, or the
    meeting has no such screens."""
    value = unsign(PURPOSE, signed)
    if not isinstance(value, list) or len(value) != 2:
        raise LinkInvalid
    table = Meeting.__table__.c
    with reading() as connection:
        row = connection.execute(
            select(table.id, table.code, table.state, table.entrance, table.entrance_version).where(
                table.code == str(value[0])
            )
        ).first()
    if row is None or not row.entrance or row.entrance_version != value[1]:
        raise LinkInvalid
    return Entrance(row.id, row.code, row.state, _key(signed))


def facts_of(entrance: Entrance) -> dict[str, Any]:
    """What a screen shows beside its code: title, address, groups; `digest` from opening on."""
    table = Meeting.__table__.c
    with reading() as connection:
        row = connection.execute(
            select(table.title, table.rehearsal, table.base_url, table.key_digest).where(
                table.id == entrance.meeting_id
            )
        ).one()
        groups = connection.execute(
            select(VoterGroup.code, VoterGroup.name)
            .where(VoterGroup.meeting_id == entrance.meeting_id)
            .order_by(VoterGroup.code)
        ).all()
    return {
        "code": entrance.code,
        "state": entrance.state,
        "title": f"【演练】{row.title}" if row.rehearsal else row.title,
        "address": row.base_url,
        "groups": [{"code": group.code, "name": group.name} for group in groups],
        "digest": b64url(row.key_digest) if row.key_digest else None,
    }


def show_next(entrance: Entrance, wish: Wish) -> Answer | None:
    """Let a screen show a new code; None where its group may get no more.

    The one that it shows until now is voided, unless it was used. The same wish again changes
    nothing, nor does an older one (`gone`). Raises BadRequest and the meeting's errors.
    """
    papers = _papers(entrance.meeting_id, wish.group)
    with open_urn(entrance.code) as (urn, meeting):
        entrance_screens.create(urn, checkfirst=True)
        if wish.group not in meeting.keys:
            raise BadRequest
        current, turn = _current(urn, wish.screen)
        if current != wish.next:
            if wish.turn <= turn:
                return _answer(urn, wish.group, "gone")
            if not _put(urn, wish, current, papers):
                return None
            ballots = urn.scalar(select(func.sum(urn_groups.c.expected))) or 0
            make_room(plain(urn), meeting.seed, meeting.lawful, max(ballots, _issued(urn)))
        return _answer(urn, wish.group, "shown")


def look(entrance: Entrance, screen: bytes, group: str, shown: bytes) -> Answer:
    """How the code stands that a screen shows. Raises BadRequest and the meeting's errors."""
    if group not in meeting_here(entrance.code).keys:
        raise BadRequest
    try:
        with urn_reading(entrance.code) as urn:
            standing: Standing = "gone"
            if _has_screens(urn) and _current(urn, screen)[0] == shown:
                row = urn.execute(
                    select(slips.c.used, slips.c.voided).where(slips.c.token_hash == shown)
                ).one()
                standing = "used" if row.used else "voided" if row.voided else "shown"
            return _answer(urn, group, standing)
    except UrnMissing:
        raise MeetingClosed from None


def came(meeting_id: int, group: str) -> int | None:
    """到会 of a group as the host has recorded it; None where nobody has."""
    with reading() as connection:
        found: int | None = connection.scalar(
            select(attendance.c.present + attendance.c.late).where(
                attendance.c.meeting_id == meeting_id, attendance.c.group_code == group
            )
        )
    return found


def _papers(meeting_id: int, group: str) -> int:
    """How many papers the host has stated for a group; those of exchanged slips: in the urn."""
    with reading() as connection:
        stated: int | None = connection.scalar(
            select(paper_issues.c.issued).where(
                paper_issues.c.meeting_id == meeting_id, paper_issues.c.group_code == group
            )
        )
    return stated or 0


def screens_of(meeting: Meeting) -> list[Screen]:
    """The screens of an open meeting; none where it has just ended."""
    names = {group.code: group.name for group in meeting.groups}
    try:
        with urn_reading(meeting.code) as urn:
            rows = urn.execute(select(entrance_screens)).all() if _has_screens(urn) else []
    except UrnMissing:
        return []
    return sorted(
        (Screen(b64url(row.screen), label(row.screen), names[row.group_code]) for row in rows),
        key=lambda one: one.label,
    )


def dismiss_screen(meeting_id: int, screen: bytes) -> None:
    """Take a screen's code back, if nobody has used it, and forget the screen."""
    with open_urn(code_of(meeting_id)) as (urn, _):
        entrance_screens.create(urn, checkfirst=True)
        current, _turn = _current(urn, screen)
        if current is not None:
            _void_unused(urn, current)
            urn.execute(delete(entrance_screens).where(entrance_screens.c.screen == screen))


def void_codes_on_screens(urn: Connection) -> None:
    """At closing: nobody can count codes on screens by hand, so that none may be left unused."""
    if _has_screens(urn):
        for current in urn.scalars(select(entrance_screens.c.token_hash)).all():
            _void_unused(urn, current)


def _put(urn: Connection, wish: Wish, current: bytes | None, papers: int) -> bool:
    """Show the new code instead of the one before; False, and nothing changed, where it is full.

    papers: handed out in the group, whose owners need no code.
    """
    unused = current is not None and urn.scalar(
        select(slips.c.group_code).where(
            slips.c.token_hash == current, ~slips.c.used, ~slips.c.voided
        )
    )
    totals, expected = _totals(urn, wish.group)
    # Whose slip was voided for a paper has the paper.
    papers += replaced_by_group(plain(urn)).get(wish.group, 0)
    if is_full(totals.issued - totals.voided + papers, unused == wish.group, expected):
        return False
    screens = urn.scalar(select(func.count()).select_from(entrance_screens)) or 0
    if _issued(urn) >= SLIPS_MOST or (current is None and screens >= SCREENS_MOST):
        return False
    if urn.scalar(select(func.count()).where(slips.c.token_hash == wish.next)):
        raise BadRequest
    if unused and current is not None:
        _void_unused(urn, current)
    _insert(urn, wish)
    row = {"group_code": wish.group, "token_hash": wish.next, "turn": wish.turn}
    mine = entrance_screens.c.screen == wish.screen
    if current is None:
        urn.execute(entrance_screens.insert().values(screen=wish.screen, **row))
    else:
        urn.execute(update(entrance_screens).where(mine).values(**row))
    return True


def _insert(urn: Connection, wish: Wish) -> None:
    """One more slip; all rows are laid anew, or the file would show in which order codes came."""
    raw = plain(urn)
    rows = raw.execute("SELECT token_hash, group_code, blinded, used, voided FROM slips").fetchall()
    rows.append((wish.next, wish.group, secrets.token_bytes(ELEMENT_BYTES), 0, 0))
    raw.execute("DELETE FROM slips")
    raw.executemany(
        "INSERT INTO slips (token_hash, group_code, blinded, used, voided) VALUES (?, ?, ?, ?, ?)",
        sorted(rows),
    )


def _void_unused(urn: Connection, token_hash: bytes) -> None:
    mine = slips.c.token_hash == token_hash
    urn.execute(update(slips).where(mine, ~slips.c.used, ~slips.c.voided).values(voided=True))


def _current(urn: Connection, screen: bytes) -> tuple[bytes | None, int]:
    """The hash of the code that it shows, and in which turn it asked for it."""
    row = urn.execute(
        select(entrance_screens.c.token_hash, entrance_screens.c.turn).where(
            entrance_screens.c.screen == screen
        )
    ).first()
    return (row.token_hash, row.turn) if row else (None, 0)


def _totals(urn: Connection, group: str) -> tuple[SlipTotals, int]:
    expected = urn.scalar(select(urn_groups.c.expected).where(urn_groups.c.code == group)) or 0
    return slip_totals(urn)[group], expected


def _answer(urn: Connection, group: str, standing: Standing) -> Answer:
    totals, expected = _totals(urn, group)
    return Answer(standing, expected, totals.issued - totals.voided, totals.redeemed)


def _issued(urn: Connection) -> int:
    return urn.scalar(select(func.count()).select_from(slips)) or 0


def _has_screens(urn: Connection) -> bool:
    """A meeting that was opened before there were such screens has no table of them."""
    return bool(
        plain(urn).execute("SELECT 1 FROM sqlite_master WHERE name = 'entrance_screens'").fetchone()
    )


def _key(signed: str) -> bytes:
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.digest(secret, f"mingce/entrance-key|{signed}".encode(), hashlib.sha256)[:KEY_BYTES]
