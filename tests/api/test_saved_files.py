"""What a voter may save at the door: the box, its names, and the verifier in one file."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.box import findings, read_box
from tests.voters import Example


def test_the_box_is_saved_byte_for_byte(app: Flask) -> None:
    example = Example(app)
    example.vote_all()
    digest = example.close()["digest"]
    client = app.test_client()
    saved = client.get(f"/r/{example.code}/box.json")
    assert saved.data == client.get(f"/api/v1/meetings/{example.code}/box").data
    assert findings(read_box(saved.data), digest) == ()
    disposition = unquote(saved.headers["Content-Disposition"])
    assert disposition == f"attachment; filename*=UTF-8''票箱-{example.code}.json"
    names = client.get(f"/r/{example.code}/meeting.json")
    assert names.data == client.get(f"/api/v1/meetings/{example.code}").data


def test_before_the_count_there_is_no_box_to_save(app: Flask) -> None:
    example = Example(app)
    example.vote_all()
    client = app.test_client()
    assert client.get(f"/r/{example.code}/box.json").status_code == 409
    assert client.get("/r/AAAAAA/box.json").status_code == 404
    assert client.get("/r/AAAAAA/meeting.json").status_code == 404
    page = client.get(f"/verify?code={example.code}").get_data(as_text=True)
    assert "还没有计票" in page
    assert "box.json" not in page


@pytest.mark.parametrize("typed", ["{}", "{} ", "{}-"])
def test_the_code_is_read_as_people_type_it(app: Flask, typed: str) -> None:
    example = Example(app)
    example.close()
    code = typed.format(example.code.lower().replace("0", "o").replace("1", "l"))
    page = app.test_client().get("/verify", query_string={"code": code}).get_data(as_text=True)
    assert f"/r/{example.code}/box.json" in page


def test_a_code_that_is_none_is_shown_and_nothing_in_it_runs(client: FlaskClient) -> None:
    answer = client.get("/verify", query_string={"code": "<script>x"})
    assert answer.status_code == 200
    assert "&lt;SCR1PT&gt;X" in answer.get_data(as_text=True)


def test_the_saved_verifier_holds_everything_and_may_reach_nothing(client: FlaskClient) -> None:
    answer = client.get("/verify.html")
    assert answer.status_code == 200
    assert "核对.html" in unquote(answer.headers["Content-Disposition"])
    page = answer.get_data(as_text=True)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy[1].split("; "))
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        held = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert len(held) == 1
        digest = base64.b64encode(hashlib.sha256(held[0].encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=\"(?!data:)", page)
    assert "Permission is hereby granted" in page


@pytest.mark.parametrize("path", ["/why", "/verify", "/verify.html"])
def test_what_everybody_may_read_is_the_same_for_everybody(client: FlaskClient, path: str) -> None:
    one, other = client.get(path), client.get(path, headers={"User-Agent": "another"})
    assert one.data == other.data
    assert one.headers["Referrer-Policy"] == "no-referrer"
    assert one.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in one.headers
