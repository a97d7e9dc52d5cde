"""覆盖核对: whether everybody who is to be graded stands in the round, once."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form
from app.actions import coverage as actions
from app.actions.grading import scheme_of
from app.actions.round import get_round

Answer = str | Response | tuple[str, int]


@blueprint.route("/rounds/<int:round_id>/coverage", methods=["GET", "POST"])
def round_coverage(round_id: int) -> Answer:
    """Who is missing, twice or beside; and let the missing ones in."""
    round_ = get_round(round_id)
    form = Form()
    number = form.settle(lambda: actions.add_missing(round_id))
    if number is None:
        page = render_template(
            "admin/coverage.html",
            round=round_,
            form=form,
            found=actions.coverage_of(round_),
            domains=[domain.name for domain in scheme_of(round_).domains],
        )
        return page, 400 if form.errors else 200
    flash(f"已加入 {number} 个党组织。", "success")
    return redirect(url_for("admin.round_coverage", round_id=round_id))
