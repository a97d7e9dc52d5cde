"""换发: paper for a voter whose phone lost its ballot after scanning; with the scrutineer."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import ReplaceForm, code_status, text
from admin.guard import me
from admin.limits import limit_failures, own_key
from admin.slip import typed_token
from app.actions import replacement as actions
from app.actions.meeting import get_meeting
from app.actions.paper import counting_stands, papers_replaced
from app.actions.progress import progress
from app.actions.witness import Witness, witness_by_code
from app.domain.errors import (
    BadInput,
    MeetingStateChanged,
    SlipUnknown,
    SlipUsed,
)
from app.domain.slip import parse_token
from app.models import Meeting

Answer = str | Response | tuple[str, int]


@blueprint.route("/meetings/<int:meeting_id>/replacements", methods=["GET", "POST"])
@limit_failures("10 per minute", own_key)
def replace_slip(meeting_id: int) -> Answer:
    """Void a slip that was used, for a paper; `back` in the form undoes one."""
    found, form = get_meeting(meeting_id), ReplaceForm()
    if found.state != "open":
        raise MeetingStateChanged
    back = "back" in request.form
    work = actions.take_back_replacement if back else actions.replace_slip

    def replace() -> str:
        try:
            token = parse_token(typed_token(text(form.token)))
            return work(meeting_id, token, _witness(found, form))
        except (SlipUnknown, SlipUsed) as error:
            raise BadInput(str(error)) from error

    group = form.settle(replace)
    if group is None:
        return _page(found, form, back), code_status(form) if form.is_submitted() else 200
    flash(
        f"已撤销：“{group}”少一张换发的纸质票。请当众取出信封里的那张，不予计票。"
        if back
        else f"已作废这张测评票，“{group}”的纸质票发出数已加 1。"
        "请发一张纸质票，投好后装进换发信封。",
        "success",
    )
    return redirect(url_for("admin.replace_slip", meeting_id=meeting_id))


def _witness(found: Meeting, form: ReplaceForm) -> Witness | None:
    if found.rehearsal:
        return None
    return witness_by_code(found.id, me(), text(form.name), text(form.code))


def _page(found: Meeting, form: ReplaceForm, back: bool) -> str:
    replaced = papers_replaced(found)
    return render_template(
        "admin/replacements.html",
        meeting=found,
        progress=progress(found),
        replaced=[(g.name, replaced.get(g.code, 0)) for g in found.groups],
        number=sum(replaced.values()),
        begun=counting_stands(found),
        form=form,
        back=back,
    )
