"""nginx, set up as the sample in deploy/ says, keeps nothing of who voted, and tells it to nobody.

The committed file itself is tested: only ports and the places of certificates are put in. The
same search is made with the silencing lines taken out, to show that it would find something.
"""

from __future__ import annotations

import datetime
import http.client
import ipaddress
import json
import os
import pwd
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.phones.voter import NotCast
from tests.phones import ADDRESS, BROWSER, GATEWAY, HEADERS, PATIENCE, Phone, connection
from tests.ports import free_port
from tests.serving import ROOT, Server
from tools.setup import nginx_path

NGINX = nginx_path() or ""
SAMPLE = ROOT / "deploy" / "nginx.conf"
HOST = "127.0.0.1"
MEGABYTE = 1024 * 1024
CUT_OFF = (ConnectionError, ssl.SSLError)
"""How it may end for who speaks nonsense."""

pytestmark = pytest.mark.skipif(
    NGINX == "", reason="this machine has no nginx (Debian: apt-get install nginx-light)"
)


class Nginx:
    """One nginx with the sample as its only site, below logs that are chattier than is usual.

    folder: of all its files. site: the sample, or what a test made of it. upstream: port of what
    stands behind it.
    """

    def __init__(self, folder: Path, site: str, upstream: int) -> None:
        self.folder = folder
        self.https, self.http = free_port(), free_port()
        self.base, self.plain = f"https://{HOST}:{self.https}", f"http://{HOST}:{self.http}"
        for name in ("logs", "body", "proxy", "other"):
            (folder / name).mkdir(parents=True)
        self.tls = _certify(folder)
        put = {
            "listen 443 ssl": f"listen {HOST}:{self.https} ssl",
            "listen 80 ": f"listen {HOST}:{self.http} ",
            "server 127.0.0.1:8000;": f"server {HOST}:{upstream};",
            "/etc/ssl/mingce/fullchain.pem": str(folder / "certificate.pem"),
            "/etc/ssl/mingce/privkey.pem": str(folder / "key.pem"),
        }
        for sample, ours in put.items():
            assert site.count(sample) == 1, sample
            site = site.replace(sample, ours)
        (folder / "site.conf").write_text(site)
        (folder / "nginx.conf").write_text(self._around_the_site())
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it accepts connections."""
        with (self.folder / "logs" / "output").open("wb") as output:
            self._process = subprocess.Popen(
                [NGINX, "-p", self.folder, "-c", self.folder / "nginx.conf"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            with suppress(OSError), socket.create_connection((HOST, self.https)):
                return
            assert self._process.poll() is None, self.written()
            assert time.monotonic() < deadline, self.written()
            time.sleep(0.02)

    def stop(self) -> None:
        """SIGTERM, as an operator stops it; nothing if not running."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=PATIENCE)
        finally:
            self._process.kill()
            self._process = None

    def files(self) -> list[Path]:
        """All that it wrote."""
        ours = ("certificate.pem", "key.pem", "site.conf", "nginx.conf")
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return [path for path in found if path.name not in ours]

    def written(self) -> str:
        """The text of all that it wrote."""
        return "\n".join(path.read_text(errors="replace") for path in self.files())

    def touched(self) -> dict[str, int]:
        """When each folder for temporary files last got or lost a file."""
        return {name: (self.folder / name).stat().st_mtime_ns for name in ("body", "proxy")}

    def _around_the_site(self) -> str:
        account = f"user {pwd.getpwuid(os.geteuid()).pw_name};" if os.geteuid() == 0 else ""
        other = "".join(
            f"{name}_temp_path other/{name};\n" for name in ("fastcgi", "scgi", "uwsgi")
        )
        return f"""
            {account}
            daemon off;
            pid nginx.pid;
            lock_file nginx.lock;
            error_log logs/main.log info;
            events {{ worker_connections 512; }}
            http {{
                access_log logs/access.log combined;
                error_log logs/error.log info;
                client_body_temp_path body;
                proxy_temp_path proxy;
                {other}
                include site.conf;
            }}
        """


