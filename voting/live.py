"""Fan-out of live pictures: one poller for each watched meeting of a process, many watchers.

A poller reads the meeting's picture at short intervals while somebody watches, and keeps the
newest only. Watchers wait for it to change, so that a slow one skips pictures and holds up
nobody. Plain threads and gevent's greenlets serve alike.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple

import structlog

from app.domain.errors import MeetingUnknown, TooManyWatchers

Kind = Literal["live", "screen"]
"""`live`: the public stream of the voters' API. `screen`: the stream behind a display link."""

RETRY = b"retry: 2000\n\n"
COMMENT = b": still here\n\n"
BEAT = b"event: beat\ndata: {}\n\n"
"""A comment does not reach a page's script, and the screen wants to know that it is connected."""

FINAL_ID = "final"
"""Id of the last event. Who comes back with it has seen everything."""

log = structlog.get_logger()


class Frame(NamedTuple):
    """A meeting at one moment, as a server-sent event for each kind of watcher.

    live: None while the meeting is a draft. version: of the display links that are good.
    final: the meeting is closed or voided, and nothing will change any more.
    """

    live: bytes | None
    screen: bytes
    version: int
    final: bool

    def event(self, kind: Kind) -> bytes | None:
        """The event for one kind of watcher."""
        return self.screen if kind == "screen" else self.live


def event(data: bytes, final: bool) -> bytes:
    """An unnamed server-sent event. data: JSON in one line."""
    return b"".join((b"id: final\n" if final else b"", b"data: ", data, b"\n\n"))


class Limits(NamedTuple):
    """Numbers of one process; times in seconds.

    live, screen: most watchers of each kind; screens have places of their own, so that a crowd
    of public watchers cannot shut out the room's projector. interval: between two looks at the
    database, lengthened so that all pollers together take no more than `share` of one core.
    heartbeat: longest silence. linger: how long a stream goes on after its last event.
    longest_pause: between looks at a database that fails, or at a meeting that is over.
    """

    live: int = 2000
    screen: int = 200
    interval: float = 0.2
    share: float = 0.15
    heartbeat: float = 15.0
    linger: float = 60.0
    longest_pause: float = 2.0

    def most(self, kind: Kind) -> int:
        """The most watchers of this kind."""
        return self.screen if kind == "screen" else self.live


class _Channel:
    """One watched meeting: its newest frame, and whether the last look at it failed."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.failing = False
        self.watchers = 0
        self.changed = threading.Condition()


class Hub:
    """All watched meetings of this process. `read` takes a meeting's code; it may fail."""

    def __init__(self, read: Callable[[str], Frame], limits: Limits = Limits()) -> None:  # noqa: B008 - immutable
        self.limits = limits
        self._read = read
        self._lock = threading.Lock()
        self._channels: dict[str, _Channel] = {}
        self._watching: Counter[Kind] = Counter()

    def watch(self, code: str, kind: Kind, version: int | None = None) -> Stream:
        """A stream of events on one meeting, the first at once; it must be closed.

        version: of the display link; the stream ends when links of another version are good.
        Raises MeetingUnknown (for the public, a draft is unknown too) and TooManyWatchers.
        """
        with self._lock:
            if self._watching[kind] >= self.limits.most(kind):
                raise TooManyWatchers
            self._watching[kind] += 1
        try:
            channel = self._join(code, kind)
        except BaseException:
            self._release(kind)
            raise
        return Stream(self, channel, kind, version)

    @property
    def watching(self) -> Mapping[Kind, int]:
        """How many watch now, by kind."""
        return dict(self._watching)

    @property
    def polled(self) -> frozenset[str]:
        """The meetings that have a poller."""
        return frozenset(self._channels)

    def leave(self, channel: _Channel, kind: Kind) -> None:
        """For streams: one watcher less."""
        with self._lock:
            channel.watchers -= 1
        self._release(kind)

    def _join(self, code: str, kind: Kind) -> _Channel:
        with self._lock:
            channel = self._channels.get(code)
            if channel is not None:
                return _enter(channel, kind)
        frame = self._read(code)
        with self._lock:
            # Another watcher may have been faster meanwhile.
            channel = self._channels.get(code)
            if channel is not None:
                return _enter(channel, kind)
            channel = _enter(_Channel(frame), kind)
            threading.Thread(
                target=self._poll, args=(code, channel), name=f"live-{code}", daemon=True
            ).start()
            self._channels[code] = channel
            return channel

    def _release(self, kind: Kind) -> None:
        with self._lock:
            self._watching[kind] -= 1

    def _poll(self, code: str, channel: _Channel) -> None:
        pause = self.limits.interval
        while True:
            time.sleep(pause)
            with self._lock:
                if channel.watchers == 0:
                    del self._channels[code]
                    return
            began = time.monotonic()
            try:
                frame = self._read(code)
            except Exception as error:
                # Whatever it is, the room's screen must recover by itself when it passes.
                if not channel.failing:
                    log.error("live_picture_unreadable", kind=type(error).__name__)
                channel.failing = True
                pause = min(pause * 2, self.limits.longest_pause)
                continue
            channel.failing = False
            pause = self._pause(frame, time.monotonic() - began)
            if frame != channel.frame:
                with channel.changed:
                    channel.frame = frame
                    channel.changed.notify_all()

    def _pause(self, frame: Frame, took: float) -> float:
        if frame.final:
            return self.limits.longest_pause
        return max(self.limits.interval, took * len(self._channels) / self.limits.share)


class Stream(Iterator[bytes]):
    """The events of one watcher, as a WSGI body; `close` gives its place back."""

    def __init__(self, hub: Hub, channel: _Channel, kind: Kind, version: int | None) -> None:
        self._hub = hub
        self._channel = channel
        self._kind: Kind = kind
        self._version = version
        self._sent: bytes | None = None
        self._ends_at: float | None = None
        self._closed = False

    def __next__(self) -> bytes:
        """Wait for the next event or heartbeat; the end comes by StopIteration."""
        first = self._sent is None
        frame = self._await_news()
        if self._revoked(frame) or (self._ends_at and time.monotonic() >= self._ends_at):
            raise StopIteration
        news = frame.event(self._kind)
        if news is None or news == self._sent:
            beats = self._kind == "screen" and not self._channel.failing
            return BEAT if beats else COMMENT
        self._sent = news
        if frame.final and self._ends_at is None:
            self._ends_at = time.monotonic() + self._hub.limits.linger
        return RETRY + news if first else news

    def close(self) -> None:
        """Give the place back; safe to call again."""
        if not self._closed:
            self._closed = True
            self._hub.leave(self._channel, self._kind)

    def _await_news(self) -> Frame:
        patience = self._hub.limits.heartbeat
        if self._ends_at is not None:
            patience = min(patience, max(0.0, self._ends_at - time.monotonic()))
        with self._channel.changed:
            self._channel.changed.wait_for(self._has_news, timeout=patience)
            return self._channel.frame

    def _has_news(self) -> bool:
        frame = self._channel.frame
        return self._revoked(frame) or frame.event(self._kind) != self._sent

    def _revoked(self, frame: Frame) -> bool:
        return self._version is not None and frame.version != self._version


def _enter(channel: _Channel, kind: Kind) -> _Channel:
    """Count a watcher in; the hub's lock is held. Raises MeetingUnknown."""
    if kind == "live" and channel.frame.live is None:
        raise MeetingUnknown
    channel.watchers += 1
    return channel
