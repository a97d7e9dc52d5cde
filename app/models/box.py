"""The published box of a closed meeting."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table, Text

from app.models.base import Base

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
