"""Browsers in which somebody has logged in before: what others mistype is not counted against them.

Behind a proxy everybody may have the same address. So a browser keeps, at this door only, a signed
note of who has logged in there; wrong tries for these names are counted by the browser.

Source: OWASP, Slow Down Online Guessing Attacks with Device Cookies.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

from flask import Response, after_this_request, current_app, request

from app.domain.errors import LinkInvalid
from app.security import ADMIN_DOOR, sign, unsign

COOKIE = "mingce_browser"
NAMES_MOST = 8
KEPT_SECONDS = 180 * 24 * 3600
_PURPOSE = "browser"


class Browser(NamedTuple):
    """mark: tells it from others. names: of the accounts that have logged in, the latest last."""

    mark: str
    names: tuple[str, ...]


def known_as(name: str) -> str | None:
    """The mark of the browser at hand, if an account of this name has logged in there before."""
    found = _browser()
    return found.mark if found and name in found.names else None


def remember(name: str) -> None:
    """Keep in the browser at hand that this account has logged in."""
    found = _browser() or Browser(secrets.token_urlsafe(16), ())
    names = (*(known for known in found.names if known != name), name)[-NAMES_MOST:]
    note = sign(_PURPOSE, [found.mark, *names])

    @after_this_request
    def _keep(response: Response) -> Response:
        response.set_cookie(
            COOKIE,
            note,
            max_age=KEPT_SECONDS,
            path=ADMIN_DOOR,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
        return response


def _browser() -> Browser | None:
    try:
        note = unsign(_PURPOSE, request.cookies.get(COOKIE, ""))
    except LinkInvalid:
        return None
    match note:
        case [str() as mark, *names]:
            return Browser(mark, tuple(str(name) for name in names))
    return None
