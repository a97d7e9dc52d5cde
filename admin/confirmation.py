"""两人确认: the scrutineer's page, the code typed at the host's computer, and waiting for both."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form, code_status
from admin.guard import me
from admin.limits import limit_failures, own_key
from admin.qr import qr
from app.actions import confirmation as actions
from app.actions.code import codes_left, make_codes
from app.actions.confirmation import Wish
from app.actions.ending import countdown_runs
from app.actions.meeting import get_meeting, obstacles_to_opening
from app.actions.progress import progress
from app.actions.signing import signatories
from app.domain.address import is_local
from app.domain.code import WITNESS
from app.domain.confirmation import ACTIONS, BEFORE, WORDS, Action
from app.domain.errors import BadInput, BadRequest, MeetingStateChanged
from app.models import Meeting

Answer = str | Response | tuple[str, int]


@blueprint.route("/meetings/<int:meeting_id>/confirm", methods=["GET", "POST"])
def meeting_confirm(meeting_id: int) -> Answer:
    """What there is to confirm, for a scrutineer's phone; others look on."""
    form = Form()

    def confirm() -> bool:
        # It stands where the button for opening stood a moment ago.
        if _asked() == "close" and "understood" not in request.form:
            raise BadInput("请先勾选，再确认结束。")
        wish = Wish(_asked(), "witness", request.form.get("digest", ""))
        return actions.confirm(meeting_id, me(), wish)

    done = form.settle(confirm)
    if done is None:
        return _confirm_page(get_meeting(meeting_id), form), 400 if form.errors else 200
    come = ended_words(get_meeting(meeting_id)) if _asked() == "close" else "测评会已经开启。"
    flash(f"已确认{WORDS[_asked()]}。{come if done else ''}", "success")
    return redirect(url_for("admin.meeting_confirm", meeting_id=meeting_id))


@blueprint.post("/meetings/<int:meeting_id>/confirm/code")
@limit_failures("10 per minute", own_key)
def confirm_by_code(meeting_id: int) -> Answer:
    """A scrutineer without a phone types name and code at the host's computer."""
    form, action = Form(), _asked()
    wish = Wish(action, "witness", request.form.get("digest", ""))
    name, code = request.form.get("name", ""), request.form.get("code", "")
    done = form.settle(lambda: actions.confirm_by_code(meeting_id, name, code, wish))
    if done is None:
        return waiting_page(get_meeting(meeting_id), action, form), code_status(form)
    flash(f"监票人已确认{WORDS[action]}。", "success")
    return redirect(next_page(meeting_id, action))


@blueprint.post("/meetings/<int:meeting_id>/confirm/back")
def take_back_confirmation(meeting_id: int) -> Response:
    """Take one's own confirmation back."""
    action = _asked()
    if not actions.take_back(meeting_id, action, me().id):
        raise MeetingStateChanged
    flash(f"已收回您对{WORDS[action]}的确认。", "success")
    place = request.form.get("place")
    if place == "desk":
        return redirect(next_page(meeting_id, action))
    return redirect(url_for("admin.meeting_confirm", meeting_id=meeting_id))


@blueprint.get("/meetings/<int:meeting_id>/confirmations")
def meeting_confirmations(meeting_id: int) -> str:
    """Who has confirmed. Once that is no longer what the page shows, it is to be loaded anew."""
    found, action = get_meeting(meeting_id), _asked()
    standing = actions.standing_of(found, action)
    if found.state != BEFORE[action] or request.args.get("seen") != standing.stamp:
        raise MeetingStateChanged
    return render_template("admin/_confirmations.html", standing=standing, action=action)


@blueprint.route("/codes", methods=["GET", "POST"])
def own_codes() -> Answer:
    """A scrutineer's own one-time codes; new ones are shown once."""
    form = Form()
    codes = form.settle(lambda: make_codes(me().id, WITNESS))
    page = render_template(
        "admin/codes.html", form=form, codes=codes, left=codes_left(me().id, WITNESS)
    )
    return page, 400 if form.errors else 200


def waiting_page(found: Meeting, action: Action, form: Form | None = None) -> str:
    """The host's page while the scrutineer has not confirmed."""
    link = f"{_address(found)}{url_for('admin.meeting_confirm', meeting_id=found.id)}"
    return render_template(
        "admin/meeting_waiting.html",
        meeting=found,
        action=action,
        word=WORDS[action],
        standing=actions.standing_of(found, action),
        digest=actions.shown_digest(found, action),
        form=form or Form(formdata=None),
        link=link,
        picture=qr(link),
    )


def ended_words(found: Meeting) -> str:
    """What has come of two confirmations of a closing."""
    if found.state == "open":
        return "倒计时已开始，手机和大屏上都看得到。到时自动结束并计票，也可以叫停。"
    return "已计票。请打印计票单，由主持人、监票人、计票人签名。"


def next_page(meeting_id: int, action: Action) -> str:
    """Where the host goes on: to the waiting page, or to the meeting if all is done."""
    found = get_meeting(meeting_id)
    if found.state != BEFORE[action] or (action == "close" and countdown_runs(found)):
        return url_for("admin.meeting", meeting_id=meeting_id)
    endpoint = "admin.meeting_review" if action == "open" else "admin.close_meeting"
    return url_for(endpoint, meeting_id=meeting_id)


def _confirm_page(found: Meeting, form: Form) -> str:
    action = next((a for a in ACTIONS if found.state == BEFORE[a]), None)
    blocking = [o for o in obstacles_to_opening(found) if o.blocking] if action == "open" else []
    return render_template(
        "admin/meeting_confirm.html",
        meeting=found,
        action=action,
        word=WORDS.get(action or "", ""),
        standing=actions.standing_of(found, action) if action else None,
        digest=actions.shown_digest(found, action) if action else "",
        blocking=blocking,
        progress=progress(found) if action == "close" else None,
        signed={a: signatories(found, a) for a in ACTIONS},
        form=form,
    )


def _asked() -> Action:
    action = request.values.get("action", "")
    if action not in ACTIONS:
        raise BadRequest
    return action


def _address(found: Meeting) -> str:
    """Where the scrutineer's phone reaches this door."""
    here = request.host_url.rstrip("/")
    return found.base_url if is_local(here) else here
