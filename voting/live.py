"""Fan-out of live pictures: one poller for each watched meeting of a process, many watchers.

A poller looks at short intervals whether the meeting has changed while somebody watches, reads its
picture if so, and keeps the newest only. Watchers wait for it to change, so that a slow one skips
pictures and holds up nobody. Plain threads and gevent's greenlets serve alike.
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

KINDS: tuple[Kind, ...] = ("live", "screen")

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
    of public watchers cannot shut out the room's projector. tick: between two looks at the stamp.
    interval: between two readings of a meeting whose stamp has not changed. Readings are put off so
    that all pollers together take no more than `share` of one core, and so is what they cost to
    tell all watchers (each_s for one), after the first few. heartbeat: longest silence. linger: how
    long a stream goes on after its last event. longest_pause: between looks at a database that
    fails, or at a meeting that is over.
    """

    live: int = 2000
    screen: int = 200
    tick: float = 0.025
    interval: float = 1.0
    share: float = 0.15
    each_s: float = 60e-6
    at_once: int = 3
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
        self.watchers: Counter[Kind] = Counter()
        self.news: dict[Kind, threading.Event] = {kind: threading.Event() for kind in KINDS}

    def show(self, frame: Frame) -> int:
        """Make a frame the newest; how many watchers it is news for."""
        before, self.frame = self.frame, frame
        told = 0
        for kind in KINDS:
            if frame.event(kind) != before.event(kind) or frame.version != before.version:
                # Who looks for it from now on waits for the next.
                news, self.news[kind] = self.news[kind], threading.Event()
                news.set()
                told += self.watchers[kind]
        return told


def no_stamp(_code: str) -> object:
    """Where nothing tells cheaply that a meeting has changed."""
    return None


class Hub:
    """All watched meetings of this process.

    read: of a meeting's code; it may fail. stamp: another one wherever `read` may give another
    frame, and costs next to nothing; None where it does not know.
    """

    def __init__(
        self,
        read: Callable[[str], Frame],
        limits: Limits = Limits(),  # noqa: B008 - immutable
        stamp: Callable[[str], object] = no_stamp,
    ) -> None:
        self.limits = limits
        self._read = read
        self._stamp = stamp
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
            channel.watchers[kind] -= 1
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
        limits, pace = self.limits, _Pace(self.limits)
        tick = min(limits.tick, limits.interval)
        seen: object = None
        pause, earliest, due = limits.interval, 0.0, time.monotonic() + tick
        cost = limits.longest_pause
        while True:
            time.sleep(tick)
            with self._lock:
                if not channel.watchers.total():
                    del self._channels[code]
                    return
            began = time.monotonic()
            stamp = self._stamp(code)
            changed = stamp != seen and not channel.failing
            if began < earliest or not (changed or began >= due) or not pace.allows(began):
                continue
            try:
                frame = self._read(code)
            except Exception as error:
                # Whatever it is, the room's screen must recover by itself when it passes.
                if not channel.failing:
                    log.error("live_picture_unreadable", kind=type(error).__name__)
                channel.failing = True
                pause = min(pause * 2, limits.longest_pause)
                due = time.monotonic() + pause
                continue
            channel.failing = False
            seen, pause = stamp, limits.longest_pause if frame.final else limits.interval
            ended = time.monotonic()
            # What takes long once has waited for others, and has cost nothing.
            cost = min(ended - began, 2 * cost)
            earliest = ended + cost * len(self._channels) / limits.share
            due = ended + pause
            if frame != channel.frame:
                pace.told(ended, channel.show(frame))


class _Pace:
    """How often all watchers of a meeting may be told something new."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._free_at = 0.0

    def allows(self, now: float) -> bool:
        """Whether it is time."""
        return now >= self._free_at

    def told(self, now: float, watchers: int) -> None:
        """They are being told. A few pictures after a rest may follow each other at once."""
        gap = watchers * self._limits.each_s / self._limits.share
        self._free_at = max(self._free_at, now - self._limits.at_once * gap) + gap


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
        deadline = time.monotonic() + patience
        while True:
            # Before the look at the frame: what comes after the look sets it.
            news = self._channel.news[self._kind]
            left = deadline - time.monotonic()
            if self._has_news() or left <= 0:
                return self._channel.frame
            news.wait(left)

    def _has_news(self) -> bool:
        frame = self._channel.frame
        return self._revoked(frame) or frame.event(self._kind) != self._sent

    def _revoked(self, frame: Frame) -> bool:
        return self._version is not None and frame.version != self._version


def _enter(channel: _Channel, kind: Kind) -> _Channel:
    """Count a watcher in; the hub's lock is held. Raises MeetingUnknown."""
    if kind == "live" and channel.frame.live is None:
        raise MeetingUnknown
    channel.watchers[kind] += 1
    return channel
