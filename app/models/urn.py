"""The urn of one open meeting: the tables of a file of its own, destroyed when the meeting ends.

No column here is a time, an address, a serial number, or a way from a ballot to a slip. Marks lie
in blocks, and a slip's `blinded` holds random bytes until it is used: a row that changes without
growing is overwritten where it lies, so that the file shows no order of arrival (docs/adr/0002).
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    false,
)

from app.domain.urn import BLOCK_BYTES
from app.models.base import NAMES

metadata = MetaData(naming_convention=NAMES)

urn_meeting = Table(
    "meeting",
    metadata,
    Column("code", String(6), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("seed", LargeBinary(32), nullable=False),
    Column("form", JSON, nullable=False),
    Column("policy", String(20), nullable=False),
    Column("k", Integer, nullable=False),
    Column("stop", LargeBinary(16), nullable=False),
    CheckConstraint("state IN ('open', 'closing')", name="state"),
    CheckConstraint("length(seed) = 32", name="seed"),
)
"""One row: what redeeming and casting need to know, so that they ask no other database.

state: `closing` while the meeting is being closed, and for good once it has ended. seed: the secret
of its keys, which lies nowhere else. stop: a random name of the last stop, so that only whoever
knows of it ends it.
"""

urn_groups = Table(
    "groups",
    metadata,
    Column("code", String(4), primary_key=True),
    Column("expected", Integer, nullable=False),
)

slips = Table(
    "slips",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("group_code", String(4), ForeignKey("groups.code"), nullable=False),
    Column("blinded", LargeBinary(32), nullable=False),
    Column("used", Boolean, nullable=False, server_default=false()),
    Column("voided", Boolean, nullable=False, server_default=false()),
    CheckConstraint("length(token_hash) = 32", name="token_hash"),
    CheckConstraint("length(blinded) = 32", name="blinded"),
    CheckConstraint("NOT (used AND voided)", name="used_is_not_voided"),
    sqlite_with_rowid=False,
)
"""The hash of a token and its group, and nothing that a ballot has."""

entrance_screens = Table(
    "entrance_screens",
    metadata,
    Column("screen", LargeBinary(16), primary_key=True),
    Column("group_code", String(4), ForeignKey("groups.code"), nullable=False),
    Column("token_hash", LargeBinary(32), nullable=False),
    Column("turn", Integer, nullable=False),
    CheckConstraint("length(screen) = 16", name="screen"),
    CheckConstraint("length(token_hash) = 32", name="token_hash"),
    sqlite_with_rowid=False,
)
"""The screens at the entrance and the one code that each shows; none that it has shown before."""

replacements = Table(
    "replacements",
    metadata,
    Column("group_code", String(4), ForeignKey("groups.code"), primary_key=True),
    Column("papers", Integer, nullable=False),
    CheckConstraint("papers >= 0", name="papers"),
    sqlite_with_rowid=False,
)
"""How many slips of a group were voided after they had been used, each for a paper ballot
(docs/adr/0016). Which of the used slips have not cast, nobody can know."""

countdowns = Table(
    "countdown",
    metadata,
    Column("code", String(6), primary_key=True),
    Column("ends", Integer, nullable=True),
    Column("seconds", Integer, nullable=False),
    Column("present", Integer, nullable=True),
    Column("who", String(100), nullable=False),
    Column("problem", String(300), nullable=False, server_default=""),
    sqlite_with_rowid=False,
)
"""One row while voting is being counted down, as app.domain.countdown.Countdown describes it. The
time in it is when the host wants voting to end, and says nothing of a voter."""

spent_nonces = Table(
    "spent_nonces",
    metadata,
    Column("nonce", LargeBinary(32), primary_key=True),
    Column("group_code", String(4), ForeignKey("groups.code"), primary_key=True),
    Column("sealed_hash", LargeBinary(32), nullable=False),
    CheckConstraint("length(nonce) = 32", name="nonce"),
    sqlite_with_rowid=False,
)

urn_blocks = Table(
    "urn_blocks",
    metadata,
    Column("cell_id", String(12), primary_key=True),
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("marks", LargeBinary(BLOCK_BYTES), nullable=False),
    CheckConstraint(f"length(marks) = {BLOCK_BYTES}", name="marks"),
    sqlite_with_rowid=False,
)
"""The marks, as app.domain.urn lays them out."""

pictures = Table(
    "pictures",
    metadata,
    Column("kind", String(8), primary_key=True),
    Column("cast", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    CheckConstraint("kind IN ('released', 'pending', 'running')", name="kind"),
    sqlite_with_rowid=False,
)
"""The tally when exactly `cast` ballots were in: JSON, cell id → choice → number. The pending one,
and the running one that is always up to date, are sealed under a key that lies in no file."""
