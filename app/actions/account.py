"""Accounts: the first admin, logging in, changing a password."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import hash_secret_raw
from sqlalchemy import delete, func, literal, select, update

from app.domain.errors import AccountUnknown, BadInput, LinkInvalid, LoginFailed
from app.domain.rights import may_give
from app.models import Account, AccountCode, Organisation, db
from app.models.account import NAME_MOST
from app.models.base import reading, writing
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
    role: str = "system_admin"
    organisation_id: int | None = None
    must_change: bool = False


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
    if account is None or account.disabled:
        raise LoginFailed
    return account


def signed_in(account_id: int, session_version: int) -> SignedIn | None:
    """The account of a session, or None where all its sessions have been ended since."""
    with reading() as connection:
        row = connection.execute(
            select(
                Account.id,
                Account.name,
                Account.session_version,
                Account.role,
                Account.organisation_id,
                Account.must_change,
            ).where(
                Account.id == account_id,
                Account.session_version == session_version,
                Account.disabled.is_(False),
            )
        ).first()
    return SignedIn(*row) if row else None


def account_by_name(name: str) -> SignedIn | None:
    """The account of this name, unless it may not log in."""
    with reading() as connection:
        row = connection.execute(
            select(
                Account.id,
                Account.name,
                Account.session_version,
                Account.role,
                Account.organisation_id,
                Account.must_change,
            ).where(Account.name == name.strip(), Account.disabled.is_(False))
        ).first()
    return SignedIn(*row) if row else None


def slow_hash(secret: str, salt: bytes) -> bytes:
    """32 bytes that take as long to work out as the hash of a password."""
    return hash_secret_raw(
        secret.encode(),
        salt,
        time_cost=_hasher.time_cost,
        memory_cost=_hasher.memory_cost,
        parallelism=_hasher.parallelism,
        hash_len=32,
        type=_hasher.type,
    )


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
    account.must_change = False
    _drop_codes(account_id)
    db.session.commit()


def list_accounts(giver: SignedIn, reach: frozenset[int] | None) -> list[Account]:
    """The accounts that somebody may see to: those in reach, of no role above their own."""
    found = db.session.scalars(select(Account).order_by(Account.name))
    return [a for a in found if _sees_to(giver, reach, a.role, a.organisation_id)]


def get_account(account_id: int, giver: SignedIn, reach: frozenset[int] | None) -> Account:
    """One of `list_accounts`; raises AccountUnknown for any other."""
    found = db.session.get(Account, account_id)
    if found is None or not _sees_to(giver, reach, found.role, found.organisation_id):
        raise AccountUnknown
    return found


def give_account(
    giver: SignedIn, reach: frozenset[int] | None, name: str, role: str, place: int | None
) -> tuple[Account, str]:
    """A new account and the password with which its owner logs in once. Raises BadInput."""
    password = secrets.token_urlsafe(12)
    with writing():
        _check_role(giver, reach, role, place)
        account = _new(name, password)
        if db.session.scalar(select(Account.id).where(Account.name == account.name)) is not None:
            raise BadInput("这个用户名已经有人用了，请换一个。")
        account.role, account.organisation_id, account.must_change = role, place, True
        db.session.add(account)
    return account, password


def change_account(
    account_id: int,
    giver: SignedIn,
    reach: frozenset[int] | None,
    role: str,
    place: int | None,
    disabled: bool,
) -> Account:
    """Another role or place, or no more logging in; ends its sessions. Raises BadInput."""
    with writing():
        account = get_account(account_id, giver, reach)
        _check_role(giver, reach, role, place)
        if account.id == giver.id:
            raise BadInput("不能改自己的角色和范围，请另一位管理员来改。")
        stays = role == "system_admin" and place is None and not disabled
        if not stays and not _another_admin(account.id):
            raise BadInput("这是最后一个系统管理员，不能停用或改角色。请先另建一个。")
        account.role, account.organisation_id, account.disabled = role, place, disabled
        account.session_version = Account.session_version + 1
    return account


def reset_password(
    account_id: int, giver: SignedIn, reach: frozenset[int] | None
) -> tuple[Account, str]:
    """A password for one log-in, after which its owner must set another; ends its sessions."""
    password = secrets.token_urlsafe(12)
    hashed = _hasher.hash(password)
    with writing():
        account = get_account(account_id, giver, reach)
        account.password_hash = hashed
        account.must_change = True
        account.session_version = Account.session_version + 1
        _drop_codes(account_id)
    return account, password


def _drop_codes(account_id: int) -> None:
    """Whoever knew the old password may have made codes."""
    db.session.execute(delete(AccountCode).where(AccountCode.account_id == account_id))


def _sees_to(giver: SignedIn, reach: frozenset[int] | None, role: str, place: int | None) -> bool:
    return may_give(giver.role, role) and (reach is None or place in reach)


def _check_role(
    giver: SignedIn, reach: frozenset[int] | None, role: str, place: int | None
) -> None:
    if not may_give(giver.role, role):
        raise BadInput("请选择角色；不能给出比自己高的角色。")
    if place is not None and db.session.get(Organisation, place) is None:
        raise BadInput("所选的党组织不存在，请刷新页面重选。")
    if reach is not None and place not in reach:
        raise BadInput("请在自己负责的范围内选党组织。")
    if place is None and role not in ("system_admin", "superior", "auditor"):
        raise BadInput("这个角色要选负责的党组织。")
    if place is not None and role in ("system_admin", "auditor"):
        raise BadInput("系统管理员和审计员看全部，不选党组织。")


def _another_admin(account_id: int) -> bool:
    """Whether a system admin other than this account remains; writers stand in line."""
    return (
        db.session.scalar(
            select(Account.id)
            .where(
                Account.id != account_id,
                Account.role == "system_admin",
                Account.organisation_id.is_(None),
                Account.disabled.is_(False),
            )
            .limit(1)
        )
        is not None
    )


def _new(name: str, password: str) -> Account:
    name = name.strip()
    if not 1 <= len(name) <= NAME_MOST or not name.isprintable():
        raise BadInput(f"请填写用户名（{NAME_MOST} 字以内）。")
    return Account(name=name, password_hash=_hasher.hash(_checked_password(password)))


def _checked_password(password: str) -> str:
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise BadInput(f"密码至少 {PASSWORD_LEAST} 个字符，最多 {PASSWORD_MOST} 个。")
    return password
