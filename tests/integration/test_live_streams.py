"""Event streams of a real server: what they show, when they end, how they come back."""

from __future__ import annotations

import http.client
import json
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.actions.meeting import meeting_by_code, revoke_display
from app.config import Config
from app.factory import create_app
from app.models import db
from tests.serving import Server
from tests.watching import Json, Watcher, cast_votes, open_demo, watching

WATCHERS = 100
VOTERS = 30


def public_stream(demo: Json) -> str:
    return f"{demo['base']}/api/v1/meetings/{demo['meeting']}/events"


def screen_stream(demo: Json) -> str:
    return f"{demo['screen']}/events"


def revoke(server: Server, code: str) -> None:
    app = create_app(Config.from_env({"MINGCE_DATA": str(server.data)}))
    with app.app_context():
        revoke_display(meeting_by_code(code).id)
        db.session.remove()
        db.engine.dispose()


def get(url: str) -> Json:
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - loopback
        value: Json = json.load(answer)
        return value


def refusal(url: str) -> tuple[int, bytes, str]:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url, timeout=60)  # noqa: S310 - loopback
    with caught.value as answer:
        return answer.code, answer.read(), str(answer.headers["Content-Type"])


def test_a_stream_shows_the_picture_at_once_and_follows_one_batch_behind(server: Server):
    demo = open_demo(server)
    live = f"{demo['base']}/api/v1/meetings/{demo['meeting']}/live"
    with watching(public_stream(demo)) as watcher:
        assert watcher.answer.headers["Content-Type"].startswith("text/event-stream")
        assert watcher.answer.headers["Cache-Control"] == "no-store"
        assert watcher.answer.headers["X-Accel-Buffering"] == "no"
        assert watcher.until(0) == {"state": "open", "cast": 0, "released": None} == get(live)
        cast_votes(demo, 9)
        assert watcher.until(9)["released"] is None
        cast_votes(demo, 1, first=9)
        shown = watcher.until(10)
        assert shown == get(live)
        assert shown["released"]["at"] == 5
        assert shown["released"]["cells"]["s01.q1"]["option1"] == 5
        assert shown["released"]["satisfaction"]["s01"]["percent"] == "100.00"
        cast_votes(demo, 5, first=10, choice="option3")
        assert watcher.until(15)["released"]["cells"]["s01.q1"]["option3"] == 0
        cast_votes(demo, 5, first=15)
        assert watcher.until(20)["released"]["cells"]["s01.q1"]["option3"] == 5


def test_after_closing_the_final_result_comes_and_is_called_final(server: Server):
    demo = open_demo(server)
    cast_votes(demo, 7)
    with watching(public_stream(demo)) as public, watching(screen_stream(demo)) as screen:
        assert public.until(7)["released"] is None
        screen.until(7)
        closed = json.loads(server.flask("meeting", "close", demo["meeting"], "--json"))
        final = next(public.events())
        assert (final["state"], final["cast"], final["released"]["at"]) == ("closed", 7, 7)
        shown = next(screen.events())
        assert shown["live"] == final
        assert shown["turnout"] == {"expected": 30, "issued": 30, "redeemed": 7, "cast": 7}
        assert shown["digest"] == closed["digest"]
    # A browser comes back with the id of the last event, and is told not to.
    again = Watcher(public_stream(demo), {"Last-Event-ID": "final"})
    assert again.answer.status == 204
    again.close()
    with watching(public_stream(demo)) as late:
        assert next(late.events()) == final


def test_a_stream_of_turnout_shows_no_choices_before_closing(server: Server):
    demo = open_demo(server, "--policy", "turnout")
    with watching(screen_stream(demo)) as watcher:
        cast_votes(demo, 12)
        shown = watcher.until(12)
        assert shown["live"]["released"] is None
        assert shown["turnout"]["redeemed"] == 12
        assert shown["digest"] is None


