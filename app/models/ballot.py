"""The ballot box while a meeting is open, and the published box afterwards.

No column here is a time, an address, a serial number, or a way back to a slip, and both open tables
are kept in the order of values that voters drew at random. That hides the order of arrival from
queries, not from whoever copies the file while the meeting is open: see docs/adr/0002.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from app.models.base import Base

spent_nonces = Table(
    "spent_nonces",
    Base.metadata,
    Column("meeting_id", Integer, primary_key=True, autoincrement=False),
    Column("nonce", LargeBinary(32), primary_key=True),
    Column("group_code", String(4), primary_key=True),
    Column("sealed_hash", LargeBinary(32), nullable=False),
    ForeignKeyConstraint(
        ["meeting_id", "group_code"], ["voter_groups.meeting_id", "voter_groups.code"]
    ),
    CheckConstraint("length(nonce) = 32", name="nonce"),
    sqlite_with_rowid=False,
)

cells = Table(
    "cells",
    Base.metadata,
    Column("meeting_id", Integer, primary_key=True, autoincrement=False),
    Column("cell_id", String(12), primary_key=True),
    Column("tracker", LargeBinary(10), primary_key=True),
    Column("group_code", String(4), nullable=False),
    Column("choice", String(7), nullable=False),
    ForeignKeyConstraint(
        ["meeting_id", "group_code"], ["voter_groups.meeting_id", "voter_groups.code"]
    ),
    CheckConstraint("length(tracker) = 10", name="tracker"),
    sqlite_with_rowid=False,
)

snapshots = Table(
    "snapshots",
    Base.metadata,
    Column("meeting_id", Integer, ForeignKey("meetings.id"), primary_key=True),
    Column("cast", Integer, primary_key=True, autoincrement=False),
    Column("counts", JSON, nullable=False),
)
"""counts: cell id → choice → number, when exactly `cast` ballots were in."""

boxes = Table(
    "boxes",
    Base.metadata,
    Column("meeting_id", Integer, ForeignKey("meetings.id"), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("document", Text, nullable=False),
    Column("cast", Integer, nullable=False),
    Column("counts", JSON, nullable=False),
    Column("groups", JSON, nullable=False),
)
"""document: the published box. The rest is computed from it: the number of ballots, the whole
tally (cell id → choice → number), and the reconciliation (group → counts)."""
