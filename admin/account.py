"""The first admin, logging in and out, changing the password."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import FirstAdminForm, LoginForm, PasswordForm, text
from admin.guard import begin_half, begin_session, end_session, local_path, open_to_strangers
from admin.limits import limit_failures, name_key, own_key, where_key
from app.actions import account
from app.domain.errors import LoginFailed

Answer = str | Response | tuple[str, int]


@blueprint.route("/first/<signed>", methods=["GET", "POST"])
@open_to_strangers
def first(signed: str) -> Answer:
    """The first admin sets name and password, once."""
    account.check_first_admin_link(signed)
    form = FirstAdminForm()
    made = form.settle(
        lambda: account.create_first_admin(signed, text(form.name), text(form.password))
    )
    if made is None:
        return render_template("admin/first.html", form=form), 400 if form.errors else 200
    begin_session(made.id, made.session_version, made.name)
    return redirect(url_for("admin.board"))


@blueprint.route("/login", methods=["GET", "POST"])
@open_to_strangers
@limit_failures("30 per minute", where_key)
@limit_failures("5 per minute", name_key)
def log_in() -> Answer:
    """Name and password."""
    form = LoginForm()
    if not form.validate_on_submit():
        return render_template("admin/login.html", form=form), 400 if form.errors else 200
    try:
        found = account.log_in(text(form.name), text(form.password))
    except LoginFailed as error:
        form.form_errors.append(str(error))
        return render_template("admin/login.html", form=form), error.status
    wanted = local_path(request.args.get("next"))
    if found.totp_on:
        begin_half(found.id, found.session_version, found.name)
        return redirect(url_for("admin.log_in_code", next=wanted))
    begin_session(found.id, found.session_version, found.name)
    return redirect(wanted)


@blueprint.post("/logout")
def log_out() -> Response:
    """End the account's sessions."""
    account.log_out(current_user.account.id)
    end_session()
    return redirect(url_for("admin.log_in"))


@blueprint.route("/password", methods=["GET", "POST"])
@limit_failures("5 per minute", own_key)
def password() -> Answer:
    """Change one's own password."""
    form = PasswordForm()
    if not form.validate_on_submit():
        return render_template("admin/password.html", form=form), 400 if form.errors else 200
    try:
        account.change_password(current_user.account.id, text(form.old), text(form.password))
    except LoginFailed as error:
        form.old.errors = ["原密码不对。"]
        return render_template("admin/password.html", form=form), error.status
    end_session()
    flash("密码已改，请用新密码登录。", "success")
    return redirect(url_for("admin.log_in"))
