"""导入导出: the roster of organisations as an Excel file."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from urllib.parse import quote

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form
from app.actions import roster as actions
from app.actions.library import known_domains
from app.actions.step import today
from app.domain.errors import BadInput, LinkInvalid
from app.domain.roster import Line, Plan
from app.security import sign, unsign

Answer = str | Response | tuple[str, int]
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_READ = "roster"


@blueprint.route("/organisations/import", methods=["GET", "POST"])
def roster() -> Answer:
    """Upload a roster and see what importing it would do; nothing is written."""
    form = Form()
    found = form.settle(lambda: actions.read_roster(_uploaded(), today()))
    page = render_template(
        "admin/roster.html",
        form=form,
        found=found,
        carried=_carried(found) if found else "",
        known=known_domains(),
    )
    return page, 400 if form.errors else 200


@blueprint.post("/organisations/import/confirm")
def import_roster() -> Answer:
    """Write what has been shown."""
    form = Form()
    found = form.settle(lambda: actions.import_roster(*_carried_back()))
    if found is None:
        return render_template("admin/roster.html", form=form, found=None, carried=""), 400
    flash(f"已新建 {len(found.new)} 个、更新 {len(found.changed)} 个党组织。", "success")
    return redirect(url_for("admin.organisations"))


@blueprint.get("/organisations/template.xlsx")
def roster_template() -> Response:
    """An empty roster."""
    return _file(actions.roster_template(), "党组织花名册（模板）.xlsx")


@blueprint.get("/organisations/export.xlsx")
def export_roster() -> Response:
    """All organisations, in the columns in which they can be imported."""
    return _file(actions.export_roster(), f"党组织花名册-{today().isoformat()}.xlsx")


def _uploaded() -> bytes:
    file = request.files.get("file")
    content = file.read(actions.FILE_MOST + 1) if file else b""
    if not content:
        raise BadInput("请选择要导入的 .xlsx 文件。")
    return content


def _carried(found: Plan) -> str:
    """The lines of a plan, signed, so that the page can hand them back: no state on the server."""
    lines = [list(item.line) for item in (*found.new, *found.changed, *found.same)]
    packed = zlib.compress(json.dumps([actions.fingerprint(found), lines]).encode(), 9)
    return sign(_READ, base64.b85encode(packed).decode())


def _carried_back() -> tuple[list[Line], str]:
    try:
        packed = base64.b85decode(str(unsign(_READ, request.form.get("carried", ""))))
        shown, lines = json.loads(zlib.decompress(packed))
    except (LinkInvalid, ValueError, zlib.error, binascii.Error) as error:
        raise BadInput("预览已失效，没有导入。请重新上传文件。") from error
    return [Line(*line) for line in lines], shown


def _file(content: bytes, name: str) -> Response:
    answer = make_response(content)
    answer.headers["Content-Type"] = EXCEL
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return answer
