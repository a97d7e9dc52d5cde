"""`flask admin-link`: the one-time link at which the first admin sets name and password."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from app.actions.account import first_admin_link


@click.command("admin-link")
@with_appcontext
def admin_link() -> None:
    """Print the link, or nothing where an account exists."""
    path = first_admin_link()
    if path is not None:
        click.echo(f"{current_app.config['MINGCE'].base_url}{path}")
