"""整改方案 and what was done about it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.notice import FinalGrade
from app.models.round import GradingRecord


class Rectification(Base):
    """The plan of one organisation. code: in the address of its public page, where it has one.

    organisation: as it was called when it began; the public page shows this copy. grade: that on
    which its terms rest. What it said before it was changed stands in `changes`.
    """

    __tablename__ = "rectifications"
    __table_args__ = (CheckConstraint("deadline >= begun_on", name="deadline"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("grading_records.id"), unique=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    organisation: Mapped[str] = mapped_column(String(100))
    grade: Mapped[str] = mapped_column(String(20))
    problems: Mapped[str] = mapped_column(Text)
    measures: Mapped[str] = mapped_column(Text)
    responsible: Mapped[str] = mapped_column(String(40))
    published: Mapped[bool] = mapped_column()
    begun_on: Mapped[date] = mapped_column(Date)
    deadline: Mapped[date] = mapped_column(Date)

    record: Mapped[GradingRecord] = relationship()
    entries: Mapped[list[RectificationEntry]] = relationship(order_by="RectificationEntry.id")
    changes: Mapped[list[RectificationChange]] = relationship(order_by="RectificationChange.id")


class RectificationEntry(Base):
    """One step of it; rows are added, never changed."""

    __tablename__ = "rectification_entries"
    __table_args__ = (
        CheckConstraint("kind IN ('progress', 'proof', 'returned', 'accepted')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rectification_id: Mapped[int] = mapped_column(ForeignKey("rectifications.id"))
    kind: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    made_on: Mapped[date] = mapped_column(Date)


class RectificationChange(Base):
    """What a plan said until it was changed, and why it was; rows are added, never changed."""

    __tablename__ = "rectification_changes"
    __table_args__ = (CheckConstraint("length(reason) > 0", name="reason"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rectification_id: Mapped[int] = mapped_column(ForeignKey("rectifications.id"))
    grade: Mapped[str] = mapped_column(String(20))
    problems: Mapped[str] = mapped_column(Text)
    measures: Mapped[str] = mapped_column(Text)
    responsible: Mapped[str] = mapped_column(String(40))
    deadline: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(400))
    changed_on: Mapped[date] = mapped_column(Date)


class Upgrade(Base):
    """That an accepted rectification has raised a grade: one acceptance raises it once."""

    __tablename__ = "upgrades"
    __table_args__ = (UniqueConstraint("final_grade_id"),)

    rectification_id: Mapped[int] = mapped_column(ForeignKey("rectifications.id"), primary_key=True)
    final_grade_id: Mapped[int] = mapped_column(ForeignKey("final_grades.id"))

    final_grade: Mapped[FinalGrade] = relationship()
