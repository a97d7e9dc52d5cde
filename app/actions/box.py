"""Hand out the box of a closed meeting."""

from __future__ import annotations

from sqlalchemy import select

from app.domain.errors import BoxNotReady, MeetingUnknown
from app.models import Meeting, boxes
from app.models.base import reading


def published_box(meeting_code: str) -> str:
    """The box document of a closed meeting, JSON. Raises MeetingUnknown, BoxNotReady."""
    with reading() as connection:
        row = connection.execute(
            select(Meeting.state, boxes.c.document)
            .outerjoin(boxes, boxes.c.meeting_id == Meeting.id)
            .where(Meeting.code == meeting_code)
        ).first()
    if row is None or row.state == "draft":
        raise MeetingUnknown
    if row.document is None:
        raise BoxNotReady
    return str(row.document)
