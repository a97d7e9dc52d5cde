"""Paper ballots and attendance: numbers only, never a single ballot or a person who came."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    false,
)

from app.models.base import Base

paper_issues = Table(
    "paper_issues",
    Base.metadata,
    Column("meeting_id", Integer, primary_key=True),
    Column("group_code", String(4), primary_key=True),
    Column("issued", Integer, nullable=False),
    ForeignKeyConstraint(
        ["meeting_id", "group_code"], ["voter_groups.meeting_id", "voter_groups.code"]
    ),
    CheckConstraint("issued >= 0", name="issued"),
)
"""How many papers were handed out to a group."""

paper_entries = Table(
    "paper_entries",
    Base.metadata,
    Column("meeting_id", Integer, ForeignKey("meetings.id"), primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), primary_key=True),
    Column("entry", JSON, nullable=False),
    Column("corrections", Integer, nullable=False, server_default="0"),
    Column("discarded", Boolean, nullable=False, server_default=false()),
)
"""What a teller has counted (app.domain.paper.Entry); deleted when the meeting ends.

corrections: how often it was changed while another's stood beside it. discarded: it is not there,
but counting has begun; `entry` is empty then."""

paper_results = Table(
    "paper_results",
    Base.metadata,
    Column("meeting_id", Integer, ForeignKey("meetings.id"), primary_key=True),
    Column("issued", JSON, nullable=False),
    Column("entry", JSON, nullable=False),
    Column("tellers", JSON, nullable=False),
    Column("replaced", JSON, nullable=False, server_default="{}"),
)
"""What joined the tally at closing. issued: group code → number; tellers: names of two accounts;
replaced: group code → how many of those issued were given for slips whose phones had lost them."""

attendance = Table(
    "attendance",
    Base.metadata,
    Column("meeting_id", Integer, primary_key=True),
    Column("group_code", String(4), primary_key=True),
    Column("present", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Column("gone", Integer, nullable=False),
    ForeignKeyConstraint(
        ["meeting_id", "group_code"],
        ["voter_groups.meeting_id", "voter_groups.code"],
        ondelete="CASCADE",
    ),
    CheckConstraint("present >= 0 AND late >= 0 AND gone >= 0", name="numbers"),
    CheckConstraint("gone <= present + late", name="gone"),
)
"""到会: present before voting opened, how many came later and how many left early."""
