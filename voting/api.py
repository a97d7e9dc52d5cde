"""The voters' API of protocol `mingce/1`: JSON over /api/v1/meetings/CODE."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

import msgspec
from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from limits import parse

from app.actions.ballot import SealedBallot, cast_ballot
from app.actions.box import published_box
from app.actions.credential import redeem_slip
from app.actions.live import live_picture
from app.actions.public import public_meeting
from app.domain.ballot import IV_BYTES, SEALED_BYTES_MOST
from app.domain.credential import ELEMENT_BYTES, NONCE_BYTES
from app.domain.encoding import b64url, from_b64url
from app.domain.errors import BadRequest, MingceError, TooLarge, TooMany, UrnElsewhere
from app.domain.slip import parse_token
from app.extensions import limiter
from app.hosts import forward, is_forwarded
from app.security import address_key
from voting import blueprint

T = TypeVar("T")

BODY_BYTES_MOST = 128 * 1024
FAILED_TRIES = parse("1200 per minute")
"""Per address, and a hall of 500 phones may stand behind one; tokens have 80 random bits."""


class CredentialRequest(msgspec.Struct, forbid_unknown_fields=True):
    """token: 16 Crockford characters as typed; blinded: element, base64url."""

    token: str
    blinded: str


class BallotRequest(msgspec.Struct, forbid_unknown_fields=True):
    """group: its code; nonce, iv, sealed: base64url."""

    group: str
    nonce: str
    iv: str
    sealed: str


Answer = tuple[int, bytes]
"""Status, and JSON."""

REFUSED = "mingce.refused"
"""Where `voting.quick` leaves in a request's environment why it was refused."""

_encode = msgspec.json.encode
_ACCEPTED = _encode({"accepted": True})
_credential_requests = msgspec.json.Decoder(CredentialRequest)
_ballot_requests = msgspec.json.Decoder(BallotRequest)

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


def limit_failures(view: View) -> View:
    """Count refused tries against an address, and answer too many of them with 429.

    What is not refused is never held up, so that nobody can shut out a hall behind one address.
    """

    @wraps(view)
    def counted(code: str) -> ResponseReturnValue:
        try:
            return view(code)
        except UrnElsewhere as error:
            answer = forward(error)
            if 400 <= answer.status_code < 500 and not _counts_one_more():
                raise TooMany from error
            return answer
        except MingceError as error:
            # What another host has sent on has another's address, and was counted there.
            if not is_forwarded() and not _counts_one_more():
                raise TooMany from error
            raise

    return counted  # type: ignore[return-value]  # it is called as the view is


def _counts_one_more() -> bool:
    return limiter.limiter.hit(FAILED_TRIES, address_key())


@blueprint.get("/api/v1/meetings/<code>")
def meeting(code: str) -> Response:
    """The public face of a meeting: title, state, groups with keys, form, policy."""
    return jsonify(public_meeting(code))


def redeem(code: str, content: bytes) -> Answer:
    """Redeem a slip."""
    wish = _read(content, _credential_requests)
    redeemed = redeem_slip(code, parse_token(wish.token), from_b64url(wish.blinded, ELEMENT_BYTES))
    return 200, _encode(
        {
            "group": redeemed.group,
            "evaluated": b64url(redeemed.evaluation.evaluated),
            "proof": b64url(redeemed.evaluation.proof),
        }
    )


def cast(code: str, content: bytes) -> Answer:
    """Cast a ballot: 201 where it went into the box, 200 where it was there already."""
    wish = _read(content, _ballot_requests)
    sealed = from_b64url(wish.sealed)
    if len(sealed) > SEALED_BYTES_MOST:
        raise TooLarge
    ballot = SealedBallot(
        group=wish.group,
        nonce=from_b64url(wish.nonce, NONCE_BYTES),
        iv=from_b64url(wish.iv, IV_BYTES),
        sealed=sealed,
    )
    return 201 if cast_ballot(code, ballot) else 200, _ACCEPTED


WORK = {"credentials": redeem, "ballots": cast}
"""Last part of the address → what the two requests of a vote do with code and body."""


@blueprint.post("/api/v1/meetings/<code>/credentials")
@limit_failures
def credentials(code: str) -> Response:
    """Redeem a slip."""
    return _answer(code, redeem)


@blueprint.post("/api/v1/meetings/<code>/ballots")
@limit_failures
def ballots(code: str) -> Response:
    """Cast a ballot."""
    return _answer(code, cast)


@blueprint.get("/api/v1/meetings/<code>/live")
def live(code: str) -> Response:
    """Number of ballots cast, and the released picture."""
    return jsonify(live_picture(code))


@blueprint.get("/api/v1/meetings/<code>/box")
def box(code: str) -> Response:
    """The box of a closed meeting."""
    return Response(published_box(code), mimetype="application/json")


def _answer(code: str, work: Callable[[str, bytes], Answer]) -> Response:
    refusal: Exception | None = request.environ.pop(REFUSED, None)
    if refusal is not None:
        try:
            raise refusal
        finally:
            # Its trace holds this frame, which would hold it, and with it what the phone sent.
            del refusal
    if (request.content_length or 0) > BODY_BYTES_MOST:
        raise TooLarge
    status, answer = work(code, request.get_data(cache=False))
    return Response(answer, status, mimetype="application/json")


def _read(content: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest from error