@pytest.fixture
def start_nginx(tmp_path: Path) -> Iterator[Callable[..., Nginx]]:
    """`start_nginx(upstream, site=…)`; all are stopped after the test."""
    with ExitStack() as stack:

        def start(upstream: int, site: str | None = None) -> Nginx:
            # Its workers reach their files through all folders above them.
            nginx = Nginx(tmp_path / f"nginx-{upstream}", site or SAMPLE.read_text(), upstream)
            stack.callback(nginx.stop)
            nginx.start()
            return nginx

        yield start


@pytest.fixture
def phone_at(demo: dict[str, Any]) -> Iterator[Callable[[Nginx], Phone]]:
    """`phone_at(nginx)`: one more voter's phone, with a slip of its own."""
    with ExitStack() as stack:
        slips = iter(demo["slips"])

        def take(nginx: Nginx) -> Phone:
            return stack.enter_context(closing(Phone(nginx.base, next(slips), nginx.tls)))

        yield take


@pytest.fixture
def demo(server: Server) -> dict[str, Any]:
    """An open meeting with its slips."""
    words = ("--scheme", "awu-villages-2012", "--subjects", "2", "--slips", "12", "--json")
    answer: dict[str, Any] = json.loads(server.flask("demo", *words))
    return answer


def test_nothing_of_a_meeting_with_all_its_mishaps_is_written_anywhere(
    server: Server,
    demo: dict[str, Any],
    start_nginx: Callable[..., Nginx],
    phone_at: Callable[[Nginx], Phone],
) -> None:
    nginx = start_nginx(server.port)
    phones = [phone_at(nginx) for _ in range(4)]
    before = _log_sizes(server, nginx)
    for phone in phones[:2]:
        phone.vote()
    assert _log_sizes(server, nginx) == before, "a vote left a line, and with it its time"

    untouched = nginx.touched()
    for mishap in MISHAPS:
        mishap(phones[2], nginx)
    _vote_while_the_server_is_away(phones[3], server)
    with _stream(nginx, demo["meeting"]) as stream:
        assert stream.readline().startswith(b"retry:")
    assert nginx.touched() == untouched, "something a phone sent or got lay in a file for a while"

    nginx.stop()
    server.stop()
    files = [*nginx.files(), server.log, *(server.data / "logs").iterdir()]
    assert {"main.log", "error.log", "access.log", server.log.name} <= {file.name for file in files}
    assert [trace for phone in phones for trace in phone.traces_in(files)] == []
    # The database holds what a meeting must hold, but nothing of where it came from.
    held = [path for path in server.data.rglob("*") if path.is_file()]
    for who in (ADDRESS, BROWSER, GATEWAY):
        assert [path.name for path in held if who.encode() in path.read_bytes()] == []


def test_without_its_silencing_lines_the_search_finds_much(
    server: Server,
    start_nginx: Callable[..., Nginx],
    phone_at: Callable[[Nginx], Phone],
) -> None:
    loud = "\n".join(
        line for line in SAMPLE.read_text().splitlines() if "_log " not in line.partition("#")[0]
    )
    nginx = start_nginx(server.port, loud)
    phone = phone_at(nginx)
    for mishap in MISHAPS:
        mishap(phone, nginx)
    nginx.stop()
    found = {trace.partition(" in ")[0] for trace in phone.traces_in(nginx.files())}
    assert {"address", "browser", "token", "address of the interface"} <= found


def test_without_its_room_in_memory_a_request_lies_in_a_file(
    server: Server,
    start_nginx: Callable[..., Nginx],
    phone_at: Callable[[Nginx], Phone],
) -> None:
    small = SAMPLE.read_text().replace("client_body_buffer_size 160k;", "")
    small = small.replace("client_body_buffer_size 1m;", "client_body_buffer_size 8k;")
    nginx = start_nginx(server.port, small)
    phone = phone_at(nginx)
    untouched = nginx.touched()
    _send_a_large_body(phone, nginx)
    assert nginx.touched()["body"] != untouched["body"]


