"""The blind credential between slip and ballot: the server's side of RFC 9497 (VOPRF).

Suite ristretto255-SHA512, mode 0x01. The server evaluates a blinded element for a slip and later
recomputes the same output N from the nonce that it has never seen before; it cannot tell which
slip the nonce belongs to. See the protocol `mingce/1`, sections Opening and Credential.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple, NewType

from voprf import ristretto

from app.domain.errors import BadRequest

PROTOCOL = "mingce/1"
Seed = NewType("Seed", bytes)
"""The secret of one meeting, 32 bytes, erased at closing."""

Evaluator = ristretto.Evaluator
"""The key pair of one voter group of one meeting."""

SEED_BYTES = 32
ELEMENT_BYTES = 32
PROOF_BYTES = 64
NONCE_BYTES = 32


class Evaluation(NamedTuple):
    """evaluated: element, 32 bytes. proof: c then s, 64 bytes, as in RFC 9497 2.2."""

    evaluated: bytes
    proof: bytes


def evaluator(seed: Seed, meeting_code: str, group_code: str) -> Evaluator:
    """The key pair of one voter group of one meeting (DeriveKeyPair of RFC 9497 3.2.1)."""
    info = f"{PROTOCOL}|{meeting_code}|{group_code}".encode()
    return ristretto.Evaluator.from_seed(seed, info)


def public_key(seed: Seed, meeting_code: str, group_code: str) -> bytes:
    """The group's public key, 32 bytes."""
    return evaluator(seed, meeting_code, group_code).public_key.serialize()


def key_digest(public_keys: Mapping[str, bytes]) -> bytes:
    """16 bytes that bind all groups' public keys (group code → key); printed on every slip."""
    digest = hashlib.sha256()
    for group_code in sorted(public_keys):
        digest.update(group_code.encode() + b"\x00" + public_keys[group_code])
    return digest.digest()[:16]


def checked_element(blinded: bytes) -> bytes:
    """`blinded` if it encodes a group element other than the identity; BadRequest otherwise."""
    try:
        ristretto.BlindedInput.deserialize(blinded)
    except ValueError as error:
        raise BadRequest from error
    return blinded


def evaluate(key: Evaluator, blinded: bytes) -> Evaluation:
    """BlindEvaluate with its proof. `blinded` must have passed `checked_element`."""
    output = key.evaluate(ristretto.BlindedInput.deserialize(blinded)).serialize()
    # The library writes the proof before the element.
    return Evaluation(evaluated=output[PROOF_BYTES:], proof=output[:PROOF_BYTES])


def output(key: Evaluator, nonce: bytes) -> bytes:
    """N, 64 bytes: what the holder of the credential for `nonce` has finalised to."""
    return key.evaluate_known_input(nonce)
