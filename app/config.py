"""The settings of one process, read from the environment once and frozen."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from click import ClickException

Role = Literal["all", "voting", "admin"]
ROLES: tuple[Role, ...] = ("all", "voting", "admin")

SECRET_FILE = "secret.key"  # noqa: S105 - the name of a file, not a secret
SECRET_CHARACTERS_LEAST = 32
TOKEN_CHARACTERS_LEAST = 20
SECRETS = ("DATABASE_URL", "REDIS_URL", "MINGCE_SECRET_KEY", "MINGCE_METRICS_TOKEN")
"""Settings that a file may hold, so that they stand in no list of processes."""
DATABASE_FILE = "mingce.sqlite"


class ConfigError(ClickException):
    """A setting is missing or wrong; the text says which and what is expected.

    The command line prints it as one sentence, without a traceback, and exits with status 2.
    """

    exit_code = 2


@dataclass(frozen=True)
class Config:
    """Everything that the environment decides.

    data: folder of all that is written at run time; the urns of open meetings lie in it, whatever
    the main database is. base_url: address printed on slips, without
    a trailing slash. role: which doors this process opens. secret_key: signs sessions and links.
    metrics_token: who shows it may read /metrics from anywhere; nobody where it is empty.
    host_url: under which the other hosts reach this one; empty where there is one host only.
    redis_url: by which hosts tell each other what screens show; empty where there is none.
    """

    data: Path
    database_url: str
    base_url: str
    port: int
    role: Role
    secret_key: str
    metrics_token: str = ""
    host_url: str = ""
    redis_url: str = ""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Config:
        """Read the settings; raise ConfigError naming the variable that is wrong."""
        env = _with_files(os.environ if environ is None else environ)
        data = Path(env.get("MINGCE_DATA") or "data").expanduser().absolute()
        _make_folder(data)
        port = _port(env.get("MINGCE_PORT") or "8000")
        host_url = _host_url(env)
        return cls(
            data=data,
            database_url=database_url(
                env.get("DATABASE_URL") or f"sqlite:///{data / DATABASE_FILE}"
            ),
            base_url=base_url(env.get("MINGCE_BASE_URL") or f"http://127.0.0.1:{port}"),
            port=port,
            role=_role(env.get("MINGCE_ROLE") or "all"),
            secret_key=_secret(env.get("MINGCE_SECRET_KEY") or _kept_secret(data / SECRET_FILE)),
            metrics_token=_token(env.get("MINGCE_METRICS_TOKEN") or ""),
            host_url=host_url,
            redis_url=_redis_url(env.get("REDIS_URL") or ""),
        )


def base_url(text: str) -> str:
    """An http(s) address with no path, query or trailing slash; ConfigError otherwise."""
    text = text.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise ConfigError(_BASE_URL_WRONG.format(text)) from error
    lawful = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    if not lawful or parts.path or parts.query or parts.fragment or len(text) > 120:
        raise ConfigError(_BASE_URL_WRONG.format(text))
    if any(character.isspace() or not character.isprintable() for character in text):
        raise ConfigError(_BASE_URL_WRONG.format(text))
    return text


def database_url(text: str) -> str:
    """A database's address as SQLAlchemy writes it; ConfigError where it is of another kind."""
    scheme, _, rest = text.partition("://")
    if scheme in ("postgresql", "postgres"):
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite" and rest.startswith("/"):
        return text
    raise ConfigError(
        "DATABASE_URL 应以 postgresql:// 或 sqlite:/// 开头；不设即可使用默认数据库。"
    )


def _host_url(env: Mapping[str, str]) -> str:
    text = env.get("MINGCE_HOST_URL") or ""
    if not text:
        return ""
    try:
        text = base_url(text)
    except ConfigError as error:
        raise ConfigError(
            f"MINGCE_HOST_URL 不是可用的网址：{text!r}。"
            "请填写其他主机访问本机的地址，如 http://10.0.0.5:8000。"
        ) from error
    if not env.get("MINGCE_SECRET_KEY"):
        raise ConfigError(
            "设置了 MINGCE_HOST_URL 就是几台主机，须同时设置 MINGCE_SECRET_KEY，"
            "各主机填写同一个值。"
        )
    if not env.get("DATABASE_URL"):
        raise ConfigError(
            "设置了 MINGCE_HOST_URL 就是几台主机，须同时设置 DATABASE_URL，"
            "各主机填写同一个 PostgreSQL 数据库。"
        )
    return text


def _redis_url(text: str) -> str:
    if text and urlsplit(text).scheme not in ("redis", "rediss", "unix"):
        raise ConfigError(
            "REDIS_URL 应以 redis://、rediss:// 或 unix:// 开头；只有一台主机时不必设置。"
        )
    return text


_BASE_URL_WRONG = "MINGCE_BASE_URL 不是可用的网址：{!r}。请填写如 http://192.168.1.10:8000 的地址。"


def _with_files(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings, with those of which only a file is named (`DATABASE_URL_FILE`) read."""
    env = dict(environ)
    for name in SECRETS:
        path = env.get(f"{name}_FILE")
        if path and not env.get(name):
            try:
                env[name] = Path(path).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(
                    f"{name}_FILE 指定的文件不能读取：{path}。请检查权限。"
                ) from error
    return env


def _token(text: str) -> str:
    if text and len(text) < TOKEN_CHARACTERS_LEAST:
        raise ConfigError(f"MINGCE_METRICS_TOKEN 太短，至少 {TOKEN_CHARACTERS_LEAST} 个字符。")
    return text


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"MINGCE_DATA 的目录无法建立：{data}（{error.strerror}）。") from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise ConfigError(f"MINGCE_DATA 指定的目录不可写：{data}。请检查权限。")


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ConfigError(f"MINGCE_PORT 应为 1 到 65535 的整数，现为 {text!r}。")
    return int(text)


def _role(text: str) -> Role:
    if text not in ROLES:
        raise ConfigError(f"MINGCE_ROLE 应为 all、voting 或 admin，现为 {text!r}。")
    return text


def _secret(text: str) -> str:
    if len(text) < SECRET_CHARACTERS_LEAST:
        raise ConfigError(f"MINGCE_SECRET_KEY 太短，至少 {SECRET_CHARACTERS_LEAST} 个字符。")
    return text


def _kept_secret(path: Path) -> str:
    """The secret in `path`, drawn on the first start; two first starts agree on one."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    secret = path.read_text().strip()
    if len(secret) < SECRET_CHARACTERS_LEAST:
        raise ConfigError(f"密钥文件 {path} 已损坏。请从备份恢复，或删除后重新启动（需重新登录）。")
    return secret
