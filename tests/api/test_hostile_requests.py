"""Wrong, missing, oversized, repeated, out-of-order and foreign requests change nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.config import DATABASE_FILE, Config
from app.domain.ballot import Mark, read_marks, seal, tracker, write_marks
from app.domain.encoding import b64url, from_b64url
from app.domain.errors import BadBallot
from app.domain.meeting import ABSTAIN
from app.extensions import limiter
from app.factory import create_app
from app.models import db
from app.phones.voter import Sealed, blind, finalise, seal_ballot
from tests.urns import all_rows
from tests.voters import Example

ZERO = "A" * 43
"""32 zero bytes: the encoding of the group's identity, which no phone sends."""


@pytest.fixture(scope="module")
def example(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """One meeting for all refusals, as none of them may change anything."""
    data = tmp_path_factory.mktemp("hostile")
    shutil.copyfile(migrated_database, data / DATABASE_FILE)
    app = create_app(Config.from_env({"MINGCE_DATA": str(data)}))
    app.testing = True
    yield Example(app, slips=100)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def visitor(example: Example) -> FlaskClient:
    return example.app.test_client()


def text(token: bytes = b'"0000000000000000"', blinded: bytes = b'"' + b"A" * 43 + b'"') -> bytes:
    """A request for a credential, from JSON fragments."""
    return b'{"token":' + token + b',"blinded":' + blinded + b"}"


@pytest.mark.parametrize("kind", ["credentials", "ballots"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"hello", 400, id="no JSON"),
        pytest.param(b"null", 400, id="null"),
        pytest.param(b"[]", 400, id="a list"),
        pytest.param(b'"x"', 400, id="a string"),
        pytest.param(b"{}", 400, id="all missing"),
        pytest.param(text(token=b"true"), 400, id="a boolean"),
        pytest.param(text(token=b"null"), 400, id="a null"),
        pytest.param(text(token=b"1e999"), 400, id="a number beyond all"),
        pytest.param(text(token=b"9" * 5000), 400, id="a long number"),
        pytest.param(text(token=b"[" * 30_000 + b"]" * 30_000), 400, id="deep nesting"),
        pytest.param(b"[" * 60_000, 400, id="deep nesting outside"),
        pytest.param(b'{"a":' * 20_000, 400, id="deep objects"),
        pytest.param(text()[:-1] + b',"more":1}', 400, id="an unknown member"),
        pytest.param(text(token=b'"\xff"'), 400, id="no UTF-8"),
        pytest.param(b'{"\xff":1}', 400, id="no UTF-8 in a name"),
        pytest.param(text(token=b'"\xed\xa0\x80"'), 400, id="a surrogate in UTF-8"),
        pytest.param(text(token=b'"\\ud800"'), 400, id="a lone surrogate"),
        pytest.param(text(token=b'"\\udc00\\ud800"'), 400, id="surrogates the wrong way"),
        pytest.param(text(blinded=b'"\\ud800AAA"'), 400, id="a lone surrogate in base64url"),
        pytest.param(text(token=b'"\x00"'), 400, id="a raw NUL"),
        pytest.param(b"\xef\xbb\xbf" + text(), 400, id="a byte order mark"),
        pytest.param(text().decode().encode("utf-16"), 400, id="UTF-16"),
        pytest.param(b"\x1f\x8b\x08", 400, id="gzip"),
        pytest.param(b" " * 200_000, 413, id="200 kB"),
        pytest.param(b" " * 2_000_000, 413, id="2 MB"),
    ],
)
def test_a_body_that_is_no_request_is_refused(
    example: Example, visitor: FlaskClient, kind: str, body: bytes, status: int
) -> None:
    answer = visitor.post(f"/api/v1/meetings/{example.code}/{kind}", data=body)
    assert answer.status_code == status
    assert answer.get_json()["error"] == {400: "bad_request", 413: "too_large"}[status]
    assert set(answer.get_json()) == {"error", "message"}


