"""Accounts: the first admin, logging in, changing a password."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, literal, select, update

from app.domain.errors import BadInput, LinkInvalid, LoginFailed
from app.models import Account, db
from app.models.account import NAME_MOST
from app.models.base import reading
from app.security import sign, unsign

PASSWORD_LEAST = 10
PASSWORD_MOST = 200
_FIRST_ADMIN = "first-admin"
_hasher = PasswordHasher()
_DUMMY_HASH = _hasher.hash(secrets.token_hex(16))


class SignedIn(NamedTuple):
    """Who is behind a session. session_version: the one under which the session began."""

    id: int
    name: str
    session_version: int


def first_admin_link() -> str | None:
    """The path of the page for the first admin, or None where an account exists."""
    if db.session.scalar(select(func.count(Account.id))):
        return None
    return f"/admin/first/{sign(_FIRST_ADMIN, 1)}"


def check_first_admin_link(signed: str) -> None:
    """Raise LinkInvalid unless the link is genuine and no account exists yet."""
    unsign(_FIRST_ADMIN, signed)
    if db.session.scalar(select(func.count(Account.id))):
        raise LinkInvalid("管理员已经设置过，这个链接不能再用。请直接登录。")


def create_first_admin(signed: str, name: str, password: str) -> Account:
    """The first account; of two at the same time, one wins and the other gets LinkInvalid."""
    check_first_admin_link(signed)
    account = _new(name, password)
    if db.session.scalar(select(literal(1)).where(select(Account.id).exists())):
        raise LinkInvalid
    db.session.add(account)
    db.session.commit()
    return account


def create_account(name: str, password: str) -> Account:
    """A further account; raises BadInput where the name is taken."""
    account = _new(name, password)
    if db.session.scalar(select(Account.id).where(Account.name == account.name)) is not None:
        raise BadInput("这个用户名已经有人用了，请换一个。")
    db.session.add(account)
    db.session.commit()
    return account


def log_in(name: str, password: str) -> Account:
    """The account of this name and password; raises LoginFailed, in the same time either way."""
    # A password check takes long: nobody shall wait for the database meanwhile.
    with reading() as connection:
        row = connection.execute(
            select(Account.id, Account.password_hash).where(Account.name == name.strip())
        ).first()
    try:
        _hasher.verify(row.password_hash if row else _DUMMY_HASH, password[:PASSWORD_MOST])
    except (VerificationError, InvalidHashError) as error:
        raise LoginFailed from error
    account = db.session.get(Account, row.id) if row else None
    if account is None:
        raise LoginFailed
    return account


def signed_in(account_id: int, session_version: int) -> SignedIn | None:
    """The account of a session, or None where all its sessions have been ended since."""
    with reading() as connection:
        row = connection.execute(
            select(Account.id, Account.name, Account.session_version).where(
                Account.id == account_id, Account.session_version == session_version
            )
        ).first()
    return SignedIn(*row) if row else None


def log_out(account_id: int) -> None:
    """End every session of the account, so that a copied cookie is worth nothing."""
    db.session.execute(
        update(Account)
        .where(Account.id == account_id)
        .values(session_version=Account.session_version + 1)
    )
    db.session.commit()


def change_password(account_id: int, old: str, new: str) -> None:
    """Set a new password and end every session of the account; raises LoginFailed, BadInput."""
    with reading() as connection:
        name = connection.scalar(select(Account.name).where(Account.id == account_id))
    account = log_in(name or "", old)
    account.password_hash = _hasher.hash(_checked_password(new))
    account.session_version = Account.session_version + 1
    db.session.commit()


def _new(name: str, password: str) -> Account:
    name = name.strip()
    if not 1 <= len(name) <= NAME_MOST or not name.isprintable():
        raise BadInput(f"请填写用户名（{NAME_MOST} 字以内）。")
    return Account(name=name, password_hash=_hasher.hash(_checked_password(password)))


def _checked_password(password: str) -> str:
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise BadInput(f"密码至少 {PASSWORD_LEAST} 个字符，最多 {PASSWORD_MOST} 个。")
    return password
