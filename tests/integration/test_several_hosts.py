"""Several hosts behind one address: two servers with a disk each, one PostgreSQL, one Redis."""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest

from app.actions.credential import redeem_slip
from app.actions.meeting import get_meeting
from app.config import Config, ConfigError
from app.factory import create_app
from app.models import db
from app.models.urn_file import close_urns
from app.phones.crowd import vote_once
from app.phones.voter import Door, blind, fetch_meeting, read_slip_url
from tests.doors import DoorScreen, meeting_with_screens
from tests.postgres import Postgres
from tests.redis import RedisServer
from tests.serving import Server
from tests.watching import PATIENCE, Json, cast_votes, open_demo, watching
from voting.relay import Relay, order_of

SECRET = "shared by all hosts, and long enough to be one"
NAME, PASSWORD = "王秘书", "a long enough password"


class Hosts(NamedTuple):
    """owner: opens the meetings of the tests. other: has no urn."""

    owner: Server
    other: Server


def start_hosts(stack: ExitStack, folder: Path, url: str, redis_url: str = "") -> Hosts:
    hosts = []
    for name in ("owner", "other"):
        data = folder / name
        data.mkdir(mode=0o700)
        server = Server(data, {"DATABASE_URL": url, "MINGCE_SECRET_KEY": SECRET})
        server.env |= {"MINGCE_HOST_URL": server.base, "REDIS_URL": redis_url}
        stack.callback(server.kill)
        hosts.append(server)
    hosts[0].flask("db", "upgrade")
    for server in hosts:
        server.start()
    return Hosts(*hosts)


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.remove()


@pytest.fixture
def hosts(tmp_path: Path, postgres: Postgres) -> Iterator[Hosts]:
    with ExitStack() as stack:
        yield start_hosts(stack, tmp_path, postgres.database())


def at(server: Server, demo: Json) -> Json:
    """The same demo, reached through another host."""
    moved: Json = json.loads(json.dumps(demo).replace(demo["base"], server.base))
    return moved


def get(url: str) -> Json:
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - loopback
        value: Json = json.load(answer)
        return value


def live(demo: Json) -> Json:
    return get(f"{demo['base']}/api/v1/meetings/{demo['meeting']}/live")


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Desk:
    """An admin's browser at one host, as far as it takes."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and page; a form gets the token of the page that it stands on."""
        data = None
        if form is not None:
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.page)
            assert token is not None
            data = urlencode({**form, "csrf_token": token[1]}).encode()
        try:
            with self._opener.open(f"{self.server.base}/admin{path}", data, timeout=60) as answer:
                status, self.page = answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                status, self.page = refusal.code, refusal.read().decode()
        return status, self.page


def signed_in(server: Server) -> Desk:
    desk = Desk(server)
    link = re.search(r"/admin(/first/\S+)", server.flask("admin-link"))
    assert link is not None
    desk.ask(link[1])
    status, _ = desk.ask(link[1], {"name": NAME, "password": PASSWORD, "again": PASSWORD})
    assert status == 200
    return desk


def test_votes_and_pages_reach_the_urn_through_the_host_that_does_not_have_it(
    hosts: Hosts,
) -> None:
    demo = open_demo(hosts.owner)
    assert [path.stem for path in (hosts.owner.data / "urns").glob("*.sqlite")] == [demo["meeting"]]
    there = at(hosts.other, demo)
    with watching(f"{there['screen']}/events") as screen:
        cast_votes(there, 12)
        assert screen.until(12)["live"] == live(demo)
    cast_votes(demo, 3, first=12)
    assert live(there) == live(demo)
    assert (live(there)["cast"], live(there)["released"]["at"]) == (15, 10)
    assert not (hosts.other.data / "urns").exists()
    # Refusals come back as they are.
    used = read_slip_url(there["slips"][0])
    door = Door(there["base"])
    meeting = fetch_meeting(door, used)
    choices = dict.fromkeys(meeting.cells, "option1")
    failure = vote_once(door, meeting, used, choices).failure
    door.close()
    assert failure is not None
    assert (failure.code, failure.status) == ("slip_used", 409)


