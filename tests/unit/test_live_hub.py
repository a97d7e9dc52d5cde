"""The fan-out of one process, with a reading function in place of the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from app.domain.errors import MeetingUnknown, TooManyWatchers
from voting.live import BEAT, COMMENT, RETRY, Frame, Hub, Limits, Stream, event

QUICK = Limits(live=5, screen=2, interval=0.01, heartbeat=5.0, linger=5.0, longest_pause=0.05)
PATIENCE = 5.0


class Meetings:
    """What a database would answer; a test changes `frames` and breaks it at will."""

    def __init__(self) -> None:
        self.frames: dict[str, Frame] = {"A": frame(0)}
        self.broken = False
        self.reads = 0

    def read(self, code: str) -> Frame:
        self.reads += 1
        if self.broken:
            raise OSError("the disk is gone")
        if code not in self.frames:
            raise MeetingUnknown
        return self.frames[code]


def frame(cast: int, version: int = 1, final: bool = False, draft: bool = False) -> Frame:
    data = f'{{"cast":{cast}}}'.encode()
    screen = event(b'{"live":' + data + b"}", final)
    return Frame(None if draft else event(data, final), screen, version, final)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def pollers(code: str) -> int:
    return sum(thread.name == f"live-{code}" for thread in threading.enumerate())


@pytest.fixture
def meetings() -> Meetings:
    return Meetings()


@pytest.fixture
def hub(meetings: Meetings) -> Hub:
    return Hub(meetings.read, QUICK)


def test_the_first_event_comes_at_once_with_the_pause_before_retries(hub: Hub):
    stream = hub.watch("A", "live")
    assert next(stream) == RETRY + b'data: {"cast":0}\n\n'
    stream.close()


def test_a_second_watcher_gets_what_is_known_without_another_read(hub: Hub, meetings: Meetings):
    first = hub.watch("A", "live")
    meetings.broken = True
    second = hub.watch("A", "screen", version=1)
    assert next(second) == RETRY + b'data: {"live":{"cast":0}}\n\n'
    first.close()
    second.close()


def test_a_change_reaches_every_watcher(hub: Hub, meetings: Meetings):
    streams = [hub.watch("A", "live") for _ in range(5)]
    for stream in streams:
        next(stream)
    meetings.frames["A"] = frame(1)
    assert [next(stream) for stream in streams] == [b'data: {"cast":1}\n\n'] * 5
    for stream in streams:
        stream.close()


def test_a_slow_watcher_skips_to_the_newest_picture_and_holds_up_nobody(
    hub: Hub, meetings: Meetings
):
    slow, quick = hub.watch("A", "live"), hub.watch("A", "live")
    next(slow)
    next(quick)
    for cast in range(1, 6):
        meetings.frames["A"] = frame(cast)
        assert next(quick) == f'data: {{"cast":{cast}}}\n\n'.encode()
    assert next(slow) == b'data: {"cast":5}\n\n'
    slow.close()
    quick.close()


def test_one_poller_serves_a_meeting_and_ends_with_its_last_watcher(hub: Hub, meetings: Meetings):
    meetings.frames["ONE"] = frame(0)
    streams = [hub.watch("ONE", "live") for _ in range(4)]
    assert pollers("ONE") == 1
    assert hub.polled == {"ONE"}
    for stream in streams:
        stream.close()
    wait_until(lambda: not hub.polled and not pollers("ONE"))
    reads = meetings.reads
    again = hub.watch("ONE", "live")
    assert meetings.reads > reads
    again.close()


def test_a_poller_outlives_a_database_that_fails(hub: Hub, meetings: Meetings):
    stream = hub.watch("A", "live")
    next(stream)
    meetings.broken = True
    reads = meetings.reads
    wait_until(lambda: meetings.reads > reads + 3)
    meetings.frames["A"] = frame(7)
    meetings.broken = False
    assert next(stream) == b'data: {"cast":7}\n\n'
    stream.close()


def test_a_meeting_is_read_when_its_stamp_changes_and_not_before(meetings: Meetings):
    stamp = [1]
    limits = QUICK._replace(tick=0.01, interval=3600.0)
    hub = Hub(meetings.read, limits, stamp=lambda _code: stamp[0])
    stream = hub.watch("A", "live")
    next(stream)
    # Once on joining, and once for the stamp that is new to the poller.
    wait_until(lambda: meetings.reads == 2)
    meetings.frames["A"] = frame(3)
    stamp[0] = 2
    assert next(stream) == b'data: {"cast":3}\n\n'
    assert meetings.reads == 3
    stream.close()


def test_many_meetings_that_are_slow_to_read_do_not_take_the_processor(meetings: Meetings):
    def slow(code: str) -> Frame:
        time.sleep(0.02)
        return meetings.read(code)

    hub = Hub(slow, QUICK._replace(share=0.2))
    meetings.frames |= {code: frame(0) for code in "BCD"}
    streams = [hub.watch(code, "live") for code in "ABCD"]
    wait_until(lambda: meetings.reads >= 8)
    before, began = meetings.reads, time.monotonic()
    wait_until(lambda: meetings.reads >= before + 8)
    assert (time.monotonic() - began) * 0.2 >= 4 * 0.02
    for stream in streams:
        stream.close()


def test_a_screen_is_not_told_that_all_is_well_while_the_database_fails(meetings: Meetings):
    hub = Hub(meetings.read, QUICK._replace(heartbeat=0.2))
    stream = hub.watch("A", "screen", version=1)
    next(stream)
    assert next(stream) == BEAT
    meetings.broken = True
    reads = meetings.reads
    wait_until(lambda: meetings.reads > reads + 1)
    assert next(stream) == COMMENT
    stream.close()


def test_silence_is_broken_by_a_comment_at_the_public_stream(meetings: Meetings):
    hub = Hub(meetings.read, QUICK._replace(heartbeat=0.05))
    stream = hub.watch("A", "live")
    next(stream)
    assert next(stream) == COMMENT
    stream.close()


def test_more_watchers_than_there_are_places_are_refused_until_one_leaves(hub: Hub):
    streams = [hub.watch("A", "live") for _ in range(5)]
    with pytest.raises(TooManyWatchers):
        hub.watch("A", "live")
    screen = hub.watch("A", "screen", version=1)
    streams.pop().close()
    streams.append(hub.watch("A", "live"))
    assert hub.watching == {"live": 5, "screen": 1}
    for stream in [*streams, screen]:
        stream.close()
        stream.close()
    assert hub.watching == {"live": 0, "screen": 0}


def test_an_unknown_meeting_takes_no_place(hub: Hub):
    for _ in range(9):
        with pytest.raises(MeetingUnknown):
            hub.watch("B", "live")
    assert hub.watching == {"live": 0}
    assert not hub.polled


def test_a_draft_is_unknown_to_the_public_even_while_the_screen_waits_for_it(
    hub: Hub, meetings: Meetings
):
    meetings.frames["A"] = frame(0, draft=True)
    screen = hub.watch("A", "screen", version=1)
    with pytest.raises(MeetingUnknown):
        hub.watch("A", "live")
    meetings.frames["A"] = frame(0)
    wait_until(lambda: _enters(hub))
    screen.close()


def _enters(hub: Hub) -> bool:
    try:
        hub.watch("A", "live").close()
    except MeetingUnknown:
        return False
    return True


def test_revoking_the_link_ends_its_streams_and_no_others(hub: Hub, meetings: Meetings):
    screen, public = hub.watch("A", "screen", version=1), hub.watch("A", "live")
    next(screen)
    next(public)
    meetings.frames["A"] = frame(0, version=2)
    with pytest.raises(StopIteration):
        next(screen)
    meetings.frames["A"] = frame(1, version=2)
    assert next(public) == b'data: {"cast":1}\n\n'
    screen.close()
    public.close()


def test_a_link_revoked_before_the_first_event_shows_nothing(hub: Hub):
    stream = hub.watch("A", "screen", version=0)
    assert list(stream) == []
    stream.close()


@pytest.mark.parametrize("kind", ["live", "screen"])
def test_the_final_event_is_named_so_and_the_stream_ends(meetings: Meetings, kind: str):
    hub = Hub(meetings.read, QUICK._replace(linger=0.2, heartbeat=0.05))
    stream: Stream = hub.watch("A", "screen" if kind == "screen" else "live", version=1)
    next(stream)
    meetings.frames["A"] = frame(9, final=True)
    # Heartbeats come whenever this thread is slow, before the event as well as after it.
    events = [sent for sent in stream if sent not in (BEAT, COMMENT)]
    assert len(events) == 1
    assert events[0].startswith(b"id: final\ndata: ")
    stream.close()


@pytest.mark.parametrize("kind", ["live", "screen"])
def test_after_the_final_event_the_stream_goes_on_with_heartbeats(meetings: Meetings, kind: str):
    meetings.frames["A"] = frame(9, final=True)
    hub = Hub(meetings.read, QUICK._replace(linger=3600.0, heartbeat=0.05))
    stream: Stream = hub.watch("A", "screen" if kind == "screen" else "live", version=1)
    assert b"id: final\ndata: " in next(stream)
    assert {next(stream), next(stream)} == {BEAT if kind == "screen" else COMMENT}
    stream.close()
