"""统计图: of one round, and of everything that somebody sees; drawn without any script."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from admin import blueprint
from admin.guard import me
from app.actions.dashboard import Wish, round_dashboard, whole_dashboard
from app.actions.rights import holds, reach_of, visible_rounds
from app.actions.round import get_round, list_rounds
from app.actions.step import today

NAME_MOST = 100


@blueprint.get("/charts")
def charts() -> str:
    """Everything in reach, each organisation in the latest round that it is in."""
    reach, wish = reach_of(me()), _wish()
    found = whole_dashboard(visible_rounds(reach, list_rounds()), reach, wish, today())
    return _page(found, wish, "admin.charts", title="统计图", round=None, whole=False)


@blueprint.get("/rounds/<int:round_id>/charts")
def round_charts(round_id: int) -> str:
    """One round, as far as one may see it."""
    round_, reach, wish = get_round(round_id), reach_of(me()), _wish()
    found = round_dashboard(round_, reach, wish, today())
    return _page(
        found, wish, "admin.round_charts",
        title=f"{round_.title}：统计图", round=round_, whole=holds(reach, round_),
    )  # fmt: skip


def _page(found: Any, wish: Wish, endpoint: str, **more: Any) -> str:
    place: dict[str, Any] = {"round_id": more["round"].id} if more["round"] else {}

    def link(**changes: Any) -> str:
        """The address of the page with this changed."""
        new = wish._replace(**changes)
        asked: dict[str, Any] = {
            "domain": new.domain,
            "superior": new.superior_id or "",
            "page": new.page or "",
            "order": "" if new.lowest_first else "high",
        }
        kept = {name: value for name, value in asked.items() if value != ""}
        return url_for(endpoint, **place, **kept)

    return render_template("admin/charts.html", board=found, wish=wish, link=link, **more)


def _wish() -> Wish:
    """What the address asks for; what it cannot mean is left out."""
    return Wish(
        domain=request.args.get("domain", "")[:NAME_MOST],
        superior_id=_number("superior"),
        page=_number("page"),
        lowest_first=request.args.get("order", "") != "high",
    )


def _number(name: str) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else 0