def test_an_admin_works_on_a_meeting_of_another_host(hosts: Hosts) -> None:
    desk = signed_in(hosts.other)
    demo = open_demo(hosts.owner)
    cast_votes(demo, 6)
    page = _meeting_page(desk, demo)
    assert "已投" in page
    assert desk.ask(f"{_path(demo, page)}/progress")[0] == 200
    desk.ask(_path(demo, page))
    status, sheet = desk.ask(
        f"{_path(demo, page)}/slips", {"group": "g1", "number": "2", "so_far": _so_far(desk.page)}
    )
    assert status == 200
    assert sheet.count("<svg") >= 2
    desk.ask(f"{_path(demo, page)}/close")
    status, waits = desk.ask(f"{_path(demo, page)}/close", {"present": "30", "understood": "y"})
    assert (status, "等监票人确认" in waits) == (200, True)
    # The second confirmation closes where the urn lies, whichever host it came to.
    other = Desk(hosts.other)
    other.ask("/login")
    other.ask("/login", demo["admin"])
    _, shown = other.ask(f"{_path(demo, page)}/confirm")
    seen = re.search(r'name="digest" value="([0-9a-f]{64})"', shown)
    assert seen
    status, closed = other.ask(
        f"{_path(demo, page)}/confirm",
        {"action": "close", "understood": "y", "digest": seen[1]},
    )
    assert status == 200
    assert "这次测评会已结束并计票" in closed
    assert list((hosts.owner.data / "urns").iterdir()) == []
    assert live(at(hosts.other, demo))["cast"] == 6


def test_voiding_stops_the_urn_where_it_lies_and_asks_where_that_host_is_away(
    hosts: Hosts,
) -> None:
    desk = signed_in(hosts.other)
    demo = open_demo(hosts.owner)
    path = _path(demo, _meeting_page(desk, demo))
    desk.ask(f"{path}/void")
    assert "已经无法恢复" in desk.page
    status, page = desk.ask(f"{path}/void", {"reason": "选错了对象"})
    assert (status, "已作废" in page) == (200, True)
    assert list((hosts.owner.data / "urns").iterdir()) == []

    second = open_demo(hosts.owner)
    path = _path(second, _meeting_page(desk, second))
    hosts.owner.kill()
    status, page = desk.ask(path)
    assert (status, "暂时连不上" in page) == (503, True)
    desk.ask(f"{path}/void")
    assert desk.ask(f"{path}/void", {"reason": "主机坏了"})[0] == 503
    desk.ask(f"{path}/void")
    status, page = desk.ask(f"{path}/void", {"reason": "主机坏了", "lost": "y"})
    assert (status, "已作废" in page) == (200, True)
    # Should the lost host come back, what it has is destroyed.
    hosts.owner.flask("sweep")
    assert list((hosts.owner.data / "urns").iterdir()) == []


def test_a_host_that_is_away_loses_nothing(hosts: Hosts) -> None:
    demo = open_demo(hosts.owner)
    there = at(hosts.other, demo)
    cast_votes(there, 5)
    hosts.owner.kill()
    with pytest.raises(urllib.error.HTTPError) as refused:
        live(there)
    with refused.value as answer:
        assert answer.code == 503
        assert json.load(answer)["error"] == "server_busy"
    hosts.owner.start()
    cast_votes(there, 5, first=5)
    assert live(there)["cast"] == 10


def test_a_stranger_cannot_pass_for_a_host(hosts: Hosts) -> None:
    demo = open_demo(hosts.owner)
    connection = http.client.HTTPConnection("127.0.0.1", hosts.other.port, timeout=60)
    path = f"/api/v1/meetings/{demo['meeting']}/live"
    # A mark that is no mark changes nothing: the request is still sent on.
    connection.request("GET", path, headers={"X-Mingce-Forwarded": "f" * 64})
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)["cast"]) == (200, 0)
    connection.close()


