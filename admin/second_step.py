"""两步登录: set up and removed on one's own account, asked for after the password."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import Form
from admin.guard import begin_session, half_way, local_path, me, open_to_strangers
from admin.limits import limit_failures, name_key, own_key, where_key
from admin.qr import qr
from app.actions import second_step as actions
from app.actions.code import codes_left
from app.domain.code import RECOVERY
from app.domain.errors import BadInput, LoginFailed, SecondStepFailed

Answer = str | Response | tuple[str, int]


@blueprint.route("/login/code", methods=["GET", "POST"])
@open_to_strangers
@limit_failures("30 per minute", where_key)
@limit_failures("5 per minute", name_key)
def log_in_code() -> Answer:
    """The code of the authenticator, or a recovery code."""
    half, form = half_way(), Form()
    wanted = local_path(request.args.get("next"))
    if half is None:
        return redirect(url_for("admin.log_in", next=wanted))
    try:
        passed = form.settle(
            lambda: actions.pass_second_step(
                half.account_id, half.session_version, request.form.get("code", "")
            )
        )
    except LoginFailed:
        return redirect(url_for("admin.log_in", next=wanted))
    if passed is None:
        status = SecondStepFailed.status if form.errors else 200
        return render_template("admin/login_code.html", form=form), status
    account, failures = passed
    begin_session(account.id, account.session_version, account.name)
    if failures >= actions.WORTH_TELLING:
        flash(
            f"上次登录以来，有 {failures} 次密码对而验证码不对。如果不是您本人，请马上修改密码。",
            "danger",
        )
    return redirect(wanted)


@blueprint.route("/second-step", methods=["GET", "POST"])
@limit_failures("5 per minute", own_key)
def second_step() -> Answer:
    """Where it stands, and the one thing that can be done next."""
    form, codes = Form(), None
    try:
        codes = form.settle(_wanted)
    except LoginFailed:
        form.form_errors.append("密码不对。")
    if codes == []:
        return redirect(url_for("admin.second_step"))
    page = render_template(
        "admin/second_step.html", form=form, codes=codes, on=actions.has_second_step(me().id),
        left=codes_left(me().id, RECOVERY), **_setup(),
    )  # fmt: skip
    return page, 401 if form.errors else 200


def _wanted() -> list[str]:
    """Do what the form asks for; recovery codes to be shown, if there are new ones."""
    steps: dict[str, Callable[[], list[str]]] = {
        "begin": _begin,
        "confirm": _confirm,
        "codes": lambda: actions.new_recovery_codes(me().id, _password()),
        "remove": _remove,
    }
    step = steps.get(request.form.get("do", ""))
    if step is None:
        raise BadInput
    return step()


def _begin() -> list[str]:
    actions.begin_setup(me().id, _password())
    return []


def _confirm() -> list[str]:
    account = me()
    codes, version = actions.finish_setup(account.id, request.form.get("code", ""))
    # Whoever else was logged in as this account is so no longer.
    begin_session(account.id, version, account.name)
    return codes


def _remove() -> list[str]:
    actions.remove(me().id, _password())
    flash("两步登录已取消，以后只用密码登录。", "success")
    return []


def _password() -> str:
    return request.form.get("password", "")


def _setup() -> dict[str, object]:
    setup = actions.setup_of(me().id)
    return {"setup": setup, "picture": qr(setup.uri) if setup else None}
