"""倒计时: more time, call it off, or end at once where nobody is left who could cast."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form
from app.actions import ending
from app.actions.countdown import GONE, extend_countdown
from app.domain.errors import BadInput, PaperVoids


@blueprint.post("/meetings/<int:meeting_id>/countdown/more")
def extend_closing(meeting_id: int) -> Response:
    """Somebody asks for more time."""
    return _done(meeting_id, lambda: extend_countdown(meeting_id), "已多给 60 秒。")


@blueprint.post("/meetings/<int:meeting_id>/countdown/off")
def stop_closing(meeting_id: int) -> Response:
    """Voting goes on."""

    def stop() -> None:
        if not ending.stop_countdown(meeting_id):
            raise BadInput(GONE)

    words = "已叫停，投票继续。要结束时，主持人和监票人重新确认。"
    return _done(meeting_id, stop, words)


@blueprint.post("/meetings/<int:meeting_id>/countdown/now")
def finish_closing(meeting_id: int) -> Response:
    """Everybody who has scanned has cast: nobody need wait."""
    words = "已计票。请打印计票单，由主持人、监票人、计票人签名。"
    return _done(meeting_id, lambda: ending.finish_now(meeting_id), words)


def _done(meeting_id: int, work: Callable[[], None], words: str) -> Response:
    form = Form()

    def settled() -> bool:
        work()
        return True

    try:
        if form.settle(settled):
            flash(words, "success")
        for error in form.form_errors:
            flash(error, "danger")
    except PaperVoids as voided:
        flash(str(voided), "danger")
    return redirect(url_for("admin.meeting", meeting_id=meeting_id))