def test_screens_at_another_host_follow_while_redis_dies_and_comes_back(
    tmp_path: Path, postgres: Postgres, redis_server: RedisServer
) -> None:
    with ExitStack() as stack:
        hosts = start_hosts(stack, tmp_path, postgres.database(), redis_server.url)
        demo = open_demo(hosts.owner)
        there = at(hosts.other, demo)
        screen = stack.enter_context(watching(f"{there['screen']}/events"))
        public = stack.enter_context(watching(f"{_api(there)}/events"))
        home = stack.enter_context(watching(f"{demo['screen']}/events"))
        cast_votes(there, 10)
        assert screen.until(10)["live"]["released"]["at"] == 5
        wait_until(lambda: f"mingce:live:{demo['meeting']}" in _keys(redis_server))
        redis_server.kill()
        cast_votes(there, 5, first=10)
        assert screen.until(15)["live"]["released"]["at"] == 10
        assert live(there) == live(demo)
        redis_server.start()
        wait_until(lambda: f"mingce:live:{demo['meeting']}" in _keys(redis_server))
        wait_until(lambda: hosts.other.log_text() != "" and _listeners(redis_server) > 0)
        cast_votes(there, 5, first=15)
        shown = screen.until(20)
        assert shown["live"]["released"]["at"] == 15
        assert public.until(20) == shown["live"] == home.until(20)["live"]
        closed = json.loads(hosts.owner.flask("meeting", "close", demo["meeting"], "--json"))
        final = next(event for event in screen.events() if event["live"]["state"] == "closed")
        assert (final["live"]["cast"], final["digest"]) == (20, closed["digest"])
        assert closed["counts"]["g1"]["cast"] == 20


