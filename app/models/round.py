"""Rounds of grading and the one record that each organisation has in a round."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Exact
from app.models.organisation import Organisation


class Round(Base):
    """分类定级工作. The scheme's text is kept here, so that a later edit cannot change a round.

    scheme_version: which version of a scheme of the library; None for a shipped one, or a file.
    ladder: the ladder chosen, where the scheme leaves that to the admin (S2).
    scoring: `totals` where only total scores are entered, `points` where each indicator has points,
    of the scheme or, where it states none, in `round_points`. practice: of somebody's first
    rehearsal (app.actions.practice): it counts nowhere, and its meetings are rehearsals.
    """

    __tablename__ = "rounds"
    __table_args__ = (
        CheckConstraint("length(title) > 0", name="title_not_empty"),
        CheckConstraint("scoring IN ('totals', 'points')", name="scoring"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100), unique=True)
    scheme_id: Mapped[str] = mapped_column(String(60))
    scheme_version: Mapped[int | None] = mapped_column()
    scheme_text: Mapped[str] = mapped_column(Text)
    ladder: Mapped[str | None] = mapped_column(String(40))
    scoring: Mapped[str] = mapped_column(String(20), default="totals")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    practice: Mapped[bool] = mapped_column(default=False, server_default=false())

    organisation: Mapped[Organisation | None] = relationship()
    records: Mapped[list[GradingRecord]] = relationship(
        back_populates="round", order_by="GradingRecord.id"
    )


class GradingRecord(Base):
    """定级记录: one organisation in one round.

    facts: name → value, as the scheme's rules ask. mass: the final result of its testing meeting
    as JSON, or NULL: {"meeting": code, "tallies": {group: {question: {choice: n}}},
    "satisfaction": {"numerator", "denominator", "percent"}}; where the scheme weighs voter groups,
    that satisfaction is the weighted one (with "figures" and "groups"), and "together" is the one
    of all marks and "groups" the groups' names by code. proposed and trace follow from scores,
    mass, facts and adjustments, and are written whenever one of them changes.
    """

    __tablename__ = "grading_records"
    __table_args__ = (UniqueConstraint("round_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("rounds.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    domain: Mapped[str] = mapped_column(String(40))
    self_score: Mapped[Decimal | None] = mapped_column(Exact)
    superior_score: Mapped[Decimal | None] = mapped_column(Exact)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    mass: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    proposed: Mapped[str | None] = mapped_column(String(20))
    trace: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)

    round: Mapped[Round] = relationship(back_populates="records")
    organisation: Mapped[Organisation] = relationship()
    adjustments: Mapped[list[Adjustment]] = relationship(
        order_by="(Adjustment.kind.desc(), Adjustment.position)", passive_deletes="all"
    )


class Adjustment(Base):
    """扣分、加分: how many times an item of the scheme applied to a record, and why.

    position: of the item in its section of the scheme, from 1.
    """

    __tablename__ = "adjustments"
    __table_args__ = (
        CheckConstraint("kind IN ('deductions', 'bonuses')", name="kind"),
        CheckConstraint("times > 0", name="times"),
        CheckConstraint("length(reason) > 0", name="reason"),
    )

    record_id: Mapped[int] = mapped_column(ForeignKey("grading_records.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    times: Mapped[int] = mapped_column()
    reason: Mapped[str] = mapped_column(String(500))
