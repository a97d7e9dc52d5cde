"""账号: who may log in, as what, for which part of the tree."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form
from admin.guard import me
from app.actions import account as actions
from app.actions.organisation import Node, organisation_tree
from app.actions.rights import reach_of
from app.domain.errors import BadInput
from app.domain.rights import ROLES, may_give

Answer = str | Response | tuple[str, int]


@blueprint.get("/accounts")
def accounts() -> str:
    """The accounts that one sees to."""
    names = {n.organisation.id: n.organisation.name for n in organisation_tree()}
    found = actions.list_accounts(me(), reach_of(me()))
    return render_template("admin/accounts.html", accounts=found, roles=ROLES, names=names)


@blueprint.route("/accounts/new", methods=["GET", "POST"])
def new_account() -> Answer:
    """A new account; its first password is shown once."""
    form = Form()
    name, role = request.form.get("name", ""), request.form.get("role", "")
    made = form.settle(lambda: actions.give_account(me(), reach_of(me()), name, role, _place()))
    if made is None:
        return _page("admin/account.html", form, None)
    return render_template("admin/account_password.html", account=made[0], password=made[1])


@blueprint.route("/accounts/<int:account_id>", methods=["GET", "POST"])
def account(account_id: int) -> Answer:
    """Another role or place, or no more logging in."""
    found = actions.get_account(account_id, me(), reach_of(me()))
    form = Form()
    role, disabled = request.form.get("role", ""), request.form.get("disabled") == "1"
    done = form.settle(
        lambda: actions.change_account(account_id, me(), reach_of(me()), role, _place(), disabled)
    )
    if done is None:
        return _page("admin/account.html", form, found)
    flash(f"“{done.name}”已保存，他须重新登录。", "success")
    return redirect(url_for("admin.accounts"))


@blueprint.post("/accounts/<int:account_id>/password")
def reset_password(account_id: int) -> str:
    """A password for one log-in, shown once."""
    done = actions.reset_password(account_id, me(), reach_of(me()))
    return render_template("admin/account_password.html", **done._asdict())


def _place() -> int | None:
    chosen = request.form.get("organisation", "")
    if chosen and not (chosen.isdecimal() and len(chosen) < 10):
        raise BadInput("请选择负责的党组织。")
    return int(chosen) if chosen else None


def _page(template: str, form: Form, found: object) -> Answer:
    reach = reach_of(me())
    nodes: list[Node] = [
        n for n in organisation_tree()
        if n.organisation.closed_on is None and (reach is None or n.organisation.id in reach)
    ]  # fmt: skip
    page = render_template(
        template, form=form, account=found, nodes=nodes, everywhere=reach is None,
        roles={role: word for role, word in ROLES.items() if may_give(me().role, role)},
    )  # fmt: skip
    return page, 400 if form.errors else 200
