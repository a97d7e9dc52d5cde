"""The commands of `flask --app wsgi`."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Add every command to the application."""
    from app.cli.account import admin_link
    from app.cli.scheme import scheme_group

    app.cli.add_command(scheme_group)
    app.cli.add_command(admin_link)
