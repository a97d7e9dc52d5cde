"""演练: one click from a draft that is ready."""

from __future__ import annotations

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from app.actions import rehearsal as actions


@blueprint.post("/meetings/<int:meeting_id>/rehearse")
def rehearse(meeting_id: int) -> Response:
    """Open a rehearsal of this draft."""
    made = actions.rehearse(meeting_id)
    flash("演练会已开启，结果不进定级记录。发几张演练票，用手机扫一扫，看大屏怎么变。", "success")
    return redirect(url_for("admin.meeting", meeting_id=made.id))
