"""表和台账: the forms of a round and of a record, on the page, in Excel and in Word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from flask import abort, make_response, render_template
from werkzeug.wrappers import Response

from admin import blueprint
from app.actions.grading import scheme_of
from app.actions.office import DRAFT, EXCEL, WORD, to_excel, to_word
from app.actions.record import get_record
from app.actions.report import RECORD_FORMS, ROUND_FORMS, record_form, round_form
from app.actions.round import get_round
from app.actions.step import today
from app.domain.report import Document

_WRITERS: dict[str, tuple[Callable[[Document], bytes], str]] = {
    "xlsx": (to_excel, EXCEL),
    "docx": (to_word, WORD),
}


@blueprint.get("/rounds/<int:round_id>/forms")
def round_forms(round_id: int) -> str:
    """Every form of a round, those that its scheme asks for marked."""
    round_ = get_round(round_id)
    return render_template(
        "admin/reports.html",
        round=round_, forms=ROUND_FORMS, asked=scheme_of(round_).data.get("forms", ()),
    )  # fmt: skip


@blueprint.get("/rounds/<int:round_id>/forms/<name>")
def show_round_form(round_id: int, name: str) -> str:
    """A form of a round, to look at and to print."""
    round_ = get_round(round_id)
    return _page(round_form(round_, _known(name, ROUND_FORMS), today()))


@blueprint.get("/rounds/<int:round_id>/forms/<name>.<kind>")
def download_round_form(round_id: int, name: str, kind: str) -> Response:
    """A form of a round as a file."""
    round_ = get_round(round_id)
    return _file(round_form(round_, _known(name, ROUND_FORMS), today()), kind)


@blueprint.get("/records/<int:record_id>/forms/<name>")
def show_record_form(record_id: int, name: str) -> str:
    """A form of a record, to look at and to print."""
    record = get_record(record_id)
    return _page(record_form(record, _known(name, RECORD_FORMS), today()))


@blueprint.get("/records/<int:record_id>/forms/<name>.<kind>")
def download_record_form(record_id: int, name: str, kind: str) -> Response:
    """A form of a record as a file."""
    record = get_record(record_id)
    form = record_form(record, _known(name, RECORD_FORMS), today())
    return _file(form, kind, record.organisation.name)


def _known(name: str, forms: Mapping[str, object]) -> str:
    if name not in forms:
        abort(404)
    return name


def _page(form: Document) -> str:
    return render_template("admin/report.html", form=form, draft=DRAFT)


def _file(form: Document, kind: str, about: str = "") -> Response:
    if kind not in _WRITERS:
        abort(404)
    write, media_type = _WRITERS[kind]
    answer = make_response(write(form))
    name = f"{form.title}{f'（{about}）' if about else ''}{DRAFT if form.draft else ''}.{kind}"
    answer.headers["Content-Type"] = media_type
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return answer
