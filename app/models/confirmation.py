"""Two people's confirmations of opening and closing a meeting, and the codes of accounts."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    String,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.models.account import NAME_MOST
from app.models.base import Base


class Confirmation(Base):
    """One person's part in an action on a meeting, as app.domain.confirmation.Given describes it.

    One row a part, and no account in two of them: two rows of one action are two people. Once it
    is done, the database refuses to change or delete it (triggers).
    """

    __tablename__ = "confirmations"
    __table_args__ = (
        CheckConstraint("action IN ('open', 'close')", name="action"),
        CheckConstraint("part IN ('host', 'witness')", name="part"),
        UniqueConstraint("meeting_id", "action", "account_id"),
    )

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"), primary_key=True)
    action: Mapped[str] = mapped_column(String(5), primary_key=True)
    part: Mapped[str] = mapped_column(String(7), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str] = mapped_column(String(NAME_MOST))
    by_code: Mapped[bool] = mapped_column()
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[int] = mapped_column(BigInteger)
    present: Mapped[int | None] = mapped_column()
    done: Mapped[bool] = mapped_column(default=False, server_default=false())
    countdown: Mapped[int | None] = mapped_column()


class AccountCode(Base):
    """A one-time code of an account; the row goes when it is used. tries: wrong ones so far."""

    __tablename__ = "account_codes"
    __table_args__ = (CheckConstraint("tries >= 0", name="tries"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(8), primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
