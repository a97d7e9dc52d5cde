"""How many wrong tries are let through, counted so that nobody can lock somebody else out."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Any, TypeVar, cast

from flask import request
from flask_login import current_user

from admin.browser import known_as
from admin.guard import half_way
from app.extensions import limiter
from app.security import keyed

V = TypeVar("V", bound=Callable[..., Any])


def where_key() -> str:
    """Where a try at logging in comes from: the browser, if this account has logged in there.

    Otherwise the address, which behind a proxy may be the same for everybody.
    """
    mark = known_as(_name())
    return keyed(f"browser {mark}" if mark else _network(request.remote_addr or ""))


def name_key() -> str:
    """Whoever tries, and as whom: nobody can lock an account's owner out from elsewhere."""
    return keyed(f"{where_key()}/{_name()}")


def _network(address: str) -> str:
    """An address; of IPv6 its /64, since whoever has one address has all of them.

    One of IPv4 that is written as IPv6 is itself.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or found.packed[:8].hex())


def _name() -> str:
    """Of the account that is asked for, at either step."""
    half = half_way()
    if request.endpoint == "admin.log_in_code" and half:
        return half.name
    return request.form.get("name", "").strip()[:200]


def own_key() -> str:
    """The account that is logged in."""
    return keyed(f"account {current_user.account.id if current_user.is_authenticated else ''}")


def limit_failures(limit: str, key: Callable[[], str]) -> Callable[[V], V]:
    """Count the tries that were refused with 401; a full count is answered with 429."""
    decorator = limiter.limit(
        limit,
        key_func=key,
        methods=["POST"],
        deduct_when=lambda response: response.status_code == 401,
    )
    return cast(Callable[[V], V], decorator)
