"""到会人数: entered before voting opens; who comes late or leaves early is added."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form
from app.actions.attendance import record_attendance
from app.actions.meeting import get_meeting
from app.actions.quorum import Attendance, attendance_of, quorum_clause, quorum_faults
from app.domain.errors import BadInput, MeetingStateChanged

Answer = str | Response | tuple[str, int]
FIELDS = ("present", "late", "gone")


@blueprint.route("/meetings/<int:meeting_id>/attendance", methods=["GET", "POST"])
def meeting_attendance(meeting_id: int) -> Answer:
    """How many came, by group, in numbers only."""
    found, form = get_meeting(meeting_id), Form()
    if found.state not in ("draft", "open"):
        raise MeetingStateChanged

    def record() -> bool:
        wish = {g.code: Attendance(*(_number(f, g.code, g.name) for f in FIELDS)) for g in groups}
        record_attendance(meeting_id, wish)
        return True

    groups = found.groups
    if form.settle(record) is None:
        known = attendance_of(found)
        typed = {
            f"{field}.{code}": str(getattr(numbers, field))
            for code, numbers in known.items()
            for field in FIELDS
        }
        page = render_template(
            "admin/attendance.html",
            meeting=found,
            form=form,
            known=known,
            clause=quorum_clause(found),
            faults=quorum_faults(found),
            typed={**typed, **request.form},
        )
        return page, 400 if form.is_submitted() else 200
    flash("已记下到会人数。", "success")
    return redirect(url_for("admin.meeting", meeting_id=meeting_id))


def _number(field: str, code: str, name: str) -> int:
    text = request.form.get(f"{field}.{code}", "").strip() or "0"
    if not (text.isdecimal() and text.isascii() and len(text) < 6):
        raise BadInput(f"“{name}”的人数应为整数；没有就空着。")
    return int(text)