@pytest.mark.parametrize(
    "blinded",
    [
        pytest.param(ZERO, id="the identity"),
        pytest.param("_" * 42 + "8", id="no element"),
        pytest.param("A" * 42 + "B", id="the last bits not zero"),
        pytest.param(ZERO + "=", id="padding"),
        pytest.param(ZERO + "\n", id="a line break"),
        pytest.param("+" * 43, id="the other alphabet"),
        pytest.param("A" * 40, id="too short"),
        pytest.param("A" * 100_000, id="too long"),
        pytest.param("测" * 43, id="Chinese"),
        pytest.param("A" * 42 + "\u0000", id="NUL"),
        pytest.param("", id="empty"),
    ],
)
def test_a_blinded_element_that_is_none_leaves_the_slip_unused(
    example: Example, visitor: FlaskClient, blinded: str
) -> None:
    before = all_rows(example.app)
    wish = {"token": example.slips[0].token, "blinded": blinded}
    answer = visitor.post(f"/api/v1/meetings/{example.code}/credentials", json=wish)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_request")
    assert all_rows(example.app) == before


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("0" * 16, id="of no slip"),
        pytest.param("0" * 15, id="too short"),
        pytest.param("0" * 100_000, id="too long"),
        pytest.param("U" * 16, id="a letter that is not in the alphabet"),
        pytest.param("\uff10" * 16, id="full-width digits"),
        pytest.param("ß" * 8, id="a letter that grows in upper case"),
        pytest.param("ŉ" * 8, id="another"),
        pytest.param("\u0000" * 16, id="NUL"),
        pytest.param("' OR 1=1 -- -----", id="SQL"),
        pytest.param("", id="empty"),
    ],
)
def test_a_token_that_is_none_is_unknown(
    example: Example, visitor: FlaskClient, token: str
) -> None:
    before = all_rows(example.app)
    wish = {"token": token, "blinded": b64url(blind().blinded)}
    answer = visitor.post(f"/api/v1/meetings/{example.code}/credentials", json=wish)
    assert (answer.status_code, answer.get_json()["error"]) == (404, "slip_unknown")
    assert all_rows(example.app) == before


def test_a_token_is_read_as_people_type_it(example: Example, visitor: FlaskClient) -> None:
    token = example.slips.pop().token
    typed = "-".join(token.lower()[n : n + 4] for n in range(0, 16, 4)) + " "
    wish = {"token": typed.replace("0", "o").replace("1", "l"), "blinded": b64url(blind().blinded)}
    answer = visitor.post(f"/api/v1/meetings/{example.code}/credentials", json=wish)
    assert answer.status_code == 200


def test_a_slip_of_another_meeting_is_unknown(example: Example, visitor: FlaskClient) -> None:
    other = Example(example.app)
    wish = {"token": other.slips[0].token, "blinded": b64url(blind().blinded)}
    answer = visitor.post(f"/api/v1/meetings/{example.code}/credentials", json=wish)
    assert (answer.status_code, answer.get_json()["error"]) == (404, "slip_unknown")


@pytest.mark.parametrize(
    "code",
    ["ZZZZZZ", "%00", "%ED%A0%80", "%ff", "*", "%25", "'", "%F0%9F%98%80", "a" * 5000, "..%2e"],
)
@pytest.mark.parametrize("rest", ["", "/live", "/box", "/events", "/credentials", "/ballots"])
def test_a_code_of_no_meeting_is_unknown(
    example: Example, visitor: FlaskClient, code: str, rest: str
) -> None:
    path = f"/api/v1/meetings/{code}{rest}"
    if rest == "/credentials":
        wish = {"token": example.slips[0].token, "blinded": b64url(blind().blinded)}
        answer = visitor.post(path, json=wish)
    elif rest == "/ballots":
        ballot = {"group": "g1", "nonce": ZERO, "iv": "A" * 16, "sealed": "AAAA"}
        answer = visitor.post(path, json=ballot)
    else:
        answer = visitor.get(path)
    assert (answer.status_code, answer.get_json()["error"]) == (404, "meeting_unknown")


@pytest.mark.parametrize("rest", ["", "/live", "/box", "/events", "/credentials", "/ballots"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "MOVE"])
def test_a_wrong_method_is_refused_and_told_the_right_ones(
    example: Example, visitor: FlaskClient, method: str, rest: str
) -> None:
    answer = visitor.open(f"/api/v1/meetings/{example.code}{rest}", method=method)
    assert (answer.status_code, answer.get_json()["error"]) == (405, "method_not_allowed")
    assert ("POST" if rest in ("/credentials", "/ballots") else "GET") in answer.headers["Allow"]