def test_what_stands_behind_nginx_is_not_told_who_asks(start_nginx: Callable[..., Nginx]) -> None:
    with _eavesdropper() as (port, heard):
        nginx = start_nginx(port)
        for path in ("/", "/api/v1/meetings/ABC", "/admin/login", "/screen/x/events"):
            with _connected(nginx) as phone:
                phone.request("POST", path, b"{}", HEADERS)
                assert phone.getresponse().status == 204
    assert len(heard) == 4
    for request in heard:
        assert b"x-forwarded-proto: https\r\n" in request.lower()
        for who in (ADDRESS, GATEWAY, BROWSER):
            assert who.encode() not in request


def test_events_come_through_at_once(
    server: Server,
    demo: dict[str, Any],
    start_nginx: Callable[..., Nginx],
    phone_at: Callable[[Nginx], Phone],
) -> None:
    nginx = start_nginx(server.port)
    phone = phone_at(nginx)
    with _stream(nginx, demo["meeting"]) as stream:
        assert _next_event(stream)["cast"] == 0
        phone.vote()
        assert _next_event(stream)["cast"] == 1


def test_a_hall_behind_one_address_is_not_shut_out(
    server: Server, demo: dict[str, Any], start_nginx: Callable[..., Nginx]
) -> None:
    nginx = start_nginx(server.port)
    with ExitStack() as stack:
        hall = [stack.enter_context(_connected(nginx)) for _ in range(100)]
        for _ in range(5):
            for phone in hall:
                phone.request("GET", f"/api/v1/meetings/{demo['meeting']}")
            assert {_answer(phone) for phone in hall} == {200}


def test_whoever_floods_a_notice_with_objections_is_slowed_down_and_nobody_else(
    start_nginx: Callable[..., Nginx],
) -> None:
    with _eavesdropper() as (port, heard):
        nginx = start_nginx(port)
        before = {path: path.stat().st_size for path in nginx.files()}
        sent = [_object(nginx, ADDRESS) for _ in range(120)]
        assert {status for status, _ in sent[:100]} == {204}, "a village behind one address"
        status, told = sent[-1]
        assert status == 429
        assert "按公示上写的联系方式反映" in told
        assert _object(nginx, HOST)[0] == 204, "somebody else"
        with _connected(nginx) as reader:
            for _ in range(120):
                reader.request("GET", "/n/ABCDEFGH", b"{}")
                assert _answer(reader) == 204, "reading is free"
        assert {path: path.stat().st_size for path in nginx.files()} == before
    assert not [request for request in heard if ADDRESS.encode() in request]


@pytest.mark.parametrize("closed", [True, False], ids=["as shipped", "without its own rule"])
def test_nobody_outside_reads_the_operators_numbers(
    server: Server, start_nginx: Callable[..., Nginx], closed: bool
) -> None:
    site = SAMPLE.read_text()
    if not closed:
        site = site.replace("location = /metrics", "location = /other")
    nginx = start_nginx(server.port, site)
    with _connected(nginx) as stranger:
        stranger.request("GET", "/metrics")
        answer = stranger.getresponse()
        assert answer.status == 404
        assert b"mingce_" not in answer.read()


def test_a_host_that_is_away_is_passed_over(
    server: Server, start_nginx: Callable[..., Nginx], phone_at: Callable[[Nginx], Phone]
) -> None:
    away = f"server {HOST}:{free_port()};"
    nginx = start_nginx(server.port, SAMPLE.read_text().replace("# server 10.0.0.12:8000;", away))
    assert away in (nginx.folder / "site.conf").read_text()
    for _ in range(4):
        # Every other request would have gone to the host that is not there.
        phone_at(nginx).vote()


