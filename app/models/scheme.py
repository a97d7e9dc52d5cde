"""方案库: schemes that were made in the pages, every version of them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.organisation import Organisation


class SchemeVersion(Base):
    """One version of a scheme, never changed once it is there.

    scheme_id: as the text has it; the same for all versions. text: the file, TOML, with plain ends
    of lines. organisation_id: whose scheme it is, the same for all versions; NULL: of those who see
    to everything. origin: of which scheme it is a copy, or which file it came from; may be empty.
    """

    __tablename__ = "scheme_versions"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("length(title) > 0", name="title_not_empty"),
        UniqueConstraint("scheme_id", "version"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scheme_id: Mapped[str] = mapped_column(String(60))
    version: Mapped[int] = mapped_column()
    title: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(String(200), default="")
    origin: Mapped[str] = mapped_column(String(200), default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    made_on: Mapped[date] = mapped_column(Date)
    made_by: Mapped[str] = mapped_column(String(40))

    organisation: Mapped[Organisation | None] = relationship()


class SchemeState(Base):
    """Whether a scheme is offered for new rounds; the row with the highest number says so.

    Rows are added, never changed. Without a row it is offered.
    """

    __tablename__ = "scheme_states"
    __table_args__ = (
        CheckConstraint("state IN ('offered', 'withdrawn')", name="state"),
        CheckConstraint("length(reason) > 0", name="reason_not_empty"),
        UniqueConstraint("scheme_id", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scheme_id: Mapped[str] = mapped_column(String(60))
    number: Mapped[int] = mapped_column()
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(200))
    made_on: Mapped[date] = mapped_column(Date)
    made_by: Mapped[str] = mapped_column(String(40))
