"""`flask backup FILE`, `flask restore FILE`, `flask db-copy TARGET_URL`."""

from __future__ import annotations

from pathlib import Path

import click
from alembic import command
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import Engine

from app.actions.backup import back_up, restore
from app.actions.moving import copy_database
from app.cli.refusal import PlainCommand, refusing
from app.config import database_url

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


@click.command("db-copy", cls=PlainCommand)
@click.argument("url", metavar="TARGET_URL")
@with_appcontext
def copy_command(url: str) -> None:
    """把数据库的全部内容搬到另一个空的数据库里，并逐表核对；先停下服务。"""
    with refusing():
        tables = copy_database(database_url(url), _migrate)
    for table in tables:
        click.echo(f"{table.table}\t{table.rows}\t{table.checksum[:16]}")
    click.echo(
        f"已搬完并核对，共 {sum(table.rows for table in tables)} 行。"
        "把 DATABASE_URL 设为新的地址，再启动服务。",
        err=True,
    )


def _migrate(target: Engine) -> None:
    config = current_app.extensions["migrate"].migrate.get_config()
    config.attributes["engine"] = target
    command.upgrade(config, "head")
