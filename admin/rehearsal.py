"""演练: one click from a draft that is ready; simulated phones that vote in it."""

from __future__ import annotations

import threading

import structlog
from flask import Flask, current_app, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form
from admin.guard import me
from app.actions import rehearsal as actions
from app.actions import simulation
from app.actions.practice import practice_of
from app.actions.simulation import Begun
from app.domain.errors import BadInput
from app.models import db

log = structlog.get_logger()


@blueprint.post("/meetings/<int:meeting_id>/rehearse")
def rehearse(meeting_id: int) -> Response:
    """Open a rehearsal of this draft."""
    made = actions.rehearse(meeting_id)
    flash("演练会已开启，结果不进定级记录。发几张演练票，用手机扫一扫，看大屏怎么变。", "success")
    return redirect(url_for("admin.meeting", meeting_id=made.id))


@blueprint.post("/meetings/<int:meeting_id>/simulate")
def simulate_phones(meeting_id: int) -> Response:
    """Let simulated phones vote in a rehearsal, while the page goes on."""
    form = Form()
    begun = form.settle(lambda: simulation.begin_simulation(meeting_id, _number()))
    for error in form.form_errors:
        flash(error, "danger")
    if begun is not None:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy
        threading.Thread(target=_play, args=(app, begun), name="simulation", daemon=True).start()
        flash(f"{len(begun.slips)} 部模拟手机开始投票，约一分钟投完。请看大屏。", "success")
    return _back(meeting_id)


@blueprint.post("/meetings/<int:meeting_id>/simulate/stop")
def stop_phones(meeting_id: int) -> Response:
    """Stop them."""
    if simulation.stop_simulation(meeting_id):
        flash("模拟手机已停下。扫了码没有投出的，就停在那里。", "success")
    return _back(meeting_id)


def _play(app: Flask, begun: Begun) -> None:
    with app.app_context():
        try:
            simulation.play(begun)
        except Exception as error:
            # Whatever it is, the phones stop, and the page says so.
            log.error("simulation_failed", kind=type(error).__name__)
            simulation.stop_simulation(begun.meeting_id)
        finally:
            db.session.remove()


def _number() -> int:
    typed = request.form.get("voters", "").strip()
    if not (typed.isdecimal() and typed.isascii() and len(typed) < 5):
        raise BadInput("模拟手机的部数应为整数。")
    return int(typed)


def _back(meeting_id: int) -> Response:
    mine = practice_of(me().id)
    if mine is not None and mine.meeting_id == meeting_id:
        return redirect(url_for("admin.practice"))
    return redirect(url_for("admin.meeting", meeting_id=meeting_id))