def test_redis_hears_what_any_watcher_is_shown_and_nothing_else(
    tmp_path: Path, postgres: Postgres, redis_server: RedisServer
) -> None:
    with ExitStack() as stack:
        hosts = start_hosts(stack, tmp_path, postgres.database(), redis_server.url)
        spy = stack.enter_context(closing(redis_server.client()))
        commands = stack.enter_context(spy.monitor())
        demo = open_demo(hosts.owner)
        there = at(hosts.other, demo)
        watcher = stack.enter_context(watching(f"{there['screen']}/events"))
        shown = []
        for number in range(12):
            cast_votes(there, 1, first=number, choice=("option1", "option2")[number % 2])
            shown.append(watcher.until(number + 1))
        _wrong_slip(there)
        hosts.owner.flask("meeting", "close", demo["meeting"])
        end = next(event for event in watcher.events() if event["live"]["state"] == "closed")
        redis_server.client().set("the end", "1")
        heard = list(iter(lambda: commands.next_command()["command"], "SET the end 1"))
        pictures = [
            json.loads(line[line.index('{"digest"') :])
            for line in heard
            if line.startswith("PUBLISH")
        ]
        assert pictures
        for picture in pictures:
            assert set(picture) == {"live", "turnout", "digest", "version"}
            assert set(picture["turnout"]) == {"expected", "issued", "redeemed", "cast"}
            assert set(picture["live"]) == {"state", "cast", "released"}
            released = picture["live"]["released"]
            if picture["live"]["state"] == "open":
                cast = picture["live"]["cast"]
                assert (released or {"at": 0})["at"] == max(0, cast // 5 * 5 - 5)
            else:
                assert picture["live"] == end["live"]
        known = ("EVAL", "GET", "SET", "PUBLISH", "PSUBSCRIBE", "SCAN", "HELLO", "CLIENT", "PING")
        assert {line.split()[0] for line in heard} <= set(known)
        assert {key for key in _keys(redis_server) if key != "the end"} <= {
            f"mingce:live:{demo['meeting']}"
        }


def test_an_older_picture_never_takes_the_place_of_a_newer_one(redis_server: RedisServer) -> None:
    first, second, listener = (Relay(redis_server.url) for _ in range(3))
    assert listener.newest("A") is None
    wait_until(lambda: _listeners(redis_server) == 1)
    assert first.tell("A", order_of(final=False, cast=10, redeemed=11), b"newer")
    assert second.tell("A", order_of(final=False, cast=9, redeemed=12), b"older")
    assert second.tell("B", order_of(final=False, cast=1, redeemed=1), b"last")
    wait_until(lambda: listener.newest("B") is not None)
    told = listener.newest("A")
    assert told is not None
    assert told.content == b"newer"
    assert first.tell("A", order_of(final=True, cast=10, redeemed=11), b"final")
    wait_until(lambda: (listener.newest("A") or told).content == b"final")
    redis_server.kill()
    assert not first.tell("A", order_of(final=True, cast=10, redeemed=11), b"final")
    assert first.state == "lost"


@pytest.mark.parametrize(
    ("missing", "named"),
    [("MINGCE_SECRET_KEY", "MINGCE_SECRET_KEY"), ("DATABASE_URL", "DATABASE_URL")],
)
def test_several_hosts_must_share_secret_and_database(
    tmp_path: Path, missing: str, named: str
) -> None:
    environ = {
        "MINGCE_DATA": str(tmp_path),
        "MINGCE_HOST_URL": "http://10.0.0.5:8000",
        "MINGCE_SECRET_KEY": SECRET,
        "DATABASE_URL": "postgresql://db/mingce",
    }
    assert Config.from_env(environ).host_url == "http://10.0.0.5:8000"
    del environ[missing]
    with pytest.raises(ConfigError, match=named):
        Config.from_env(environ)


@pytest.mark.parametrize(
    ("name", "value"),
    [("MINGCE_HOST_URL", "10.0.0.5"), ("MINGCE_HOST_URL", "http://x/y"), ("REDIS_URL", "10.0.0.5")],
)
def test_a_wrong_address_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Config.from_env({"MINGCE_DATA": str(tmp_path), name: value})


def _api(demo: Json) -> str:
    return f"{demo['base']}/api/v1/meetings/{demo['meeting']}"


def test_a_screen_at_the_entrance_may_stand_at_any_host(hosts: Hosts) -> None:
    apps = [create_app(Config.from_env(server.env)) for server in hosts]
    meeting_id = meeting_with_screens(apps[0])
    # In-process at one host; what it cannot do is done by the other's server.
    screen = DoorScreen(apps[1], meeting_id)
    assert screen.next()["standing"] == "shown"
    assert screen.look()["standing"] == "shown"
    assert screen.next()["out"] == 1
    with apps[0].app_context():
        code = get_meeting(meeting_id).code
        assert screen.token is not None
        redeem_slip(code, screen.token, blind().blinded)
    assert screen.look()["standing"] == "used"
    for app in apps:
        with app.app_context():
            close_urns(app)
            db.session.remove()
            db.engine.dispose()


def _keys(server: RedisServer) -> set[str]:
    with closing(server.client()) as client:
        return {key.decode() for key in client.keys("*")}


def _listeners(server: RedisServer) -> int:
    with closing(server.client()) as client:
        return int(client.pubsub_numpat())


def _wrong_slip(demo: Json) -> None:
    slip = read_slip_url(demo["slips"][-1])
    door = Door(demo["base"])
    meeting = fetch_meeting(door, slip)
    wrong = slip._replace(token="0" * 16)
    failure = vote_once(door, meeting, wrong, dict.fromkeys(meeting.cells, "option1")).failure
    door.close()
    assert failure is not None
    assert failure.status == 404


def _meeting_page(desk: Desk, demo: Json) -> str:
    for number in range(1, 20):
        status, page = desk.ask(f"/meetings/{number}")
        if status == 200 and demo["meeting"] in page:
            return page
    raise AssertionError(demo["meeting"])


def _path(demo: Json, page: str) -> str:
    found = re.search(r"/admin(/meetings/\d+)/close", page)
    assert found is not None
    return found[1]


def _so_far(page: str) -> str:
    found = re.search(r'name="so_far"[^>]*value="(\d+)"', page)
    assert found is not None
    return found[1]
