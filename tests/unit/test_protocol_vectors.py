"""The vectors that the phone's code is held to (tests/js), held against the server's code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from voprf import ristretto

from app.domain import ballot, credential
from app.domain.encoding import b64url, canonical_json, from_b64url
from app.domain.slip import crockford, parse_token

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
RFC: dict[str, Any] = json.loads((VECTORS / "rfc9497.json").read_text())
OURS: dict[str, Any] = json.loads((VECTORS / "mingce1.json").read_text())
CODE: str = OURS["meeting"]
SEED = credential.Seed(from_b64url(OURS["seed"]))
BALLOT: dict[str, Any] = OURS["ballot"]


def test_the_server_derives_the_key_pair_of_the_rfc() -> None:
    key = ristretto.Evaluator.from_seed(bytes.fromhex(RFC["seed"]), bytes.fromhex(RFC["keyInfo"]))
    assert key.public_key.serialize().hex() == RFC["pkSm"]


@pytest.mark.parametrize("vector", RFC["vectors"])
def test_the_server_evaluates_as_the_rfc_does(vector: dict[str, str]) -> None:
    key = ristretto.Evaluator.from_seed(bytes.fromhex(RFC["seed"]), bytes.fromhex(RFC["keyInfo"]))
    blinded = credential.checked_element(bytes.fromhex(vector["blinded"]))
    assert credential.evaluate(key, blinded).evaluated.hex() == vector["evaluated"]
    assert credential.output(key, bytes.fromhex(vector["input"])).hex() == vector["output"]


def test_keys_and_their_digest_are_those_that_the_phone_checks() -> None:
    keys = {
        group["code"]: credential.public_key(SEED, CODE, group["code"]) for group in OURS["groups"]
    }
    assert {code: b64url(key) for code, key in keys.items()} == {
        group["code"]: group["public_key"] for group in OURS["groups"]
    }
    digest = credential.key_digest(keys)
    assert b64url(digest) == OURS["key_digest"]
    assert crockford(digest[:5]) == OURS["key_digest_typed"]


def test_the_phone_s_sealed_ballot_opens_to_its_marks() -> None:
    key = credential.evaluator(SEED, CODE, BALLOT["group"])
    output = credential.output(key, from_b64url(BALLOT["nonce"]))
    assert b64url(output) == BALLOT["output"]
    iv, sealed = from_b64url(BALLOT["iv"]), from_b64url(BALLOT["sealed"])
    plain = ballot.unseal(output, CODE, BALLOT["group"], iv, sealed)
    assert plain.decode() == BALLOT["text"]
    lawful = {cell: tuple(f"option{n}" for n in range(1, 10)) for cell in BALLOT["choices"]}
    marks = ballot.read_marks(plain, lawful)
    assert {m.cell: m.choice for m in marks} == {
        cell: choice or "abstain" for cell, choice in BALLOT["choices"].items()
    }
    assert ballot.write_marks(marks) == plain


def test_trackers_are_those_that_the_phone_computes() -> None:
    secret = parse_token(BALLOT["receipt"])
    assert b64url(secret) == BALLOT["secret"]
    for cell, tracker in BALLOT["trackers"].items():
        assert b64url(ballot.tracker(secret, cell)) == tracker


def test_canonical_json_is_the_phone_s() -> None:
    assert canonical_json(OURS["canonical"]["value"]).decode() == OURS["canonical"]["text"]


@pytest.mark.parametrize("pair", OURS["crockford"])
def test_crockford_characters_are_the_phone_s(pair: dict[str, str]) -> None:
    assert crockford(from_b64url(pair["bytes"])) == pair["text"]
