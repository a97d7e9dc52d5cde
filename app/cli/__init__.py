"""The commands of `flask --app wsgi`."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Add every command to the application."""
    from app.cli.account import account_group, admin_link
    from app.cli.audit import audit_group
    from app.cli.backup import backup_command, copy_command, restore_command
    from app.cli.box import box_group
    from app.cli.demo import demo
    from app.cli.meeting import meeting_group, sweep_command
    from app.cli.round import round_group
    from app.cli.scheme import scheme_group
    from app.cli.simulate import simulate

    for command in (
        scheme_group,
        admin_link,
        account_group,
        demo,
        meeting_group,
        sweep_command,
        simulate,
        box_group,
        backup_command,
        restore_command,
        copy_command,
        audit_group,
        round_group,
    ):
        app.cli.add_command(command)
