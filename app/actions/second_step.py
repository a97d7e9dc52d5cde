"""两步登录: an authenticator's code after the password; whoever loses it has recovery codes.

A code is good once: the step that was used last is kept, and only a later one counts. Wrong codes
can be typed by nobody who does not know the password; when there have been many, the account takes
recovery codes only, which cannot be guessed, so that its owner still comes in.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from pyotp import random_base32
from sqlalchemy import CursorResult, or_, select, update

from app.actions.account import SignedIn, check_password, forget_second_step, signed_in
from app.actions.audit import note
from app.actions.code import drop_codes, find_code, make_codes, spend_code
from app.domain.code import RECOVERY
from app.domain.errors import BadInput, LoginFailed, SecondStepFailed
from app.domain.totp import setup_uri, step_of
from app.models import Account, db
from app.models.base import reading, writing
from app.security import sealed, unsealed

FAILURES_MOST = 30
"""Three codes in a million are right at any moment: so many guesses find one in ten thousand."""

WORTH_TELLING = 3
_PURPOSE = "totp"


class Setup(NamedTuple):
    """What is to be brought into the authenticator. secret: base 32. uri: for a QR code."""

    secret: str
    uri: str


class Passed(NamedTuple):
    """failures: wrong codes, after the right password, since the last log-in."""

    account: SignedIn
    failures: int


def has_second_step(account_id: int) -> bool:
    """Whether the account's log-in asks for a code."""
    with reading() as connection:
        return bool(connection.scalar(select(Account.totp_on).where(Account.id == account_id)))


def begin_setup(account_id: int, password: str) -> None:
    """Draw a secret, which counts once a code has shown that it has arrived. Raises LoginFailed."""
    check_password(account_id, password)
    with writing():
        account = _own(account_id)
        if account.totp_on:
            raise BadInput("两步登录已经开启。要换手机，请先取消，再重新开启。")
        account.totp_secret = sealed(_PURPOSE, random_base32().encode(), str(account_id))


def setup_of(account_id: int) -> Setup | None:
    """What is being set up; None where nothing is."""
    account = _own(account_id)
    secret = None if account.totp_on else _secret(account)
    return Setup(secret, setup_uri(secret, account.name)) if secret else None


def finish_setup(account_id: int, typed: str) -> tuple[list[str], int]:
    """Switch it on; its recovery codes, and the session version after which others have ended."""
    with writing():
        account = _own(account_id)
        secret = None if account.totp_on else _secret(account)
        if secret is None:
            raise BadInput("设置已经过期，请从头再来。")
        step = step_of(secret, typed, _now())
        if step is None:
            raise SecondStepFailed("验证码不对。请核对手机的时间，输入现在显示的 6 位数字。")
        account.totp_on, account.totp_step, account.totp_failures = True, step, 0
        account.session_version = version = account.session_version + 1
    return make_codes(account_id, RECOVERY), version


def new_recovery_codes(account_id: int, password: str) -> list[str]:
    """New ones in place of the old. Raises LoginFailed."""
    check_password(account_id, password)
    return make_codes(account_id, RECOVERY)


def remove(account_id: int, password: str) -> None:
    """The password alone is enough again. Raises LoginFailed."""
    check_password(account_id, password)
    with writing():
        forget_second_step(_own(account_id))
        drop_codes(account_id, RECOVERY)


def pass_second_step(account_id: int, session_version: int, typed: str) -> Passed:
    """The account, whose password was right, with a code of its authenticator or a recovery code.

    Raises SecondStepFailed; LoginFailed where the account has changed meanwhile.
    """
    account = signed_in(account_id, session_version)
    if account is None:
        raise LoginFailed
    if len(typed.replace(" ", "")) > len("000000"):
        return Passed(account, _by_recovery_code(account, typed))
    return Passed(account, _by_authenticator(account, typed))


def _by_authenticator(account: SignedIn, typed: str) -> int:
    _count_try(account)
    with writing():
        row = _own(account.id)
        secret = _secret(row)
        step = step_of(secret, typed, _now()) if secret else None
        # This one is counted too, and it is no failure.
        failures = row.totp_failures - 1
        if step is None or not _use(account.id, step):
            raise SecondStepFailed
    return failures


def _count_try(account: SignedIn) -> None:
    """Count before looking, so that guesses at the same time count as well."""
    with writing():
        counted = db.session.execute(
            update(Account)
            .where(Account.id == account.id, Account.totp_failures < FAILURES_MOST)
            .values(totp_failures=Account.totp_failures + 1)
        )
        if not isinstance(counted, CursorResult) or counted.rowcount != 1:
            raise SecondStepFailed(
                "有人知道这个账号的密码，验证码已连错太多次。现在只能用恢复码登录；"
                "没有恢复码的，请管理员重设密码。登录以后请马上改密码。"
            )


def _use(account_id: int, step: int) -> bool:
    """Whether no code of this step or a later one has been used; now this one has."""
    used = db.session.execute(
        update(Account)
        .where(
            Account.id == account_id,
            Account.totp_on.is_(True),
            or_(Account.totp_step.is_(None), Account.totp_step < step),
        )
        .values(totp_step=step, totp_failures=0)
        .execution_options(synchronize_session=False)
    )
    return isinstance(used, CursorResult) and used.rowcount == 1


def _by_recovery_code(account: SignedIn, typed: str) -> int:
    found = find_code(account.id, RECOVERY, typed)
    if found is None:
        raise SecondStepFailed
    with writing():
        if not spend_code(account.id, RECOVERY, found):
            raise SecondStepFailed
        row = _own(account.id)
        failures, row.totp_failures = row.totp_failures, 0
        note("用恢复码登录", account.name, {})
    return failures


def _secret(account: Account) -> str | None:
    """None where there is none, or it was sealed under the key of another installation."""
    if account.totp_secret is None:
        return None
    secret = unsealed(_PURPOSE, account.totp_secret, str(account.id))
    return secret.decode() if secret else None


def _own(account_id: int) -> Account:
    account = db.session.get(Account, account_id, populate_existing=True)
    if account is None:
        raise LoginFailed
    return account


def _now() -> int:
    return int(time.time())
