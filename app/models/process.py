"""What organisations go through in a round beside their meeting: days, survey, self-assessment.

And the superior's assessment, which follows from all of it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from app.models.base import Base, Exact
from app.models.round import GradingRecord


class RoundStep(Base):
    """The days of one step, as the admin has set them; the step itself stands in the scheme.

    position: of the step in the scheme, from 1.
    """

    __tablename__ = "round_steps"
    __table_args__ = (
        CheckConstraint("starts IS NULL OR ends IS NULL OR starts <= ends", name="in_order"),
    )

    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    starts: Mapped[date | None] = mapped_column(Date)
    ends: Mapped[date | None] = mapped_column(Date)


class RoundPoints(Base):
    """The points that an indicator has in a round whose document states none.

    position: of the indicator in the scheme, from 1.
    """

    __tablename__ = "round_points"

    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    points: Mapped[Decimal] = mapped_column(Exact)


class Survey(Base):
    """调查摸底: one organisation's. answers: as app.domain.survey has them."""

    __tablename__ = "surveys"

    record_id: Mapped[int] = mapped_column(ForeignKey("grading_records.id"), primary_key=True)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    finished: Mapped[bool] = mapped_column(default=False)


class Visit(Base):
    """入户走访调查表: one household. household: empty where it is not to be named.

    ratings: indicator → rating.
    """

    __tablename__ = "visits"
    __table_args__ = (Index(None, "record_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("grading_records.id"))
    visited: Mapped[date | None] = mapped_column(Date)
    visitor: Mapped[str] = mapped_column(String(40), default="")
    household: Mapped[str] = mapped_column(String(40), default="")
    interviewed: Mapped[str] = mapped_column(String(20), default="")
    ratings: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    opinion: Mapped[str] = mapped_column(Text, default="")


class SelfAssessment(Base):
    """自评: one version. Submitted, it is frozen; returned, the next version begins with its copy.

    claimed: the grade that the organisation names itself, or empty. present: who was there.
    reasons: why it was returned, or what was remarked as it was accepted.
    """

    __tablename__ = "self_assessments"
    __table_args__ = (
        UniqueConstraint("record_id", "version"),
        CheckConstraint(
            "state IN ('draft', 'submitted', 'returned', 'accepted')", name="state"
        ),
        CheckConstraint("state <> 'returned' OR length(reasons) > 0", name="returned_why"),
        CheckConstraint("version > 0", name="version"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("grading_records.id"))
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    present: Mapped[str] = mapped_column(Text, default="")
    report: Mapped[str] = mapped_column(Text, default="")
    claimed: Mapped[str] = mapped_column(String(20), default="")
    total: Mapped[Decimal | None] = mapped_column(Exact)
    submitted_on: Mapped[date | None] = mapped_column(Date)
    submitted_by: Mapped[str] = mapped_column(String(40), default="")
    checked_on: Mapped[date | None] = mapped_column(Date)
    checked_by: Mapped[str] = mapped_column(String(40), default="")
    reasons: Mapped[str] = mapped_column(Text, default="")

    record: Mapped[GradingRecord] = relationship()
    lines: Mapped[list[SelfLine]] = relationship(
        order_by="SelfLine.position", cascade="all, delete-orphan"
    )
    attachments: Mapped[list[Attachment]] = relationship(
        order_by="Attachment.id", cascade="all, delete-orphan"
    )


class SelfLine(Base):
    """One indicator of a self-assessment. score: NULL where the round has totals only."""

    __tablename__ = "self_lines"

    assessment_id: Mapped[int] = mapped_column(
        ForeignKey("self_assessments.id"), primary_key=True
    )  # fmt: skip
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    score: Mapped[Decimal | None] = mapped_column(Exact)
    evidence: Mapped[str] = mapped_column(Text, default="")


class AttachmentContent(Base):
    """What was uploaded, once, however many versions of a self-assessment carry it.

    It lies in the database, so that a backup and a second host have it too.
    """

    __tablename__ = "attachment_contents"

    id: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))


class Attachment(Base):
    """A file with a self-assessment. position: of the indicator, 0 for the whole. size: bytes."""

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint("kind IN ('pdf', 'docx', 'xlsx', 'jpg', 'png')", name="kind"),
        Index(None, "assessment_id"),
        Index(None, "content_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    assessment_id: Mapped[int] = mapped_column(ForeignKey("self_assessments.id"))
    content_id: Mapped[int] = mapped_column(ForeignKey("attachment_contents.id"))
    position: Mapped[int] = mapped_column()
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(4))
    size: Mapped[int] = mapped_column()

    content: Mapped[AttachmentContent] = relationship()


class SuperiorLine(Base):
    """上级评定 of one indicator. score: NULL where the round has totals only."""

    __tablename__ = "superior_lines"

    record_id: Mapped[int] = mapped_column(ForeignKey("grading_records.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    score: Mapped[Decimal | None] = mapped_column(Exact)
    comment: Mapped[str] = mapped_column(Text, default="")


class Decision(Base):
    """The superior's decision on a grade; never changed: a correction is the next version.

    basis: what it rests on: {"self", "superior", "satisfaction", "score", "trace"}, figures as
    text; `score` is the one that decides.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        UniqueConstraint("record_id", "version"),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("grade = proposed OR length(reason) > 0", name="stricter_why"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("grading_records.id"))
    version: Mapped[int] = mapped_column()
    grade: Mapped[str] = mapped_column(String(20))
    proposed: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    basis: Mapped[dict[str, Any]] = mapped_column(JSON)
    decided_on: Mapped[date] = mapped_column(Date)
    decided_by: Mapped[str] = mapped_column(String(40), default="")


__all__ = [
    "Attachment",
    "AttachmentContent",
    "Decision",
    "RoundPoints",
    "RoundStep",
    "SelfAssessment",
    "SelfLine",
    "SuperiorLine",
    "Survey",
    "Visit",
]
