"""The room's screen behind a signed link, and the two streams of live events."""

from __future__ import annotations

import io
from typing import cast

import qrcode
from flask import Flask, Response, current_app, jsonify, render_template, request
from flask.blueprints import BlueprintSetupState
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage

from app.actions.display import receipt_address, shown_meeting, watched_meeting
from voting import blueprint
from voting.live import FINAL_ID, Hub
from voting.pictures import Pictures

_HUB = "mingce_live"
_QR_MASK = 2


@blueprint.record
def _open_hub(setup: BlueprintSetupState) -> None:
    # Flask types this as its inner, server-less application; it is the whole one.
    pictures = Pictures(cast(Flask, setup.app))
    setup.app.extensions[_HUB] = Hub(pictures.read, stamp=pictures.stamp)


@blueprint.get("/api/v1/meetings/<code>/events")
def events(code: str) -> Response:
    """What `…/live` answers, as server-sent events."""
    return _answer(code, None)


@blueprint.get("/screen/<signed>")
def screen(signed: str) -> str:
    """The page to project; its script fetches the rest."""
    watched_meeting(signed)
    return render_template("voting/screen.html", signed=signed)


@blueprint.get("/screen/<signed>/meeting")
def screen_meeting(signed: str) -> Response:
    """Title, address, Wi-Fi name and form."""
    return jsonify(shown_meeting(watched_meeting(signed).code))


@blueprint.get("/screen/<signed>/events")
def screen_events(signed: str) -> Response:
    """Live picture and totals as server-sent events; they end when the link is revoked."""
    watched = watched_meeting(signed)
    return _answer(watched.code, watched.version)


@blueprint.get("/screen/<signed>/receipt.svg")
def receipt_code(signed: str) -> Response:
    """The QR code of the receipt page."""
    # Trying all eight masks takes most of the time, and any mask can be read.
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=2, mask_pattern=_QR_MASK)
    code.add_data(receipt_address(watched_meeting(signed).code))
    picture = io.BytesIO()
    code.make_image(image_factory=SvgPathImage).save(picture)
    return Response(picture.getvalue(), mimetype="image/svg+xml")


def _answer(code: str, version: int | None) -> Response:
    """A stream; 204 for who has seen the last event, which tells a browser not to come back."""
    if request.headers.get("Last-Event-ID") == FINAL_ID:
        return Response(status=204)
    hub: Hub = current_app.extensions[_HUB]
    return Response(
        hub.watch(code, "live" if version is None else "screen", version),
        mimetype="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
