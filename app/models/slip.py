"""Slips at rest: the hash of a token and its group, and nothing that a ballot has.

`blinded` holds random bytes until the slip is used: a row that changes without growing is
overwritten where it lies, and so the file shows no order in which slips were used.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    String,
    Table,
    false,
)

from app.models.base import Base

slips = Table(
    "slips",
    Base.metadata,
    Column("meeting_id", Integer, primary_key=True, autoincrement=False),
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("group_code", String(4), nullable=False),
    Column("blinded", LargeBinary(32), nullable=False),
    Column("used", Boolean, nullable=False, server_default=false()),
    Column("voided", Boolean, nullable=False, server_default=false()),
    ForeignKeyConstraint(
        ["meeting_id", "group_code"], ["voter_groups.meeting_id", "voter_groups.code"]
    ),
    CheckConstraint("length(token_hash) = 32", name="token_hash"),
    CheckConstraint("length(blinded) = 32", name="blinded"),
    CheckConstraint("NOT (used AND voided)", name="used_is_not_voided"),
    sqlite_with_rowid=False,
)
