"""定级记录: scores, facts, the mass result, the proposed grade and its reasons."""

from __future__ import annotations

from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form, ScoresForm, text
from app.actions import record as actions
from app.actions.adjustment import adjustments_of
from app.actions.final_grade import pending_correction, versions_of_grade
from app.actions.grading import proposal_of, scheme_of

Answer = str | Response | tuple[str, int]


@blueprint.get("/records/<int:record_id>")
def record(record_id: int) -> str:
    """One organisation in one round."""
    return _page(record_id, ScoresForm(), Form())


@blueprint.post("/records/<int:record_id>/scores")
def change_scores(record_id: int) -> Answer:
    """Enter the self score and the superior's."""
    form = ScoresForm()
    done = form.settle(
        lambda: actions.change_scores(record_id, text(form.self_score), text(form.superior_score))
    )
    if done is None:
        return _page(record_id, form, Form(formdata=None)), 400
    flash("分数已保存，建议等级已重新计算。", "success")
    return redirect(url_for("admin.record", record_id=record_id))


@blueprint.post("/records/<int:record_id>/facts")
def change_facts(record_id: int) -> Answer:
    """Enter what the scheme's rules ask for."""
    form = Form()
    typed = {name.removeprefix("fact-"): text[:40] for name, text in request.form.items()}
    if form.settle(lambda: actions.change_facts(record_id, typed)) is None:
        return _page(record_id, ScoresForm(formdata=None), form), 400
    flash("情况已保存，建议等级已重新计算。", "success")
    return redirect(url_for("admin.record", record_id=record_id))


def _page(record_id: int, scores: ScoresForm, facts: Form) -> str:
    found = actions.get_record(record_id)
    if scores.self_score.data is None:
        scores.self_score.data = _typed(found.self_score)
        scores.superior_score.data = _typed(found.superior_score)
    scheme = scheme_of(found.round)
    return render_template(
        "admin/record.html",
        record=found,
        scheme=scheme,
        domain=scheme.domain(found.domain),
        results=actions.mass_results(found),
        adjustments=[line for line in adjustments_of(found) if line.kept],
        proposal=proposal_of(found),
        scores=scores,
        facts=facts,
        final=next(iter(versions_of_grade(record_id)), None),
        correction=pending_correction(record_id),
    )


def _typed(score: Decimal | None) -> str:
    return "" if score is None else f"{score:f}"
