"""`flask admin-link`: the one-time link at which the first admin sets name and password.

`flask account reset NAME`: a password for somebody whom no admin can help.
"""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from app.actions.account import first_admin_link, reset_by_operator
from app.cli.refusal import PlainCommand, refusing


@click.command("admin-link")
@with_appcontext
def admin_link() -> None:
    """Print the link, or nothing where an account exists."""
    path = first_admin_link()
    if path is not None:
        click.echo(f"{current_app.config['MINGCE'].base_url}{path}")


@click.group("account")
def account_group() -> None:
    """账号：给进不来的人重设密码。"""


@account_group.command("reset", cls=PlainCommand)
@click.argument("name", metavar="NAME")
@with_appcontext
def reset_command(name: str) -> None:
    """重设密码，取消两步登录：唯一的系统管理员忘了密码、丢了手机时用。一次性密码写在标准输出。"""
    with refusing():
        done = reset_by_operator(name)
        disabled, gone = done.account.disabled, done.second_step_gone
    click.echo(done.password)
    click.echo(f"用“{done.account.name}”和这个密码登录一次，然后设自己的密码。", err=True)
    if gone:
        click.echo("原来的两步登录已取消，恢复码已失效。", err=True)
    if disabled:
        click.echo("这个账号已停用，须由管理员恢复以后才能登录。", err=True)
