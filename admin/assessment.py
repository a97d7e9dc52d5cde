"""上级评定: self, mass and superior side by side, the proposal with its trace, the decision."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form
from app.actions import assessment as actions
from app.actions.adjustment import AdjustmentWish, adjustments_of
from app.actions.adjustment import save_adjustments as save_all_adjustments
from app.actions.assessment import ScoreWish
from app.actions.grading import proposal_of, scheme_of
from app.actions.points import points_of
from app.actions.record import get_record, mass_results
from app.actions.self_assessment import versions_of
from app.actions.step import today
from app.actions.survey import summary_of, survey_of, visits_of
from app.domain.survey import fields_for
from app.models import GradingRecord

Answer = str | Response | tuple[str, int]


@blueprint.route("/records/<int:record_id>/assessment", methods=["GET", "POST"])
def assessment(record_id: int) -> Answer:
    """Enter the superior's scores, with everything else beside them."""
    form = Form()
    numbers = range(1, len(scheme_of(get_record(record_id).round).indicators) + 1)
    lines = [
        ScoreWish(
            request.form.get(f"score-{n}", ""), request.form.get(f"comment-{n}", "").strip()
        )
        for n in numbers
    ]  # fmt: skip
    total = request.form.get("total", "")
    if form.settle(lambda: actions.save_scores(record_id, total, lines, today())) is None:
        return _page(get_record(record_id), form, Form(formdata=None))
    flash("评分已保存，建议等级已重新计算。", "success")
    return redirect(url_for("admin.assessment", record_id=record_id))


@blueprint.post("/records/<int:record_id>/adjustments")
def save_adjustments(record_id: int) -> Answer:
    """Enter how many times each deduction and bonus applied, and why."""
    form = Form()
    wishes = {
        line.key: AdjustmentWish(
            request.form.get(f"times-{line.key}", ""), request.form.get(f"reason-{line.key}", "")
        )
        for line in adjustments_of(get_record(record_id))
    }
    if form.settle(lambda: save_all_adjustments(record_id, wishes, today())) is None:
        return _page(get_record(record_id), Form(formdata=None), Form(formdata=None), form)
    flash("扣分和加分已保存，建议等级已重新计算。", "success")
    return redirect(f"{url_for('admin.assessment', record_id=record_id)}#adjustments")


@blueprint.post("/records/<int:record_id>/decision")
def decide(record_id: int) -> Answer:
    """Decide on the grade."""
    form = Form()
    grade, reason = request.form.get("grade", ""), request.form.get("reason", "")
    by = str(current_user.account.name)
    made = form.settle(lambda: actions.decide(record_id, grade, reason, by, today()))
    if made is None:
        return _page(get_record(record_id), Form(formdata=None), form)
    flash(f"已评定为“{made.grade}”（第 {made.version} 次评定）。", "success")
    return redirect(url_for("admin.assessment", record_id=record_id))


def _page(
    record: GradingRecord, scores: Form, decision: Form, adjusting: Form | None = None
) -> tuple[str, int]:
    scheme, visits = scheme_of(record.round), visits_of(record)
    versions = versions_of(record)
    decisions = actions.decisions_of(record)
    page = render_template(
        "admin/assessment.html",
        record=record, scheme=scheme, domain=scheme.domain(record.domain),
        points=points_of(record.round), results=mass_results(record),
        assessment=versions[0] if versions else None,
        lines=actions.compare(record, versions[0] if versions else None),
        survey=survey_of(record), fields=fields_for(scheme), summary=summary_of(record, visits),
        decisions=decisions, latitude=actions.latitude_of(record),
        outdated=bool(decisions) and actions.outdated(record, decisions[0]),
        adjustments=adjustments_of(record), proposal=proposal_of(record),
        scores=scores, decision=decision, adjusting=adjusting or Form(formdata=None),
    )  # fmt: skip
    refused = scores.errors or decision.errors or (adjusting and adjusting.errors)
    return page, 400 if refused else 200
