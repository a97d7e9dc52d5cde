"""Several hosts behind one address: two servers with a disk each, one PostgreSQL, one Redis."""

from __future__ import annotations

import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest

from app.cli.crowd import vote_once
from app.cli.voter import Door, fetch_meeting, read_slip_url
from app.config import Config, ConfigError
from tests.postgres import Postgres
from tests.serving import Server
from tests.watching import Json, cast_votes, open_demo

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
    cast_votes(there, 12)
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
    status, closed = desk.ask(f"{_path(demo, page)}/close", {"present": "30", "understood": "y"})
    assert status == 200
    assert "已计票。请打印计票单" in closed
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
