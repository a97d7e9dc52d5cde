"""How every command refuses: one Chinese sentence on standard error, exit status 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from app.domain.errors import MingceError


class Refusal(click.ClickException):
    """A command's input is wrong, or what it asks cannot be; nothing was changed."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """The bare sentence, without click's English `Error:`."""
        click.echo(self.message, file=file, err=True)


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what the actions refuse into a Refusal."""
    try:
        yield
    except MingceError as error:
        raise Refusal(str(error)) from error
    except OperationalError as error:
        raise Refusal(
            f"数据库不能使用（{error.orig}）。请先运行 flask --app wsgi db upgrade,"
            "并检查 MINGCE_DATA 和磁盘空间。"
        ) from error


class PlainCommand(click.Command):
    """A command that complains of its own arguments in Chinese."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """As click does it."""
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            raise Refusal(usage_sentence(error)) from error


def usage_sentence(error: click.UsageError) -> str:
    """What is wrong with the arguments of a command."""
    hint = _hint(error)
    match error:
        case click.MissingParameter():
            sentence = f"缺少 {hint}。"
        case click.NoSuchOption(option_name=name):
            sentence = f"没有 {name} 这个选项。"
        case click.BadParameter(param=click.Parameter(type=click.IntRange() as span)):
            sentence = f"{hint} 应为{_span(span)}的整数。"
        case click.BadParameter(param=click.Parameter(type=click.Choice() as choice)):
            sentence = f"{hint} 应为下列之一：{'、'.join(map(str, choice.choices))}。"
        case click.BadParameter(param=click.Parameter(type=click.Path() | click.File())):
            sentence = f"{hint} 指定的文件不能读写：{error.message}"
        case click.BadParameter():
            sentence = f"{hint} 的值不对：{error.message}"
        case _:
            sentence = f"命令写法不对：{error.message}"
    usage = error.ctx.command_path if error.ctx else "flask --app wsgi"
    return f"{sentence}用法见 {usage} --help。"


def _hint(error: click.UsageError) -> str:
    parameter = getattr(error, "param", None)
    if parameter is None:
        return "参数"
    return str(parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar)


def _span(span: click.IntRange) -> str:
    if span.max is None:
        return f"不小于 {span.min} "
    return f" {span.min} 到 {span.max} "
