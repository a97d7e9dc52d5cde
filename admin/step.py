"""步骤和进度: the days of a round's steps, its points, and where each organisation stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form
from app.actions import step as actions
from app.actions.grading import scheme_of
from app.actions.points import points_of, set_points
from app.actions.round import get_round
from app.actions.standing import SORTS, Reminder, Wish, look_at, reminders
from app.actions.step import Planned, today
from app.domain.step import Span
from app.models import Round

Answer = str | Response | tuple[str, int]
TEXT_MOST = 100


@blueprint.get("/rounds/<int:round_id>/progress")
def progress_board(round_id: int) -> str:
    """Where each organisation stands, by page; late ones and reminders."""
    round_, wish = get_round(round_id), _wish()
    return render_template(
        "admin/progress.html",
        round=round_,
        scheme=scheme_of(round_),
        board=look_at(round_, wish, today()),
        wish=wish,
        link=_link(round_id, wish),
    )


@blueprint.route("/rounds/<int:round_id>/steps", methods=["GET", "POST"])
def round_steps(round_id: int) -> Answer:
    """Set the days of each step."""
    round_, form = get_round(round_id), Form()
    plan = actions.plan(round_, today())
    typed = _typed_days(len(plan))
    if form.settle(lambda: actions.set_days(round_id, typed)) is None:
        year = _year()
        proposed = actions.suggested_days(round_, year)
        days = typed if form.is_submitted() else _shown_days(plan, proposed)
        page = render_template(
            "admin/steps.html",
            form=form, round=round_, plan=plan, days=days, year=year, proposed=proposed,
            filled_in=not form.is_submitted() and _undated(plan) and any(map(any, proposed)),
        )  # fmt: skip
        return page, 400 if form.errors else 200
    flash("日期已保存。", "success")
    return redirect(url_for("admin.progress_board", round_id=round_id))


@blueprint.route("/rounds/<int:round_id>/points", methods=["GET", "POST"])
def round_points(round_id: int) -> Answer:
    """Give the indicators their points, or let totals do."""
    round_, form = get_round(round_id), Form()
    scheme = scheme_of(round_)
    typed = [request.form.get(f"points-{n}", "") for n in range(1, len(scheme.indicators) + 1)]
    wish = None if "totals" in request.form else typed
    if form.settle(lambda: set_points(round_id, wish)) is None:
        kept = [f"{points:f}" for points in points_of(round_) or ()]
        page = render_template(
            "admin/points.html",
            form=form, round=round_, scheme=scheme,
            points=typed if form.is_submitted() else kept or [""] * len(typed),
        )  # fmt: skip
        return page, 400 if form.errors else 200
    flash("已改为只录总分。" if wish is None else "各项指标的分值已保存。", "success")
    return redirect(url_for("admin.round_page", round_id=round_id))


@blueprint.app_template_global("reminders_of")
def reminders_of(round_: Round) -> list[Reminder]:
    """What to see to in a round today."""
    return reminders(round_, today())


def _wish() -> Wish:
    """What the address asks of the board; what it cannot mean is left out."""

    def number(name: str) -> int:
        text = request.args.get(name, "")
        return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else 0

    sort = request.args.get("sort", "")
    return Wish(
        text=request.args.get("text", "").strip()[:TEXT_MOST],
        domain=request.args.get("domain", "")[:TEXT_MOST],
        superior_id=number("superior"),
        step=number("step"),
        state=request.args.get("state", "")[:TEXT_MOST],
        sort=sort if sort.removeprefix("-") in SORTS else "order",
        page=number("page") or 1,
    )


def _link(round_id: int, wish: Wish) -> Any:
    """`link(page=2)`: the board's address with this changed; page 1 unless it is named."""

    def link(**changes: Any) -> str:
        new = wish._replace(page=1)._replace(**changes)
        asked: dict[str, Any] = {
            "text": new.text,
            "domain": new.domain,
            "superior": new.superior_id or "",
            "step": new.step or "",
            "state": new.state,
            "sort": new.sort if new.sort != "order" else "",
            "page": new.page if new.page > 1 else "",
        }
        kept = {name: value for name, value in asked.items() if value != ""}
        return url_for("admin.progress_board", round_id=round_id, **kept)

    return link


def _typed_days(number: int) -> list[tuple[str, str]]:
    return [
        (request.form.get(f"starts-{n}", "")[:20], request.form.get(f"ends-{n}", "")[:20])
        for n in range(1, number + 1)
    ]


def _shown_days(plan: Sequence[Planned], proposed: Sequence[Span]) -> list[tuple[str, str]]:
    """The days that are set; where none is, those of the document."""
    spans = proposed if _undated(plan) else [planned.span for planned in plan]
    return [(_iso(span.starts), _iso(span.ends)) for span in spans]


def _undated(plan: Sequence[Planned]) -> bool:
    return not any(map(any, (planned.span for planned in plan)))


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _year() -> int:
    """For which year the document's days are offered: this one unless the address says so."""
    text = request.args.get("year", "")
    lawful = text.isdecimal() and text.isascii() and 2000 <= int(text[:9]) <= 2100
    return int(text) if lawful else today().year
