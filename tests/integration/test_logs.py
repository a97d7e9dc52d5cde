"""What the application writes down when something goes wrong, and what it does not."""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
from flask import Flask

from app.actions.meeting import void_meeting
from app.extensions import limiter
from app.models import db
from app.phones.voter import NotCast
from tests.phones import ADDRESS, PATIENCE, Phone, connection
from tests.ports import free_port
from tests.serving import BIN, ROOT, Server
from tests.voters import Example

BROKEN = '''
"""The product, sabotaged at a place that the request names: the error quotes what was sent."""

import io
import logging
import threading

import gevent
from flask import g, request

from app.factory import create_app

product = create_app()


def fail(environ):
    raise type(environ["HTTP_X_BREAK"], (Exception,), {})(environ["sent"])


def fail_at(place):
    if request.headers.get("X-Break") == place:
        fail(request.environ)


class Unlucky:
    def __init__(self, environ):
        self.environ = environ

    def __del__(self):
        fail(self.environ)


product.before_request(lambda: fail_at("BeforeTheView"))
product.teardown_request(lambda _error: fail_at("AtTheEnd"))


@product.after_request
def after(response):
    try:
        fail_at("AfterTheView")
    except Exception as cause:
        raise RuntimeError(request.environ["sent"]) from cause
    return response


def app(environ, start_response):
    body = environ["wsgi.input"].read()
    environ["wsgi.input"] = io.BytesIO(body)
    seen = ("REMOTE_ADDR", "RAW_URI", "HTTP_USER_AGENT", "HTTP_X_FORWARDED_FOR")
    environ["sent"] = " ".join([*(environ.get(name, "") for name in seen), body.decode()])
    place = environ.get("HTTP_X_BREAK")
    if place == "OutsideFlask":
        fail(environ)
    if place == "InGreenlet":
        gevent.spawn(fail, environ).join()
    if place == "InThread":
        thread = threading.Thread(target=fail, args=(environ,), name=environ["sent"])
        thread.start()
        thread.join()
    if place == "WhenForgotten":
        Unlucky(environ)
    if place == "InLibrary":
        try:
            fail(environ)
        except Exception:
            logging.getLogger("library").exception("A library complains")
    answer = product(environ, start_response)
    return late(answer, environ) if place == "WhileAnswering" else answer


def late(answer, environ):
    yield from answer
    fail(environ)
'''
PLACES = (
    *("BeforeTheView", "AfterTheView", "AtTheEnd", "OutsideFlask", "WhileAnswering"),
    *("InGreenlet", "InThread", "WhenForgotten", "InLibrary"),
)


@pytest.fixture
def phone_at() -> Iterator[Callable[[Server], Phone]]:
    """`phone_at(server)`: a phone that stands out, with the slip of an open meeting."""
    with ExitStack() as stack:

        def take(server: Server) -> Phone:
            words = ("--scheme", "awu-villages-2012", "--subjects", "2", "--slips", "5", "--json")
            slips = json.loads(server.flask("demo", *words))["slips"]
            return stack.enter_context(closing(Phone(server.base, slips[0])))

        yield take


def logs_of(server: Server) -> list[Path]:
    """What master and workers print, and the files in the folder of logs."""
    return [server.log, *(server.data / "logs").iterdir()]


