"""组织: the tree of party organisations."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # old stubs

from admin import blueprint
from admin.forms import BranchesForm, MoveForm, OrganisationForm, RenameForm, text
from app.actions import organisation as actions
from app.actions.organisation import Node
from app.domain.errors import BadInput

Answer = str | Response | tuple[str, int]
NO_PARENT = "0"


@blueprint.get("/organisations")
def organisations() -> str:
    """The tree as a list."""
    return render_template("admin/organisations.html", nodes=actions.organisation_tree())


@blueprint.route("/organisations/new", methods=["GET", "POST"])
def new_organisation() -> Answer:
    """Add one organisation."""
    form = OrganisationForm()
    form.parent_id.choices = _choices(actions.parents_for("branch"))
    made = form.settle(
        lambda: actions.create_organisation(text(form.name), text(form.kind), _parent(form))
    )
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
    """Rename, move or delete one organisation."""
    return _organisation_page(organisation_id, RenameForm(), MoveForm())


@blueprint.post("/organisations/<int:organisation_id>/name")
def rename_organisation(organisation_id: int) -> Answer:
    """Give it another name."""
    form = RenameForm()
    done = form.settle(lambda: actions.rename_organisation(organisation_id, text(form.name)))
    if done is None:
        return _organisation_page(organisation_id, form, MoveForm(formdata=None)), 400
    flash("名称已改。", "success")
    return redirect(url_for("admin.organisations"))


@blueprint.post("/organisations/<int:organisation_id>/parent")
def move_organisation(organisation_id: int) -> Answer:
    """Put it under another organisation."""
    form = MoveForm()
    done = form.settle(lambda: actions.move_organisation(organisation_id, _parent(form)))
    if done is None:
        return _organisation_page(organisation_id, RenameForm(formdata=None), form), 400
    flash(f"“{done.name}”已移动。", "success")
    return redirect(url_for("admin.organisations"))


@blueprint.post("/organisations/<int:organisation_id>/delete")
def delete_organisation(organisation_id: int) -> Response:
    """Delete it, if nothing depends on it."""
    flash(f"已删除“{actions.delete_organisation(organisation_id)}”。", "success")
    return redirect(url_for("admin.organisations"))


def _organisation_page(organisation_id: int, rename: RenameForm, move: MoveForm) -> str:
    found = actions.get_organisation(organisation_id)
    if not rename.is_submitted() or rename.name.data is None:
        rename.name.data = found.name
    move.parent_id.choices = _choices(actions.parents_for(found.kind, found))
    if move.parent_id.data is None:
        move.parent_id.data = str(found.parent_id or NO_PARENT)
    node = next(n for n in actions.organisation_tree() if n.organisation.id == found.id)
    return render_template("admin/organisation.html", node=node, rename=rename, move=move)


def _parent(form: OrganisationForm | MoveForm) -> int | None:
    """The parent chosen, or None for a root; raises BadInput where none of the list was sent."""
    chosen = text(form.parent_id)
    if not (chosen.isdecimal() and chosen.isascii() and len(chosen) < 10):
        raise BadInput("请选择上级党组织。")
    return None if chosen == NO_PARENT else int(chosen)


def _choices(nodes: list[Node]) -> list[SelectChoice]:
    indent = "\N{IDEOGRAPHIC SPACE}"
    return [
        SelectChoice(NO_PARENT, "（没有上级）"),
        *(
            SelectChoice(str(n.organisation.id), indent * n.depth + n.organisation.name)
            for n in nodes
        ),
    ]


def _shown(template: str, form: object, **values: object) -> tuple[str, int]:
    errors = getattr(form, "errors", None)
    return render_template(template, form=form, **values), 400 if errors else 200
