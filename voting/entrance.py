"""The page of a screen at the entrance, and the two things that it asks (app.actions.entrance)."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from flask import Response, jsonify, render_template, request

from app.actions import entrance as actions
from app.domain.encoding import from_b64url
from app.domain.entrance import (
    HASH_BYTES,
    MARK_BYTES,
    SCREEN_BYTES,
    TURNS_MOST,
    Wish,
    is_marked,
)
from app.domain.errors import BadRequest, LinkInvalid, TooLarge
from voting import blueprint

T = TypeVar("T")
BODY_BYTES_MOST = 2048


class Next(msgspec.Struct, forbid_unknown_fields=True):
    """A wish for another code: app.domain.entrance.Wish, its bytes as base64url."""

    screen: str
    group: str
    turn: int
    next: str
    mark: str


class Look(msgspec.Struct, forbid_unknown_fields=True):
    """The question how the code stands that the screen shows."""

    screen: str
    group: str
    shown: str
    mark: str


@blueprint.get("/entrance/<signed>")
def entrance(signed: str) -> str:
    """The page; its script does the rest. Without the key behind the `#` it can do nothing."""
    found = actions.entrance_of(signed)
    return render_template("voting/entrance.html", signed=signed, code=found.code)


@blueprint.get("/entrance/<signed>/meeting")
def entrance_meeting(signed: str) -> Response:
    """State, title, address and groups; the keys' digest once there are keys."""
    return jsonify(actions.facts_of(actions.entrance_of(signed)))


@blueprint.post("/entrance/<signed>/next")
def entrance_next(signed: str) -> Response:
    """Show another code, or hear that there are no more."""
    found, asked = actions.entrance_of(signed), _read(Next)
    fields = asked.screen, asked.group, str(asked.turn), asked.next
    _require_mark(found, asked.mark, "next", *fields)
    if not 1 <= asked.turn <= TURNS_MOST:
        raise BadRequest
    wish = Wish(
        screen=from_b64url(asked.screen, SCREEN_BYTES),
        group=asked.group,
        turn=asked.turn,
        next=from_b64url(asked.next, HASH_BYTES),
    )
    # Not as a refusal: those are counted one by one, and this one follows from somebody's scan.
    answer = actions.show_next(found, wish) if found.state == "open" else None
    return _told(found, asked.group, answer)


@blueprint.post("/entrance/<signed>/look")
def entrance_look(signed: str) -> Response:
    """Whether the code that the screen shows is still good."""
    found, asked = actions.entrance_of(signed), _read(Look)
    _require_mark(found, asked.mark, "look", asked.screen, asked.group, asked.shown)
    screen = from_b64url(asked.screen, SCREEN_BYTES)
    shown = from_b64url(asked.shown, HASH_BYTES)
    answer = actions.look(found, screen, asked.group, shown) if found.state == "open" else None
    return _told(found, asked.group, answer)


def _told(found: actions.Entrance, group: str, answer: actions.Answer | None) -> Response:
    """`standing`: see app.actions.entrance; `full` where there are no more codes for the group."""
    if found.state != "open":
        return jsonify(meeting=found.state)
    if answer is None:
        return jsonify(meeting="open", standing="full")
    return jsonify(meeting="open", came=actions.came(found.meeting_id, group), **answer._asdict())


def _require_mark(found: actions.Entrance, given: str, *fields: str) -> None:
    if not is_marked(found.key, from_b64url(given, MARK_BYTES), *fields):
        raise LinkInvalid


def _read(kind: type[T]) -> T:
    if (request.content_length or 0) > BODY_BYTES_MOST:
        raise TooLarge
    try:
        return msgspec.json.decode(request.get_data(cache=False), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest from error
