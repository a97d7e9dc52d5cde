"""Accounts of the door with accounts."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base

NAME_MOST = 40


class Account(Base):
    """Somebody who may log in. session_version: raised to end every session of the account.

    role: of app.domain.rights. organisation_id: the part of the tree; None: all of it.
    must_change: somebody else has set the password. totp_secret: of the second step of the log-in,
    sealed; totp_on: it is asked for; totp_step: the last one of which a code was used;
    totp_failures: wrong codes after the right password since.
    """

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("length(name) > 0", name="name_not_empty"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_MOST), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    session_version: Mapped[int] = mapped_column(default=1)
    role: Mapped[str] = mapped_column(
        String(20), default="system_admin", server_default="system_admin"
    )
    organisation_id: Mapped[int | None] = mapped_column()
    disabled: Mapped[bool] = mapped_column(default=False, server_default=false())
    must_change: Mapped[bool] = mapped_column(default=False, server_default=false())
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary(120))
    totp_on: Mapped[bool] = mapped_column(default=False, server_default=false())
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    totp_failures: Mapped[int] = mapped_column(default=0, server_default="0")
