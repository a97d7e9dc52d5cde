"""轮次: start one, see all its records side by side, change who takes part."""

from __future__ import annotations

from functools import partial

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form, RoundForm, text
from admin.guard import me
from app.actions import round as actions
from app.actions.coverage import due_members
from app.actions.grading import scheme_of
from app.actions.library import find_scheme, offered, to_apply
from app.actions.organisation import Node, organisation_tree
from app.actions.record import list_statuses
from app.actions.rights import holds, reach_of, require, visible_meetings, visible_rounds
from app.actions.round import Member, RoundWish
from app.domain.errors import BadInput, DomainUnknown
from app.domain.scheme import Scheme
from app.models import Organisation, Round

Answer = str | Response | tuple[str, int]
MEMBERS_MOST = 2000


@blueprint.get("/rounds")
def rounds() -> str:
    """All rounds."""
    return render_template(
        "admin/rounds.html", rounds=visible_rounds(reach_of(me()), actions.list_rounds())
    )


@blueprint.get("/rounds/new")
def choose_scheme() -> str:
    """First the scheme: it decides what else is asked."""
    return render_template("admin/round_scheme.html", schemes=offered(), nodes=organisation_tree())


@blueprint.route("/rounds/new/<scheme_id>", methods=["GET", "POST"])
def new_round(scheme_id: str) -> Answer:
    """Title, ladder, who takes part."""
    # Who has opened the page before keeps what has been typed, whatever became of the scheme.
    kept = to_apply(scheme_id) if request.method == "GET" else find_scheme(scheme_id)
    form = RoundForm()
    scheme = kept.scheme

    def create() -> Round:
        members = tuple(due_members(scheme, _holder())) if _everybody() else _members()
        require(me(), "round.edit", (_holder(), *(m.organisation_id for m in members)))
        return actions.create_round(
            RoundWish(
                text(form.title), scheme_id, form.ladder.data or None, form.totals_only.data,
                members, _holder(), _seen(),
            )
        )  # fmt: skip

    made = form.settle(create)
    if made is None:
        nodes = [n for n in _own_nodes() if n.organisation.closed_on is None]
        page = render_template(
            "admin/round_new.html",
            form=form, scheme=scheme, version=kept.version, nodes=nodes,
            domain_of=partial(_domain_of, scheme),
        )  # fmt: skip
        return page, 400 if form.errors else 200
    flash(f"已建立“{made.title}”，每个党组织有了一份定级记录。", "success")
    return redirect(url_for("admin.round_page", round_id=made.id))


@blueprint.get("/rounds/<int:round_id>")
def round_page(round_id: int) -> str:
    """The round's board: one line for each organisation that one may see."""
    round_ = actions.get_round(round_id)
    reach = reach_of(me())
    return render_template(
        "admin/round.html",
        round=round_,
        scheme=scheme_of(round_),
        statuses=[
            s for s in list_statuses(round_) if reach is None or s.record.organisation_id in reach
        ],
        whole=holds(reach, round_),
        meetings=visible_meetings(reach, actions.meetings_of([round_.id])),
    )


@blueprint.route("/rounds/<int:round_id>/members", methods=["GET", "POST"])
def new_members(round_id: int) -> Answer:
    """Let further organisations take part."""
    round_ = actions.get_round(round_id)
    form = Form()

    def add() -> int:
        members = _members()
        require(me(), "round.edit", (m.organisation_id for m in members))
        return actions.add_members(round_id, members)

    number = form.settle(add)
    if number is None:
        outside = set(actions.organisations_outside(round_))
        nodes = [n for n in _own_nodes() if n.organisation.id in outside]
        page = render_template(
            "admin/members_new.html",
            form=form, round=round_, scheme=scheme_of(round_), nodes=nodes,
            domain_of=partial(_domain_of, scheme_of(round_)),
        )  # fmt: skip
        return page, 400 if form.errors else 200
    flash(f"已加入 {number} 个党组织。", "success")
    return redirect(url_for("admin.round_page", round_id=round_id))


@blueprint.post("/records/<int:record_id>/remove")
def remove_member(record_id: int) -> Response:
    """Take an organisation out of its round."""
    round_id = actions.remove_member(record_id)
    flash("已移出本轮。", "success")
    return redirect(url_for("admin.round_page", round_id=round_id))


def _own_nodes() -> list[Node]:
    reach = reach_of(me())
    return [n for n in organisation_tree() if reach is None or n.organisation.id in reach]


def _everybody() -> bool:
    """Whether all who are to be graded shall take part, rather than those ticked."""
    return request.form.get("everybody") == "1"


def _holder() -> int | None:
    chosen = request.form.get("holder", "")
    return int(chosen) if chosen.isdecimal() and len(chosen) < 10 else None


def _seen() -> int | None:
    """The version of the scheme of which the page spoke; None of a shipped one."""
    seen = request.form.get("version", "")
    return int(seen) if seen.isdecimal() and seen.isascii() and len(seen) < 9 else None


def _domain_of(scheme: Scheme, organisation: Organisation) -> str:
    """The code of the domain that the organisation has, where this scheme knows it."""
    try:
        return scheme.domain(organisation.domain).code if organisation.domain else ""
    except DomainUnknown:
        return ""


def _members() -> tuple[Member, ...]:
    """The organisations ticked, each with the domain chosen beside it."""
    ticked = request.form.getlist("organisation")
    if len(ticked) > MEMBERS_MOST:
        abort(413)
    if not all(t.isdecimal() and t.isascii() and len(t) < 10 for t in ticked):
        raise BadInput("所选党组织有变化，请刷新页面重选。")
    return tuple(Member(int(text), request.form.get(f"domain-{int(text)}", "")) for text in ticked)
