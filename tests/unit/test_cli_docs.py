"""docs/cli.md names every command and every option that is ours."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from app.cli.box import verify
from app.cli.demo import demo
from app.cli.meeting import close, meeting_group, sweep_command
from app.cli.simulate import simulate

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text("utf-8")


@pytest.mark.parametrize("command", [demo, simulate, verify, close], ids=lambda c: c.name)
def test_every_option_is_documented(command: click.Command) -> None:
    for parameter in command.params:
        assert parameter.opts[0] in TEXT or parameter.opts[0].upper() in TEXT


def test_every_command_is_documented() -> None:
    for name in ("demo", "simulate", "box verify", sweep_command.name):
        assert f"flask --app wsgi {name}" in TEXT
    for name in meeting_group.commands:
        assert name in TEXT