def test_head_and_options_are_answered_without_a_body(
    example: Example, visitor: FlaskClient
) -> None:
    for rest in ("", "/live"):
        path = f"/api/v1/meetings/{example.code}{rest}"
        assert visitor.head(path).status_code == 200
        assert visitor.head(path).data == b""
        assert visitor.options(path).status_code == 200
        assert visitor.options(path).data == b""


# Ballots


def credential_and_ballot(example: Example) -> tuple[Any, Sealed]:
    """A genuine credential, from a slip of its own, and a genuine ballot, not yet sent."""
    drawn = blind()
    wish = {"token": example.slips.pop().token, "blinded": b64url(drawn.blinded)}
    answer = example.app.test_client().post(
        f"/api/v1/meetings/{example.code}/credentials", json=wish
    )
    credential = finalise(example.meeting, answer.get_json(), drawn)
    choices = dict.fromkeys(example.meeting.cells, "option1")
    return credential, seal_ballot(example.meeting, credential, choices)


def plain_ballot(example: Example, credential: Any, plain: bytes) -> dict[str, str]:
    """Any text, sealed as a ballot."""
    iv = bytes(12)
    return {
        "group": credential.group,
        "nonce": b64url(credential.nonce),
        "iv": b64url(iv),
        "sealed": b64url(seal(credential.output, example.code, credential.group, iv, plain)),
    }


def marks(example: Example, choice: str = "option1", secret: bytes = b"0123456789") -> list[Mark]:
    return [Mark(cell, choice, tracker(secret, cell)) for cell in sorted(example.meeting.cells)]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_ballot_that_was_changed_on_its_way_is_refused(
    genuine: tuple[Example, dict[str, str], Any], data: st.DataObject
) -> None:
    example, body, before = genuine
    field = data.draw(st.sampled_from(["nonce", "iv", "sealed"]))
    changed = bytearray(from_b64url(body[field]))
    place = data.draw(st.integers(0, len(changed) - 1))
    changed[place] ^= data.draw(st.integers(1, 255))
    answer = example.app.test_client().post(
        f"/api/v1/meetings/{example.code}/ballots", json={**body, field: b64url(bytes(changed))}
    )
    assert (answer.status_code, answer.get_json()["error"]) == (403, "bad_seal")
    assert all_rows(example.app) == before


@pytest.fixture
def genuine(example: Example) -> tuple[Example, dict[str, str], Any]:
    """A genuine ballot that is not sent, and the database before it."""
    _, ballot = credential_and_ballot(example)
    return example, ballot.body, all_rows(example.app)


@pytest.mark.parametrize("group", ["g2", "g9", "*", "", "G1", "g1\u0000", "g" * 1000, "组"])
def test_a_ballot_for_another_group_is_refused(
    example: Example, visitor: FlaskClient, group: str
) -> None:
    _, ballot = credential_and_ballot(example)
    body = {**ballot.body, "group": group}
    answer = visitor.post(f"/api/v1/meetings/{example.code}/ballots", json=body)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "bad_seal")


def test_a_ballot_of_another_meeting_is_refused(example: Example, visitor: FlaskClient) -> None:
    _, ballot = credential_and_ballot(Example(example.app))
    answer = visitor.post(f"/api/v1/meetings/{example.code}/ballots", json=ballot.body)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "bad_seal")


def test_a_ballot_without_any_credential_is_refused(example: Example, visitor: FlaskClient) -> None:
    """As somebody without a slip would try: with a nonce and a key of their own making."""
    iv, plain = bytes(12), write_marks(marks(example))
    body = {
        "group": "g1",
        "nonce": ZERO,
        "iv": b64url(iv),
        "sealed": b64url(seal(bytes(64), example.code, "g1", iv, plain)),
    }
    answer = visitor.post(f"/api/v1/meetings/{example.code}/ballots", json=body)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "bad_seal")


