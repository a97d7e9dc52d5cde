"""One-time codes of an account: made, shown once, and spent; at rest there are only slow hashes."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

from sqlalchemy import ColumnElement, CursorResult, delete, func, insert, select, update

from app.actions.account import slow_hash
from app.actions.audit import note
from app.domain.code import Purpose, as_meant, written
from app.models import Account, AccountCode, db
from app.models.base import reading, writing

SALT_BYTES = 16
TITLES = {"witness": "监票人一次性码", "recovery": "恢复码"}


def make_codes(
    account_id: int, purpose: Purpose, draw: Callable[[int], bytes] = secrets.token_bytes
) -> list[str]:
    """New codes, which nobody can be shown again; those made before are worth nothing."""
    codes = [written(draw(purpose.size)) for _ in range(purpose.number)]
    salt = draw(SALT_BYTES)
    rows = [
        {
            "account_id": account_id,
            "purpose": purpose.name,
            "hash": slow_hash(code, salt),
            "salt": salt,
        }
        for code in codes
    ]
    with writing():
        drop_codes(account_id, purpose)
        db.session.execute(insert(AccountCode), rows)
        title = TITLES[purpose.name]
        note(f"生成{title}", _name(account_id), {"个数": (None, len(codes))})
    return codes


def drop_codes(account_id: int, purpose: Purpose) -> None:
    """Make the codes for one purpose worth nothing, in the transaction at hand."""
    db.session.execute(
        delete(AccountCode).where(
            AccountCode.account_id == account_id, AccountCode.purpose == purpose.name
        )
    )


def codes_left(account_id: int, purpose: Purpose) -> int:
    """How many are left that can still be used."""
    wanted = select(func.count()).where(*_usable(account_id, purpose))
    return db.session.scalar(wanted) or 0


def find_code(account_id: int, purpose: Purpose, typed: str) -> bytes | None:
    """The hash of the code that was typed, for `spend_code`; None where it is none of them.

    Every try counts before it is looked at, so that guesses at the same time count as well.
    """
    if purpose.tries is not None and not _may_try(account_id, purpose):
        slow_hash(typed, bytes(SALT_BYTES))  # a refusal shall not be quicker
        return None
    with reading() as connection:
        rows = connection.execute(
            select(AccountCode.hash, AccountCode.salt).where(
                AccountCode.account_id == account_id, AccountCode.purpose == purpose.name
            )
        ).all()
    meant = as_meant(typed)
    hashes = {salt: slow_hash(meant, salt) for salt in {row.salt for row in rows}}
    found = [row.hash for row in rows if hmac.compare_digest(row.hash, hashes[row.salt])]
    return found[0] if found else None


def spend_code(account_id: int, purpose: Purpose, found: bytes) -> bool:
    """Use the code up, in the transaction at hand; False where somebody was faster."""
    mine = (AccountCode.account_id == account_id, AccountCode.purpose == purpose.name)
    done = db.session.execute(delete(AccountCode).where(*mine, AccountCode.hash == found))
    # Whoever has the right code is no guesser: what was mistyped before is forgiven.
    db.session.execute(update(AccountCode).where(*mine).values(tries=0))
    return isinstance(done, CursorResult) and done.rowcount == 1


def _may_try(account_id: int, purpose: Purpose) -> bool:
    with writing():
        counted = db.session.execute(
            update(AccountCode)
            .where(*_usable(account_id, purpose))
            .values(tries=AccountCode.tries + 1)
        )
    return isinstance(counted, CursorResult) and counted.rowcount > 0


def _usable(account_id: int, purpose: Purpose) -> tuple[ColumnElement[bool], ...]:
    wanted: tuple[ColumnElement[bool], ...] = (
        AccountCode.account_id == account_id,
        AccountCode.purpose == purpose.name,
    )
    return wanted if purpose.tries is None else (*wanted, AccountCode.tries < purpose.tries)


def _name(account_id: int) -> str:
    account = db.session.get(Account, account_id)
    return account.name if account else ""
