"""Accounts: the first admin, logging in, changing a password."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cache
from threading import BoundedSemaphore
from typing import NamedTuple, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import hash_secret_raw
from argon2.profiles import RFC_9106_LOW_MEMORY
from sqlalchemy import ColumnElement, Delete, delete, func, literal, select, update

from app.domain.code import WITNESS
from app.domain.errors import AccountUnknown, BadInput, LinkInvalid, LoginFailed
from app.domain.rights import may_give
from app.models import Account, AccountCode, Confirmation, Organisation, db
from app.models.account import NAME_MOST
from app.models.base import reading, writing
from app.process import off_the_loop
from app.security import sign, unsign

PASSWORD_LEAST = 10
PASSWORD_MOST = 200
_FIRST_ADMIN = "first-admin"
# 64 MiB, three passes, four lanes: what RFC 9106 recommends where memory is not plentiful. A hash
# made with other parameters is made anew when its owner logs in.
_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
_DUMMY_HASH = _hasher.hash(secrets.token_hex(16))
AT_ONCE = 1
"""How many passwords a process works out at the same time: each takes 64 MiB and four threads."""

T = TypeVar("T")


class SignedIn(NamedTuple):
    """Who is behind a session. session_version: the one under which the session began."""

    id: int
    name: str
    session_version: int
    role: str = "system_admin"
    organisation_id: int | None = None
    must_change: bool = False


class Reset(NamedTuple):
    """password: good for one log-in. second_step_gone: there was one, and it is no longer asked."""

    account: Account
    password: str
    second_step_gone: bool


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
    account_id = _verify(Account.name == name.strip(), password)
    account = db.session.get(Account, account_id)
    if account is None or account.disabled:
        raise LoginFailed
    return account


def check_password(account_id: int, password: str) -> None:
    """Raise LoginFailed unless it is the password of this account."""
    _verify(Account.id == account_id, password)


def _verify(whose: ColumnElement[bool], password: str) -> int:
    """The id of the account with this password. A hash of older parameters is made anew."""
    # A password check takes long: nobody shall wait for the database meanwhile.
    password = password[:PASSWORD_MOST]
    with reading() as connection:
        row = connection.execute(select(Account.id, Account.password_hash).where(whose)).first()
    try:
        _apart(_hasher.verify, row.password_hash if row else _DUMMY_HASH, password)
    except (VerificationError, InvalidHashError) as error:
        raise LoginFailed from error
    if row is None:
        raise LoginFailed
    if _hasher.check_needs_rehash(row.password_hash):
        same = (Account.id == row.id, Account.password_hash == row.password_hash)
        fresh = _apart(_hasher.hash, password)
        with writing():
            db.session.execute(update(Account).where(*same).values(password_hash=fresh))
    return int(row.id)


def signed_in(account_id: int, session_version: int) -> SignedIn | None:
    """The account of a session, or None where all its sessions have been ended since."""
    return _who(Account.id == account_id, Account.session_version == session_version)


def account_by_name(name: str) -> SignedIn | None:
    """The account of this name, unless it may not log in."""
    return _who(Account.name == name.strip())


def account_by_id(account_id: int) -> SignedIn | None:
    """The account of this id, unless it may not log in."""
    return _who(Account.id == account_id)


def _who(*whose: ColumnElement[bool]) -> SignedIn | None:
    with reading() as connection:
        row = connection.execute(
            select(
                Account.id,
                Account.name,
                Account.session_version,
                Account.role,
                Account.organisation_id,
                Account.must_change,
            ).where(*whose, Account.disabled.is_(False))
        ).first()
    return SignedIn(*row) if row else None


def slow_hash(secret: str, salt: bytes) -> bytes:
    """32 bytes that take as long to work out as the hash of a password."""
    return _apart(
        hash_secret_raw,
        secret.encode(),
        salt,
        _hasher.time_cost,
        _hasher.memory_cost,
        _hasher.parallelism,
        32,
        _hasher.type,
    )


def _apart(work: Callable[..., T], *arguments: object) -> T:
    """Work out a slow hash while others are served; who asks for more than AT_ONCE waits."""
    with _turns():
        return off_the_loop(work, *arguments)


@cache
def _turns() -> BoundedSemaphore:
    """Made when it is first used: before gevent replaces locks, one would hold up the loop."""
    return BoundedSemaphore(AT_ONCE)


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
    check_password(account_id, old)
    if new == old:
        # Whoever gave it knows it: as long as it stays, it is not its owner's alone.
        raise BadInput("新密码和现在的一样。请另想一个，不要让给您密码的人也知道。")
    hashed = _apart(_hasher.hash, _checked_password(new))
    with writing():
        account = db.session.get(Account, account_id)
        if account is None or account.disabled:
            raise LoginFailed
        account.password_hash, account.must_change, account.totp_failures = hashed, False, 0
        account.session_version = Account.session_version + 1
        # Whoever knew the old password may have made codes to witness with, or confirmed.
        db.session.execute(_codes_of(account_id).where(AccountCode.purpose == WITNESS.name))
        db.session.execute(_confirmations_of(account_id))


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
    account = _new(name, password)
    with writing():
        _check_role(giver, reach, role, place)
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


def reset_password(account_id: int, giver: SignedIn, reach: frozenset[int] | None) -> Reset:
    """A password for one log-in, after which its owner must set another; ends its sessions.

    The second step of the log-in goes, for who asks for this may have lost the phone as well.
    """
    password = secrets.token_urlsafe(12)
    hashed = _apart(_hasher.hash, password)
    with writing():
        account = get_account(account_id, giver, reach)
        if account.id == giver.id:
            raise BadInput("自己的密码请在右上角“改密码”里改，要先输入现在的密码。")
        had_second_step = account.totp_on
        account.password_hash = hashed
        account.must_change = True
        account.session_version = Account.session_version + 1
        forget_second_step(account)
        db.session.execute(_codes_of(account_id))
        db.session.execute(_confirmations_of(account_id))
    return Reset(account, password, had_second_step)


def forget_second_step(account: Account) -> None:
    """The password alone is enough; in the transaction at hand."""
    account.totp_on, account.totp_secret, account.totp_step = False, None, None
    account.totp_failures = 0


def _codes_of(account_id: int) -> Delete:
    return delete(AccountCode).where(AccountCode.account_id == account_id)


def _confirmations_of(account_id: int) -> Delete:
    """Those of which nothing has come yet."""
    return delete(Confirmation).where(
        Confirmation.account_id == account_id, Confirmation.done.is_(False)
    )


def reset_by_operator(name: str) -> Reset:
    """As `reset_password`, for whoever operates the server. Raises AccountUnknown."""
    with reading() as connection:
        account_id = connection.scalar(select(Account.id).where(Account.name == name.strip()))
    if account_id is None:
        raise AccountUnknown("没有这个用户名的账号。没有改动任何内容。")
    return reset_password(account_id, SignedIn(0, "", 0), None)


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
    return Account(name=name, password_hash=_apart(_hasher.hash, _checked_password(password)))


def _checked_password(password: str) -> str:
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise BadInput(f"密码至少 {PASSWORD_LEAST} 个字符，最多 {PASSWORD_MOST} 个。")
    return password
