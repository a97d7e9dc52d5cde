"""公示: publish, correct, withdraw, answer objections."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # old stubs

from admin import blueprint
from admin.forms import Form, asked, at_most, number, text, whole
from app.actions import notice as actions
from app.actions.final_grade import final_grades, pending_corrections
from app.actions.finalising import records_of
from app.actions.grading import scheme_of
from app.actions.notice import NoticeWish
from app.actions.objection import (
    DISMISSED_WHY_MOST,
    TEXT_MOST,
    answer_objection,
    get_objection,
    objections_to,
    takes_objections,
    today,
    versions_of,
)
from app.actions.objection import dismiss_objections as dismiss_together
from app.actions.quota import placed
from app.actions.round import get_round
from app.domain.notice import COUNTED_WORDS, DISMISSALS, OUTCOMES
from app.domain.scheme.data import DAYS_MOST
from app.models import GradingRecord, Notice, Round

Answer = str | Response | tuple[str, int]
LONG = {"rows": 5}


class NoticeForm(Form):
    title = StringField("标题", [asked("标题"), at_most(100)])
    body = TextAreaField("正文", [asked("正文"), at_most(actions.BODY_MOST)], render_kw=LONG)
    issuer = StringField("公示单位", [asked("公示单位"), at_most(60)])
    contact = StringField("联系方式", [asked("联系方式"), at_most(100)])
    days = IntegerField("公示天数", whole("公示天数", 1, DAYS_MOST))
    counted = RadioField(
        "天数怎样计算",
        choices=[SelectChoice(name, word) for name, word in COUNTED_WORDS.items()],
        validate_choice=False,
        default="",
    )
    off = StringField("期间放假的日期", [at_most(400)])
    worked = StringField("期间调休上班的日期", [at_most(400)])


class CorrectionForm(NoticeForm):
    reason = StringField("更正原因", [asked("更正原因"), at_most(200)])


class WithdrawalForm(Form):
    reason = StringField("撤回原因", [asked("撤回原因"), at_most(200)])


class DismissalForm(Form):
    outcome = SelectField(
        "是什么",
        choices=[SelectChoice("", "请选择"), *(SelectChoice(*pair) for pair in DISMISSALS.items())],
        validate_choice=False,
        default="",
    )
    why = StringField("理由", [asked("理由"), at_most(DISMISSED_WHY_MOST)])


class AnswerForm(Form):
    investigation = TextAreaField(
        "调查核实情况", [asked("调查核实情况"), at_most(TEXT_MOST)], render_kw=LONG
    )
    answer = TextAreaField("答复", [asked("答复"), at_most(TEXT_MOST)], render_kw=LONG)
    outcome = SelectField(
        "处理结果",
        choices=[SelectChoice("", "请选择"), *(SelectChoice(*pair) for pair in OUTCOMES.items())],
        validate_choice=False,
        default="",
    )


@blueprint.route("/rounds/<int:round_id>/notice", methods=["GET", "POST"])
def new_notice(round_id: int) -> Answer:
    """Publish a notice of a round."""
    round_ = get_round(round_id)
    form = NoticeForm()
    made = form.settle(lambda: actions.publish_notice(round_id, _wish(form), today()))
    if made is None:
        if not form.is_submitted():
            _suggest(form, round_)
        return _form_page(form, round_, None), 400 if form.errors else 200
    flash("公示已发布。请把网址或二维码张贴在规定的地方。", "success")
    return redirect(url_for("admin.notice", code=made.code))


@blueprint.get("/notices/<code>")
def notice(code: str) -> str:
    """One notice: its versions, its lines, the objections to it."""
    return _notice_page(code, WithdrawalForm())


@blueprint.route("/notices/<code>/correction", methods=["GET", "POST"])
def correct_notice(code: str) -> Answer:
    """Publish a corrected version."""
    old = versions_of(code)[0]
    form = CorrectionForm(obj=old)
    made = form.settle(
        lambda: actions.correct_notice(code, _wish(form), text(form.reason), today())
    )
    if made is None:
        if not form.is_submitted():
            form.reason.data = _corrected_why(old)
            form.off.data, form.worked.data = (
                "、".join(old.exceptions.get(n, ())) for n in ("off", "worked")
            )
        page = _form_page(form, get_round(old.round_id), old)
        return page, 400 if form.errors else 200
    flash(f"已发布更正后的第 {made.version} 版，公示期重新计算。", "success")
    return redirect(url_for("admin.notice", code=code))


@blueprint.post("/notices/<code>/withdrawal")
def withdraw_notice(code: str) -> Answer:
    """Take a notice back."""
    form = WithdrawalForm()
    if form.settle(lambda: actions.withdraw_notice(code, text(form.reason), today())) is None:
        return _notice_page(code, form), 400
    flash("公示已撤回，公示页写明了原因。", "success")
    return redirect(url_for("admin.notice", code=code))


@blueprint.post("/notices/<code>/dismissal")
def dismiss_objections(code: str) -> Answer:
    """Settle what is no objection of its own, several at once."""
    form = DismissalForm()
    ids = set(_ticked("objection"))
    done = form.settle(
        lambda: dismiss_together(code, ids, text(form.outcome), text(form.why), today())
    )
    if done is None:
        return _notice_page(code, WithdrawalForm(formdata=None), form), 400
    flash(f"{done} 条意见已处理，条数和理由公布在公示页上。", "success")
    return redirect(url_for("admin.notice", code=code))


@blueprint.route("/objections/<int:objection_id>", methods=["GET", "POST"])
def objection(objection_id: int) -> Answer:
    """Read an objection, and answer it."""
    found = get_objection(objection_id)
    form = AnswerForm()
    done = form.settle(
        lambda: answer_objection(
            objection_id, text(form.investigation), text(form.answer), text(form.outcome), today()
        )
    )
    if done is None:
        page = render_template(
            "admin/objection.html", form=form, objection=found,
            outcomes=OUTCOMES | DISMISSALS, dismissed=found.outcome in DISMISSALS,
            notice=versions_of(found.notice_code)[0],
        )  # fmt: skip
        return page, 400 if form.errors else 200
    flash("答复已公布在公示页上。", "success")
    return redirect(url_for("admin.notice", code=found.notice_code))


def _wish(form: NoticeForm) -> NoticeWish:
    return NoticeWish(
        title=text(form.title), body=text(form.body), issuer=text(form.issuer),
        contact=text(form.contact), days=number(form.days), counted=text(form.counted),
        off=text(form.off), worked=text(form.worked),
        record_ids=_ticked("record"),
    )  # fmt: skip


def _ticked(name: str) -> tuple[int, ...]:
    ticked = request.form.getlist(name)
    return tuple(int(t) for t in ticked if t.isdecimal() and len(t) < 10)


def _suggest(form: NoticeForm, round_: Round) -> None:
    """What the scheme and the round already say; what the document leaves open stays empty."""
    rule = actions.scheme_notice(round_)
    form.title.data = f"{round_.title}等级公示"[:100]
    form.body.data = (
        "经自评、党员群众测评和上级评定，拟定以下党组织的等级，现予公示。"
        "对公示内容有意见的，请在公示期内反映。"
    )
    if isinstance(rule.get("days"), int):
        form.days.data = rule["days"]
    if rule.get("counted") in COUNTED_WORDS:
        form.counted.data = rule["counted"]


def _corrected_why(old: Notice) -> str:
    """What the corrections under way say of themselves, as far as a notice has room for it."""
    corrections = pending_corrections(get_round(old.round_id))
    reasons = dict.fromkeys(
        corrections[line.record_id].reason for line in old.lines if line.record_id in corrections
    )
    return "；".join(reasons)[:200]


def _form_page(form: NoticeForm, round_: Round, old: Notice | None) -> str:
    if form.is_submitted():
        ticked = set(request.form.getlist("record"))
    else:
        lines = {line.record_id for line in old.lines} if old else None
        ticked = {str(r.id) for r in round_.records if lines is None or r.id in lines}
    return render_template(
        "admin/notice_new.html", form=form, round=round_, old=old, ticked=ticked,
        rule=actions.scheme_notice(round_), grades=actions.to_publish(round_),
        records=_in_order(round_), final=bool(final_grades(round_)),
    )  # fmt: skip


def _in_order(round_: Round) -> list[GradingRecord]:
    """The records as the notice lists them: by place, where the document wants them ranked."""
    records, scheme = list(records_of(round_)), scheme_of(round_)
    if "ranking" not in scheme.data:
        return records
    ranked, last = placed(round_), len(records) + 1
    codes = [domain.code for domain in scheme.domains]
    return sorted(records, key=lambda r: (codes.index(r.domain), ranked[r.id].place or last))


def _notice_page(code: str, form: WithdrawalForm, dismissal: DismissalForm | None = None) -> str:
    versions = versions_of(code)
    listed = objections_to(code, request.args.get("page", 1, type=int))
    return render_template(
        "admin/notice.html", notice=versions[0], versions=versions, form=form,
        round=get_round(versions[0].round_id), listed=listed,
        dismissal=dismissal or DismissalForm(formdata=None), ticked=_ticked("objection"),
        is_open=takes_objections(versions[0], today()),
        outcomes=OUTCOMES | DISMISSALS, counted=COUNTED_WORDS,
        final=bool(final_grades(get_round(versions[0].round_id))),
    )  # fmt: skip
