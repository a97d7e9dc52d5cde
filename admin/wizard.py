"""测评会 before it opens: five steps, each saved in the draft."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.confirmation import next_page, waiting_page
from admin.forms import Form, PolicyForm, SettingsForm, number, text
from admin.guard import me
from app.actions import confirmation
from app.actions import meeting as actions
from app.actions.confirmation import Wish
from app.actions.finalising import records_of
from app.actions.meeting import Settings
from app.actions.rights import reach_of, require_record
from app.actions.round import get_round, suggested_groups
from app.domain.errors import BadInput, MeetingFrozen
from app.domain.meeting import K_LEAST
from app.models import Meeting

Answer = str | Response | tuple[str, int]

STEPS = {
    "settings": "基本信息",
    "subjects": "测评对象",
    "groups": "参会人员",
    "policy": "公布方式",
    "review": "核对并开启",
}
_ROWS_MOST = 50


@blueprint.route("/rounds/<int:round_id>/meetings/new", methods=["GET", "POST"])
def new_meeting(round_id: int) -> Answer:
    """The first step, of a draft that does not exist yet."""
    round_ = get_round(round_id)
    form = SettingsForm(base_url=current_app.config["MINGCE"].base_url)
    made = form.settle(
        lambda: actions.create_meeting(round_id, _settings(form), me().organisation_id)
    )
    if made is None:
        return _step("settings", None, form, round=round_)
    return redirect(url_for("admin.meeting_subjects", meeting_id=made.id))


@blueprint.route("/meetings/<int:meeting_id>/settings", methods=["GET", "POST"])
def meeting_settings(meeting_id: int) -> Answer:
    """Title, host, address for phones."""
    draft = _draft(meeting_id)
    form = SettingsForm(obj=draft)
    if form.settle(lambda: actions.change_settings(meeting_id, _settings(form))) is None:
        return _step("settings", draft, form)
    return redirect(url_for("admin.meeting_subjects", meeting_id=meeting_id))


@blueprint.route("/meetings/<int:meeting_id>/subjects", methods=["GET", "POST"])
def meeting_subjects(meeting_id: int) -> Answer:
    """Which records stand on the ballot."""
    draft, form = _draft(meeting_id), Form()
    chosen = request.form.getlist("record")

    def choose() -> Meeting:
        ids = _whole_numbers(chosen)
        for record_id in ids:
            require_record(me(), "meeting.run", record_id)
        actions.choose_subjects(meeting_id, ids)
        return draft

    if form.settle(choose) is None:
        if not form.is_submitted():
            chosen = [str(subject.record_id) for subject in draft.subjects]
        reach = reach_of(me())
        records = [
            r for r in records_of(draft.round) if reach is None or r.organisation_id in reach
        ]
        return _step("subjects", draft, form, chosen=chosen, records=records)
    return redirect(url_for("admin.meeting_groups", meeting_id=meeting_id))


@blueprint.route("/meetings/<int:meeting_id>/groups", methods=["GET", "POST"])
def meeting_groups(meeting_id: int) -> Answer:
    """Who comes: groups and expected numbers."""
    draft, form = _draft(meeting_id), Form()
    rows = list(zip(request.form.getlist("name"), request.form.getlist("expected"), strict=False))
    if form.settle(lambda: actions.set_groups(meeting_id, _groups(rows))) is None:
        if not form.is_submitted():
            rows = [(group.name, str(group.expected)) for group in draft.groups]
            rows = rows or [(name, "") for name in suggested_groups(draft)]
        return _step("groups", draft, form, rows=rows[:_ROWS_MOST], least=max(draft.k, K_LEAST))
    return redirect(url_for("admin.meeting_policy", meeting_id=meeting_id))


@blueprint.route("/meetings/<int:meeting_id>/policy", methods=["GET", "POST"])
def meeting_policy(meeting_id: int) -> Answer:
    """What the screen shows while people vote."""
    draft = _draft(meeting_id)
    form = PolicyForm(obj=draft)
    if (
        form.settle(
            lambda: actions.set_policy(
                meeting_id, text(form.policy), number(form.k), bool(form.entrance.data)
            )
        )
        is None
    ):
        return _step("policy", draft, form)
    return redirect(url_for("admin.meeting_review", meeting_id=meeting_id))


@blueprint.get("/meetings/<int:meeting_id>/review")
def meeting_review(meeting_id: int) -> Answer:
    """Everything at a glance, what stands in the way, and the button that opens."""
    draft = actions.get_meeting(meeting_id)
    if draft.state != "draft":
        # It has been opened meanwhile, by the scrutineer's confirmation it may be.
        return redirect(url_for("admin.meeting", meeting_id=meeting_id))
    standing = confirmation.standing_of(draft, "open")
    if standing.host and standing.host.account_id == me().id:
        return waiting_page(draft, "open")
    return _step(
        "review",
        draft,
        Form(),
        obstacles=actions.obstacles_to_opening(draft),
        standing=standing,
        places={**STEPS, "attendance": "到会人数"},
        digest=confirmation.content_digest(draft, "open"),
    )


@blueprint.post("/meetings/<int:meeting_id>/open")
def open_meeting(meeting_id: int) -> Response:
    """Draft → open, once a scrutineer has confirmed too."""
    wish = Wish("open", "host", request.form.get("digest", ""))
    if confirmation.confirm(meeting_id, me(), wish):
        flash("测评会已开启。下一步：发放测评票。", "success")
    return redirect(next_page(meeting_id, "open"))


def _draft(meeting_id: int) -> Meeting:
    found = actions.get_meeting(meeting_id)
    if found.state != "draft":
        raise MeetingFrozen
    return found


def _step(step: str, draft: Meeting | None, form: Form, **values: object) -> tuple[str, int]:
    refused = form.is_submitted() and bool(form.errors)
    values.setdefault("round", draft.round if draft else None)
    page = render_template(
        f"admin/meeting_{step}.html", step=step, steps=STEPS, meeting=draft, form=form, **values
    )
    return page, 400 if refused else 200


def _settings(form: SettingsForm) -> Settings:
    return Settings(
        title=text(form.title),
        host=text(form.host),
        wifi=text(form.wifi),
        base_url=text(form.base_url),
        rehearsal=form.rehearsal.data,
    )


def _whole_numbers(texts: list[str]) -> list[int]:
    if not all(t.isdecimal() and t.isascii() and len(t) < 10 for t in texts):
        raise BadInput("所选测评对象不在本轮分类定级中，请刷新页面重选。")
    return [int(t) for t in texts]


def _groups(rows: list[tuple[str, str]]) -> list[tuple[str, int]]:
    """The rows that are filled in; raises BadInput where a number is none."""
    found = []
    for name, expected in rows:
        if not name.strip() and not expected.strip():
            continue
        persons = expected.strip()
        if not (persons.isdecimal() and persons.isascii() and len(persons) < 7):
            raise BadInput(f"“{name.strip() or '未命名的一类'}”的应到人数应为整数。")
        found.append((name, int(persons)))
    return found
