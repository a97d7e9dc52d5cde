"""表和台账: the forms of a round, a record, a meeting, a notice: on the page, in Excel, in Word."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, NamedTuple
from urllib.parse import quote

from flask import abort, current_app, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from app.actions import report as actions
from app.actions.grading import scheme_of
from app.actions.meeting import get_meeting
from app.actions.notice import notices_of
from app.actions.objection import versions_of
from app.actions.office import DRAFT, EXCEL, WORD, titled, to_excel, to_word
from app.actions.record import get_record
from app.actions.round import get_round, meetings_of
from app.actions.step import today
from app.domain.report import KINDS, TITLES, Document, Kind, serving
from app.models import Round

_WRITERS: dict[str, tuple[Callable[[Document], bytes], str]] = {
    "xlsx": (to_excel, EXCEL),
    "docx": (to_word, WORD),
}


class Asked(NamedTuple):
    """A form that the scheme demands. to: who gets it; kind: which of ours serves it."""

    name: str
    to: str
    kind: Kind | None


@blueprint.get("/rounds/<int:round_id>/forms")
def round_forms(round_id: int) -> str:
    """Every form of a round, and which of them its scheme asks for."""
    round_ = get_round(round_id)
    return render_template(
        "admin/reports.html",
        round=round_,
        kinds=[kind for kind in KINDS if kind.place == "round"],
        names=actions.names_of(round_),
        asked=_asked(round_),
        meetings=[m for m in meetings_of([round_id]) if m.state != "voided"],
        notices=notices_of(round_id),
    )


@blueprint.get("/rounds/<int:round_id>/forms/<name>")
def show_round_form(round_id: int, name: str) -> str:
    """A form of a round, to look at and to print."""
    round_ = get_round(round_id)
    return _page(actions.round_form(round_, _known(name, actions.ROUND_FORMS), today()))


@blueprint.get("/rounds/<int:round_id>/forms/<name>.<kind>")
def download_round_form(round_id: int, name: str, kind: str) -> Response:
    """A form of a round as a file."""
    round_ = get_round(round_id)
    return _file(actions.round_form(round_, _known(name, actions.ROUND_FORMS), today()), kind)


@blueprint.get("/records/<int:record_id>/forms/<name>")
def show_record_form(record_id: int, name: str) -> str:
    """A form of a record, to look at and to print."""
    record = get_record(record_id)
    return _page(actions.record_form(record, _known(name, actions.RECORD_FORMS), today()))


@blueprint.get("/records/<int:record_id>/forms/<name>.<kind>")
def download_record_form(record_id: int, name: str, kind: str) -> Response:
    """A form of a record as a file."""
    record = get_record(record_id)
    return _file(actions.record_form(record, _known(name, actions.RECORD_FORMS), today()), kind)


@blueprint.get("/meetings/<int:meeting_id>/forms/<name>")
def show_meeting_form(meeting_id: int, name: str) -> str | Response:
    """A form of a meeting, to look at and to print; the count sheet has a page of its own."""
    if _known(name, actions.MEETING_FORMS) == "count-sheet":
        return redirect(url_for("admin.count_sheet", meeting_id=meeting_id))
    return _page(actions.meeting_form(get_meeting(meeting_id), name))


@blueprint.get("/meetings/<int:meeting_id>/forms/<name>.<kind>")
def download_meeting_form(meeting_id: int, name: str, kind: str) -> Response:
    """A form of a meeting as a file."""
    meeting = get_meeting(meeting_id)
    return _file(actions.meeting_form(meeting, _known(name, actions.MEETING_FORMS)), kind)


@blueprint.get("/notices/<code>/form")
def show_notice_form(code: str) -> str:
    """The newest version of a notice as it is posted, sealed."""
    return _page(_notice_form(code))


@blueprint.get("/notices/<code>/form.<kind>")
def download_notice_form(code: str, kind: str) -> Response:
    """The same as a file."""
    return _file(_notice_form(code), kind)


def _notice_form(code: str) -> Document:
    link = f"{current_app.config['MINGCE'].base_url}/n/{code}"
    return actions.notice_form(versions_of(code)[0], link)


def _asked(round_: Round) -> list[Asked]:
    forms: list[dict[str, Any]] = scheme_of(round_).data.get("forms", [])
    return [Asked(form["name"], form.get("to", ""), serving(form["name"])) for form in forms]


@blueprint.app_template_global("form_titles")
def form_titles() -> dict[str, str]:
    """For templates: what each form is usually called, by its name in addresses."""
    return TITLES


def _known(name: str, forms: Container[str]) -> str:
    if name not in forms:
        abort(404)
    return name


def _page(form: Document) -> str:
    return render_template("admin/report.html", form=form, title=titled(form))


def _file(form: Document, kind: str) -> Response:
    if kind not in _WRITERS:
        abort(404)
    write, media_type = _WRITERS[kind]
    answer = make_response(write(form))
    title = form.title.rsplit("\n", 1)[-1]
    about = f"（{form.about}）" if form.about else ""
    name = f"{title}{about}{DRAFT if form.draft else ''}.{kind}"
    answer.headers["Content-Type"] = media_type
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return answer
