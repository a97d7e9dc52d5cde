"""The OpenAPI description, docs/api.md and the code say the same."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain import errors
from app.domain.errors import MingceError
from tests.voters import Example
from voting.openapi import OPERATIONS, describe, voter_errors
from voting.schemas import SCHEMAS

ROOT = Path(__file__).resolve().parents[2]
NOT_THE_API_S = {
    "BadInput",  # what admins type; voters' modules share files with it
    "LinkInvalid",  # the screen's signed link, which answers with a page
    "SlipsIssuedMeanwhile",  # when an admin issues slips
    "UrnElsewhere",  # what the other host answers comes back instead
    "HostAway",  # answers as ServerBusy
}


def test_the_description_is_served_and_is_the_one_in_the_code(client: FlaskClient) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.get_json() == describe()


def test_every_route_of_the_api_is_described(app: Flask) -> None:
    routes = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {
        (path, method)
        for path, item in describe()["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert described == routes


def test_every_operation_names_its_errors_with_their_sentences() -> None:
    for item in describe()["paths"].values():
        for method, operation in item.items():
            if method == "parameters":
                continue
            named = {
                code: example["value"]["message"]
                for status, answer in operation["responses"].items()
                if status >= "4"
                for code, example in answer["content"]["application/json"]["examples"].items()
            }
            for error in OPERATIONS[operation["operationId"]]:
                assert named[error.code] == error.message


def test_every_error_that_the_voters_code_raises_is_described() -> None:
    raised = {
        name
        for module in _modules_behind("voting.api", "voting.screen")
        for name in _raised(module)
    }
    assert {"SlipUsed", "BadSeal", "MeetingClosed", "TooManyWatchers"} <= raised
    described = {error.__name__ for error in voter_errors()}
    assert raised - described <= NOT_THE_API_S


@pytest.mark.parametrize("error", voter_errors(), ids=lambda error: error.code)
def test_every_error_stands_in_the_documentation(error: type[MingceError]) -> None:
    """With its status, its sentence, and what the client should do."""
    rows = re.findall(r"^\|(.+)\|$", (ROOT / "docs" / "api.md").read_text("utf-8"), re.MULTILINE)
    columns = [[column.strip() for column in row.split("|")] for row in rows]
    found = [row for row in columns if row[:2] == [str(error.status), f"`{error.code}`"]]
    assert len(found) == 1
    assert found[0][2] == error.message
    assert found[0][3]


def test_the_documentation_names_no_error_that_there_is_not() -> None:
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    named = re.findall(r"^\| (\d{3}) \| `(\w+)` \|", text, re.MULTILINE)
    assert sorted(named) == [(str(error.status), error.code) for error in voter_errors()]


def test_the_documentation_names_every_address() -> None:
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    for path in describe()["paths"]:
        assert path.replace("{code}", "CODE") in text


def test_answers_have_the_shape_that_is_described(app: Flask) -> None:
    example = Example(app, slips=12)
    client = app.test_client()
    base = f"/api/v1/meetings/{example.code}"
    _conforms("Meeting", client.get(base).get_json())
    _conforms("Live", client.get(f"{base}/live").get_json())
    example.vote_all()
    live = client.get(f"{base}/live").get_json()
    assert live["released"]["at"] == 5
    _conforms("Live", live)
    _conforms("Error", client.get(f"{base}/box").get_json())
    example.close()
    _conforms("Meeting", client.get(base).get_json())
    _conforms("Live", client.get(f"{base}/live").get_json())
    _conforms("Box", client.get(f"{base}/box").get_json())


def test_a_meeting_without_a_ballot_has_the_shape_too(app: Flask) -> None:
    example = Example(app)
    example.close()
    live = app.test_client().get(f"/api/v1/meetings/{example.code}/live").get_json()
    _conforms("Live", live)
    assert live["released"]["satisfaction"]["s01"]["percent"] == "—"


def test_the_schemas_are_closed() -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        _conforms("Accepted", {"accepted": True, "when": "2012-04-01"})


def _conforms(name: str, value: object) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}
    jsonschema_rs.validate(schema, value)


def _modules_behind(*names: str) -> list[ModuleType]:
    """These modules and all of ours that they import, directly or not."""
    found: dict[str, ModuleType] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        ours = name.startswith(("app.actions", "app.domain", "voting."))
        # A meeting's form is frozen at opening: no voter meets the scheme behind it.
        if name in found or not ours or name.startswith("app.domain.scheme"):
            continue
        found[name] = importlib.import_module(name)
        tree = ast.walk(ast.parse(inspect.getsource(found[name])))
        waiting += [
            node.module for node in tree if isinstance(node, ast.ImportFrom) and node.module
        ]
    return list(found.values())


def _raised(module: ModuleType) -> set[str]:
    """The names of our error classes that the module raises."""
    names = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Raise) and node.exc is not None:
            thrown = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            kind = getattr(errors, getattr(thrown, "id", ""), None)
            if isinstance(kind, type) and issubclass(kind, MingceError):
                names.add(kind.__name__)
    return names
