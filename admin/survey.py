"""调查摸底: the survey of one organisation, and the household visit forms."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form
from app.actions import survey as actions
from app.actions.grading import scheme_of
from app.actions.record import get_record
from app.actions.step import today
from app.actions.survey import VisitWish
from app.domain.survey import INTERVIEWED, RATINGS, TEXT_MOST, fields_for

Answer = str | Response | tuple[str, int]
FIELD = "field-"


@blueprint.route("/records/<int:record_id>/survey", methods=["GET", "POST"])
def survey(record_id: int) -> Answer:
    """What is found out of one organisation."""
    record, form = get_record(record_id), Form()
    typed = {n.removeprefix(FIELD): v for n, v in request.form.items() if n.startswith(FIELD)}
    finish = "finish" in request.form
    if form.settle(lambda: actions.save_survey(record_id, typed, finish, today())) is None:
        visits = actions.visits_of(record)
        page = render_template(
            "admin/survey.html",
            form=form, record=record, fields=fields_for(scheme_of(record.round)),
            survey=actions.survey_of(record), visits=visits, text_most=TEXT_MOST,
            summary=actions.summary_of(record, visits), ratings=RATINGS,
        )  # fmt: skip
        return page, 400 if form.errors else 200
    flash("调查摸底已填完。" if finish else "已保存，还没有标为填完。", "success")
    return redirect(url_for("admin.survey", record_id=record_id))


@blueprint.route("/records/<int:record_id>/visits/new", methods=["GET", "POST"])
def new_visit(record_id: int) -> Answer:
    """Enter one household visit form."""
    record, form = get_record(record_id), Form()
    indicators = scheme_of(record.round).indicators
    wish = VisitWish(
        request.form.get("visited", "")[:20],
        request.form.get("visitor", ""),
        request.form.get("household", ""),
        request.form.get("interviewed", ""),
        [request.form.get(f"rating-{n}", "") for n in range(1, len(indicators) + 1)],
        request.form.get("opinion", ""),
    )
    if form.settle(lambda: actions.add_visit(record_id, wish, today())) is None:
        page = render_template(
            "admin/visit_new.html",
            form=form, record=record, indicators=indicators, wish=wish,
            ratings=RATINGS, interviewed=INTERVIEWED, text_most=TEXT_MOST,
        )  # fmt: skip
        return page, 400 if form.errors else 200
    flash("这份调查表已录入。", "success")
    again = "again" in request.form
    endpoint = "admin.new_visit" if again else "admin.survey"
    return redirect(url_for(endpoint, record_id=record_id))


@blueprint.post("/visits/<int:visit_id>/remove")
def remove_visit(visit_id: int) -> Response:
    """Take out a household visit form that was entered by mistake."""
    record = actions.remove_visit(visit_id, today())
    flash("这份调查表已删除。", "success")
    return redirect(url_for("admin.survey", record_id=record.id))
