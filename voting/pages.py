"""The pages that a voter opens: the door, the slip's page, the receipt page."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from voting import blueprint


@blueprint.get("/")
def door() -> str:
    """Where somebody without a QR code types the meeting's code."""
    return render_template("voting/door.html")


@blueprint.get("/go")
def go() -> Response:
    """From the typed code to the slip's page."""
    typed = request.args.get("code", "").upper().replace("-", "").replace(" ", "")
    code = typed.translate(str.maketrans("ILO", "110"))
    if not code or len(code) > 12 or not code.isalnum() or not code.isascii():
        return redirect(url_for("voting.door"))
    return redirect(url_for("voting.phone", code=code))


@blueprint.get("/v/<code>")
def phone(code: str) -> str:
    """The slip's page: the same for every meeting, state and voter; the rest is the script's."""
    return render_template("voting/phone.html", code=code)


@blueprint.get("/r/<code>")
def receipt(code: str) -> str:
    """Where voters find their own marks in the published box."""
    return render_template("voting/receipt.html", code=code)
