"""The room's screen behind a signed link, and the two streams of live events."""

from __future__ import annotations

import io
import threading
from typing import cast

import qrcode
from flask import Flask, Response, current_app, jsonify, render_template, request
from flask.blueprints import BlueprintSetupState
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage

from app.actions.display import receipt_address, shown_meeting, watched_meeting
from app.domain.errors import NotFound
from app.health import may_be_missing
from app.hosts import is_forwarded
from voting import blueprint
from voting.live import FINAL_ID, Hub
from voting.pictures import INTERNAL, Pictures, Steward

_HUB = "mingce_live"
_PICTURES = "mingce_pictures"
_QR_MASK = 2


@blueprint.record
def _open_hub(setup: BlueprintSetupState) -> None:
    # Flask types this as its inner, server-less application; it is the whole one.
    app = cast(Flask, setup.app)
    pictures = app.extensions[_PICTURES] = Pictures(app)
    app.extensions[_HUB] = Hub(pictures.read, stamp=pictures.stamp)
    if app.config["MINGCE"].host_url:
        _serve_hosts(app, pictures)


def _serve_hosts(app: Flask, pictures: Pictures) -> None:
    steward, started = Steward(app, pictures), threading.Event()
    if pictures.relay:
        may_be_missing(app, "redis", lambda: pictures.relay.state if pictures.relay else "lost")

    @app.before_request
    def _begin() -> None:
        # Not where the application is made: the command line makes one, too.
        if not started.is_set():
            started.set()
            steward.start()


@blueprint.get(f"{INTERNAL}<code>")
def picture_for_hosts(code: str) -> Response:
    """What screens show of a meeting, for another host to show it; strangers find nothing here."""
    if not is_forwarded():
        raise NotFound
    pictures: Pictures = current_app.extensions[_PICTURES]
    return jsonify(pictures.picture(code)._asdict())


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
