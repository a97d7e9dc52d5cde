"""自评: fill in, submit, look at versions, hand out attachments; the superior's re-check."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form
from app.actions import attachment as files
from app.actions import self_assessment as actions
from app.actions.attachment import FILE_BYTES_MOST, MIME_TYPES, REQUEST_BYTES_MOST, Upload
from app.actions.grading import scheme_of
from app.actions.points import points_of
from app.actions.record import get_record, is_final
from app.actions.self_assessment import LineWish, SelfWish
from app.actions.step import today
from app.models import GradingRecord, SelfAssessment

Answer = str | Response | tuple[str, int]
STATE_WORDS = {
    "draft": "草稿",
    "submitted": "已提交，待复核",
    "returned": "已退回",
    "accepted": "复核通过",
}
ROOM = "admin.self_assessment"


@blueprint.url_value_preprocessor
def _room_for_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """One form takes files. A stranger's is not even read; the session is looked at, no database:

    while a slow upload comes in, nobody else shall wait for it.
    """
    if endpoint == ROOM and "_user_id" in session:
        request.max_content_length = REQUEST_BYTES_MOST


@blueprint.route("/records/<int:record_id>/self", methods=["GET", "POST"])
def self_assessment(record_id: int) -> Answer:
    """Fill in the self-assessment, or see what has been submitted."""
    record, form = get_record(record_id), Form()
    submit = str(current_user.account.name) if "submit" in request.form else None
    saved = form.settle(lambda: actions.save_self(record_id, _wish(record), submit, today()))
    if saved is None:
        return _page(record, form, Form(formdata=None))
    flash("自评已提交，等待上级复核。" if submit else "草稿已保存，还没有提交。", "success")
    return redirect(url_for("admin.self_assessment", record_id=record_id))


@blueprint.get("/records/<int:record_id>/self/<int:version>")
def self_assessment_version(record_id: int, version: int) -> str:
    """An earlier version, as it was submitted."""
    record = get_record(record_id)
    return render_template(
        "admin/self_version.html",
        record=record,
        scheme=scheme_of(record.round),
        points=points_of(record.round),
        assessment=actions.get_version(record_id, version),
    )


@blueprint.post("/records/<int:record_id>/self/accept")
def accept_self(record_id: int) -> Answer:
    """复核通过."""
    return _check(record_id, accepted=True)


@blueprint.post("/records/<int:record_id>/self/return")
def return_self(record_id: int) -> Answer:
    """退回, with reasons."""
    return _check(record_id, accepted=False)


@blueprint.get("/attachments/<int:attachment_id>")
def attachment(attachment_id: int) -> Response:
    """A file, to be saved and never to be shown as a page."""
    found = files.get_attachment(attachment_id)
    return send_file(
        BytesIO(files.content_of(found)),
        mimetype=MIME_TYPES[found.kind],
        as_attachment=True,
        download_name=found.name,
        max_age=0,
    )


@blueprint.app_template_filter("self_state")
def self_state(state: str) -> str:
    """The state of a self-assessment."""
    return STATE_WORDS[state]


@blueprint.app_template_filter("plain")
def plain(score: Decimal | None) -> str:
    """A score as it was typed; nothing where there is none."""
    return "" if score is None else f"{score:f}"


@blueprint.app_template_filter("file_size")
def file_size(size: int) -> str:
    """Bytes as people say them."""
    kilobytes = -(-size // 1024)
    return f"{kilobytes} KB" if kilobytes < 1024 else f"{kilobytes / 1024:.1f} MB"


def _check(record_id: int, *, accepted: bool) -> Answer:
    form = Form()
    words, by = request.form.get("reasons", ""), str(current_user.account.name)

    def act() -> SelfAssessment:
        if accepted:
            return actions.accept_self(record_id, words, by, today())
        again = "accepted" in request.form
        return actions.return_self(record_id, words, by, today(), again)

    if form.settle(act) is None:
        return _page(get_record(record_id), Form(formdata=None), form)
    flash("自评已通过复核。" if accepted else "自评已退回，对方可以修改后重新提交。", "success")
    return redirect(url_for("admin.self_assessment", record_id=record_id))


def _page(record: GradingRecord, form: Form, check: Form) -> tuple[str, int]:
    versions = actions.versions_of(record)
    latest: SelfAssessment | None = versions[0] if versions else None
    frozen = latest is not None and latest.state in ("submitted", "accepted")
    scheme = scheme_of(record.round)
    page = render_template(
        "admin/self_version.html" if frozen else "admin/self_assessment.html",
        record=record, scheme=scheme, domain=scheme.domain(record.domain),
        points=points_of(record.round), final=is_final(record.id), assessment=latest,
        versions=versions, form=form, check=check, text_most=actions.TEXT_MOST,
        kinds=list(MIME_TYPES),
        file_most=FILE_BYTES_MOST, request_most=REQUEST_BYTES_MOST - 2**20,
        lines={line.position: line for line in latest.lines} if latest else {},
    )  # fmt: skip
    return page, 400 if form.errors or check.errors else 200


def _wish(record: GradingRecord) -> SelfWish:
    """What was typed and sent."""
    numbers = range(1, len(scheme_of(record.round).indicators) + 1)
    removed = request.form.getlist("remove")
    return SelfWish(
        present=request.form.get("present", "").strip(),
        report=request.form.get("report", "").strip(),
        claimed=request.form.get("claimed", ""),
        total=request.form.get("total", ""),
        lines=[
            LineWish(request.form.get(f"score-{n}", ""), request.form.get(f"evidence-{n}", ""))
            for n in numbers
        ],
        uploads=list(_uploads([0, *numbers])),
        removed=frozenset(int(text) for text in removed if text.isdecimal() and len(text) < 10),
    )


def _uploads(positions: list[int]) -> Iterator[Upload]:
    for position in positions:
        for file in request.files.getlist(f"file-{position}"):
            if file.filename:
                # One byte more than is lawful is enough to be refused.
                yield Upload(position, file.filename, file.read(FILE_BYTES_MOST + 1))