def test_a_watcher_who_comes_back_after_a_restart_sees_the_newest_picture(server: Server):
    demo = open_demo(server)
    cast_votes(demo, 11)
    with watching(screen_stream(demo)) as watcher:
        watcher.until(11)
        server.kill()
        with pytest.raises((StopIteration, OSError, http.client.HTTPException)):
            next(watcher.events())
    server.start()
    with watching(screen_stream(demo)) as watcher:
        assert watcher.until(11)["live"]["released"]["at"] == 5
        # The picture at 10 went with the memory of the server; the next is taken at 15.
        cast_votes(demo, 4, first=11)
        assert watcher.until(15)["live"]["released"]["at"] == 5
        cast_votes(demo, 5, first=15)
        assert watcher.until(20)["live"]["released"]["at"] == 15


def test_a_revoked_link_ends_its_streams_and_opens_nothing(server: Server):
    demo = open_demo(server)
    with watching(screen_stream(demo)) as screen, watching(public_stream(demo)) as public:
        next(screen.events())
        next(public.events())
        revoke(server, demo["meeting"])
        assert list(screen.events()) == []
        for path in ("", "/events", "/meeting", "/receipt.svg"):
            status, body, _ = refusal(demo["screen"] + path)
            assert status == 403
            assert "链接无效或已失效" in body.decode()
        cast_votes(demo, 1)
        assert public.until(1)["cast"] == 1


@pytest.mark.parametrize("signed", ["x", "WyJBQUFBQUEiLDFd.AAAAAAAA", "%00", "..%2f", "a" * 900])
def test_a_forged_link_opens_nothing(server: Server, signed: str):
    status, body, _ = refusal(f"{server.base}/screen/{signed}")
    assert status in (403, 404)
    assert "Traceback" not in body.decode()


def test_a_stream_of_an_unknown_meeting_is_refused_before_it_starts(server: Server):
    status, body, kind = refusal(f"{server.base}/api/v1/meetings/NOSUCH/events")
    assert status == 404
    assert kind == "application/json"
    assert json.loads(body)["error"] == "meeting_unknown"


def test_asking_for_the_headers_of_a_stream_does_not_hold_the_connection(server: Server):
    demo = open_demo(server)
    path = f"/api/v1/meetings/{demo['meeting']}/events"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for _ in range(3):
        connection.request("HEAD", path)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
    connection.close()


def test_a_hundred_watchers_follow_a_meeting_while_it_votes(server: Server):
    demo = open_demo(server, slips=VOTERS)
    finished: list[Json] = []
    pictures: set[int] = set()

    def watch() -> None:
        with watching(public_stream(demo)) as watcher:
            started.release()
            for event in watcher.events():
                if event["released"]:
                    pictures.add(event["released"]["at"])
                if event["cast"] == VOTERS:
                    finished.append(event)
                    return

    started = threading.Semaphore(0)
    with ThreadPoolExecutor(WATCHERS + 3) as pool:
        watchers = [pool.submit(watch) for _ in range(WATCHERS)]
        for _ in range(WATCHERS):
            assert started.acquire(timeout=60)
        share = VOTERS // 3
        voters = [pool.submit(cast_votes, demo, share, first=n * share) for n in range(3)]
        for voter in voters:
            voter.result(timeout=60)
        for watcher in watchers:
            watcher.result(timeout=60)
    assert len(finished) == WATCHERS
    assert all(event["released"]["at"] == VOTERS - 5 for event in finished)
    assert all(at % 5 == 0 for at in pictures)


def test_closing_destroys_the_urn_although_screens_are_watching(server: Server):
    demo = open_demo(server)
    watchers = [Watcher(screen_stream(demo)) for _ in range(6)]
    cast_votes(demo, 3)
    server.flask("meeting", "close", demo["meeting"], "--json")
    assert list((server.data / "urns").iterdir()) == []
    for watcher in watchers:
        assert watcher.until(3)["live"]["state"] in ("open", "closed")
        watcher.close()
