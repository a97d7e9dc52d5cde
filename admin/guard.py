"""Who may come in: nobody without an account, except where `open_to_strangers` says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from flask import redirect, request, session, url_for
from flask_login import UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from admin import blueprint
from admin.browser import remember
from admin.rights import check_right
from app.actions.account import SignedIn, signed_in
from app.actions.audit import acts
from app.extensions import login

V = TypeVar("V", bound=Callable[..., Any])

login.session_protection = "strong"
_open: set[str] = set()
_WITH_OLD_PASSWORD = {"admin.password", "admin.log_out"}
SESSION_SECONDS = 12 * 3600
IDLE_SECONDS = 3600
"""A meeting's page asks for its progress all the time: who watches a meeting is not idle."""

HALF_SECONDS = 300
"""How long after the password the code of the second step is taken."""

SEEN_EVERY_SECONDS = 60


class Admin(UserMixin):
    """The account of this session, as Flask-Login wants it."""

    def __init__(self, account: SignedIn) -> None:
        self.account = account

    def get_id(self) -> str:
        """Account and session version: raising the version ends the session."""
        return f"{self.account.id}.{self.account.session_version}"


def open_to_strangers(view: V) -> V:
    """Let people without an account reach this view of the blueprint."""
    _open.add(f"{blueprint.name}.{view.__name__}")
    return view


@login.user_loader  # type: ignore[untyped-decorator]  # no stubs
def _load(key: str) -> Admin | None:
    account_id, _, version = key.partition(".")
    if not (account_id.isdecimal() and version.isdecimal()):
        return None
    account = signed_in(int(account_id), int(version))
    return Admin(account) if account else None


@blueprint.before_request
def _require_account() -> Response | None:
    if current_user.is_authenticated:
        acts(current_user.account.name)
        if current_user.account.must_change and request.endpoint not in _WITH_OLD_PASSWORD:
            return redirect(url_for("admin.password"))
        if not _still_fresh():
            end_session()
            return redirect(url_for("admin.log_in"))
        check_right(current_user.account)
        return None
    if request.endpoint in _open:
        return None
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("admin.log_in", next=wanted))


def begin_session(account_id: int, session_version: int, name: str) -> None:
    """Log in; nothing of an earlier session lives on."""
    session.clear()
    remember(name)
    login_user(Admin(SignedIn(account_id, name, session_version)))
    session["begun"] = session["seen"] = int(time.time())


class Half(NamedTuple):
    """An account whose password was given a short while ago, in that version of its sessions."""

    account_id: int
    session_version: int
    name: str


def begin_half(account_id: int, session_version: int, name: str) -> None:
    """The password was right and a code is still to come: nobody is logged in."""
    session.clear()
    session["half"] = [account_id, session_version, name]
    session["since"] = int(time.time())


def half_way() -> Half | None:
    """Who has given the password and no code yet; None where that is too long ago."""
    fresh = time.time() - session.get("since", 0) <= HALF_SECONDS
    return Half(*session["half"]) if fresh and "half" in session else None


def me() -> SignedIn:
    """Who is logged in."""
    account: SignedIn = current_user.account
    return account


def _still_fresh() -> bool:
    """Whether the session is neither too old nor left alone too long; it is seen again now."""
    now = int(time.time())
    begun, seen = session.get("begun", 0), session.get("seen", 0)
    if now - begun > SESSION_SECONDS or now - seen > IDLE_SECONDS:
        return False
    if now - seen >= SEEN_EVERY_SECONDS:
        session["seen"] = now
    return True


def end_session() -> None:
    """Forget the session in this browser."""
    logout_user()
    session.clear()


def local_path(path: str | None) -> str:
    """`path` if it leads to a page of this door, else the board: no open redirects."""
    board = url_for("admin.board")
    if not path or "\\" in path or not path.isprintable():
        return board
    parts = urlsplit(path)
    inside = path == board or path.startswith(f"{board.rstrip('/')}/")
    return path if inside and not parts.scheme and not parts.netloc else board
