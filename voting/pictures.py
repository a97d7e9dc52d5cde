"""Where frames come from: the urn if it is here, else the host that has it."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from flask import Flask

from app.actions.display import screen_picture
from app.models.urn_file import urn_stamp
from voting.live import Frame, event

VERSION_S = 0.9
"""How long the version of a meeting's display links is taken as read."""

SETTLED_NS = 50_000_000
"""Two changes nearer than this to each other may leave the same stamp: a file's clock is coarse."""

KNOWN_MOST = 1000


class Pictures:
    """Reads the frames of meetings for one application."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._versions: dict[str, tuple[int, float]] = {}

    def read(self, code: str) -> Frame:
        """What watchers may see now. Raises MeetingUnknown, and whatever a disk or host may do."""
        with self._app.app_context():
            picture = screen_picture(code, self._version(code))
        if code not in self._versions:
            self._know(code, picture.version)
        return frame(picture._asdict())

    def stamp(self, code: str) -> object:
        """Another one wherever `read` may give another frame."""
        with self._app.app_context():
            found = urn_stamp(code)
        now = time.time_ns()
        if found is not None and abs(now - found[1]) < SETTLED_NS:
            return *found, now
        return found

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
