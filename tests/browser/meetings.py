"""Open meetings with slips in a running server's data, made by the actions that admins use."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from app.actions.attendance import record_attendance
from app.actions.closing import close_meeting
from app.actions.entrance import dismiss_screen, entrance_link, screens_of
from app.actions.live import Turnout, turnout
from app.actions.meeting import (
    Settings,
    choose_subjects,
    create_meeting,
    get_meeting,
    open_meeting,
    set_groups,
    set_policy,
    void_meeting,
)
from app.actions.quorum import Attendance
from app.actions.slip import issue_slips
from app.config import Config
from app.domain.encoding import b64url, from_b64url
from app.domain.scheme import parse_scheme
from app.domain.slip import crockford
from app.factory import create_app
from app.models import GradingRecord, Organisation, Round, db
from tests.serving import ROOT, Server

_number = itertools.count(1)

SUBJECTS = ("教学第一党支部", "教学第二党支部", "后勤离退休党支部")


class Slip(NamedTuple):
    """What stands on paper. token, check: as typed; fragment: of the QR code."""

    token: str
    check: str
    fragment: str


class OpenMeeting:
    """One open meeting of a server, whose slips a test hands out."""

    def __init__(self, server: Server, host: str, meeting_id: int, code: str) -> None:
        self._server = server
        self.id = meeting_id
        self.code = code
        self.host = host
        self.door = f"http://{host}:{server.port}/"
        self.page = f"{self.door}v/{code}"
        self.receipt_page = f"{self.door}r/{code}"
        self.slips: list[Slip] = []
        self.entrance = ""

    def address(self, slip: Slip) -> str:
        """What the slip's QR code holds."""
        return f"{self.page}#{slip.fragment}"

    def api(self, path: str) -> str:
        """An address of this meeting's API that needs no browser's host rules."""
        return f"{self._server.base}/api/v1/meetings/{self.code}/{path}"

    def turnout(self) -> Turnout:
        """How many slips are out and used, and how many ballots are in."""
        with application(self._server.data):
            return turnout(self.code)

    def dismiss_screens(self) -> None:
        """Take back every screen at the entrance."""
        with application(self._server.data):
            for screen in screens_of(get_meeting(self.id)):
                dismiss_screen(self.id, from_b64url(screen.name))

    def record_attendance(self, present: int) -> None:
        """So many of each group have come."""
        with application(self._server.data):
            groups = get_meeting(self.id).groups
            record_attendance(self.id, {group.code: Attendance(present) for group in groups})

    def close(self) -> None:
        """Close the meeting, as the admin does."""
        with application(self._server.data):
            close_meeting(self.id)

    def void(self) -> None:
        """Void the meeting, as the admin does."""
        with application(self._server.data):
            void_meeting(self.id, "测试作废")


def open_meeting_on(
    server: Server,
    host: str = "127.0.0.1",
    scheme: str = "huaixiang-2012",
    subjects: tuple[str, ...] = SUBJECTS,
    slips: int = 6,
    also_asked: str = "",
    entrance: bool = False,
) -> OpenMeeting:
    """An open meeting on `subjects` in the server's database, with so many slips.

    entrance: with screens at the entrance, and no slips. also_asked: a further `[[questions]]` of
    the scheme, in TOML.
    """
    text = (ROOT / "schemes" / f"{scheme}.toml").read_text()
    text = text.replace("\n[satisfaction]\n", f"\n{also_asked}\n[satisfaction]\n")
    with application(server.data):
        number = next(_number)
        root = Organisation(name=f"怀乡中学党总支（{number}）", kind="general_branch")
        domain = parse_scheme(text, scheme).domains[0].code
        round_ = Round(
            title=f"2012 年分类定级（{number}）",
            scheme_id=scheme,
            scheme_text=text,
            organisation=root,
        )
        records = [
            GradingRecord(
                round=round_,
                domain=domain,
                organisation=Organisation(name=name, kind="branch", parent=root),
            )
            for name in subjects
        ]
        db.session.add_all(records)
        db.session.commit()
        base = f"http://{host}:{server.port}"
        meeting = create_meeting(
            round_.id, Settings("怀乡中学党支部分类定级群众测评会", "怀乡中学党总支", "", base)
        )
        choose_subjects(meeting.id, [record.id for record in records])
        set_groups(meeting.id, [("党员", 20), ("群众代表", 20)])
        set_policy(meeting.id, "batched", 5, entrance)
        open_meeting(meeting.id)
        opened = OpenMeeting(server, host, meeting.id, meeting.code)
        digest = meeting.key_digest or b""
        if entrance:
            opened.entrance = f"{base}{entrance_link(meeting)}"
        # A session that has read anything holds the database until it ends.
        db.session.commit()
        if entrance:
            return opened
        tokens = issue_slips(opened.id, "g1", slips - 1) + issue_slips(opened.id, "g2", 1)
        opened.slips = [
            Slip(crockford(t), crockford(digest[:5]), f"{crockford(t)}.{b64url(digest)}")
            for t in tokens
        ]
    return opened


@contextmanager
def application(data: Path) -> Iterator[None]:
    """Actions on the data of a running server."""
    app = create_app(Config.from_env({"MINGCE_DATA": str(data), "MINGCE_ROLE": "voting"}))
    with app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()
