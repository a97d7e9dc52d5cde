"""Party organisations, as a tree."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base

KINDS = ("committee", "general_branch", "branch")


class Organisation(Base):
    """党组织. kind: committee 党委, general_branch 党总支, branch 党支部.

    domain: 领域, a code or name as the schemes have it. members: 党员人数. last_admitted: the year
    in which a member was last admitted. closed_on: it keeps its records and takes part in no
    further round. practice: made up for somebody's first rehearsal; it stands in no list.
    """

    __tablename__ = "organisations"
    __table_args__ = (
        CheckConstraint("kind IN ('committee', 'general_branch', 'branch')", name="kind"),
        CheckConstraint("length(name) > 0", name="name_not_empty"),
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_its_own_parent"),
        Index("uq_organisations_parent_id_name", "parent_id", "name", unique=True),
        Index(
            "uq_organisations_root_name",
            "name",
            unique=True,
            sqlite_where=text("parent_id IS NULL"),
            postgresql_where=text("parent_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(20))
    domain: Mapped[str] = mapped_column(String(40), default="", server_default="")
    secretary: Mapped[str] = mapped_column(String(40), default="", server_default="")
    members: Mapped[int | None] = mapped_column()
    last_admitted: Mapped[int | None] = mapped_column()
    closed_on: Mapped[date | None] = mapped_column()
    practice: Mapped[bool] = mapped_column(default=False, server_default=false())

    parent: Mapped[Organisation | None] = relationship(remote_side=[id], back_populates="children")
    children: Mapped[list[Organisation]] = relationship(
        back_populates="parent", order_by="Organisation.id"
    )


class OrganisationChange(Base):
    """沿革: what became of an organisation; append-only. before, after: names as they then were."""

    __tablename__ = "organisation_changes"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('renamed', 'moved', 'closed', 'reopened', 'merged', 'received')", name="kind"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column(String(10))
    before: Mapped[str] = mapped_column(String(200))
    after: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(200))
    made_on: Mapped[date] = mapped_column()
