"""A slip: one entry token on paper, of which the system keeps only a hash."""

from __future__ import annotations

import hashlib
from typing import NewType

from app.domain.errors import SlipUnknown

Token = NewType("Token", bytes)
"""The secret of one slip, 10 bytes."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TOKEN_BYTES = 10
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_VALUES |= {"I": 1, "L": 1, "O": 0}


def crockford(data: bytes) -> str:
    """`data` in Crockford's base 32, most significant bits first; 5 bytes make 8 characters."""
    number, length = int.from_bytes(data), len(data) * 8 // 5
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def in_fours(text: str) -> str:
    """The text in groups of four with hyphens, as it stands on paper."""
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def parse_token(text: str) -> Token:
    """The token that a person typed or a phone read.

    Hyphens and spaces are ignored, case too; I and L are read as 1, O as 0.
    Raises SlipUnknown for anything that cannot be a token.
    """
    characters = [c for c in text.upper() if c not in "- "]
    if len(characters) != TOKEN_BYTES * 8 // 5 or any(c not in _VALUES for c in characters):
        raise SlipUnknown
    number = 0
    for character in characters:
        number = number << 5 | _VALUES[character]
    return Token(number.to_bytes(TOKEN_BYTES))


def token_hash(token: Token) -> bytes:
    """What is kept of a token: SHA-256 of its 10 bytes."""
    return hashlib.sha256(token).digest()
