"""整改提升: plans with their deadlines, what was done, acceptance, and the grade after it."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # old stubs

from admin import blueprint
from admin.forms import Form, asked, at_most, text
from admin.guard import me
from app.actions import rectification as actions
from app.actions.final_grade import REASON_MOST, pending_correction, versions_of_grade
from app.actions.grading import scheme_of
from app.actions.objection import today
from app.actions.record import get_record
from app.actions.rights import Reach, reach_of, require_record_of
from app.domain.errors import BadInput, NotAllowed

Answer = str | Response | tuple[str, int]
LONG = {"rows": 5}


class PlanForm(Form):
    problems = TextAreaField(
        "存在的问题", [asked("存在的问题"), at_most(actions.TEXT_MOST)], render_kw=LONG
    )
    measures = TextAreaField(
        "整改措施", [asked("整改措施"), at_most(actions.TEXT_MOST)], render_kw=LONG
    )
    responsible = StringField("责任人", [asked("责任人"), at_most(40)])
    deadline = StringField("整改期限", [at_most(10)])
    published = BooleanField("公示整改方案")


class ChangeForm(PlanForm):
    reason = StringField(
        "修改的原因",
        [asked("修改的原因"), at_most(actions.REASON_MOST)],
        render_kw={"autocomplete": "off"},
    )


class EntryForm(Form):
    kind = SelectField(
        "种类", choices=[SelectChoice(*pair) for pair in actions.KINDS.items()], default="progress"
    )
    text = TextAreaField("内容", [asked("内容"), at_most(actions.TEXT_MOST)], render_kw=LONG)


class UpgradeForm(Form):
    grade = SelectField("复评后的等级", validate_choice=False)
    reason = TextAreaField("复评情况", [asked("复评情况"), at_most(REASON_MOST)], render_kw=LONG)


@blueprint.get("/rectifications")
def rectifications() -> str:
    """All plans, the overdue ones first, and who still has none."""
    reach = reach_of(me())
    return render_template(
        "admin/rectifications.html",
        standings=_in_reach(reach),
        without=[
            r for r in actions.records_to_rectify() if reach is None or r.organisation_id in reach
        ],
    )


@blueprint.route("/records/<int:record_id>/rectification", methods=["GET", "POST"])
def new_rectification(record_id: int) -> Answer:
    """Begin the rectification of an organisation."""
    record = get_record(record_id)
    found = actions.rectification_of(record_id)
    if found is not None:
        return redirect(url_for("admin.rectification", rectification_id=found.id))
    form = PlanForm()
    made = form.settle(lambda: actions.begin_rectification(record_id, _plan(form), today()))
    if made is None:
        page = render_template(
            "admin/rectification_new.html",
            form=form, record=record, terms=actions.terms_of(record),
        )  # fmt: skip
        return page, 400 if form.errors else 200
    flash(f"整改方案已保存，期限是 {made.deadline}。", "success")
    return redirect(url_for("admin.rectification", rectification_id=made.id))


@blueprint.get("/rectifications/<int:rectification_id>")
def rectification(rectification_id: int) -> str:
    """One plan and everything done about it."""
    return _page(rectification_id, EntryForm(), UpgradeForm())


@blueprint.route("/rectifications/<int:rectification_id>/change", methods=["GET", "POST"])
def change_rectification(rectification_id: int) -> Answer:
    """Put a plan right, or prolong it; what it said before stays."""
    found = actions.get_rectification(rectification_id)
    form = ChangeForm(obj=found)

    def change() -> bool:
        why = text(form.reason)
        actions.change_rectification(rectification_id, _plan(form), why, today())
        return True

    if form.settle(change) is None:
        page = render_template(
            "admin/rectification_change.html",
            form=form, plan=found, terms=actions.terms_of(found.record),
        )  # fmt: skip
        return page, 400 if form.errors else 200
    flash("整改方案已修改，原来的内容留有记录。", "success")
    return redirect(url_for("admin.rectification", rectification_id=rectification_id))


@blueprint.post("/rectifications/<int:rectification_id>/entries")
def add_rectification_entry(rectification_id: int) -> Answer:
    """Report progress or proof; return or accept it."""
    form = EntryForm()

    def add() -> object:
        require_record_of(me(), _right(text(form.kind)), "rectification", rectification_id)
        return actions.add_entry(rectification_id, text(form.kind), text(form.text), today())

    done = form.settle(add)
    if done is None:
        return _page(rectification_id, form, UpgradeForm(formdata=None)), 400
    flash("已记录。", "success")
    return redirect(url_for("admin.rectification", rectification_id=rectification_id))


@blueprint.post("/rectifications/<int:rectification_id>/upgrade")
def upgrade(rectification_id: int) -> Answer:
    """Raise the grade after the re-test."""
    form = UpgradeForm()
    done = form.settle(
        lambda: actions.upgrade(rectification_id, text(form.grade), text(form.reason), today())
    )
    if done is None:
        return _page(rectification_id, EntryForm(formdata=None), form), 400
    flash(f"已升级晋位为“{done.grade}”，原来的等级留有记录。", "success")
    return redirect(url_for("admin.rectification", rectification_id=rectification_id))


@blueprint.app_template_global("overdue_plans")
def overdue_plans(round_id: int | None = None) -> int:
    """For templates: how many plans are overdue among those that one sees, of a round or of all."""
    return sum(
        s.overdue and round_id in (None, s.plan.record.round_id) for s in _in_reach(reach_of(me()))
    )


def _in_reach(reach: Reach) -> list[actions.Standing]:
    return [
        s
        for s in actions.list_rectifications(today())
        if reach is None or s.plan.record.organisation_id in reach
    ]


def _plan(form: PlanForm) -> actions.Plan:
    typed = text(form.deadline).strip()
    try:
        deadline = date.fromisoformat(typed) if typed else None
    except ValueError:
        raise BadInput("整改期限不是日期，请写成 2012-10-03 这样。") from None
    return actions.Plan(
        text(form.problems), text(form.measures), text(form.responsible), deadline,
        bool(form.published.data),
    )  # fmt: skip


def _right(kind: str) -> str:
    """What an entry of this kind asks for."""
    return "rectification.accept" if kind in ("accepted", "returned") else "rectification.write"


def _lawful(kind: str, rectification_id: int) -> bool:
    try:
        require_record_of(me(), _right(kind), "rectification", rectification_id)
    except NotAllowed:
        return False
    return True


def _page(rectification_id: int, entry: EntryForm, raised: UpgradeForm) -> str:
    plan = actions.get_rectification(rectification_id)
    labels = scheme_of(plan.record.round).domain(plan.record.domain).ladder.labels
    raised.grade.choices = [SelectChoice("", "请选择"), *(SelectChoice(label) for label in labels)]
    entry.kind.choices = [
        SelectChoice(kind, word)
        for kind, word in actions.KINDS.items()
        if _lawful(kind, rectification_id)
    ]
    return render_template(
        "admin/rectification.html",
        plan=plan, standing=actions.standing(plan, today()), kinds=actions.KINDS,
        entry=entry, raised=raised, grade=versions_of_grade(plan.record_id)[0],
        too_short=actions.too_short(plan), has_risen=actions.has_risen(plan),
        correction=pending_correction(plan.record_id),
    )  # fmt: skip