Plain = Callable[[Example], bytes]
WRONG_PLAIN: dict[str, Plain] = {
    "nothing": lambda _: b"",
    "no JSON": lambda _: b"\xff\x00",
    "no cells": lambda _: b'{"cells":[]}',
    "a list": lambda _: b"[]",
    "a cell missing": lambda e: write_marks(marks(e)[1:]),
    "a cell twice": lambda e: write_marks([*marks(e), marks(e)[0]]),
    "a cell twice with two choices": lambda e: write_marks([*marks(e), *marks(e, "option2")]),
    "a foreign cell": lambda e: write_marks([*marks(e)[1:], Mark("s99.q1", "option1", bytes(10))]),
    "one cell more": lambda e: write_marks([*marks(e), Mark("s99.q1", "option1", bytes(10))]),
    "a foreign choice": lambda e: write_marks(marks(e, "option9")),
    "an empty choice": lambda e: write_marks(marks(e, "")),
    "a label": lambda e: write_marks(marks(e, "先进")),
    "a short tracker": lambda e: write_marks([m._replace(tracker=bytes(9)) for m in marks(e)]),
    "a long tracker": lambda e: write_marks([m._replace(tracker=bytes(11)) for m in marks(e)]),
    "one member more": lambda e: write_marks(marks(e))[:-1] + b',"when":1}',
    "a mark of two parts": lambda _: b'{"cells":[["s01.q1","option1"]]}',
    "a lone surrogate": lambda _: b'{"cells":[["\\ud800","option1","AAAAAAAAAAAAAA"]]}',
    "deep nesting": lambda _: b'{"cells":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
}


@pytest.mark.parametrize("write", WRONG_PLAIN.values(), ids=WRONG_PLAIN.keys())
def test_a_sealed_ballot_that_breaks_the_form_is_refused_and_can_be_mended(
    example: Example, visitor: FlaskClient, write: Plain
) -> None:
    credential, ballot = credential_and_ballot(example)
    before = all_rows(example.app)
    path = f"/api/v1/meetings/{example.code}/ballots"
    answer = visitor.post(path, json=plain_ballot(example, credential, write(example)))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_ballot")
    assert all_rows(example.app) == before
    assert visitor.post(path, json=ballot.body).status_code == 201


def test_another_s_tracker_is_refused_and_the_first_mark_stays(
    example: Example, visitor: FlaskClient
) -> None:
    path = f"/api/v1/meetings/{example.code}/ballots"
    plain = write_marks(marks(example, ABSTAIN))
    first, _ = credential_and_ballot(example)
    assert visitor.post(path, json=plain_ballot(example, first, plain)).status_code == 201
    before = all_rows(example.app)
    second, ballot = credential_and_ballot(example)
    slips = all_rows(example.app)["slips"]
    answer = visitor.post(path, json=plain_ballot(example, second, plain))
    assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_ballot")
    assert all_rows(example.app) == {**before, "slips": slips}
    assert visitor.post(path, json=ballot.body).status_code == 201


def test_a_sealed_text_beyond_64_kib_is_too_large(example: Example, visitor: FlaskClient) -> None:
    credential, _ = credential_and_ballot(example)
    body = plain_ballot(example, credential, b" " * 65_537)
    answer = visitor.post(f"/api/v1/meetings/{example.code}/ballots", json=body)
    assert (answer.status_code, answer.get_json()["error"]) == (413, "too_large")


def test_ballots_of_any_choices_have_one_size(example: Example) -> None:
    credential, _ = credential_and_ballot(example)
    sizes = {
        len(seal_ballot(example.meeting, credential, dict.fromkeys(example.meeting.cells, c)).body[
            "sealed"
        ])
        for c in ("option1", "option3", ABSTAIN)
    }  # fmt: skip
    assert len(sizes) == 1


def test_too_many_failures_from_one_address_are_held_off_and_good_requests_are_not_counted(
    app: Flask,
) -> None:
    example, visitor = Example(app), app.test_client()
    path = f"/api/v1/meetings/{example.code}/credentials"
    answers = [visitor.post(path, data=b"x") for _ in range(1201)]
    assert {answer.status_code for answer in answers[:1200]} == {400}
    assert answers[-1].status_code == 429
    assert answers[-1].get_json()["error"] == "too_many"
    assert visitor.get(f"/api/v1/meetings/{example.code}").status_code == 200
    # The hall behind the same address votes on.
    example.vote_all()
    limiter.reset()


def test_one_tracker_for_two_cells_is_refused(app: Flask) -> None:
    example = Example(app)
    lawful = example.meeting.cells
    with pytest.raises(BadBallot):
        read_marks(write_marks(Mark(c, "option1", bytes(10)) for c in lawful), lawful)


def test_nothing_at_the_voters_door_sets_or_varies_by_a_cookie(app: Flask) -> None:
    example, visitor = Example(app), app.test_client()
    for path in ("/", f"/v/{example.code}", f"/api/v1/meetings/{example.code}", "/nothing"):
        answer = visitor.get(path)
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
