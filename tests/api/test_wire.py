"""What is hardly HTTP, sent to a real server."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from app.config import DATABASE_FILE
from tests.serving import Server


@pytest.fixture(scope="module")
def wire(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server for all of these requests."""
    data = tmp_path_factory.mktemp("wire") / "data"
    data.mkdir()
    shutil.copyfile(migrated_database, data / DATABASE_FILE)
    server = Server(data, {})
    server.start()
    yield server
    server.kill()


CHUNKED = b"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "request_text",
    [
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", id="a version that is none"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", id="TLS at the plain port"),
        pytest.param(b"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", id="length"),
        pytest.param(
            b"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", id="negative"
        ),
        pytest.param(CHUNKED + b"ZZ\r\n", id="a chunk without a size"),
        pytest.param(CHUNKED + b"-1\r\nab\r\n", id="a chunk of less than nothing"),
        pytest.param(CHUNKED + b"5\r\nab", id="a chunk cut short"),
        pytest.param(
            b"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="two lengths",
        ),
        pytest.param(b"GET {path}\x00 HTTP/1.1\r\nHost: x\r\n\r\n", id="NUL in the address"),
        pytest.param(b"GET " + b"/" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", id="a long address"),
    ],
)
def test_what_is_hardly_http_ends_without_500_and_the_next_is_served(
    wire: Server, request_text: bytes
) -> None:
    path = b"/api/v1/meetings/ZZZZZZ/credentials"
    with socket.create_connection(("127.0.0.1", wire.port), timeout=60) as connection:
        answer = b""
        # The server may hang up before it has read everything, which is as good.
        with suppress(OSError):
            connection.sendall(request_text.replace(b"{path}", path))
            connection.shutdown(socket.SHUT_WR)
            answer = connection.makefile("rb").read(200)
    status = answer.split()[1] if answer else b"hung up"
    assert status in (b"hung up", b"505") or status.startswith(b"4")
    assert b"Traceback" not in answer
    after = http.client.HTTPConnection("127.0.0.1", wire.port, timeout=60)
    after.request("GET", "/healthz")
    assert after.getresponse().status == 200
    after.close()


def test_a_body_in_chunks_without_a_length_is_bounded_too(wire: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", wire.port, timeout=60)
    chunks = (b" " * 65_536 for _ in range(32))
    with suppress(BrokenPipeError, ConnectionResetError):  # it may hang up here too
        connection.request("POST", "/api/v1/meetings/ZZZZZZ/credentials", body=chunks)
        answer = connection.getresponse()
        assert answer.status in (400, 413)
        assert json.loads(answer.read())["error"] in ("bad_request", "too_large")
    connection.close()
