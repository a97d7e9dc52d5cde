"""The server process as operators meet it: starts, stops, keeps quiet about who came."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.serving import ROOT, Server


def test_the_server_stops_cleanly_though_connections_are_open(
    server: Server,
) -> None:
    with _connection(server, b"GET /healthz HTTP/1.1\r\nHost: test\r\n") as unfinished:
        status = server.stop()
        assert status == 0
        # Cut off where no worker had accepted it yet.
        with suppress(ConnectionResetError):
            assert unfinished.recv(100) == b""


def test_the_server_stops_cleanly_though_screens_follow_a_meeting(
    server: Server,
) -> None:
    meeting = json.loads(
        server.flask(
            "demo", "--scheme", "huaixiang-2012", "--subjects", "1", "--slips", "5", "--json"
        )
    )["meeting"]
    request = f"GET /api/v1/meetings/{meeting}/events HTTP/1.1\r\nHost: test\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(20):
            stream = stack.enter_context(_connection(server, request.encode()))
            assert stream.recv(100).startswith(b"HTTP/1.1 200")
        assert server.stop() == 0


def test_a_killed_server_starts_again_on_the_same_data(server: Server) -> None:
    server.kill()
    server.start()
    assert server.stop() == 0


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /secretpath HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: test\r\nSecret header\r\n\r\n",
        b"GET /" + b"secret" * 1000 + b" HTTP/1.1\r\n\r\n",
        b"POST /secret HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: secret\r\n\r\n",
    ],
)
def test_no_log_tells_who_sent_a_malformed_request_or_what_was_in_it(
    server: Server, request_bytes: bytes
) -> None:
    with _connection(server, request_bytes) as connection:
        assert connection.recv(100).startswith((b"HTTP/1.1 4", b"HTTP/1.1 501"))
    server.stop()
    written = server.log_text() + (server.data / "logs" / "error.log").read_text()
    assert "malformed request" in written
    assert "secret" not in written.lower()
    assert "127.0.0.1" not in written.replace(f"http://127.0.0.1:{server.port}", "")


def test_what_the_server_writes_is_readable_by_its_own_account_only(server: Server) -> None:
    written = list(server.data.rglob("*"))
    assert server.data / "secret.key" in written
    assert [path for path in written if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_no_second_service_joins_the_workers_at_their_port(server: Server) -> None:
    second = subprocess.run(
        [Path(sys.executable).parent / "gunicorn", "--config", "gunicorn.conf.py"],
        cwd=ROOT,
        env=server.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert second.returncode != 0
    assert f"端口 {server.port}" in second.stderr
    assert "MINGCE_PORT" in second.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody else may look into the workers")
def test_the_phones_are_shared_out_among_the_workers(server: Server) -> None:
    """All come one after the other, while nobody is busy; chance leaves a worker without: 2^-59."""
    request = b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(60):
            phone = stack.enter_context(_connection(server, request))
            assert phone.recv(100).startswith(b"HTTP/1.1 200")
        held = [_sockets(worker) for worker in server.processes()[1:]]
        assert all(held), held


def _sockets(process: int) -> int:
    """How many connections of phones it holds."""
    established, found = "01", 0
    links = [
        os.readlink(link) for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink()
    ]
    mine = {link[8:-1] for link in links if link.startswith("socket:[")}
    for line in Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        found += words[3] == established and words[9] in mine
    return found


def test_a_port_in_use_ends_the_start_with_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = _serve(MINGCE_DATA=str(tmp_path), MINGCE_BIND="127.0.0.1", MINGCE_PORT=port)
    assert done.returncode == 1
    assert f"端口 {port} 已被其他程序占用" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"MINGCE_PORT": "八千"}, "MINGCE_PORT 应为 1 到 65535 的整数"),
        ({"MINGCE_PORT": "70000"}, "MINGCE_PORT 应为 1 到 65535 的整数"),
        ({"MINGCE_DATA": "/proc/none"}, "数据目录无法建立"),
        ({"MINGCE_WORKERS": "many"}, "MINGCE_WORKERS 应为 1 到 256 的整数"),
        ({"MINGCE_BIND": "203.0.113.1"}, "请检查 MINGCE_BIND"),
        ({"MINGCE_BASE_URL": "会议室"}, "MINGCE_BASE_URL 不是可用的网址"),
        ({"MINGCE_ROLE": "both"}, "MINGCE_ROLE 应为 all、voting 或 admin"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_sentence(
    settings: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    done = _serve(**{"MINGCE_PORT": str(free_port()), "MINGCE_DATA": str(tmp_path), **settings})
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def _serve(**settings: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("MINGCE_")}
    return subprocess.run(
        [sys.executable, "-m", "tools.serve"],
        cwd=ROOT,
        env={**env, **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _connection(server: Server, first: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    connection.sendall(first)
    return connection
