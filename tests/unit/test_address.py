"""Which of a laptop's addresses phones can use, and when the one on the slips leads nowhere."""

from __future__ import annotations

import pytest

from app.domain.address import Interface, advised, is_local, trouble
from app.network import interfaces

LOOPBACK = Interface("lo", "127.0.0.1")
WIFI = Interface("wlp2s0", "192.168.1.23")
WIRED = Interface("enp3s0", "10.0.0.7")
DOCKER = Interface("docker0", "172.17.0.1")
NO_ROUTER = Interface("wlan0", "169.254.7.7")
BASE = "http://192.168.1.10:8000"


def test_the_wifi_comes_first_and_what_phones_cannot_reach_last() -> None:
    found = advised([LOOPBACK, DOCKER, NO_ROUTER, WIRED, WIFI, Interface("mystery", "10.1.1.1")])
    assert [(one.address, one.kind, one.usable, one.best) for one in found] == [
        ("192.168.1.23", "wifi", True, True),
        ("10.0.0.7", "wired", True, False),
        ("10.1.1.1", "other", True, False),
        ("172.17.0.1", "virtual", False, False),
        ("169.254.7.7", "no_router", False, False),
    ]
    assert all(one.advice for one in found)


def test_nothing_is_recommended_where_nothing_can_be_reached() -> None:
    assert [one.best for one in advised([LOOPBACK, DOCKER, NO_ROUTER])] == [False, False]
    assert advised([LOOPBACK]) == []


@pytest.mark.parametrize(
    ("base_url", "found", "asked", "kind", "now"),
    [
        (BASE, [LOOPBACK, WIFI], "127.0.0.1:8000", "moved", ("http://192.168.1.23:8000",)),
        (BASE, [LOOPBACK], "localhost:8000", "moved", ()),
        ("http://192.168.1.10", [WIFI], "", "moved", ("http://192.168.1.23",)),
        ("https://192.168.1.10", [WIFI], "", "moved", ("https://192.168.1.23",)),
        ("http://192.168.1.23:9000", [WIFI], "x", "port", ("http://192.168.1.23:8000",)),
        ("http://127.0.0.1:8000", [WIFI], "", "local", ("http://192.168.1.23:8000",)),
        ("http://localhost:8000", [], "", "local", ()),
    ],
)
def test_what_keeps_phones_away_is_told_with_what_to_take_instead(
    base_url: str, found: list[Interface], asked: str, kind: str, now: tuple[str, ...]
) -> None:
    told = trouble(base_url, found, 8000, asked)
    assert told is not None
    assert (told.kind, told.base_url, told.now) == (kind, base_url, now)


@pytest.mark.parametrize(
    ("base_url", "found", "asked"),
    [
        ("http://192.168.1.23:8000", [LOOPBACK, WIFI, WIRED], "127.0.0.1:8000"),
        ("https://192.168.1.23", [WIFI], "127.0.0.1:8000"),  # a gateway on this machine
        (BASE, [WIFI], "192.168.1.10:8000"),  # whoever asks came by it
        (BASE, [], "127.0.0.1:8000"),  # the system does not tell
        ("http://vote.example:8000", [WIFI], "127.0.0.1:8000"),  # a name may mean anything
        ("http://[fe80::1]:8000", [WIFI], "127.0.0.1:8000"),
    ],
)
def test_nobody_is_alarmed_without_reason(
    base_url: str, found: list[Interface], asked: str
) -> None:
    assert trouble(base_url, found, 8000, asked) is None


@pytest.mark.parametrize("asked", ["", "[", "nonsense:port:8000", "192.168.1.10:99999999"])
def test_what_a_client_claims_to_have_asked_cannot_break_it(asked: str) -> None:
    assert trouble(BASE, [WIFI], 8000, asked) is not None


HOSTS = ("127.0.0.1", "[::1]", "localhost", "10.0.0.1", "x")


def test_an_address_of_this_machine_alone_is_known_as_such() -> None:
    assert [is_local(f"http://{host}:8000") for host in HOSTS] == [
        *(True, True, True, False, False)
    ]


def test_this_machine_tells_its_own_addresses() -> None:
    assert Interface("lo", "127.0.0.1") in interfaces()
