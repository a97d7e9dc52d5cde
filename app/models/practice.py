"""First rehearsals, and the simulated phones that vote in rehearsals."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base
from app.models.meeting import Meeting


class Practice(Base):
    """A person's first rehearsal; one at a time. seen: the steps that leave no other trace."""

    __tablename__ = "practices"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"), unique=True)
    seen: Mapped[str] = mapped_column(String(60), default="", server_default="")

    meeting: Mapped[Meeting] = relationship()


class Simulation(Base):
    """Simulated phones in a rehearsal, the latest. run: who plays them; 0 where nobody does.

    voters: how many there are. cast: how many have voted. failed: how many could not.
    """

    __tablename__ = "simulations"
    __table_args__ = (
        CheckConstraint('voters > 0 AND "cast" >= 0 AND failed >= 0', name="numbers"),
        CheckConstraint('"cast" + failed <= voters', name="no_more_than_there_are"),
    )

    meeting_id: Mapped[int] = mapped_column(ForeignKey("meetings.id"), primary_key=True)
    run: Mapped[int] = mapped_column()
    voters: Mapped[int] = mapped_column()
    cast: Mapped[int] = mapped_column(default=0, server_default="0")
    failed: Mapped[int] = mapped_column(default=0, server_default="0")
