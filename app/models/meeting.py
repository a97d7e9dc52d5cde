"""Testing meetings: their settings, their voter groups and their subjects."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    String,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.round import GradingRecord, Round


class Meeting(Base):
    """测评会.

    form: the frozen ballot form (JSON of app.domain.meeting.Form). display_version: raised to
    revoke the display link. entrance: whether a screen at the entrance hands out codes;
    entrance_version: raised to revoke its link. organisation_id: the part of the tree of whoever
    made it, to which it belongs while it tests nobody; None: all of it. urn_host: address of the
    host on whose disk the urn lies, where there are several hosts. The secret of its keys, its
    slips and its ballots lie in its urn.
    """

    __tablename__ = "meetings"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'open', 'closed', 'voided')", name="state"),
        CheckConstraint("policy IN ('batched', 'turnout')", name="policy"),
        CheckConstraint("k BETWEEN 3 AND 100", name="k"),
        CheckConstraint("state <> 'open' OR form IS NOT NULL", name="form_when_open"),
        CheckConstraint("length(title) > 0", name="title_not_empty"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(6), unique=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    title: Mapped[str] = mapped_column(String(100))
    host: Mapped[str] = mapped_column(String(60), default="")
    wifi: Mapped[str] = mapped_column(String(60), default="")
    base_url: Mapped[str] = mapped_column(String(120))
    policy: Mapped[str] = mapped_column(String(20), default="batched")
    k: Mapped[int] = mapped_column(default=5)
    rehearsal: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    form: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    key_digest: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    display_version: Mapped[int] = mapped_column(default=1)
    entrance: Mapped[bool] = mapped_column(default=False, server_default=false())
    entrance_version: Mapped[int] = mapped_column(default=1, server_default="1")
    present: Mapped[int | None] = mapped_column()
    void_reason: Mapped[str] = mapped_column(String(200), default="")
    organisation_id: Mapped[int | None] = mapped_column()
    urn_host: Mapped[str | None] = mapped_column(String(120))

    round: Mapped[Round] = relationship()
    groups: Mapped[list[VoterGroup]] = relationship(
        order_by="VoterGroup.code", cascade="all, delete-orphan"
    )
    subjects: Mapped[list[MeetingSubject]] = relationship(
        order_by="MeetingSubject.position", cascade="all, delete-orphan"
    )


class VoterGroup(Base):
    """参会人员类别. expected: 应到. public_key: from opening on."""

    __tablename__ = "voter_groups"
    __table_args__ = (
        CheckConstraint("expected >= 0", name="expected"),
        UniqueConstraint("meeting_id", "name"),
    )

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(4), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    expected: Mapped[int] = mapped_column()
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class MeetingSubject(Base):
    """测评对象: which grading record the n-th subject of the form stands for (1 → `s01`)."""

    __tablename__ = "meeting_subjects"
    __table_args__ = (UniqueConstraint("meeting_id", "record_id"),)

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("grading_records.id"))

    record: Mapped[GradingRecord] = relationship()
