"""组织: the tree of party organisations."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # old stubs

from admin import blueprint
from admin.forms import BranchesForm, Form, MoveForm, OrganisationForm, RenameForm, text
from admin.guard import me
from app.actions import organisation as actions
from app.actions.organisation import Node
from app.actions.rights import reach_of, require
from app.actions.roster import domain_words
from app.actions.step import today
from app.domain.errors import BadInput
from app.models import Organisation

Answer = str | Response | tuple[str, int]
NO_PARENT = "0"


@blueprint.get("/organisations")
def organisations() -> str:
    """The tree as a list."""
    return render_template("admin/organisations.html", nodes=_own_nodes())


@blueprint.route("/organisations/new", methods=["GET", "POST"])
def new_organisation() -> Answer:
    """Add one organisation."""
    form = OrganisationForm()
    form.parent_id.choices = _choices(actions.parents_for("branch"))

    def create() -> Organisation:
        parent_id = _parent(form)
        require(me(), "organisations.edit", (parent_id,))
        return actions.create_organisation(text(form.name), text(form.kind), parent_id)

    made = form.settle(create)
    if made is None:
        return _shown("admin/organisation_new.html", form)
    flash(f"已建立“{made.name}”。", "success")
    return redirect(url_for("admin.organisations"))


@blueprint.route("/organisations/<int:organisation_id>/branches", methods=["GET", "POST"])
def new_branches(organisation_id: int) -> Answer:
    """Add several branches under one organisation."""
    parent = actions.get_organisation(organisation_id)
    form = BranchesForm()
    made = form.settle(
        lambda: actions.create_branches(organisation_id, text(form.names).splitlines())
    )
    if made is None:
        return _shown("admin/branches_new.html", form, parent=parent)
    flash(f"已在“{parent.name}”下建立 {len(made)} 个党支部。", "success")
    return redirect(url_for("admin.organisations"))


@blueprint.get("/organisations/<int:organisation_id>")
def organisation(organisation_id: int) -> str:
    """Everything about one organisation: what it is called, where it stands, what became of it."""
    return _organisation_page(organisation_id, RenameForm(), MoveForm())


@blueprint.post("/organisations/<int:organisation_id>/profile")
def change_profile(organisation_id: int) -> Answer:
    """Its domain, secretary, members."""
    form = Form()
    typed = [request.form.get(n, "") for n in ("domain", "secretary", "members", "last_admitted")]
    done = form.settle(
        lambda: actions.change_profile(
            organisation_id, typed[0], typed[1], typed[2], typed[3], today().year
        )
    )
    if done is None:
        return _organisation_page(
            organisation_id, RenameForm(formdata=None), MoveForm(formdata=None), form
        ), 400
    flash("基本情况已保存。", "success")
    return redirect(url_for("admin.organisation", organisation_id=organisation_id))


@blueprint.post("/organisations/<int:organisation_id>/close")
def close_organisation(organisation_id: int) -> Answer:
    """撤销."""
    reason = request.form.get("reason", "")
    return _ended(
        organisation_id, lambda: actions.close_organisation(organisation_id, reason, today())
    )


@blueprint.post("/organisations/<int:organisation_id>/reopen")
def reopen_organisation(organisation_id: int) -> Answer:
    """恢复."""
    reason = request.form.get("reason", "")
    return _ended(
        organisation_id, lambda: actions.reopen_organisation(organisation_id, reason, today())
    )


@blueprint.post("/organisations/<int:organisation_id>/merge")
def merge_organisation(organisation_id: int) -> Answer:
    """合并到另一个."""
    reason, target = request.form.get("reason", ""), request.form.get("target", "")

    def merge() -> Organisation:
        if not target.isdecimal() or len(target) > 9:
            raise BadInput("请选择合并到哪个党组织。")
        require(me(), "organisations.edit", (int(target),))
        return actions.merge_organisation(organisation_id, int(target), reason, today())

    return _ended(organisation_id, merge)


@blueprint.post("/organisations/<int:organisation_id>/name")
def rename_organisation(organisation_id: int) -> Answer:
    """Give it another name."""
    form = RenameForm()
    done = form.settle(
        lambda: actions.rename_organisation(organisation_id, text(form.name), today())
    )
    if done is None:
        return _organisation_page(organisation_id, form, MoveForm(formdata=None)), 400
    flash("名称已改。", "success")
    return redirect(url_for("admin.organisations"))


@blueprint.post("/organisations/<int:organisation_id>/parent")
def move_organisation(organisation_id: int) -> Answer:
    """Put it under another organisation."""
    form = MoveForm()
    done = form.settle(lambda: _moved(organisation_id, form))
    if done is None:
        return _organisation_page(organisation_id, RenameForm(formdata=None), form), 400
    flash(f"“{done.name}”已移动。", "success")
    return redirect(url_for("admin.organisations"))


@blueprint.post("/organisations/<int:organisation_id>/delete")
def delete_organisation(organisation_id: int) -> Response:
    """Delete it, if nothing depends on it."""
    flash(f"已删除“{actions.delete_organisation(organisation_id)}”。", "success")
    return redirect(url_for("admin.organisations"))


def _moved(organisation_id: int, form: MoveForm) -> Organisation:
    parent_id = _parent(form)
    require(me(), "organisations.edit", (parent_id,))
    return actions.move_organisation(organisation_id, parent_id, today())


def _own_nodes() -> list[Node]:
    reach = reach_of(me())
    return [n for n in actions.organisation_tree() if reach is None or n.organisation.id in reach]


def _ended(organisation_id: int, settle: Callable[[], Organisation]) -> Answer:
    form = Form()
    if form.settle(settle) is None:
        plain = RenameForm(formdata=None), MoveForm(formdata=None)
        return _organisation_page(organisation_id, *plain, None, form), 400
    flash("已办理，沿革写在下面。", "success")
    return redirect(url_for("admin.organisation", organisation_id=organisation_id))


def _organisation_page(
    organisation_id: int,
    rename: RenameForm,
    move: MoveForm,
    profile: Form | None = None,
    end: Form | None = None,
) -> str:
    found = actions.get_organisation(organisation_id)
    if not rename.is_submitted() or rename.name.data is None:
        rename.name.data = found.name
    move.parent_id.choices = _choices(actions.parents_for(found.kind, found))
    if move.parent_id.data is None:
        move.parent_id.data = str(found.parent_id or NO_PARENT)
    tree = _own_nodes()
    return render_template(
        "admin/organisation.html",
        node=next(n for n in tree if n.organisation.id == found.id), rename=rename, move=move,
        profile=profile, end=end, domains=domain_words(), history=actions.history_of(found.id),
        targets=[n for n in tree if n.organisation.id != found.id and not n.organisation.closed_on],
    )  # fmt: skip


def _parent(form: OrganisationForm | MoveForm) -> int | None:
    """The parent chosen, or None for a root; raises BadInput where none of the list was sent."""
    chosen = text(form.parent_id)
    if not (chosen.isdecimal() and chosen.isascii() and len(chosen) < 10):
        raise BadInput("请选择上级党组织。")
    return None if chosen == NO_PARENT else int(chosen)


def _choices(nodes: list[Node]) -> list[SelectChoice]:
    indent, reach = "\N{IDEOGRAPHIC SPACE}", reach_of(me())
    own = [
        SelectChoice(str(n.organisation.id), indent * n.depth + n.organisation.name)
        for n in nodes
        if reach is None or n.organisation.id in reach
    ]
    return own if reach is not None else [SelectChoice(NO_PARENT, "（没有上级）"), *own]


def _shown(template: str, form: object, **values: object) -> tuple[str, int]:
    errors = getattr(form, "errors", None)
    return render_template(template, form=form, **values), 400 if errors else 200
