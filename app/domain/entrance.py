"""门口屏: a screen at the entrance that shows one code at a time, drawn by the screen itself.

The token never leaves the screen but as a picture: the server is told its hash. What the screen
asks carries a mark that only whoever has the link's key can make; the key stands behind the `#` of
the link, which is never sent.
"""

from __future__ import annotations

import hmac
from typing import NamedTuple

from app.domain.slip import crockford

SCREEN_BYTES = 16
HASH_BYTES = 32
KEY_BYTES = 16
MARK_BYTES = 32

TURNS_MOST = 1_000_000

SCREENS_MOST = 20
"""In one meeting; each holds one code that nobody else can have."""


class Wish(NamedTuple):
    """The code that a screen wants to show next. screen: its name, drawn by itself.

    turn: how many it has wished for, this one too, so that an old wish that somebody repeats is
    known as such. next: the hash of the new code.
    """

    screen: bytes
    group: str
    turn: int
    next: bytes


def mark(key: bytes, *fields: str) -> bytes:
    """What shows that a request comes from a screen with the key: HMAC-SHA-256 of its fields."""
    return hmac.digest(key, "|".join(fields).encode(), "sha256")


def is_marked(key: bytes, given: bytes, *fields: str) -> bool:
    """Whether it does."""
    return hmac.compare_digest(mark(key, *fields), given)


def label(screen: bytes) -> str:
    """What people call a screen: three characters that it shows itself."""
    return crockford(screen[:5])[:3]


def is_full(out: int, returned: bool, expected: int) -> bool:
    """Whether a group may get no more codes.

    out: issued and not voided, or exchanged for a paper. returned: one of them comes back unused
    for the new one.
    """
    return out - returned >= expected
