"""A ballot: sealed on the phone, opened here, and taken apart into cells that stand alone."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.domain.credential import PROTOCOL
from app.domain.encoding import b64url, from_b64url
from app.domain.errors import BadBallot, BadRequest, BadSeal
from app.domain.meeting import ABSTAIN

IV_BYTES = 12
TRACKER_BYTES = 10
RECEIPT_BYTES = 10
SEALED_BYTES_MOST = 65_536
"""Some 1,400 cells: far more than any form, and small enough to open in a request."""


class Mark(NamedTuple):
    """One cell of one ballot as it stands in the box. tracker: 10 bytes, drawn by the voter."""

    cell: str
    choice: str
    tracker: bytes


class _Content(msgspec.Struct, forbid_unknown_fields=True):
    cells: list[tuple[str, str, str]]


_decoder = msgspec.json.Decoder(_Content)


def unseal(output: bytes, meeting_code: str, group_code: str, iv: bytes, sealed: bytes) -> bytes:
    """The plain ballot. `output` is N of the credential. Raises BadSeal."""
    try:
        cipher = ChaCha20Poly1305(_key(output))
        return cipher.decrypt(iv, sealed, _associated_data(meeting_code, group_code))
    except InvalidTag as error:
        raise BadSeal from error


def seal(output: bytes, meeting_code: str, group_code: str, iv: bytes, plain: bytes) -> bytes:
    """What a phone sends: the inverse of `unseal`, for the simulator and the tests."""
    cipher = ChaCha20Poly1305(_key(output))
    return cipher.encrypt(iv, plain, _associated_data(meeting_code, group_code))


def tracker(receipt_secret: bytes, cell_id: str) -> bytes:
    """The tracker of one cell: 10 bytes that only the holder of the receipt can compute."""
    code = hmac.new(receipt_secret, cell_id.encode(), hashlib.sha256)
    return code.digest()[:TRACKER_BYTES]


def write_marks(marks: Iterable[Mark]) -> bytes:
    """The canonical JSON of a plain ballot, sorted by cell id."""
    cells = [[mark.cell, mark.choice, b64url(mark.tracker)] for mark in sorted(marks)]
    return msgspec.json.encode({"cells": cells})


def read_marks(plain: bytes, lawful: Mapping[str, Collection[str]]) -> tuple[Mark, ...]:
    """The marks of a plain ballot, sorted by cell id.

    `lawful` gives for each cell id of the form its choices without `abstain`, which is lawful
    everywhere. Every cell must stand exactly once, with a tracker of its own. Raises BadBallot.
    """
    try:
        content = _decoder.decode(plain)
        marks = tuple(
            sorted(
                Mark(cell, choice, from_b64url(text, TRACKER_BYTES))
                for cell, choice, text in content.cells
            )
        )
    except (msgspec.DecodeError, BadRequest) as error:
        raise BadBallot from error
    if [mark.cell for mark in marks] != sorted(lawful):
        raise BadBallot
    if len({mark.tracker for mark in marks}) < len(marks):
        raise BadBallot
    if any(m.choice != ABSTAIN and m.choice not in lawful[m.cell] for m in marks):
        raise BadBallot
    return marks


def _key(output: bytes) -> bytes:
    info = f"{PROTOCOL}/ballot".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(output)


def _associated_data(meeting_code: str, group_code: str) -> bytes:
    return f"{PROTOCOL}|{meeting_code}|{group_code}".encode()
