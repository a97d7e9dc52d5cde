"""The door with accounts: organisations, rounds, records, meetings, slips, count sheets."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("admin", __name__, url_prefix="/admin", template_folder="templates")

from admin import (  # noqa: E402, F401 - they add their routes to the blueprint
    account,
    accounts,
    assessment,
    attendance,
    audit,
    board,
    charts,
    confirmation,
    count_sheet,
    countdown,
    coverage,
    final,
    guard,
    library,
    meeting,
    notice,
    organisation,
    paper,
    practice,
    record,
    rectification,
    rehearsal,
    replacement,
    report,
    rights,
    roster,
    round,
    scheme,
    second_step,
    self_assessment,
    slip,
    step,
    survey,
    venue,
    wizard,
    words,
)