def test_the_redirect_takes_nobody_elsewhere(
    server: Server, start_nginx: Callable[..., Nginx]
) -> None:
    nginx = start_nginx(server.port)
    phone = connection(nginx.plain)
    phone.request("GET", "/v/ABC", headers={"Host": "elsewhere.example"})
    answer = phone.getresponse()
    phone.close()
    assert answer.status == 301
    assert answer.headers["Location"] == "https://ceping.example.cn/v/ABC"


def _use_the_slip_wrongly(phone: Phone, nginx: Nginx) -> None:
    """Refused requests: an unknown token, an unknown member, a slip used already."""
    phone.redeem()
    wrong: list[dict[str, str]] = [
        {"token": "0" * 16, "blinded": "A" * 43},
        {"token": phone.slip.token},
        {"token": phone.slip.token, "blinded": "A" * 43},
        {"token": phone.slip.token, "blinded": phone.slip.token},
    ]
    for body in wrong:
        with pytest.raises(NotCast):
            phone.door.ask("POST", f"{phone.slip.meeting}/credentials", body)
    with pytest.raises(NotCast):
        phone.door.ask("POST", f"{phone.slip.meeting}/ballots", {**phone.ballot(), "iv": "A" * 16})


def _ask_for_what_is_not_there(phone: Phone, nginx: Nginx) -> None:
    """A token typed into the address bar, with and without encryption."""
    token = phone.slip.token
    for path in (
        f"/v/{phone.slip.meeting}/{token}",
        f"/{token}.php",
        f"/v/%00{token}",
        f"/?{token}",
    ):
        with _connected(nginx) as secure:
            secure.request("GET", path, headers=HEADERS)
            assert _answer(secure) in (200, 400, 404)
        plain = connection(nginx.plain)
        plain.request("GET", path, headers=HEADERS)
        assert _answer(plain) in (301, 400)
        plain.close()


def _speak_nonsense(phone: Phone, nginx: Nginx) -> None:
    """Malformed requests, and no TLS where TLS is spoken."""
    token = phone.slip.token.encode()
    for nonsense in (
        b"GET /" + token + b" HTTP/9.9\r\n\r\n",
        b"GET /" + token + b" HTTP/1.1\r\nHost: x\r\n" + token + b"\r\n\r\n",
        b"GET /" + token * 3000 + b" HTTP/1.1\r\n\r\n",
        b"POST /" + token + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + token + b"\r\n\r\n",
        token + b"\r\n\r\n",
    ):
        with _socket(nginx) as sock, suppress(*CUT_OFF):
            sock.sendall(nonsense)
            sock.recv(4096)
        with (
            socket.create_connection(
                (HOST, nginx.https), PATIENCE, source_address=(ADDRESS, 0)
            ) as plain,
            suppress(*CUT_OFF),
        ):
            plain.sendall(nonsense)
            plain.recv(4096)


def _send_a_large_body(phone: Phone, nginx: Nginx) -> None:
    """As much as is let through, in one piece and in chunks of no announced length."""
    path = f"/api/v1/meetings/{phone.slip.meeting}/credentials"
    body = json.dumps({"token": phone.slip.token, "blinded": "A" * 120_000}).encode()
    with _connected(nginx) as whole:
        whole.request("POST", path, body, HEADERS)
        assert _answer(whole) == 400
    with _connected(nginx) as pieces:
        parts = (body[place : place + 4000] for place in range(0, len(body), 4000))
        pieces.request("POST", path, parts, HEADERS, encode_chunked=True)
        assert _answer(pieces) == 400


