"""先演练一次: a first rehearsal, step by step on one page, by one person alone."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form, IssueForm
from admin.guard import me
from app.actions import practice as actions
from app.actions.confirmation import Wish, confirm
from app.actions.display import display_link
from app.actions.progress import progress
from app.actions.simulation import simulation_of
from app.domain.errors import MeetingStateChanged, NotFound
from app.models import Practice

SLIPS_TO_TRY = 3


@blueprint.route("/practice", methods=["GET", "POST"])
def practice() -> str | Response:
    """The checklist; before the beginning what it is, and the button that makes everything."""
    form = Form()
    if form.validate_on_submit():
        actions.begin_practice(me(), current_app.config["MINGCE"].base_url)
        return redirect(url_for("admin.practice"))
    found = actions.practice_of(me().id)
    return render_template("admin/practice.html", practice=found, **_values(found))


@blueprint.get("/practice/progress")
def practice_progress() -> str:
    """The part of the page that changes by itself."""
    return render_template("admin/_practice.html", **_values(_mine()))


@blueprint.post("/practice/open")
def open_practice() -> Response:
    """Draft → open; of a rehearsal one person does."""
    confirm(_mine().meeting_id, me(), Wish("open", "host"))
    return redirect(url_for("admin.practice"))


@blueprint.post("/practice/see/<step>")
def see_practice(step: str) -> Response:
    """Note that something is looked at, and go there."""
    found = _mine()
    actions.see(found, step)
    if step == "screen":
        return redirect(display_link(found.meeting), 303)
    return redirect(url_for("admin.count_sheet", meeting_id=found.meeting_id), 303)


@blueprint.post("/practice/clear")
def clear_practice() -> Response:
    """Take everything away."""
    actions.clear_practice(me().id)
    flash("演练的数据已全部清理。要再练一次，随时可以重新开始。", "success")
    return redirect(url_for("admin.board"))


def _mine() -> Practice:
    found = actions.practice_of(me().id)
    if found is None:
        raise NotFound("现在没有演练（可能已经清理）。请回到首页重新开始。")
    return found


def _values(found: Practice | None) -> dict[str, object]:
    if found is None:
        return {"persons": actions.PERSONS}
    stand = None
    if found.meeting.state == "open":
        try:
            stand = progress(found.meeting)
        except MeetingStateChanged:
            stand = None
    issued = stand.ever_issued if stand else 0
    steps = actions.steps_of(found, issued)
    return {
        "meeting": found.meeting,
        "steps": steps,
        "progress": stand,
        "simulation": simulation_of(found.meeting_id),
        "issue": IssueForm(formdata=None, so_far=issued, group="g1", number=SLIPS_TO_TRY),
        "slips_to_try": SLIPS_TO_TRY,
        "persons": actions.PERSONS,
    }
