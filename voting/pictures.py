"""Where frames come from: the urn if it is here, else the host that has it.

That host tells what it shows through Redis, where there is one; where nothing is heard, it is
asked. One process of each host tells, and only while meetings are open there.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import msgspec
import structlog
from flask import Flask

from app.actions.display import ScreenPicture, screen_picture
from app.actions.sweep import settle_ended
from app.config import Config
from app.domain.errors import HostAway, UrnElsewhere
from app.hosts import ask
from app.models.urn_file import urn_codes, urn_stamp
from app.process import Lot
from voting.live import Frame, event
from voting.relay import Relay, order_of

VERSION_S = 0.9
"""How long the version of a meeting's display links is taken as read."""

SETTLED_NS = 50_000_000
"""Two changes nearer than this to each other may leave the same stamp: a file's clock is coarse."""

KNOWN_MOST = 1000

INTERNAL = "/internal/pictures/"
"""Where a host asks another for a picture."""

TELL_S, TELL_AGAIN_S, LOOK_AROUND_S = 0.1, 2.0, 5.0
"""Seconds: the least between two pictures of a meeting that are told; the most, so that others know
that they are up to date; between two looks for meetings that another host has ended."""

LOCK_FILE = "steward.lock"

log = structlog.get_logger()


class Pictures:
    """Reads the frames of meetings for one application."""

    def __init__(self, app: Flask) -> None:
        config: Config = app.config["MINGCE"]
        self._app = app
        self._versions: dict[str, tuple[int, float]] = {}
        self.relay = Relay(config.redis_url) if config.host_url and config.redis_url else None

    def read(self, code: str) -> Frame:
        """What watchers may see now. Raises MeetingUnknown, and whatever a disk or host may do."""
        with self._app.app_context():
            told = self.relay.newest(code) if self.relay and not urn_stamp(code) else None
            if told is not None:
                return frame(msgspec.json.decode(told.content))
            try:
                return frame(self.picture(code)._asdict())
            except UrnElsewhere as elsewhere:
                if not elsewhere.host:
                    raise
                answer = ask(elsewhere.host, f"{INTERNAL}{code}")
                if answer.status_code != 200:
                    raise HostAway from None
                return frame(msgspec.json.decode(answer.get_data()))

    def picture(self, code: str) -> ScreenPicture:
        """What this host itself knows. Raises MeetingUnknown, UrnElsewhere."""
        known = self._version(code)
        picture = screen_picture(code, known)
        if known is None:
            self._know(code, picture.version)
        return picture

    def stamp(self, code: str) -> object:
        """Another one wherever `read` may give another frame."""
        with self._app.app_context():
            found = urn_stamp(code)
        if found is None:
            told = self.relay.newest(code) if self.relay else None
            return told.content if told else None
        now = time.time_ns()
        return (*found, now) if abs(now - found[1]) < SETTLED_NS else found

    def _version(self, code: str) -> int | None:
        version, at = self._versions.get(code, (None, 0.0))
        if version is not None and time.monotonic() - at < VERSION_S:
            return version
        self._versions.pop(code, None)
        return None

    def _know(self, code: str, version: int) -> None:
        if len(self._versions) >= KNOWN_MOST:
            self._versions.clear()
        self._versions[code] = version, time.monotonic()


class Steward:
    """What one process of a host does for the others: it tells what the host's meetings show.

    And it ends here what another host has ended without this one, taking it for lost.
    """

    def __init__(self, app: Flask, pictures: Pictures) -> None:
        self._app = app
        self._pictures = pictures
        self._told: dict[str, tuple[object, float]] = {}
        config: Config = app.config["MINGCE"]
        self._lot = Lot(config.data / LOCK_FILE)
        self._complained = False

    def start(self) -> None:
        """Begin, in a thread."""
        threading.Thread(target=self._run, name="steward", daemon=True).start()

    def _run(self) -> None:
        looked = float("-inf")
        while True:
            time.sleep(TELL_S)
            now = time.monotonic()
            try:
                if not self._lot.is_mine():
                    time.sleep(TELL_AGAIN_S)
                    continue
                with self._app.app_context():
                    codes = urn_codes()
                    # Of what has just been closed, too: the result.
                    for code in {*codes, *self._told}:
                        self._tell(code, now)
                    if now - looked > LOOK_AROUND_S:
                        looked = now
                        settle_ended()
                self._told = {c: told for c, told in self._told.items() if c in codes}
                self._complained = False
            except Exception as error:
                # Whatever it is, it passes; screens are late meanwhile, and nothing else.
                if not self._complained:
                    self._complained = True
                    log.error("steward_failed", kind=type(error).__name__)
                time.sleep(TELL_AGAIN_S)

    def _tell(self, code: str, now: float) -> None:
        relay = self._pictures.relay
        if relay is None:
            return
        before, at = self._told.get(code, (None, float("-inf")))
        stamp = self._pictures.stamp(code)
        if stamp == before and now - at < TELL_AGAIN_S:
            return
        picture = self._pictures.picture(code)
        if picture.live is None or picture.turnout is None:
            # It is just being opened.
            return
        final = picture.live["state"] != "open"
        order = order_of(final, picture.turnout["cast"], picture.turnout["redeemed"])
        if relay.tell(code, order, _json(picture._asdict())):
            self._told[code] = stamp, now
        else:
            time.sleep(TELL_AGAIN_S)


def frame(picture: dict[str, Any]) -> Frame:
    """The frame of a picture: `live`, `turnout`, `digest` and `version`."""
    live = picture["live"]
    final = live is not None and live["state"] in ("closed", "voided")
    shown = {name: picture[name] for name in ("live", "turnout", "digest")}
    return Frame(
        live=event(_json(live), final) if live else None,
        screen=event(_json(shown), final),
        version=picture["version"],
        final=final,
    )


def _json(value: object) -> bytes:
    return msgspec.json.encode(value, order="sorted")
