"""Several hosts behind one address: hand a request to the host that has the meeting's urn.

A request that finds the urn elsewhere is sent there as it came, without anything about the
connection that it came by, and what is answered goes back. It carries a mark that only hosts with
the same secret can make; a marked request is not sent on again.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from flask import Flask, Response, current_app, g, has_request_context, request, session
from flask_login.utils import _create_identifier

from app.config import Config
from app.domain.errors import HostAway, UrnElsewhere
from app.errors import refused
from app.extensions import login
from app.models import db
from app.security import ADMIN_DOOR

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 60.0
"""A large meeting is closed in seconds; who waits for that waits longer at the other host too."""

MARK = "X-Mingce-Forwarded"
BACK = ("Content-Type", "Location", "Content-Disposition", "Retry-After", "Set-Cookie", "Allow")
"""What goes back of an answer's headers."""

IDLE_SECONDS = 5.0
"""How long a connection is kept for the next request; the other side closes it later than that."""

IDLE_MOST = 32
_IDLE = "mingce_idle_connections"


class _Idle(NamedTuple):
    connection: HTTPConnection
    since: float


def use_hosts(app: Flask) -> None:
    """Send requests on to the host that has the urn. Before everything that reads a body."""
    config: Config = app.config["MINGCE"]
    if not config.host_url:
        return
    app.extensions[_IDLE] = {}
    login._session_identifier_generator = _session_identifier

    @app.before_request
    def _keep_body() -> None:
        # Who reads it, reads it once; it may have to be sent on after that.
        request.get_data(cache=True, parse_form_data=False)

    @app.errorhandler(UrnElsewhere)
    def _elsewhere(error: UrnElsewhere) -> Response:
        try:
            return forward(error)
        except (UrnElsewhere, HostAway) as refusal:
            return refused(refusal)


def forward(error: UrnElsewhere) -> Response:
    """The answer of the host that has the urn to the request at hand.

    Raises the error itself where no other host has it; HostAway. Nothing may have been written.
    """
    if not error.host or is_forwarded():
        raise error
    # Whoever begins to write, there, must not wait for a transaction of ours.
    db.session.rollback()
    path = quote(request.path)
    if request.query_string:
        path = f"{path}?{request.query_string.decode('latin-1')}"
    answer = _ask(error.host, request.method, path, request.get_data(), _cookie())
    if request.path.startswith(ADMIN_DOOR):
        # The session is the other host's to change; here nothing has been.
        session.modified = False
    return answer


def ask(host: str, path: str) -> Response:
    """The answer of another host to a question of this one's own. Raises HostAway."""
    return _ask(host, "GET", path, b"", "")


def is_forwarded() -> bool:
    """Whether the request at hand comes from another host, by its mark."""
    if not has_request_context():
        return False
    if "mingce_forwarded" not in g:
        given = request.headers.get(MARK, "")
        config: Config = current_app.config["MINGCE"]
        g.mingce_forwarded = bool(given and config.host_url) and hmac.compare_digest(
            given.encode(),
            _mark(config.host_url, request.method, _target(), request.get_data(), _cookie()),
        )
    return bool(g.mingce_forwarded)


def _target() -> str:
    path = quote(request.path)
    query = request.query_string.decode("latin-1")
    return f"{path}?{query}" if query else path


def _cookie() -> str:
    if not request.path.startswith(ADMIN_DOOR):
        return ""
    return request.cookies.get(current_app.config["SESSION_COOKIE_NAME"], "")


def _mark(host: str, method: str, target: str, body: bytes, cookie: str) -> bytes:
    """The mark of one request to one host: good for no other."""
    secret = str(current_app.config["SECRET_KEY"]).encode()
    key = hmac.digest(secret, b"mingce/forwarded", "sha256")
    parts = (host.encode(), method.encode(), target.encode(), cookie.encode(), body)
    digest = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()
    return hmac.new(key, digest, hashlib.sha256).hexdigest().encode()


def _session_identifier() -> str:
    """What ties a session to a browser; the host that sends a request on has checked it."""
    if is_forwarded():
        return str(session.get("_id", ""))
    return str(_create_identifier())


def _ask(host: str, method: str, target: str, body: bytes, cookie: str) -> Response:
    headers = {MARK: _mark(host, method, target, body, cookie).decode(), "Accept": "*/*"}
    if body:
        headers["Content-Type"] = request.content_type or ""
    if cookie:
        headers["Cookie"] = f"{current_app.config['SESSION_COOKIE_NAME']}={cookie}"
    try:
        # It may have been closed meanwhile. All that voters ask may be asked twice.
        connection = None if cookie else _kept(host)
        if connection is not None:
            with suppress(ConnectionError, HTTPException):
                return _answer(host, connection, method, target, body, headers)
        return _answer(host, _connected(host), method, target, body, headers)
    except (OSError, HTTPException) as error:
        raise HostAway from error


def _answer(
    host: str,
    connection: HTTPConnection,
    method: str,
    target: str,
    body: bytes,
    headers: dict[str, str],
) -> Response:
    try:
        connection.request(method, target, body or None, headers)
        answer = connection.getresponse()
        content = answer.read()
    except BaseException:
        connection.close()
        raise
    if answer.will_close:
        connection.close()
    else:
        _keep(host, connection)
    return _response(answer, content)


def _response(answer: HTTPResponse, content: bytes) -> Response:
    response = Response(content, status=answer.status)
    response.headers.remove("Content-Type")
    for name in BACK:
        for value in answer.headers.get_all(name, []):
            response.headers.add(name, value)
    return response


def _connected(host: str) -> HTTPConnection:
    parts = urlsplit(host)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=CONNECT_SECONDS)
    connection.connect()
    connection.sock.settimeout(ANSWER_SECONDS)
    return connection


def _kept(host: str) -> HTTPConnection | None:
    idle: list[_Idle] = current_app.extensions[_IDLE].setdefault(host, [])
    while idle:
        last = idle.pop()
        if time.monotonic() - last.since < IDLE_SECONDS:
            return last.connection
        last.connection.close()
    return None


def _keep(host: str, connection: HTTPConnection) -> None:
    idle: list[_Idle] = current_app.extensions[_IDLE].setdefault(host, [])
    if len(idle) < IDLE_MOST:
        idle.append(_Idle(connection, time.monotonic()))
    else:
        connection.close()
