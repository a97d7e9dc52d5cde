"""首页: what is under way, and what to do next."""

from __future__ import annotations

from flask import render_template

from admin import blueprint
from admin.guard import me
from app.actions.organisation import organisation_tree
from app.actions.practice import practice_of
from app.actions.rights import reach_of, visible_meetings, visible_rounds
from app.actions.round import list_rounds, meetings_of


@blueprint.get("/")
def board() -> str:
    """Rounds and meetings; on the first visit the three steps that lead to a meeting."""
    reach = reach_of(me())
    rounds = visible_rounds(reach, list_rounds())
    return render_template(
        "admin/board.html",
        rounds=rounds,
        meetings=visible_meetings(reach, meetings_of(round_.id for round_ in rounds)),
        organisations=len(organisation_tree()),
        practice=practice_of(me().id),
    )
