"""两步登录: the six digits that an authenticator shows, by RFC 6238 (SHA-1, thirty seconds)."""

from __future__ import annotations

import hmac

from pyotp import HOTP, TOTP

STEP_SECONDS = 30
DRIFT = 1
"""How many steps a phone's clock may be ahead or behind."""

DIGITS = 6
ISSUER = "明测"


def step_of(secret: str, typed: str, now: int) -> int | None:
    """The step whose code was typed, if it is this one or one beside it; None otherwise.

    secret: base 32. now: seconds since 1970.
    """
    digits = "".join(typed.split())
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdecimal()):
        return None
    codes, current = HOTP(secret, digits=DIGITS), now // STEP_SECONDS
    found = [
        step
        for step in range(current - DRIFT, current + DRIFT + 1)
        if step >= 0 and hmac.compare_digest(codes.at(step), digits)
    ]
    return found[-1] if found else None


def setup_uri(secret: str, name: str) -> str:
    """What the QR code for the authenticator holds."""
    return TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(
        name=name, issuer_name=ISSUER
    )
