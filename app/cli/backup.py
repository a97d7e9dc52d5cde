"""`flask backup FILE`, `flask restore FILE`."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from app.actions.backup import back_up, restore
from app.cli.refusal import PlainCommand, refusing

FILE = click.Path(path_type=Path, resolve_path=True)


@click.command("backup", cls=PlainCommand)
@click.argument("file", metavar="FILE", type=FILE)
@with_appcontext
def backup_command(file: Path) -> None:
    """把数据库的全部内容备份成一个文件；不含正在进行的会议的票箱。"""
    with refusing():
        done = back_up(file)
    click.echo(f"已备份到 {file}，共 {done.rows} 行。")
    if done.open:
        click.echo(
            f"有 {done.open} 个测评会正在进行：它们的测评票和选票不在备份里，也不应有别的副本。",
            err=True,
        )


@click.command("restore", cls=PlainCommand)
@click.argument("file", metavar="FILE", type=FILE)
@with_appcontext
def restore_command(file: Path) -> None:
    """把备份文件恢复到新建的空数据库里。"""
    with refusing():
        rows = restore(file)
    click.echo(f"已恢复，共 {rows} 行。")