def _send_too_large_a_body(phone: Phone, nginx: Nginx) -> None:
    """More than is let through, at the interface and elsewhere."""
    token = phone.slip.token.encode()
    for path, size in (
        (f"/api/v1/meetings/{token.decode()}/ballots", 200_000),
        ("/", MEGABYTE + 1),
    ):
        with _connected(nginx) as phone_connection:
            with suppress(*CUT_OFF):
                phone_connection.request("POST", path, token * (size // len(token) + 1), HEADERS)
            with suppress(*CUT_OFF):
                assert _answer(phone_connection) == 413


def _break_off(phone: Phone, nginx: Nginx) -> None:
    """An upload that ends in the middle, and one that is reset."""
    head = (
        f"POST /api/v1/meetings/{phone.slip.meeting}/credentials HTTP/1.1\r\nHost: x\r\n"
        f"User-Agent: {BROWSER}\r\nContent-Length: 100000\r\n\r\n"
    )
    for rudely in (False, True):
        with _socket(nginx) as sock:
            sock.sendall(head.encode() + phone.slip.token.encode() * 3000)
            if rudely:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


MISHAPS = (
    _use_the_slip_wrongly,
    _ask_for_what_is_not_there,
    _speak_nonsense,
    _send_a_large_body,
    _send_too_large_a_body,
    _break_off,
)


def _vote_while_the_server_is_away(phone: Phone, server: Server) -> None:
    """The phone tries until the server is back, as phones do."""
    phone.redeem()
    server.kill()
    path, body = f"{phone.slip.meeting}/ballots", phone.ballot()
    assert phone.door._once("POST", path, body)[0] == 502
    server.start()
    assert phone.door.ask("POST", path, body) == {"accepted": True}


def _log_sizes(server: Server, nginx: Nginx) -> dict[Path, int]:
    logs = [server.log, *(server.data / "logs").iterdir(), *nginx.files()]
    return {path: path.stat().st_size for path in logs}


@contextmanager
def _connected(nginx: Nginx) -> Iterator[http.client.HTTPConnection]:
    phone = connection(nginx.base, nginx.tls)
    try:
        yield phone
    finally:
        phone.close()


@contextmanager
def _socket(nginx: Nginx) -> Iterator[ssl.SSLSocket]:
    plain = socket.create_connection((HOST, nginx.https), PATIENCE, source_address=(ADDRESS, 0))
    with plain, nginx.tls.wrap_socket(plain, server_hostname=HOST) as sock:
        yield sock


@contextmanager
def _stream(nginx: Nginx, code: str) -> Iterator[http.client.HTTPResponse]:
    with _connected(nginx) as phone:
        phone.request("GET", f"/api/v1/meetings/{code}/events", headers=HEADERS)
        answer = phone.getresponse()
        assert answer.status == 200
        yield answer


def _next_event(stream: http.client.HTTPResponse) -> dict[str, Any]:
    while not (line := stream.readline()).startswith(b"data: "):
        assert line, "the stream ended"
    event: dict[str, Any] = json.loads(line.partition(b": ")[2])
    return event


def _object(nginx: Nginx, address: str) -> tuple[int, str]:
    """Send an objection from this address; the status and the text of the answer."""
    sender = http.client.HTTPSConnection(
        HOST, nginx.https, timeout=PATIENCE, source_address=(address, 0), context=nginx.tls
    )
    with closing(sender):
        sender.request("POST", "/n/ABCDEFGH/objections", b"{}")
        answer = sender.getresponse()
        return answer.status, answer.read().decode()


def _answer(phone: http.client.HTTPConnection) -> int:
    answer = phone.getresponse()
    answer.read()
    return answer.status


@contextmanager
def _eavesdropper() -> Iterator[tuple[int, list[bytes]]]:
    """A port where every request is answered with 204; the requests, as they came."""
    heard: list[bytes] = []

    def listen(listener: socket.socket) -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            with caller:
                request = b""
                while b"\r\n\r\n{}" not in request:
                    request += caller.recv(4096)
                heard.append(request)
                caller.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=listen, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1], heard
        finally:
            # Closing alone does not wake up who waits in `accept`.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _certify(folder: Path) -> ssl.SSLContext:
    """A certificate and its key in `folder`; what a phone needs to trust it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return ssl.create_default_context(cafile=folder / "certificate.pem")
