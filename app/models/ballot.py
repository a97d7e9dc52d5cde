"""The ballot box while a meeting is open, and the published box afterwards.

No column here is a time, an address, a serial number, or a way back to a slip. Marks lie in blocks
that are overwritten in place, so that the file shows no order of arrival: see docs/adr/0002.
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

from app.domain.urn import BLOCK_BYTES
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

urn_blocks = Table(
    "urn_blocks",
    Base.metadata,
    Column("meeting_id", Integer, ForeignKey("meetings.id"), primary_key=True, autoincrement=False),
    Column("cell_id", String(12), primary_key=True),
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("marks", LargeBinary(BLOCK_BYTES), nullable=False),
    CheckConstraint(f"length(marks) = {BLOCK_BYTES}", name="marks"),
    sqlite_with_rowid=False,
)
"""The marks of an open meeting, as app.domain.urn lays them out."""

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
