"""到会: how many came, in numbers only, so that nobody's coming is tied to anything."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, insert

from app.actions.meeting import EXPECTED_MOST, get_meeting
from app.actions.quorum import Attendance, attendance_of
from app.domain.errors import BadInput, MeetingStateChanged
from app.models import attendance, db
from app.models.base import writing


def record_attendance(meeting_id: int, numbers: Mapping[str, Attendance]) -> None:
    """Record every group of a draft or an open meeting.

    Once the meeting is open, what was recorded as present before stands: who comes afterwards is
    late. Raises BadInput, MeetingStateChanged.
    """
    with writing():
        meeting = get_meeting(meeting_id)
        if meeting.state not in ("draft", "open"):
            raise MeetingStateChanged
        before = attendance_of(meeting)
        for group in meeting.groups:
            now = numbers.get(group.code)
            if now is None:
                raise BadInput("参会人员类别不对，请刷新页面重填。")
            if not all(0 <= number <= EXPECTED_MOST for number in now):
                raise BadInput(f"“{group.name}”的人数应为 0 到 {EXPECTED_MOST} 的整数。")
            if now.gone > now.came:
                raise BadInput(f"“{group.name}”提前离开的人数多于到会人数，请核对。")
            if now.came > group.expected:
                raise BadInput(
                    f"“{group.name}”应到 {group.expected} 人，到会 {now.came} 人，请核对。"
                )
            stood = before.get(group.code)
            if meeting.state == "open" and stood and stood.present != now.present:
                raise BadInput(
                    f"投票已经开始，“{group.name}”开始前到会 {stood.present} 人不能再改；"
                    "后来的人填在“迟到”一栏。"
                )
        db.session.execute(delete(attendance).where(attendance.c.meeting_id == meeting.id))
        db.session.execute(
            insert(attendance),
            [
                {
                    "meeting_id": meeting.id,
                    "group_code": group.code,
                    **numbers[group.code]._asdict(),
                }
                for group in meeting.groups
            ],
        )
