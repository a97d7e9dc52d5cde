"""Slips at rest: the hash of a token and its group, and nothing that a ballot has."""

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
    Column("blinded", LargeBinary(32)),
    Column("voided", Boolean, nullable=False, server_default=false()),
    ForeignKeyConstraint(
        ["meeting_id", "group_code"], ["voter_groups.meeting_id", "voter_groups.code"]
    ),
    CheckConstraint("length(token_hash) = 32", name="token_hash"),
    CheckConstraint("blinded IS NULL OR length(blinded) = 32", name="blinded"),
    CheckConstraint("blinded IS NULL OR NOT voided", name="used_is_not_voided"),
    sqlite_with_rowid=False,
)
