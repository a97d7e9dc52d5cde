"""`simulate` votes as phones do: it trusts nobody, loses nothing, and says what it cast."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from app.cli.simulate import simulate
from app.config import DATABASE_FILE, Config
from app.factory import create_app
from app.models import db
from tests.serving import Server
from tests.voters import Example

Json = dict[str, Any]


@pytest.fixture(scope="module")
def server(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all; every test has a meeting of its own."""
    data = tmp_path_factory.mktemp("simulate") / "data"
    data.mkdir()
    shutil.copyfile(migrated_database, data / DATABASE_FILE)
    running = Server(data, {})
    running.start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def beside(server: Server) -> Iterator[Flask]:
    """An application on the server's data, for making meetings quickly."""
    environment = {"MINGCE_DATA": str(server.data), "MINGCE_BASE_URL": server.base}
    app = create_app(Config.from_env(environment))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def demo(beside: Flask) -> Json:
    """An open meeting of two subjects with nine slips, at a real server."""
    return Example(beside, slips=9).demo


@pytest.fixture
def slips(demo: Json, tmp_path: Path) -> Path:
    """The same, in a file."""
    file = tmp_path / "demo.json"
    file.write_text(json.dumps(demo))
    return file


def run(base: str, slips: Path, *words: str | Path) -> Result:
    """The command in this process; it has no application and no database at hand."""
    arguments = ["--base", base, "--slips", str(slips), "--patience", "10", *map(str, words)]
    return CliRunner().invoke(simulate, arguments)


def test_every_slip_votes_and_what_was_cast_is_printed(
    server: Server, demo: Json, slips: Path
) -> None:
    done = run(server.base, slips, "--seed", "5", "--concurrency", "3")
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    assert (answer["meeting"], answer["cast"], answer["failed"]) == (demo["meeting"], 9, 0)
    assert answer["groups"] == {"g1": 9}
    closed = json.loads(server.flask("meeting", "close", demo["meeting"], "--json"))
    assert answer["cells"] == closed["cells"]


def test_a_plain_list_serves_too_and_used_slips_are_counted_as_failures(
    server: Server, demo: Json, tmp_path: Path
) -> None:
    file = tmp_path / "slips.txt"
    file.write_text("\n".join(demo["slips"]) + "\n")
    assert json.loads(run(server.base, file, "--voters", "4").stdout)["cast"] == 4
    again = run(server.base, file, "--voters", "6")
    assert again.exit_code == 1
    answer = json.loads(again.stdout)
    assert (answer["cast"], answer["failed"], answer["errors"]) == (2, 4, {"slip_used": 4})
    assert answer["unanswered"] == 0
    assert "有 4 人没有投成" in again.stderr


def test_keys_that_are_not_those_on_paper_are_refused_before_any_slip_is_used(
    server: Server, demo: Json, tmp_path: Path
) -> None:
    file = tmp_path / "slips.txt"
    forged = [url.rpartition(".")[0] + "." + "A" * 22 for url in demo["slips"]]
    file.write_text("\n".join(forged))
    done = run(server.base, file)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "密钥与测评票上印的不一致" in done.stderr
    shown = json.loads(server.flask("meeting", "show", demo["meeting"], "--json"))
    assert shown["turnout"]["redeemed"] == 0


