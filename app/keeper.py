"""Closes meetings whose countdown is over: one process of each machine does it for all.

By its own clock, which neither a change of the machine's time nor its sleep moves on. A meeting is
closed in one piece or not at all; a process that dies leaves it open, and the next one, finding a
countdown that nobody has kept, gives phones some seconds before it closes.
"""

from __future__ import annotations

import threading
import time

import structlog
from flask import Flask
from sqlalchemy import select

from app.actions.audit import acts
from app.actions.countdown import give_grace, seen_countdown
from app.actions.ending import finish_countdown, give_up_countdown
from app.config import Config
from app.domain.countdown import GRACE, Countdown
from app.domain.errors import BadInput, MingceError, PaperVoids, ServerBusy, StillVoting
from app.models import Meeting, db
from app.models.base import reading
from app.models.urn_file import UrnMissing, urn_codes
from app.process import Lot

TICK_S = 0.5
LOCK_FILE = "keeper.lock"

log = structlog.get_logger()


class Keeper:
    """Keeps the countdowns of the meetings whose urns lie on this machine."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._due: dict[str, tuple[Countdown, float]] = {}
        config: Config = app.config["MINGCE"]
        self._lot = Lot(config.data / LOCK_FILE)
        self._complained = False

    def start(self) -> None:
        """Begin, in a thread."""
        threading.Thread(target=self._run, name="keeper", daemon=True).start()

    def look(self, now: float) -> None:
        """Close what is due. now: of a clock that only goes forward, in seconds."""
        with self._app.app_context():
            try:
                codes = urn_codes()
                self._due = {code: due for code, due in self._due.items() if code in codes}
                for code in codes:
                    self._look_at(code, now)
            finally:
                db.session.remove()

    def _run(self) -> None:
        while True:
            time.sleep(TICK_S)
            try:
                if self._lot.is_mine():
                    self.look(time.monotonic())
                self._complained = False
            except Exception as error:
                # Whatever it is, it passes, and the meeting is open meanwhile.
                if not self._complained:
                    self._complained = True
                    log.error("keeper_failed", kind=type(error).__name__)

    def _look_at(self, code: str, now: float) -> None:
        try:
            countdown, all_cast = seen_countdown(code)
        except (UrnMissing, ServerBusy):
            return
        if countdown is None or not countdown.runs:
            self._due.pop(code, None)
            return
        if countdown.ends is None:
            if all_cast:
                self._close(code, countdown)
            return
        known = self._due.get(code)
        if known is None or known[0] != countdown:
            left = countdown.left(time.time()) or 0
            if known is None and left < GRACE:
                give_grace(code, countdown)
                return
            known = self._due[code] = countdown, now + left
        if now >= known[1]:
            self._close(code, countdown)

    def _close(self, code: str, countdown: Countdown) -> None:
        with reading() as connection:
            meeting_id = connection.scalar(
                select(Meeting.id).where(Meeting.code == code, Meeting.state == "open")
            )
        if meeting_id is None:
            return
        acts(f"倒计时（{countdown.who}）")
        try:
            # Who has scanned meanwhile is waited for, where all are: found in the closing itself.
            finish_countdown(meeting_id, countdown, all_cast=countdown.ends is None)
        except PaperVoids:
            log.info("countdown_voided", meeting=code)
        except StillVoting:
            log.info("countdown_delayed", meeting=code, kind=StillVoting.code)
        except BadInput as refusal:
            give_up_countdown(meeting_id, countdown, str(refusal))
            log.info("countdown_refused", meeting=code)
        except MingceError as refusal:
            # Somebody was faster, or the database is busy: the next look will tell.
            log.info("countdown_delayed", meeting=code, kind=refusal.code)
