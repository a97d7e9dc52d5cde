"""Every refusal becomes a page or a JSON answer here, and nowhere else."""

from __future__ import annotations

import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from gunicorn.http.errors import ParseException
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException

from app.domain.errors import (
    BadRequest,
    MethodNotAllowed,
    MingceError,
    NotFound,
    ServerBusy,
    ServerError,
    TooLarge,
    TooMany,
)
from app.logs import Complaints
from app.metrics import count_database_error, count_refusal

log = structlog.get_logger()

RETRY_AFTER_S = {429: 30, 503: 2}
"""Seconds after which it is worth while to ask again; phones wait longer each time anyway."""

_BY_STATUS: dict[int, type[MingceError]] = {
    error.status: error for error in (BadRequest, NotFound, MethodNotAllowed, TooLarge, TooMany)
}


def map_errors(app: Flask) -> None:
    """Register the handlers; a stranger never sees a traceback."""
    complaints = Complaints()

    app.register_error_handler(MingceError, refused)

    @app.errorhandler(CSRFError)
    def _stale(_error: CSRFError) -> Response:
        return answer(400, "stale_form", "页面打开太久，已经过期。请回到上一页刷新后再提交。")

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400 and error.response is not None:
            return make_response(error.response)
        kind = _BY_STATUS.get(status, BadRequest if status < 500 else ServerError)
        response = answer(status, kind.code, kind.message)
        if status == 405 and (allowed := error.get_headers()):
            response.headers.extend([(k, v) for k, v in allowed if k == "Allow"])
        return response

    @app.errorhandler(ParseException)
    def _malformed(_error: ParseException) -> Response:
        # The server reads the body only when asked, and then finds its chunks broken. Where the
        # next request on this connection would begin, nobody knows.
        response = answer(BadRequest.status, BadRequest.code, BadRequest.message)
        response.headers["Connection"] = "close"
        return response

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    @app.errorhandler(TimeoutError)
    def _database(error: OperationalError | InterfaceError | TimeoutError) -> Response:
        count_database_error()
        kind = type(getattr(error, "orig", None) or error).__name__
        if complaints.are_due(kind):
            log.error("database_error", kind=kind, endpoint=request.endpoint)
        return answer(ServerBusy.status, ServerBusy.code, ServerBusy.message)

    @app.errorhandler(Exception)
    def _unforeseen(error: Exception) -> Response:
        # Neither the message nor the values at hand: they may hold what a voter sent.
        log.error("unforeseen_error", kind=type(error).__name__, where=_where(error))
        if app.testing:
            raise error
        return answer(ServerError.status, ServerError.code, ServerError.message)


def refused(error: MingceError) -> Response:
    """A refusal, as `answer`."""
    count_refusal(error.code)
    return answer(error.status, error.code, str(error))


def answer(status: int, code: str, message: str) -> Response:
    """An error as JSON for programs, as a page for people."""
    if request.path.startswith("/api/"):
        response = jsonify(error=code, message=message)
    else:
        # Each door may have an error page of its own.
        page = render_template(
            [f"{request.blueprint}/error.html", "error.html"], status=status, message=message
        )
        response = make_response(page)
    response.status_code = status
    if status in RETRY_AFTER_S:
        response.headers["Retry-After"] = str(RETRY_AFTER_S[status])
    return response


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else "?"