def test_an_unforeseen_error_leaves_one_line_that_names_no_visitor_and_no_value(
    app: Flask, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    @app.get("/broken")
    def broken() -> str:
        raise LookupError("what the voter sent")

    app.testing = False
    answer = app.test_client().get("/broken", environ_base={"REMOTE_ADDR": "192.168.1.77"})

    assert answer.status_code == 500
    written = (data_dir / "logs" / "events.log").read_text()
    assert json.loads(written)["event"] == "unforeseen_error"
    assert json.loads(written)["kind"] == "LookupError"
    assert written in capsys.readouterr().err
    for private in ("192.168.1.77", "what the voter sent"):
        assert private not in written
        assert private not in answer.get_data(as_text=True)


def test_what_becomes_of_a_meeting_is_noted_without_anybody_in_it(
    app: Flask, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = Example(app), Example(app)
    first.vote_all()
    first.close()
    app.test_cli_runner().invoke(args=["meeting", "show", first.code])
    with app.app_context():
        void_meeting(second.id, "张三把票弄丢了")
    lines = (data_dir / "logs" / "events.log").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert [(event["event"], event["meeting"]) for event in events] == [
        ("meeting_opened", first.code),
        ("meeting_opened", second.code),
        ("meeting_closed", first.code),
        ("meeting_voided", second.code),
    ]
    assert {frozenset(event) for event in events} == {
        frozenset(("event", "level", "timestamp", "meeting"))
    }
    # On the terminal of who gave a command stands what the command says, in words.
    assert "meeting_closed" not in capsys.readouterr().err


def test_a_database_that_fails_a_whole_hall_is_noted_once(app: Flask, data_dir: Path) -> None:
    with app.app_context():
        db.session.execute(db.text("DROP TABLE meeting_subjects"))
        db.session.execute(db.text("DROP TABLE boxes"))
        db.session.execute(db.text("ALTER TABLE meetings RENAME TO lost"))
        db.session.commit()
    client = app.test_client()
    answers = [client.get("/api/v1/meetings/ABC") for _ in range(50)]
    assert {answer.status_code for answer in answers} == {503}
    lines = (data_dir / "logs" / "events.log").read_text().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["database_error"]


def test_a_log_that_cannot_be_written_does_not_break_a_request(app: Flask, data_dir: Path) -> None:
    @app.get("/broken")
    def broken() -> str:
        raise LookupError

    (data_dir / "logs").rmdir()
    app.testing = False
    assert app.test_client().get("/broken").status_code == 500


def test_a_vote_leaves_no_line_and_so_no_time(
    server: Server, phone_at: Callable[[Server], Phone]
) -> None:
    phone = phone_at(server)
    before = {path: path.read_bytes() for path in logs_of(server)}
    phone.vote()
    with pytest.raises(NotCast):
        phone.door.ask("POST", f"{phone.slip.meeting}/credentials", {"token": phone.slip.token})
    assert {path: path.read_bytes() for path in logs_of(server)} == before


def test_no_log_quotes_an_error_wherever_it_comes_from(
    start_server: Callable[..., Server], phone_at: Callable[[Server], Phone], tmp_path: Path
) -> None:
    folder = tmp_path / "sabotaged"
    folder.mkdir()
    (folder / "wsgi.py").write_text(BROKEN)
    server = start_server(env={"GUNICORN_CMD_ARGS": f"--pythonpath {folder}"})
    phone = phone_at(server)
    phone.redeem()
    token = {"token": phone.slip.token, "blinded": "A" * 43}
    ballot, path = phone.ballot(), phone.slip.meeting
    for place in PLACES:
        phone.door.headers["X-Break"] = place
        for kind, body in (("credentials", token), ("ballots", ballot)):
            with suppress(OSError):
                phone.door._once("POST", f"{path}/{kind}?{phone.slip.token}", body)
    server.stop()
    written = "".join(file.read_text() for file in logs_of(server))
    assert [place for place in PLACES if place not in written] == []
    assert phone.traces_in(logs_of(server)) == []


def test_a_damaged_database_is_complained_of_without_a_value(
    server: Server, phone_at: Callable[[Server], Phone]
) -> None:
    phone = phone_at(server)
    phone.redeem()
    for database in server.data.rglob("*.sqlite"):
        database.write_bytes(b"damaged!" * (database.stat().st_size // 8))
    status, answer = phone.door._once("POST", f"{phone.slip.meeting}/ballots", phone.ballot())
    assert status >= 500
    assert set(json.loads(answer)) == {"error", "message"}
    server.stop()
    assert "error" in (server.data / "logs" / "events.log").read_text()
    assert phone.traces_in(logs_of(server)) == []


def test_a_full_disk_is_complained_of_without_a_value_and_costs_no_vote(
    server: Server, phone_at: Callable[[Server], Phone]
) -> None:
    phone = phone_at(server)
    phone.redeem()
    ballot, path = phone.ballot(), f"{phone.slip.meeting}/ballots"
    with _nothing_can_be_written(server):
        assert phone.door._once("POST", path, ballot)[0] >= 500
    assert phone.door._once("POST", path, ballot)[0] == 201
    server.stop()
    assert phone.traces_in(logs_of(server)) == []


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("--access-logfile -", "--access-logfile"),
        ("--logger-class gunicorn.glogging.Logger", "--logger-class"),
        ("--log-config {folder}/given.conf", "--log-config"),
        ("--log-level debug", "--log-level debug"),
    ],
)
def test_no_setting_of_the_server_brings_an_access_log_back(
    setting: str, named: str, start_server: Callable[..., Server], tmp_path: Path
) -> None:
    (tmp_path / "given.conf").write_text(
        "[loggers]\nkeys=root\n[handlers]\nkeys=\n[formatters]\nkeys=\n[logger_root]\nhandlers=\n"
    )
    given = setting.format(folder=tmp_path)
    with pytest.raises(RuntimeError, match=f"投票入口不留访问记录，不能使用 {named}"):
        start_server(env={"GUNICORN_CMD_ARGS": given})


def test_the_debug_mode_is_refused(start_server: Callable[..., Server], server: Server) -> None:
    with pytest.raises(RuntimeError, match=r"调试模式会.*FLASK_DEBUG"):
        start_server(env={"FLASK_DEBUG": "1"})
    with pytest.raises(subprocess.CalledProcessError) as refused:
        server.flask("--debug", "run", "--port", "0")
    assert "调试模式会" in refused.value.stderr
    assert "Traceback" not in refused.value.stderr


def test_flasks_own_server_writes_down_no_request(server: Server) -> None:
    port = free_port()
    with (server.data.parent / "flask-run.log").open("w+") as log:
        process = subprocess.Popen(
            [BIN / "flask", "--app", "wsgi", "run", "--port", str(port)],
            cwd=ROOT,
            env=server.env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            _await(lambda: _answers(port))
            visitor = connection(f"http://127.0.0.1:{port}")
            visitor.request("GET", "/v/ABC?secret")
            assert visitor.getresponse().status == 200
            visitor.close()
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as rude:
                rude.sendall(b"GET /secret HTTP/9.9\r\n\r\n")
                rude.recv(100)
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)
        log.seek(0)
        written = log.read()
    assert ADDRESS not in written
    assert "GET" not in written
    assert "secret" not in written


def test_statements_are_not_echoed_whoever_asks_for_it(
    app: Flask, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("sqlalchemy", "sqlalchemy.engine", "sqlalchemy.engine.Engine"):
        caplog.set_level(logging.DEBUG, name)
    with app.app_context():
        db.engine.echo = "debug"
    Example(app, slips=5).vote_all()
    printed = capfd.readouterr()
    for text in (caplog.text, printed.out, printed.err):
        assert "INSERT" not in text
        assert "Row (" not in text


def test_a_database_error_does_not_tell_the_values_of_its_statement(app: Flask) -> None:
    with app.app_context(), pytest.raises(Exception, match="no such table") as failed:
        db.session.execute(db.text("SELECT :token FROM nowhere"), {"token": "what the voter sent"})
    assert "what the voter sent" not in str(failed.value)


def test_a_crash_writes_no_memory_to_the_disk(
    start_server: Callable[..., Server], phone_at: Callable[[Server], Phone]
) -> None:
    server = start_server(env={"PYTHONFAULTHANDLER": "1"})
    phone = phone_at(server)
    phone.vote()
    processes = server.processes()
    for process in processes:
        limits = Path(f"/proc/{process}/limits").read_text().splitlines()
        (cores,) = (line.split() for line in limits if line.startswith("Max core file size"))
        assert cores[4:6] == ["0", "0"]
    for worker in processes[1:]:
        os.kill(worker, signal.SIGSEGV)
        _await(lambda worker=worker: f"Worker (pid:{worker}) was sent SIGSEGV" in server.log_text())
    assert [*ROOT.glob("core*"), *server.data.rglob("core*")] == []
    assert "Fatal Python error: Segmentation fault" in server.log_text()
    assert phone.traces_in(logs_of(server)) == []


def test_what_the_system_tells_of_a_process_tells_nothing_of_a_voter(
    server: Server, phone_at: Callable[[Server], Phone]
) -> None:
    phone = phone_at(server)
    phone.vote()
    told = [
        path
        for process in server.processes()
        for folder in (Path(f"/proc/{process}"),)
        for path in (folder / "cmdline", folder / "environ", *_deleted_files(folder))
        if _may_read(path)
    ]
    assert len(told) >= len(server.processes())
    assert phone.traces_in(told) == []


def test_failed_tries_are_counted_under_a_key_that_a_restart_forgets(
    app: Flask, data_dir: Path
) -> None:
    limiter.reset()
    path, seen = "/api/v1/meetings/ABC/credentials", {"REMOTE_ADDR": ADDRESS}
    assert app.test_client().post(path, environ_base=seen).status_code == 400
    (counted,) = limiter.storage.storage  # type: ignore[attr-defined]
    (key,) = (part for part in counted.split("/") if len(part) == 64)
    assert ADDRESS not in counted
    held = b"".join(file.read_bytes() for file in data_dir.rglob("*") if file.is_file())
    assert ADDRESS.encode() not in held
    assert key.encode() not in held
    program = f"from app.security import keyed; print(keyed({ADDRESS!r}))"
    command = [sys.executable, "-c", program]
    after_restarts = [subprocess.check_output(command, cwd=ROOT, text=True) for _ in range(2)]
    assert len({key, *after_restarts}) == 3


@contextmanager
def _nothing_can_be_written(server: Server) -> Iterator[None]:
    """No process of the server can write to any file, as on a full disk."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    processes = server.processes()
    for process in processes:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (1, most))
    try:
        yield
    finally:
        for process in processes:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (most, most))


def _deleted_files(process: Path) -> list[Path]:
    """Files that the process has open and that have no name any more."""
    try:
        return [path for path in (process / "fd").iterdir() if " (deleted)" in str(path.readlink())]
    except PermissionError:
        return []


def _may_read(path: Path) -> bool:
    """Only the machine's administrator may: the server hides its memory from its own account."""
    try:
        path.open("rb").close()
    except PermissionError:
        return False
    return True


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE):
            return True
    except OSError:
        return False


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
