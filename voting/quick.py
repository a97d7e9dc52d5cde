"""Answer the two requests of a vote before Flask: its machinery would cost more than the vote.

Only what is accepted is answered here. The rest goes on to Flask as it came, and a refusal goes
with it, so that nothing is done twice and every error is answered in one place.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

from flask import Flask

from app.metrics import BEGAN, count_answer
from app.security import HEADERS
from voting.api import BODY_BYTES_MOST, REFUSED, WORK

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ADDRESS = re.compile(r"/api/v1/meetings/([0-9A-Z]{1,12})/(credentials|ballots)")
_STATUS = {200: "200 OK", 201: "201 CREATED"}
_HEADERS = [("Content-Type", "application/json"), *HEADERS.items()]


class VotesFirst:
    """The application `rest` of `app`, with a short way for votes."""

    def __init__(self, app: Flask, rest: WSGIApplication) -> None:
        self._app = app
        self._rest = rest
        self._begun = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a vote that is accepted; hand on everything else."""
        if not self._begun:
            # What starts with a process's first request starts in Flask.
            self._begun = True
            return self._rest(environ, start_response)
        asked = _ADDRESS.fullmatch(environ["PATH_INFO"])
        if asked is None or environ["REQUEST_METHOD"] != "POST" or not _has_a_body(environ):
            return self._rest(environ, start_response)
        environ[BEGAN] = time.perf_counter()
        content = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        code, name = asked.groups()
        try:
            with self._app.app_context():
                status, answer = WORK[name](code, content)
        except Exception as refusal:
            environ[REFUSED] = refusal
            environ["wsgi.input"] = BytesIO(content)
            return self._rest(environ, start_response)
        count_answer(f"voting.{name}", status, environ[BEGAN])
        start_response(_STATUS[status], [*_HEADERS, ("Content-Length", str(len(answer)))])
        return (answer,)


def _has_a_body(environ: WSGIEnvironment) -> bool:
    """Whether one is announced, of a length that is allowed."""
    length = environ.get("CONTENT_LENGTH") or ""
    return (
        length.isascii()
        and length.isdecimal()
        and int(length) <= BODY_BYTES_MOST
        and "HTTP_TRANSFER_ENCODING" not in environ
    )
