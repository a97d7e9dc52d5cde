"""定级: let a round's grades become final, and correct one of them afterwards."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # old stubs

from admin import blueprint
from admin.forms import Form, asked, at_most, text
from app.actions import correction as corrections
from app.actions import final_grade as grades
from app.actions import finalising as actions
from app.actions.assessment import decided_grades
from app.actions.grading import scheme_of
from app.actions.notice import grades_of, notices_of
from app.actions.objection import today
from app.actions.quota import placed, quotas_of
from app.actions.record import get_record
from app.actions.round import get_round
from app.domain.quota import score_words
from app.models import Round

Answer = str | Response | tuple[str, int]
LONG = {"rows": 5}


class FinalForm(Form):
    why_untested = TextAreaField(
        "不测评也定级的原因", [at_most(grades.REASON_MOST)], render_kw={"rows": 3}
    )


class GradeForm(Form):
    grade = SelectField("更正为", validate_choice=False)
    reason = TextAreaField(
        "原因和依据", [asked("原因和依据"), at_most(grades.REASON_MOST)], render_kw=LONG
    )


class WithdrawalForm(Form):
    reason = StringField(
        "撤回更正的原因", [asked("撤回更正的原因"), at_most(corrections.WITHDRAWN_WHY_MOST)]
    )


@blueprint.route("/rounds/<int:round_id>/final", methods=["GET", "POST"])
def final_round(round_id: int) -> Answer:
    """What stands in the way of final grades; and make them final."""
    round_ = get_round(round_id)
    form = FinalForm()
    done = form.settle(lambda: actions.finalise(round_id, today(), text(form.why_untested)))
    if done is None:
        records, finals = actions.records_of(round_), grades.final_grades(round_)
        page = render_template(
            "admin/final.html", form=form, round=round_, scheme=scheme_of(round_),
            obstacles=[] if finals else actions.obstacles(round_, today()), finals=finals,
            notices=notices_of(round_id), grades=grades_of(round_),
            records=records, untested=actions.untested(records),
            finalised=actions.finalisation_of(round_),
            corrections=grades.pending_corrections(round_),
            quotas=quotas_of(round_), score_words=score_words,
            places=placed(round_), undecided=len(records) - len(decided_grades(round_)),
        )  # fmt: skip
        return page, 400 if form.errors else 200
    flash(f"{done} 个党组织的等级已经确定。", "success")
    return redirect(url_for("admin.final_round", round_id=round_id))


@blueprint.route("/records/<int:record_id>/final", methods=["GET", "POST"])
def final_grade(record_id: int) -> Answer:
    """All versions of a record's final grade; and propose its correction."""
    form = GradeForm()
    done = form.settle(
        lambda: corrections.propose_correction(
            record_id, text(form.grade), text(form.reason), today()
        )
    )
    if done is None:
        return _page(record_id, form, WithdrawalForm(formdata=None), Form(formdata=None))
    flash("更正已提出，原来的等级照旧。请接着发布更正公示。", "success")
    return redirect(url_for("admin.final_grade", record_id=record_id))


@blueprint.post("/corrections/<int:correction_id>/force")
def correction_in_force(correction_id: int) -> Answer:
    """Let a correction come into force that has been published."""
    record_id, form = corrections.get_correction(correction_id).record_id, Form()
    done = form.settle(lambda: corrections.bring_into_force(correction_id, today()))
    if done is None:
        return _page(record_id, GradeForm(formdata=None), WithdrawalForm(formdata=None), form)
    flash(f"更正已经生效，等级现为“{done.grade}”，原来的等级仍然留在下面。", "success")
    return redirect(url_for("admin.final_grade", record_id=record_id))


@blueprint.post("/corrections/<int:correction_id>/withdrawal")
def withdraw_correction(correction_id: int) -> Answer:
    """Take a correction back."""
    record_id, form = corrections.get_correction(correction_id).record_id, WithdrawalForm()
    done = form.settle(
        lambda: corrections.withdraw_correction(correction_id, text(form.reason), today())
    )
    if done is None:
        return _page(record_id, GradeForm(formdata=None), form, Form(formdata=None))
    flash("更正已撤回，等级不变；公示过的，公示页已写明撤回。", "success")
    return redirect(url_for("admin.final_grade", record_id=record_id))


@blueprint.app_template_global("corrections_under_way")
def corrections_under_way(round_: Round) -> int:
    """For templates: how many final grades of a round are being corrected."""
    return len(grades.pending_corrections(round_))


def _page(record_id: int, form: GradeForm, withdrawal: WithdrawalForm, force: Form) -> Answer:
    record = get_record(record_id)
    labels = scheme_of(record.round).domain(record.domain).ladder.labels
    form.grade.choices = [SelectChoice("", "请选择"), *(SelectChoice(label) for label in labels)]
    correction = grades.pending_correction(record_id)
    page = render_template(
        "admin/final_grade.html",
        form=form, withdrawal=withdrawal, force=force, record=record,
        versions=grades.versions_of_grade(record_id), correction=correction,
        withdrawn=corrections.withdrawn_corrections(record_id),
        hindrances=corrections.hindrances(correction, today()) if correction else [],
        published=correction is not None and corrections.is_published(correction),
        notice=corrections.notice_to_correct(record),
    )  # fmt: skip
    return page, 400 if form.errors or withdrawal.errors or force.errors else 200
