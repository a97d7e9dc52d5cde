"""The pages that a voter opens: door, slip, receipt, the check of the box, and why it is secret."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from flask import Response, current_app, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.actions.box import published_box
from app.actions.public import public_meeting
from app.domain.errors import MeetingUnknown
from voting import blueprint


@blueprint.get("/")
def door() -> str:
    """Where somebody without a QR code types the meeting's code."""
    return render_template("voting/door.html")


@blueprint.get("/go")
def go() -> AnyResponse:
    """From the typed code to the slip's page."""
    code = _typed_code()
    if not code or len(code) > 12 or not code.isalnum() or not code.isascii():
        return redirect(url_for("voting.door"))
    return redirect(url_for("voting.phone", code=code))


@blueprint.get("/v/<code>")
def phone(code: str) -> str:
    """The slip's page: the same for every meeting, state and voter; the rest is the script's."""
    return render_template("voting/phone.html", code=code)


@blueprint.get("/t/<code>")
def tablet(code: str) -> Response:
    """The page of a device that voters share: as the slip's page, and with leave for the camera."""
    answer = Response(render_template("voting/tablet.html", code=code))
    answer.headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
    return answer


@blueprint.get("/why")
def why() -> str:
    """Why it is called secret, in plain words: the same for everybody, and without a script."""
    return render_template("voting/why.html")


@blueprint.get("/r/<code>")
def receipt(code: str) -> str:
    """Where voters find their own marks in the published box."""
    return render_template("voting/receipt.html", code=code)


@blueprint.get("/r/<code>/box.json")
def box_file(code: str) -> Response:
    """The box to be saved, byte for byte what the API gives."""
    answer = Response(published_box(code), mimetype="application/json")
    return _to_be_saved(answer, f"票箱-{code}.json")


@blueprint.get("/r/<code>/meeting.json")
def meeting_file(code: str) -> Response:
    """The meeting's description to be saved: a box holds ids, and the names to them are here."""
    return _to_be_saved(jsonify(public_meeting(code)), f"会议信息-{code}.json")


@blueprint.get("/verify")
def verify() -> str:
    """Where anybody checks and recounts a saved box; with `?code=`, where it is to be had."""
    code = _typed_code()
    try:
        meeting = public_meeting(code) if code else None
    except MeetingUnknown:
        meeting = None
    return render_template("voting/verify.html", code=code, meeting=meeting)


@blueprint.get("/verify.html")
def verifier_file() -> Response:
    """The same page as one file to be saved, which needs no server and reaches none."""
    file = Path(current_app.root_path).parent / "static" / "dist" / "verify.html"
    answer = Response(file.read_bytes(), mimetype="text/html")
    return _to_be_saved(answer, "明测票箱核对.html")


def _typed_code() -> str:
    """A meeting's code as people type it, in the address."""
    typed = request.args.get("code", "").upper().replace("-", "").replace(" ", "")
    return typed.translate(str.maketrans("ILO", "110"))


def _to_be_saved(answer: Response, name: str) -> Response:
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return answer
