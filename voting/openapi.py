"""The voters' API described for programs: OpenAPI 3.1 at /api/v1/openapi.json.

docs/api.md says the same for people; a test holds the two and the code together.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import Response, jsonify

from app.domain import errors
from app.domain.errors import MingceError
from app.domain.meeting import POLICIES
from voting import blueprint
from voting.schemas import SCHEMAS, ref

Operation = dict[str, Any]
Errors = tuple[type[MingceError], ...]

ANYWHERE: Errors = (
    errors.NotFound,
    errors.MethodNotAllowed,
    errors.ServerError,
    errors.ServerBusy,
)
"""What any address may answer."""

PUBLIC: Errors = (errors.MeetingUnknown,)
WRITING: Errors = (
    errors.BadRequest,
    errors.MeetingUnknown,
    errors.MeetingNotOpen,
    errors.MeetingClosed,
    errors.TooLarge,
    errors.TooMany,
)
OPERATIONS: dict[str, Errors] = {
    "getMeeting": PUBLIC,
    "redeemSlip": (*WRITING, errors.SlipUnknown, errors.SlipUsed),
    "castBallot": (
        *WRITING,
        errors.BadBallot,
        errors.BadSeal,
        errors.AlreadyCast,
        errors.BallotsExceedSlips,
    ),
    "getLive": PUBLIC,
    "watchLive": (*PUBLIC, errors.TooManyWatchers),
    "getBox": (*PUBLIC, errors.BoxNotReady),
    "getDescription": (),
}
"""Operation → what it may refuse with, besides what any address may."""


@blueprint.get("/api/v1/openapi.json")
def openapi() -> Response:
    """The description."""
    return jsonify(describe())


def voter_errors() -> Errors:
    """Every error that a voter's client may be answered with, by status and code."""
    found = {*ANYWHERE, *(error for known in OPERATIONS.values() for error in known)}
    return tuple(sorted(found, key=lambda error: (error.status, error.code)))


def describe() -> dict[str, Any]:
    """The whole OpenAPI document."""
    meeting = "/api/v1/meetings/{code}"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "明测投票接口",
            "version": "1",
            "summary": "协议 mingce/1：凭测评票换取盲签凭证，再凭凭证投出选票",
            "description": (
                "二进制值一律为不带填充的 base64url，每个值只有一种写法。请求体为 UTF-8 的 JSON,"
                '不看 Content-Type。拒绝时答复 {"error", "message"} 和相应状态码，数据库不变。'
                "同样的请求可以放心重发。"
            ),
        },
        "servers": [{"url": "/"}],
        "paths": {
            meeting: _path(_get_meeting()),
            f"{meeting}/credentials": _path(_redeem_slip()),
            f"{meeting}/ballots": _path(_cast_ballot()),
            f"{meeting}/live": _path(_get_live()),
            f"{meeting}/events": _path(_watch_live()),
            f"{meeting}/box": _path(_get_box()),
            "/api/v1/openapi.json": {"get": _get_description()},
        },
        "components": {"schemas": SCHEMAS, "parameters": {"code": CODE}},
    }


CODE: dict[str, Any] = {
    "name": "code",
    "in": "path",
    "required": True,
    "description": "测评会编号：6 个 Crockford 字符，大写",
    "schema": {"type": "string", "minLength": 1},
    "example": "7K3M9P",
}


def _path(operation: tuple[str, Operation]) -> dict[str, Any]:
    method, described = operation
    return {"parameters": [{"$ref": "#/components/parameters/code"}], method: described}


def _get_meeting() -> tuple[str, Operation]:
    return "get", _operation(
        "getMeeting",
        "测评会的公开信息：公钥、测评对象、题目、票格",
        {"200": _json("测评会", "Meeting")},
    )


def _redeem_slip() -> tuple[str, Operation]:
    return "post", _operation(
        "redeemSlip",
        "凭测评票换取凭证。同一请求重发，得到同一答复（证明除外）",
        {"200": _json("求值结果和证明", "Credential")},
        body="CredentialRequest",
    )


def _cast_ballot() -> tuple[str, Operation]:
    return "post", _operation(
        "castBallot",
        "投出封好的选票。答复 200 或 201 时已经写盘",
        {
            "200": _json("这张选票先前已经收下", "Accepted"),
            "201": _json("选票已经收下", "Accepted"),
        },
        body="BallotRequest",
    )


def _get_live() -> tuple[str, Operation]:
    return "get", _operation(
        "getLive",
        f"已投票数，以及可以公布的计票（{POLICIES[0]}：晚一批公布）",
        {"200": _json("当前可见的计票", "Live")},
    )


def _watch_live() -> tuple[str, Operation]:
    event = {"schema": {"type": "string", "description": "每个事件的 data 与 …/live 的答复相同"}}
    return "get", _operation(
        "watchLive",
        "与 …/live 相同，以 server-sent events 持续推送；会议结束后给出 id 为 final 的末次事件",
        {
            "200": {"description": "事件流", "content": {"text/event-stream": event}},
            "204": {"description": "Last-Event-ID 为 final：已经看完，不必再连"},
        },
    )


def _get_box() -> tuple[str, Operation]:
    return "get", _operation(
        "getBox", "结束后公布的票箱", {"200": _json("票箱：名单、张数和摘要", "Box")}
    )


def _get_description() -> Operation:
    described = {"description": "OpenAPI 3.1", "content": _content({"type": "object"})}
    return _operation("getDescription", "本文件", {"200": described})


def _operation(
    name: str, summary: str, answers: dict[str, Any], body: str | None = None
) -> Operation:
    operation: Operation = {
        "operationId": name,
        "summary": summary,
        "responses": {**answers, **_refusals((*OPERATIONS[name], *ANYWHERE))},
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": _content(ref(body))}
    return operation


def _refusals(known: Errors) -> dict[str, Any]:
    """Status → response, with every code that comes with it."""
    ordered = sorted(known, key=lambda error: (error.status, error.code))
    found = {}
    for status, group in groupby(ordered, key=lambda error: error.status):
        same = list(group)
        found[str(status)] = {
            "description": "、".join(error.code for error in same),
            "content": {
                "application/json": {
                    "schema": {
                        "allOf": [
                            ref("Error"),
                            {"properties": {"error": {"enum": [error.code for error in same]}}},
                        ]
                    },
                    "examples": {
                        error.code: {"value": {"error": error.code, "message": error.message}}
                        for error in same
                    },
                }
            },
        }
    return found


def _json(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": _content(ref(schema))}


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
