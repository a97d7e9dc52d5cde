"""`make serve`: set up what is missing, bring the database up to date, say where, and serve."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct
import subprocess
from pathlib import Path

from tools.console import ROOT, StopError, prepare_output, say, stop
from tools.setup import VENV, set_up

LOOPBACK = "127.0.0.1"
# Where a packet to these would leave from; connecting a UDP socket sends none.
PRIVATE_ADDRESSES = ("10.254.254.254", "192.168.254.254", "172.31.254.254")
SIOCGIFADDR = 0x8915


def main() -> None:
    """Become gunicorn; whatever stands in the way ends in one sentence and exit status 1."""
    prepare_output()
    try:
        port = _port(os.environ.get("MINGCE_PORT") or "8000")
        host = os.environ.get("MINGCE_BIND") or "0.0.0.0"  # noqa: S104 - phones must reach it
        _refuse_taken_port(host, port)
        env = {**os.environ, **_settings(port)}
        set_up("serve")
        # The database and all else that is written from here on is for this account only.
        os.umask(0o077)
        say("更新数据库…")
        _flask(env, "db", "upgrade")
        # What it could not remove it says itself; that must not keep the doors shut.
        _flask(env, "sweep", may_fail=True)
        link = _flask(env, "admin-link")
    except StopError as reason:
        stop(reason)
    _announce(env["MINGCE_BASE_URL"], port, link)
    gunicorn = VENV / "bin" / "gunicorn"
    os.chdir(ROOT)
    os.execve(gunicorn, [str(gunicorn), "--config", "gunicorn.conf.py"], env)


def local_address() -> str:
    """This machine's address on the local network, found without sending anything.

    The address of the way out; where there is none, that of the first interface that has one;
    else the loopback address.
    """
    for target in PRIVATE_ADDRESSES:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((target, 9))
            except OSError:
                continue
            address = str(probe.getsockname()[0])
            if not address.startswith("127."):
                return address
    return next(iter(_interface_addresses()), LOOPBACK)


def _interface_addresses() -> list[str]:
    addresses = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            try:
                answer = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, request)
            except OSError:
                continue
            address = socket.inet_ntoa(answer[20:24])
            if not address.startswith("127."):
                addresses.append(address)
    return addresses


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 65535:
        raise StopError(f"MINGCE_PORT 应为 1 到 65535 的整数，现为 {text!r}。")
    return int(text)


def _settings(port: int) -> dict[str, str]:
    """What the service is told in its environment: the data folder, made, and its address."""
    data = Path(os.environ.get("MINGCE_DATA") or ROOT / "data").expanduser().absolute()
    base = os.environ.get("MINGCE_BASE_URL") or f"http://{local_address()}:{port}"
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StopError(f"数据目录无法建立：{data}（{error.strerror}）。") from error
    if not os.access(data, os.R_OK | os.W_OK | os.X_OK):
        raise StopError(f"数据目录不可写：{data}。请检查权限，或用 MINGCE_DATA 另指一个目录。")
    workers = os.environ.get("MINGCE_WORKERS") or ""
    if workers and not (workers.isascii() and workers.isdecimal() and 1 <= int(workers) <= 256):
        raise StopError(f"MINGCE_WORKERS 应为 1 到 256 的整数，现为 {workers!r}。")
    return {"MINGCE_DATA": str(data), "MINGCE_BASE_URL": base, "MINGCE_PORT": str(port)}


def _refuse_taken_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                reason = "已被其他程序占用。请先停掉那个程序，或用 MINGCE_PORT 换一个端口。"
            elif error.errno == errno.EACCES:
                reason = "需要管理员权限。请用 MINGCE_PORT 换一个 1024 以上的端口。"
            else:
                reason = f"不能使用（{error.strerror}）。请检查 MINGCE_BIND 与 MINGCE_PORT。"
            raise StopError(f"端口 {port} {reason}") from error


def _flask(env: dict[str, str], *words: str, may_fail: bool = False) -> str:
    """Standard output of a command of the application; its complaint stands on standard error."""
    done = subprocess.run(
        [str(VENV / "bin" / "flask"), "--app", "wsgi", *words],
        check=False,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode != 0 and not may_fail:
        raise StopError("没有启动，原因见上。")
    return done.stdout.strip()


def _announce(base: str, port: int, link: str) -> None:
    say("")
    say(f"  手机入口  {base}/")
    say(f"  管理入口  {base}/admin/")
    if link:
        say("\n  首次使用，请在浏览器中打开下面的链接，设置第一位管理员（只能用一次）:")
        say(f"  {link}")
    if f"//{LOOPBACK}" in base:
        say("\n  没有找到局域网地址，手机连不上这台电脑。请接入会场的 Wi-Fi 后重新启动，")
        say(f"  或用 MINGCE_BASE_URL=http://本机地址:{port} 指明。")
    say("\n  按 Ctrl+C 停止。\n")


if __name__ == "__main__":
    main()
