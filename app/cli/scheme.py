"""`flask --app wsgi scheme …`: schemes, for people at a terminal and for other programs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask.cli import ScriptInfo
from sqlalchemy.exc import SQLAlchemyError

from app.actions.library import find_scheme
from app.actions.scheme import (
    facts_from_file,
    list_shipped,
    load_shipped,
    parse_file,
    shipped_ids,
)
from app.domain.errors import MingceError, SchemeUnknown
from app.domain.grading import propose
from app.domain.scheme import Scheme, rule_words, scheme_json

REFUSED = 2
"""The exit status when the input is at fault."""


@click.group("scheme")
def scheme_group() -> None:
    """分类定级方案：列出、查看、检查、试算。"""


@scheme_group.command("list")
def list_command() -> None:
    """列出随系统提供的方案。"""
    with _refusing():
        schemes = list_shipped()
        _print([{"id": s.id, "title": s.title, "source": s.source} for s in schemes])


@scheme_group.command("show")
@click.argument("scheme_id", metavar="ID")
def show_command(scheme_id: str) -> None:
    """显示一个方案的全部内容。"""
    with _refusing():
        _print(scheme_json(_find(scheme_id)))


@scheme_group.command("check")
@click.argument("path", metavar="FILE")
def check_command(path: str) -> None:
    """检查一个方案文件，指出所有错误。"""
    with _refusing():
        scheme = parse_file(path)
        rules = [rule_words(scheme, rule) for rule in scheme.rules]
        _print({"valid": True, "id": scheme.id, "title": scheme.title, "rules": rules})


@scheme_group.command("grade")
@click.argument("scheme_id", metavar="ID|FILE")
@click.option("--facts", "facts_path", required=True, metavar="FACTS.json")
def grade_command(scheme_id: str, facts_path: str) -> None:
    """按方案试算一个党组织的等级，并逐条说明理由。"""
    with _refusing():
        scheme, facts = facts_from_file(_find(scheme_id), facts_path)
        _print(propose(scheme, facts).to_json())


def _find(id_or_file: str) -> Scheme:
    """A file where the word looks like one, else a shipped scheme, else one of the library."""
    looks_like_file = Path(id_or_file).suffix == ".toml" or Path(id_or_file).name != id_or_file
    if looks_like_file or os.path.isfile(id_or_file):
        return parse_file(id_or_file)
    if id_or_file not in shipped_ids() and (kept := _in_library(id_or_file)) is not None:
        return kept
    return load_shipped(id_or_file)


def _in_library(scheme_id: str) -> Scheme | None:
    """The newest version in the library; None where there is none, or no database."""
    info = click.get_current_context().find_object(ScriptInfo)
    if info is None:
        return None
    with info.load_app().app_context():
        try:
            return find_scheme(scheme_id).scheme
        except (SchemeUnknown, SQLAlchemyError):
            return None


@contextmanager
def _refusing() -> Iterator[None]:
    """Put a refusal on standard error and end with status 2."""
    try:
        yield
    except MingceError as error:
        click.echo(str(error), err=True)
        raise SystemExit(REFUSED) from error


def _print(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
