"""测评会 once it is open: totals, the released picture, closing and voiding."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.confirmation import ended_words, next_page, waiting_page
from admin.forms import ENDINGS, CloseForm, IssueForm, VoidMeetingForm, VoidSlipForm, text
from admin.guard import me
from app.actions import confirmation, ending
from app.actions import meeting as actions
from app.actions.confirmation import Wish
from app.actions.count_sheet import count_sheet
from app.actions.display import display_link
from app.actions.progress import progress
from app.actions.quorum import came_in_all
from app.actions.simulation import simulation_of
from app.actions.validity import faults_so_far
from app.actions.whereabouts import other_host
from app.domain.countdown import CHOICES
from app.domain.errors import HostAway, MeetingStateChanged, PaperVoids, UrnElsewhere
from app.domain.rights import may
from app.hosts import forward
from app.models import Meeting

Answer = str | Response | tuple[str, int]


@blueprint.get("/meetings/<int:meeting_id>")
def meeting(meeting_id: int) -> Answer:
    """A meeting's page: what can be done depends on its state."""
    found = actions.get_meeting(meeting_id)
    if found.state == "draft":
        page = "admin.meeting_review" if may(me().role, "meeting.run") else "admin.meeting_confirm"
        return redirect(url_for(page, meeting_id=meeting_id))
    if found.state == "open":
        try:
            return open_page(found)
        except UrnElsewhere as missing:
            return _of_other_host(meeting_id, missing)
        except MeetingStateChanged:
            # Somebody has just ended it.
            return redirect(url_for("admin.meeting", meeting_id=meeting_id))
    traces = actions.leaves_traces(found)
    if found.state == "closed":
        sheet = count_sheet(meeting_id)
        return render_template(
            "admin/meeting_closed.html", meeting=found, sheet=sheet, traces=traces
        )
    return render_template("admin/meeting_voided.html", meeting=found, traces=traces)


def open_page(found: Meeting, **forms: Any) -> str:
    """The page of an open meeting; forms: those that were refused."""
    stand = progress(found)
    defaults = {
        "issue": IssueForm(formdata=None, so_far=stand.ever_issued, group=found.groups[0].code),
        "void_slip": VoidSlipForm(formdata=None),
    }
    return render_template(
        "admin/meeting_open.html",
        meeting=found,
        progress=stand,
        display=f"{found.base_url}{display_link(found)}",
        closing=confirmation.standing_of(found, "close"),
        simulation=simulation_of(found.id),
        **{**defaults, **forms},
    )


@blueprint.get("/meetings/<int:meeting_id>/progress")
def meeting_progress(meeting_id: int) -> str:
    """The part of an open meeting's page that changes by itself."""
    found = actions.get_meeting(meeting_id)
    if found.state != "open":
        raise MeetingStateChanged
    return render_template(
        "admin/_progress.html",
        meeting=found,
        progress=progress(found),
        closing=confirmation.standing_of(found, "close"),
        simulation=simulation_of(found.id),
    )


@blueprint.post("/meetings/<int:meeting_id>/display/revoke")
def revoke_display(meeting_id: int) -> Response:
    """Make the display link that was given out useless."""
    actions.revoke_display(meeting_id)
    flash("原来的大屏链接已失效，下面是新的链接。", "success")
    return redirect(url_for("admin.meeting", meeting_id=meeting_id))


@blueprint.route("/meetings/<int:meeting_id>/close", methods=["GET", "POST"])
def close_meeting(meeting_id: int) -> Answer:
    """Ask for the number present, say what closing does; close once a scrutineer confirms too."""
    found = actions.get_meeting(meeting_id)
    form = CloseForm(present=came_in_all(found))
    standing = confirmation.standing_of(found, "close")
    if not form.is_submitted() and ending.countdown_runs(found):
        return redirect(url_for("admin.meeting", meeting_id=meeting_id))
    if not form.is_submitted():
        if found.state in ("closed", "voided"):
            return redirect(url_for("admin.meeting", meeting_id=meeting_id))
        if standing.host and standing.host.account_id == me().id:
            return waiting_page(found, "close")
    try:
        closed = form.settle(
            lambda: confirmation.confirm(
                meeting_id,
                me(),
                Wish("close", "host", present=form.present.data, countdown=_ending(form)),
            )
        )
    except PaperVoids as voided:
        flash(str(voided), "danger")
        return redirect(url_for("admin.meeting", meeting_id=meeting_id))
    if closed is None:
        found = _still_open(meeting_id)
        stand = progress(found)
        if not form.is_submitted() and stand.uncast:
            form.ending.data = str(CHOICES[0])
        page = render_template(
            "admin/meeting_close.html",
            meeting=found,
            progress=stand,
            form=form,
            faults=faults_so_far(found, stand.out + stand.papers, stand.cast),
            standing=standing,
        )
        return page, 400 if form.errors else 200
    if closed:
        flash(ended_words(found), "success")
    return redirect(next_page(meeting_id, "close"))


def _ending(form: CloseForm) -> int | None:
    """Seconds of the countdown that was chosen; None: at once. What nobody offered is -1."""
    chosen = text(form.ending)
    return None if chosen == "now" else int(chosen) if chosen in ENDINGS else -1


@blueprint.route("/meetings/<int:meeting_id>/void", methods=["GET", "POST"])
def void_meeting(meeting_id: int) -> Answer:
    """Ask for the reason, say what voiding does, void."""
    form = VoidMeetingForm()
    try:
        done = form.settle(lambda: actions.void_meeting(meeting_id, text(form.reason)))
    except UrnElsewhere as elsewhere:
        # Where the host that takes the ballots can be reached, it is the one to stop.
        try:
            return forward(elsewhere)
        except HostAway:
            if not form.lost.data:
                raise
        done = form.settle(
            lambda: actions.void_meeting(meeting_id, text(form.reason), host_is_lost=True)
        )
    if done is None:
        found = actions.get_meeting(meeting_id)
        if found.state not in ("draft", "open"):
            raise MeetingStateChanged
        page = render_template(
            "admin/meeting_void.html",
            meeting=found,
            form=form,
            elsewhere=found.state == "open" and bool(other_host(found.urn_host)),
        )
        return page, 400 if form.errors else 200
    flash("测评会已作废。", "success")
    return redirect(url_for("admin.meeting", meeting_id=meeting_id))


def _of_other_host(meeting_id: int, missing: UrnElsewhere) -> Answer:
    """The page as the host that has the urn shows it; else what can be done without it."""
    away = False
    with suppress(UrnElsewhere):
        try:
            return forward(missing)
        except HostAway:
            away = True
    found = actions.get_meeting(meeting_id)
    page = render_template("admin/meeting_lost.html", meeting=found, away=away)
    return page, missing.status


def _still_open(meeting_id: int) -> Meeting:
    found = actions.get_meeting(meeting_id)
    if found.state != "open":
        raise MeetingStateChanged
    return found
