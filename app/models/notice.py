"""公示, objections to it, grades that have become final, and how one of them is corrected."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base


class Notice(Base):
    """One version of a public notice, never changed once it is there.

    code: in its address; the same for all versions. previous_id: the version that this one
    corrects or withdraws. days, counted, exceptions ({"off": [day], "worked": [day]}): how `ends`
    was counted from `published_on`.
    """

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint("state IN ('published', 'withdrawn')", name="state"),
        CheckConstraint("counted IN ('calendar', 'working')", name="counted"),
        CheckConstraint("(version = 1) = (previous_id IS NULL)", name="points_to_the_old"),
        UniqueConstraint("code", "version"),
        UniqueConstraint("previous_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(8))
    version: Mapped[int] = mapped_column()
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"))
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    state: Mapped[str] = mapped_column(String(10), default="published")
    reason: Mapped[str] = mapped_column(String(200), default="")
    title: Mapped[str] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(String(60))
    contact: Mapped[str] = mapped_column(String(100))
    published_on: Mapped[date] = mapped_column(Date)
    days: Mapped[int] = mapped_column()
    counted: Mapped[str] = mapped_column(String(10))
    exceptions: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    ends: Mapped[date] = mapped_column(Date)

    lines: Mapped[list[NoticeLine]] = relationship(order_by="NoticeLine.position")


class NoticeLine(Base):
    """What a notice publishes of one organisation: its own copy, in words."""

    __tablename__ = "notice_lines"

    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("grading_records.id"))
    organisation: Mapped[str] = mapped_column(String(100))
    domain: Mapped[str] = mapped_column(String(60))
    grade: Mapped[str] = mapped_column(String(20))

    corrected: Mapped[CorrectedLine | None] = relationship(
        primaryjoin=lambda: (
            (NoticeLine.notice_id == CorrectedLine.notice_id)
            & (NoticeLine.position == CorrectedLine.position)
        ),
        # In the statement that reads the lines: one for each line would be hundreds.
        lazy="joined",
    )


class Objection(Base):
    """What somebody objects to a notice. signed, contact: empty where they gave none.

    notice_code: of the notice, whatever its version; number: within it. about: an organisation
    named in the notice, or empty. outcome: NULL until it is answered, or dismissed together with
    others, for the reason in `answer`. Only days are kept, no times, and nothing of the sender but
    what they wrote.
    """

    __tablename__ = "objections"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('upheld', 'partly', 'not_upheld', 'duplicate', 'unrelated')",
            name="outcome",
        ),
        CheckConstraint("outcome IS NULL OR length(answer) > 0", name="answer_with_outcome"),
        UniqueConstraint("notice_code", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))
    notice_code: Mapped[str] = mapped_column(String(8))
    number: Mapped[int] = mapped_column()
    about: Mapped[str] = mapped_column(String(100), default="")
    text: Mapped[str] = mapped_column(Text)
    signed: Mapped[str] = mapped_column(String(40), default="")
    contact: Mapped[str] = mapped_column(String(60), default="")
    received_on: Mapped[date] = mapped_column(Date)
    investigation: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    outcome: Mapped[str | None] = mapped_column(String(12))
    answered_on: Mapped[date | None] = mapped_column(Date)


class FinalGrade(Base):
    """A grade that has become final; rows are added, never changed.

    kind: `final`, `correction` of a mistake, `upgrade` after rectification and a re-test.
    """

    __tablename__ = "final_grades"
    __table_args__ = (
        CheckConstraint("kind IN ('final', 'correction', 'upgrade')", name="kind"),
        CheckConstraint("(version = 1) = (kind = 'final')", name="final_first"),
        CheckConstraint("kind = 'final' OR length(reason) > 0", name="reason_for_a_change"),
        UniqueConstraint("record_id", "version"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("grading_records.id"))
    version: Mapped[int] = mapped_column()
    kind: Mapped[str] = mapped_column(String(12))
    grade: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(500), default="")
    decided_on: Mapped[date] = mapped_column(Date)


class Finalisation(Base):
    """That a round's grades became final; once for each round.

    untested: how many organisations had had no testing meeting. reason: why they were graded all
    the same.
    """

    __tablename__ = "finalisations"
    __table_args__ = (
        CheckConstraint("untested >= 0", name="untested"),
        CheckConstraint("untested = 0 OR length(reason) > 0", name="untested_why"),
    )

    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    untested: Mapped[int] = mapped_column()
    reason: Mapped[str] = mapped_column(String(500), default="")
    decided_on: Mapped[date] = mapped_column(Date)


class Correction(Base):
    """That a final grade is to be corrected; it comes into force by its end, not before.

    replaces_id: the version that it corrects. attempt: of this record, from 1; the next may begin
    when the one before has ended.
    """

    __tablename__ = "corrections"
    __table_args__ = (
        CheckConstraint("length(reason) > 0", name="reason"),
        CheckConstraint("attempt > 0", name="attempt"),
        UniqueConstraint("record_id", "attempt"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("grading_records.id"))
    attempt: Mapped[int] = mapped_column()
    replaces_id: Mapped[int] = mapped_column(ForeignKey("final_grades.id"))
    grade: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(500))
    proposed_on: Mapped[date] = mapped_column(Date)

    replaces: Mapped[FinalGrade] = relationship()
    end: Mapped[CorrectionEnd | None] = relationship(back_populates="correction")


class CorrectionEnd(Base):
    """What became of a correction, once. final_grade_id: the version that it has made.

    reason: why it was withdrawn.
    """

    __tablename__ = "correction_ends"
    __table_args__ = (
        CheckConstraint("outcome IN ('in_force', 'withdrawn')", name="outcome"),
        CheckConstraint(
            "(outcome = 'in_force') = (final_grade_id IS NOT NULL)", name="grade_in_force"
        ),
        CheckConstraint("outcome = 'in_force' OR length(reason) > 0", name="withdrawn_why"),
        UniqueConstraint("final_grade_id"),
    )

    correction_id: Mapped[int] = mapped_column(ForeignKey("corrections.id"), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(200), default="")
    final_grade_id: Mapped[int | None] = mapped_column(ForeignKey("final_grades.id"))
    ended_on: Mapped[date] = mapped_column(Date)

    correction: Mapped[Correction] = relationship(back_populates="end")
    final_grade: Mapped[FinalGrade | None] = relationship()


class CorrectedLine(Base):
    """That a line of a notice publishes a correction. before: the grade in force until then."""

    __tablename__ = "corrected_lines"
    __table_args__ = (
        ForeignKeyConstraint(
            ["notice_id", "position"], ["notice_lines.notice_id", "notice_lines.position"]
        ),
        UniqueConstraint("notice_id", "correction_id"),
    )

    notice_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    correction_id: Mapped[int] = mapped_column(ForeignKey("corrections.id"))
    before: Mapped[str] = mapped_column(String(20))

    correction: Mapped[Correction] = relationship()
