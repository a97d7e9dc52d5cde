"""计票单: printed, signed, kept."""

from __future__ import annotations

from flask import render_template

from admin import blueprint
from admin.qr import qr
from app.actions.count_sheet import count_sheet as load


@blueprint.get("/meetings/<int:meeting_id>/count-sheet")
def count_sheet(meeting_id: int) -> str:
    """The sheet of a closed meeting."""
    sheet = load(meeting_id)
    link = f"{sheet.meeting.base_url}/r/{sheet.meeting.code}"
    return render_template("admin/count_sheet.html", sheet=sheet, link=link, picture=qr(link))
