"""How many wrong tries are let through, counted so that nobody can lock somebody else out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import request
from flask_login import current_user

from admin.guard import half_way
from app.extensions import limiter
from app.security import address_key, keyed

V = TypeVar("V", bound=Callable[..., Any])


def name_key() -> str:
    """Whoever tries, and as whom: nobody can lock an account's owner out from elsewhere."""
    return keyed(f"{address_key()}/{request.form.get('name', '').strip()[:200]}")


def own_key() -> str:
    """The account that is logged in."""
    return keyed(f"account {current_user.account.id if current_user.is_authenticated else ''}")


def half_key() -> str:
    """Whoever types the second step's code, and for whom: see `name_key`."""
    return keyed(f"{address_key()}/second step/{half_way()}")


def limit_failures(limit: str, key: Callable[[], str]) -> Callable[[V], V]:
    """Count the tries that were refused with 401; a full count is answered with 429."""
    decorator = limiter.limit(
        limit,
        key_func=key,
        methods=["POST"],
        deduct_when=lambda response: response.status_code == 401,
    )
    return cast(Callable[[V], V], decorator)
