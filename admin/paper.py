"""纸质票: state how many go out, print one, and enter what was counted, each teller alone."""

from __future__ import annotations

import msgspec
from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import DiscardForm, Form, code_status, text
from admin.guard import me
from admin.limits import limit_failures, own_key
from app.actions import paper as actions
from app.actions.meeting import get_meeting
from app.actions.progress import progress
from app.actions.recount import discard_entries, tellers_of
from app.actions.witness import Witness, witness_by_code
from app.domain import meeting as domain
from app.domain.errors import BadInput, MeetingStateChanged, NotFound
from app.domain.paper import CORRECTIONS_MOST, PAPERS_MOST, Entry, PaperGroup
from app.models import Meeting

Answer = str | Response | tuple[str, int]


@blueprint.get("/meetings/<int:meeting_id>/papers")
def papers(meeting_id: int) -> str:
    """How many went out, the sheet to print, and this teller's own count."""
    return _page(_open(meeting_id))


@blueprint.post("/meetings/<int:meeting_id>/papers/issued")
def issue_papers(meeting_id: int) -> Answer:
    """State how many papers each group has been handed."""
    found, form = _open(meeting_id), Form()

    def issue() -> bool:
        wish = {g.code: _number(f"issued.{g.code}", f"“{g.name}”发出张数") for g in found.groups}
        actions.issue_papers(meeting_id, wish)
        return True

    if form.settle(issue) is None:
        return _page(found, issue=form), 400
    flash("已记下发出的张数。", "success")
    return redirect(url_for("admin.papers", meeting_id=meeting_id))


@blueprint.get("/meetings/<int:meeting_id>/papers/<group>")
def paper_ballot(meeting_id: int, group: str) -> str:
    """The ballot on paper, one sheet; the printer makes as many as are wanted."""
    found = _open(meeting_id)
    name = next((g.name for g in found.groups if g.code == group), None)
    if name is None:
        raise NotFound
    return render_template("admin/paper_ballot.html", meeting=found, form=_form(found), group=name)


@blueprint.post("/meetings/<int:meeting_id>/papers/count")
def count_papers(meeting_id: int) -> Answer:
    """Take this teller's count, or the correction of it."""
    found, form = _open(meeting_id), Form()

    def enter() -> bool:
        actions.enter_papers(meeting_id, current_user.account.id, _entry(found))
        return True

    if form.settle(enter) is None:
        return _page(found, count=form), 400
    flash("已收下您的清点结果。", "success")
    return redirect(url_for("admin.papers", meeting_id=meeting_id))


@blueprint.post("/meetings/<int:meeting_id>/papers/discard")
@limit_failures("10 per minute", own_key)
def discard_papers(meeting_id: int) -> Answer:
    """Discard one entry or both, with the scrutineer, so that papers are counted anew."""
    found, form = _open(meeting_id), DiscardForm()

    def discard() -> bool:
        discard_entries(meeting_id, _chosen(text(form.which)), _witness(found, form))
        return True

    if form.settle(discard) is None:
        return _page(found, discard=form), code_status(form)
    flash("已作废选定的录入，操作记录里有。请计票人重新清点、录入。", "success")
    return redirect(url_for("admin.papers", meeting_id=meeting_id))


@blueprint.app_template_global("papers_seen")
def papers_seen(meeting: Meeting) -> actions.PapersSeen:
    """For templates: how the papers stand before closing."""
    return actions.papers_seen(meeting)


def _chosen(which: str) -> set[int]:
    parts = which.split("-")
    if not all(part.isdecimal() and part.isascii() and len(part) < 10 for part in parts):
        raise BadInput("请选择作废哪一份录入。")
    return {int(part) for part in parts}


def _witness(found: Meeting, form: DiscardForm) -> Witness | None:
    if found.rehearsal:
        return None
    return witness_by_code(found.id, me(), text(form.name), text(form.code))


def _page(
    found: Meeting,
    issue: Form | None = None,
    count: Form | None = None,
    discard: DiscardForm | None = None,
) -> str:
    state = actions.counting(found, current_user.account.id)
    typed = dict(request.form) if issue or count else _typed(state)
    return render_template(
        "admin/papers.html",
        meeting=found,
        form=_form(found),
        state=state,
        typed={**_typed(state), **typed},
        issue=issue or Form(formdata=None),
        count=count or Form(formdata=None),
        discard=discard or DiscardForm(formdata=None),
        tellers=tellers_of(found),
        uncast=progress(found).uncast,
        corrections_most=CORRECTIONS_MOST,
    )


def _typed(state: actions.Counting) -> dict[str, str]:
    """Name of a control → what stands in it: this teller's own numbers and nobody else's."""
    values = {f"issued.{code}": str(number) for code, number in state.stated.items()}
    for code, papers in (state.mine or {}).items():
        for word in ("valid", "invalid", "moved"):
            values[f"{word}.{code}"] = str(getattr(papers, word))
        for cell, choices in papers.counts.items():
            for choice, number in choices.items():
                values[f"n.{code}.{cell}.{choice}"] = str(number)
    return values


def _entry(found: Meeting) -> Entry:
    lawful = _form(found).lawful()
    return {
        g.code: PaperGroup(
            valid=_number(f"valid.{g.code}", f"“{g.name}”有效票"),
            invalid=_number(f"invalid.{g.code}", f"“{g.name}”无效票"),
            moved=_number(f"moved.{g.code}", f"“{g.name}”代投票"),
            counts={
                cell: {
                    choice: _number(f"n.{g.code}.{cell}.{choice}", f"“{g.name}”各票格")
                    for choice in (*choices, domain.ABSTAIN)
                }
                for cell, choices in lawful.items()
            },
        )
        for g in found.groups
    }


def _number(name: str, what: str) -> int:
    text = request.form.get(name, "").strip() or "0"
    if not (text.isdecimal() and text.isascii() and len(text) < 6 and int(text) <= PAPERS_MOST):
        raise BadInput(f"{what}应为 0 到 {PAPERS_MOST} 的整数；没有就空着。")
    return int(text)


def _form(found: Meeting) -> domain.Form:
    return msgspec.convert(found.form, domain.Form)


def _open(meeting_id: int) -> Meeting:
    found = get_meeting(meeting_id)
    if found.state != "open":
        raise MeetingStateChanged
    return found
