"""Every refusal becomes a page or a JSON answer here, and nowhere else."""

from __future__ import annotations

import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from app.domain.errors import (
    BadRequest,
    MingceError,
    NotFound,
    ServerBusy,
    TooLarge,
    TooMany,
)

log = structlog.get_logger()

_SENTENCES = {
    400: BadRequest.message,
    404: NotFound.message,
    405: "这个网址不接受这样的操作。请从页面上的按钮进入。",
    413: TooLarge.message,
    415: "请以 JSON 格式提交。",
    429: TooMany.message,
}
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 429: "too_many"}


def map_errors(app: Flask) -> None:
    """Register the handlers; a stranger never sees a traceback."""

    @app.errorhandler(MingceError)
    def _refused(error: MingceError) -> Response:
        return answer(error.status, error.code, str(error))

    @app.errorhandler(CSRFError)
    def _stale(_error: CSRFError) -> Response:
        return answer(400, "stale_form", "页面打开太久,已经过期。请回到上一页刷新后再提交。")

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        if status < 400 and error.response is not None:
            return make_response(error.response)
        response = answer(
            status, _CODES.get(status, "bad_request"), _SENTENCES.get(status, MingceError.message)
        )
        if status == 405 and (allowed := error.get_headers()):
            response.headers.extend([(k, v) for k, v in allowed if k == "Allow"])
        return response

    @app.errorhandler(OperationalError)
    def _database(error: OperationalError) -> Response:
        log.error("database_error", kind=type(error.orig).__name__, endpoint=request.endpoint)
        return answer(ServerBusy.status, ServerBusy.code, ServerBusy.message)

    @app.errorhandler(Exception)
    def _unforeseen(error: Exception) -> Response:
        # Neither the message nor the values at hand: they may hold what a voter sent.
        log.error("unforeseen_error", kind=type(error).__name__, where=_where(error))
        if app.testing:
            raise error
        return answer(500, "server_error", "系统出错了,没有完成操作。请稍后重试,或告诉工作人员。")


def answer(status: int, code: str, message: str) -> Response:
    """An error as JSON for programs, as a page for people."""
    if request.path.startswith("/api/"):
        response = jsonify(error=code, message=message)
    else:
        response = make_response(render_template("error.html", status=status, message=message))
    response.status_code = status
    return response


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else "?"
