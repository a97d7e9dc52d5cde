"""`flask audit verify`: whether the history of changes is whole."""

from __future__ import annotations

import json

import click
from flask.cli import with_appcontext

from app.actions.audit import verify_history


@click.group("audit")
def audit_group() -> None:
    """操作记录：谁在什么时候把什么改成了什么。"""


@audit_group.command("verify")
@click.option("--expect", default="", metavar="HASH", help="以前抄下的校验值，应仍在记录中")
@with_appcontext
def verify_command(expect: str) -> None:
    """核对操作记录有没有被改过，以 JSON 写出条数和最新一条的校验值。

    校验值可抄在纸上，以后用 --expect 核对。发现问题时退出状态为 1。
    """
    verdict = verify_history(expect.strip().lower())
    fault = verdict.fault
    answer = {
        "entries": verdict.entries,
        "newest": verdict.newest,
        "fault": None if fault is None else {"entry": fault.number, "because": fault.words},
    }
    click.echo(json.dumps(answer, ensure_ascii=False))
    if fault is not None:
        raise SystemExit(1)
