"""方案库: import a scheme, write one, copy one, save a new version, withdraw it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import StringField

from admin import blueprint
from admin.forms import Form, asked, at_most, text
from admin.guard import me
from app.actions import scheme_version as actions
from app.actions.library import find_scheme, version_of
from app.actions.scheme import BYTES_MOST
from app.actions.step import today
from app.domain.errors import BadInput, SchemeInvalid
from app.domain.scheme import Scheme
from app.domain.scheme.difference import Line, difference
from app.domain.scheme.explain import Section, explain
from app.domain.scheme.lines import Located, located
from app.models import SchemeVersion

Answer = str | Response | tuple[str, int]
NAME_MOST = 100
PROBLEMS_MOST = 100
COLUMNS_MOST = 2000
NUMBERED_MOST = 2 * actions.LINES_MOST


class CopyForm(Form):
    new_id = StringField("新方案的编号", [asked("编号"), at_most(actions.ID_MOST)])
    title = StringField("新方案的名称", [asked("名称"), at_most(actions.TITLE_MOST)])


class Draft(NamedTuple):
    """A scheme as it stands in the editor. scheme: None while something is wrong with it.

    mark: of the text that has been checked and explained; only that may be saved.
    """

    text: str
    note: str
    origin: str
    problems: Sequence[Located]
    scheme: Scheme | None
    sections: Sequence[Section]
    mark: str


@blueprint.route("/schemes/import", methods=["GET", "POST"])
def import_scheme() -> Answer:
    """Upload a file; it goes into the editor, checked, and is not kept yet."""
    form = Form()
    if not form.validate_on_submit():
        page = render_template("admin/scheme_import.html", form=form, problems=())
        return page, 400 if form.errors else 200
    file = request.files.get("file")
    name = _file_name(file.filename) if file and file.filename else ""
    content = file.read(BYTES_MOST + 1) if file else b""
    if not content:
        form.form_errors.append("请选择一个 .toml 文件，里面应有内容。")
        return render_template("admin/scheme_import.html", form=form, problems=()), 400
    try:
        typed = actions.read_upload(content, name)
    except SchemeInvalid as error:
        page = render_template("admin/scheme_import.html", form=form, problems=error.problems)
        return page, 400
    return _editor(Form(formdata=None), _checked(typed, origin=f"导入自文件 {name}"))


@blueprint.route("/schemes/new", methods=["GET", "POST"])
def new_scheme() -> Answer:
    """Write or paste a scheme, have it checked, read the explanation, keep it."""
    form = Form()
    if not form.validate_on_submit():
        return _editor(form, _draft("", ""))
    draft = _checked(_typed_text(), request.form.get("note", ""), request.form.get("origin", ""))
    if not _wants_to_save(draft):
        return _editor(form, draft)
    try:
        made = form.settle(
            lambda: actions.add_scheme(draft.text, me(), today(), draft.note, draft.origin)
        )
    except SchemeInvalid as error:
        found = located(draft.text, error.problems)
        return _editor(form, _draft(draft.text, draft.note, draft.origin, found))
    if made is None:
        return _editor(form, draft)
    flash(f"方案“{made.title}”已存入方案库，建立轮次时可以选用。", "success")
    return redirect(url_for("admin.scheme", scheme_id=made.scheme_id))


@blueprint.route("/schemes/<scheme_id>/edit", methods=["GET", "POST"])
def edit_scheme(scheme_id: str) -> Answer:
    """Change a scheme of the library; what is saved is a new version."""
    actions.require_own(scheme_id)
    form, newest = Form(), version_of(scheme_id)
    if not form.validate_on_submit():
        return _editor(form, _draft(newest.text, ""), newest)
    draft = _checked(_typed_text(), request.form.get("note", ""), own_id=scheme_id)
    if not _wants_to_save(draft):
        return _editor(form, draft, newest, _base(newest))
    base = _base(newest)
    made = form.settle(
        lambda: actions.add_version(scheme_id, base, draft.text, me(), today(), draft.note)
    )
    if made is None:
        newest = version_of(scheme_id)
        return _editor(form, draft, newest, compare=newest.version != base)
    saved = made.version > base
    words = f"已存为第{made.version}版。" if saved else f"内容和第{made.version}版一样，没有另存。"
    flash(words, "success" if saved else "warning")
    return redirect(url_for("admin.scheme", scheme_id=scheme_id))


@blueprint.route("/schemes/<scheme_id>/copy", methods=["GET", "POST"])
def copy_scheme(scheme_id: str) -> Answer:
    """Copy a scheme, shipped or of the library, under another id and title."""
    source, form = find_scheme(scheme_id), CopyForm()
    made = form.settle(
        lambda: actions.copy_scheme(source, text(form.new_id), text(form.title), me(), today())
    )
    if made is None:
        page = render_template("admin/scheme_copy.html", form=form, scheme=source.scheme)
        return page, 400 if form.errors else 200
    flash(f"已复制为“{made.title}”。请照本地的文件修改；原来的方案不变。", "success")
    return redirect(url_for("admin.edit_scheme", scheme_id=made.scheme_id))


@blueprint.post("/schemes/<scheme_id>/withdraw")
def withdraw_scheme(scheme_id: str) -> Response:
    """Offer it for new rounds no more."""
    return _set_state(scheme_id, withdrawn=True)


@blueprint.post("/schemes/<scheme_id>/restore")
def restore_scheme(scheme_id: str) -> Response:
    """Offer it again."""
    return _set_state(scheme_id, withdrawn=False)


def _set_state(scheme_id: str, *, withdrawn: bool) -> Response:
    act = actions.withdraw_scheme if withdrawn else actions.restore_scheme
    try:
        act(scheme_id, request.form.get("reason", ""), me(), today())
    except BadInput as error:
        flash(str(error), "danger")
    else:
        words = "已停用，新建轮次时不再列出。已有的轮次不受影响。"
        flash(words if withdrawn else "已恢复，新建轮次时可以选用。", "success")
    return redirect(url_for("admin.scheme", scheme_id=scheme_id))


# The editor


def _editor(
    form: Form,
    draft: Draft,
    newest: SchemeVersion | None = None,
    base: int | None = None,
    *,
    compare: bool = False,
) -> tuple[str, int]:
    """The page of the editor. newest: of the scheme that is edited; None for a new one.

    base: the version on which the text is built, the newest unless it is named. compare: shows what
    is different from the newest, which somebody else has saved.
    """
    lines: list[Line] = difference(newest.text, draft.text) if compare and newest else []
    written = draft.text.split("\n")
    page = render_template(
        "admin/scheme_edit.html",
        form=form,
        draft=draft,
        newest=newest,
        base=base or (newest.version if newest else 0),
        compare=compare,
        lines=lines,
        problems=draft.problems[:PROBLEMS_MOST],
        count=len(written),
        written=written[:NUMBERED_MOST],
        columns=min(COLUMNS_MOST, max(map(_columns, written[:NUMBERED_MOST]))),
        wrong={problem.line for problem in draft.problems},
    )
    return page, 400 if form.errors or draft.problems else 200


def _checked(typed: str, note: str = "", origin: str = "", own_id: str = "") -> Draft:
    try:
        scheme = actions.check_text(typed, "方案", own_id)
    except SchemeInvalid as error:
        return _draft(typed, note, origin, located(typed, error.problems))
    return _draft(typed, note, origin, (), scheme)


def _draft(
    typed: str,
    note: str,
    origin: str = "",
    problems: Sequence[Located] = (),
    scheme: Scheme | None = None,
) -> Draft:
    sections = explain(scheme) if scheme else ()
    mark = hashlib.sha256(typed.encode()).hexdigest() if scheme else ""
    return Draft(typed, note, origin, problems, scheme, sections, mark)


def _wants_to_save(draft: Draft) -> bool:
    """Whether this very text has been checked and its explanation seen, and is now to be saved."""
    seen = "save" in request.form and request.form.get("seen", "") == draft.mark
    if "save" in request.form and draft.scheme is not None and not seen:
        flash("检查以后内容又改过。请再看一遍下面的说明，然后保存。", "warning")
    return draft.scheme is not None and seen


def _typed_text() -> str:
    """What stands in the editor: a browser may add an end of line before the first one."""
    return actions.tidy(request.form.get("text", ""))


def _base(newest: SchemeVersion) -> int:
    typed = request.form.get("base", "")
    lawful = typed.isascii() and typed.isdecimal() and len(typed) < 9
    return int(typed) if lawful else newest.version


def _columns(line: str) -> int:
    """How wide a line is in letters; Chinese characters are twice as wide."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def _file_name(name: str) -> str:
    """The name of an upload as pages may show it."""
    last = re.split(r"[\\/]", name)[-1]
    return "".join(c for c in last if c.isprintable())[:NAME_MOST] or "未命名文件"
