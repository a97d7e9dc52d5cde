"""一次性码: short secrets that an account shows once, and how a person may type them."""

from __future__ import annotations

from typing import NamedTuple

from app.domain.slip import crockford, in_fours


class Purpose(NamedTuple):
    """What codes are for. number: made at once. size: bytes of chance in each, a multiple of 5.

    tries: wrong codes after which all of them are worth nothing; None: no end, because there are
    too many possible ones to be tried.
    """

    name: str
    number: int
    size: int
    tries: int | None


WITNESS = Purpose("witness", number=5, size=5, tries=5)
"""Typed by a scrutineer at the host's computer to confirm opening or closing: 40 bits."""

RECOVERY = Purpose("recovery", number=8, size=10, tries=None)
"""Typed at log-in in place of an authenticator's code: 80 bits."""


def written(secret: bytes) -> str:
    """The code as it is shown: characters in fours."""
    return in_fours(crockford(secret))


def as_meant(typed: str) -> str:
    """The code that a person typed: hyphens, spaces and case do not matter; I, L, O are 1, 1, 0."""
    plain = typed.upper().translate(str.maketrans("ILO", "110", "- \t\u3000"))
    return in_fours(plain)