@pytest.mark.parametrize(
    "marks",
    [
        {"s09.q1": {"option1": 1}},
        {"s01.q1": {"option9": 1}},
        {"s01.q1": {"option1": 10}},
        {"s01.q1": {"option1": -1}},
        {"s01.q1": {"option1": 1.5}},
        {"s01.q1": {"option1": True}},
        {"s01.q1": 5},
        {"s01.q1": {}, "金布川村党支部": {}},
        [],
    ],
    ids=str,
)
def test_marks_that_cannot_be_are_refused(
    server: Server, slips: Path, tmp_path: Path, marks: object
) -> None:
    file = tmp_path / "marks.json"
    file.write_text(json.dumps(marks))
    done = run(server.base, slips, "--marks", file)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--marks" in done.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", []),
        ("{}", []),
        ('{"slips": []}', []),
        ("http://127.0.0.1/v/7K3M9P", []),
        ("http://127.0.0.1/v/7K3M9P#0000000000000000.AAAA", []),
        ("http://127.0.0.1/#0000000000000000.AAAAAAAAAAAAAAAAAAAAAA", []),
        ("http://127.0.0.1/v/7K3M9P#0000000000000000.AAAAAAAAAAAAAAAAAAAAAA", ["--voters", "2"]),
        ("http://127.0.0.1/v/7K3M9P#0000000000000000.AAAAAAAAAAAAAAAAAAAAAA", ["--voters", "x"]),
        ("http://127.0.0.1/v/7K3M9P#0000000000000000.AAAAAAAAAAAAAAAAAAAAAA", ["--receipts", "/"]),
    ],
)
def test_slips_that_are_none_are_refused(content: str, words: list[str], tmp_path: Path) -> None:
    file = tmp_path / "slips.txt"
    file.write_text(content)
    done = run("http://127.0.0.1:1", file, *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.strip()


@pytest.mark.parametrize("base", ["ftp://x", "127.0.0.1", "http://127.0.0.1:1/v", "http://", ""])
def test_an_address_that_is_none_is_refused(base: str, slips: Path) -> None:
    done = run(base, slips)
    assert done.exit_code == 2
    assert "--base" in done.stderr


def test_a_server_that_is_not_there_is_named_as_such(demo: Json, slips: Path) -> None:
    done = run("http://127.0.0.1:1", slips, "--patience", "0")
    assert done.exit_code == 2
    assert "连不上服务器" in done.stderr


def test_a_meeting_that_has_ended_is_refused_at_once(
    server: Server, demo: Json, slips: Path
) -> None:
    server.flask("meeting", "close", demo["meeting"])
    done = run(server.base, slips)
    assert done.exit_code == 2
    assert "不能投票" in done.stderr


class LossyHandler(BaseHTTPRequestHandler):
    """Passes every request on, and loses the first answer to each; every third is a 503."""

    target: tuple[str, int]
    seen: dict[bytes, int]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Never lost: there is only one."""
        self._answer(*self._pass_on(b""))

    def do_POST(self) -> None:
        """Lost at first."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        tries = self.seen[body] = self.seen.get(body, 0) + 1
        status, content = self._pass_on(body)
        if tries == 1:
            self.close_connection = True
        elif tries == 2:
            self._answer(503, b'{"error": "server_busy", "message": "x"}')
        else:
            self._answer(status, content)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""

    def _pass_on(self, body: bytes) -> tuple[int, bytes]:
        connection = HTTPConnection(*self.target, timeout=60)
        connection.request(self.command, self.path, body or None)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def lossy(server: Server) -> Iterator[ThreadingHTTPServer]:
    """A way to the server that loses answers."""
    members = {"target": ("127.0.0.1", server.port), "seen": {}}
    handler = type("Handler", (LossyHandler,), members)
    relay = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    relay.daemon_threads = True
    thread = threading.Thread(target=relay.serve_forever, daemon=True)
    thread.start()
    yield relay
    relay.shutdown()
    relay.server_close()
    thread.join()


def test_lost_answers_cost_no_vote_and_double_none(
    server: Server, lossy: ThreadingHTTPServer, demo: Json, slips: Path
) -> None:
    done = run(f"http://127.0.0.1:{lossy.server_port}", slips, "--concurrency", "9")
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["cast"] == 9
    assert set(lossy.RequestHandlerClass.seen.values()) == {3}  # type: ignore[attr-defined]
    closed = json.loads(server.flask("meeting", "close", demo["meeting"], "--json"))
    assert closed["counts"]["g1"] == {
        "issued": 9, "redeemed": 9, "cast": 9, "voided": 0, "unused": 0,
    }  # fmt: skip
    assert closed["cells"] == answer["cells"]
