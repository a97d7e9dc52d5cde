"""The address that stands on the slips, and whether it is (still) one of this machine's.

A laptop on a room's Wi-Fi gets its address from the router, and may get another one tomorrow, or
after the Wi-Fi was away. Then the slips that were printed lead nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, ip_address
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

Kind = Literal["wifi", "wired", "virtual", "no_router", "other"]

_WIFI = ("wl", "wlan", "ath", "ra", "ap")
_WIRED = ("en", "eth", "em", "usb", "p", "lan")
_VIRTUAL = (
    *("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "lxc", "lxd", "cni", "flannel"),
    *("cali", "podman", "tun", "tap", "wg", "zt", "tailscale", "ppp", "dummy", "bond", "kube"),
)

ADVICE: dict[Kind, str] = {
    "wifi": "无线网。手机连的也是这个 Wi-Fi 的，用它。",
    "wired": "网线。这台电脑用网线接在会场路由器上的，用它。",
    "virtual": "虚拟网卡，手机到不了，不要用。",
    "no_router": "没有从路由器取得地址，手机到不了。请检查 Wi-Fi 或网线是不是接好了。",
    "other": "请确认手机连的也是这个网。",
}


class Interface(NamedTuple):
    """One of this machine's network devices, as the system names it, and its IPv4 address."""

    name: str
    address: str


class Advised(NamedTuple):
    """An address that phones might use. best: the one to take where nothing speaks for another."""

    name: str
    address: str
    kind: Kind
    best: bool

    @property
    def usable(self) -> bool:
        """Whether a phone could reach it."""
        return self.kind not in ("virtual", "no_router")

    @property
    def advice(self) -> str:
        """What speaks for it, or against it."""
        return ADVICE[self.kind]


class Trouble(NamedTuple):
    """Phones will not reach the address on the slips.

    kind: `moved`, this machine has other addresses now; `port`, it listens at another port;
    `local`, no other machine ever reaches it. now: the addresses, whole, to take instead.
    """

    kind: Literal["moved", "port", "local"]
    base_url: str
    now: tuple[str, ...]


def advised(found: Sequence[Interface]) -> list[Advised]:
    """All addresses but the loopback, the most useful first."""
    kinds = [
        (interface, _kind(interface))
        for interface in found
        if not ip_address(interface.address).is_loopback
    ]
    order: tuple[Kind, ...] = ("wifi", "wired", "other", "virtual", "no_router")
    kinds.sort(key=lambda pair: order.index(pair[1]))
    return [
        Advised(one.name, one.address, kind, best=at == 0 and kind in ("wifi", "wired", "other"))
        for at, (one, kind) in enumerate(kinds)
    ]


def trouble(base_url: str, found: Sequence[Interface], port: int, asked: str) -> Trouble | None:
    """What keeps phones from `base_url`, as far as this machine can tell.

    found: its addresses, none where the system does not tell. port: where it listens. asked: host
    and port by which whoever asks has come here; who came by the address itself has shown that it
    leads here, through a gateway perhaps.
    """
    scheme, host = urlsplit(base_url).scheme, urlsplit(base_url).hostname or ""
    there, literal = _port(base_url), _literal(host)
    hosts = [one.address for one in advised(found) if one.usable]
    if is_local(base_url):
        return Trouble("local", base_url, tuple(_written("http", one, port) for one in hosts))
    came_by_it = _port(f"{scheme}://{asked}") == there and _host(f"//{asked}") == host
    if literal is None or not found or came_by_it:
        return None
    if str(literal) not in {one.address for one in found}:
        return Trouble("moved", base_url, tuple(_written(scheme, one, there) for one in hosts))
    if scheme == "http" and there != port:
        return Trouble("port", base_url, (_written("http", host, port),))
    return None


def is_own(address: str, before: str, found: Sequence[Interface], port: int) -> bool:
    """Whether an address leads to this machine as `before` did, and certainly to no other.

    found: this machine's addresses. port: where it listens; a gateway on it has that of `before`.
    """
    return (
        _host(address) in {one.address for one in advised(found) if one.usable}
        and urlsplit(address).scheme == urlsplit(before).scheme
        and _port(address) in (port, _port(before))
    )


def is_local(address: str) -> bool:
    """Whether only this machine reaches an address such as http://127.0.0.1:8000."""
    host = _host(address)
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _kind(interface: Interface) -> Kind:
    address, name = ip_address(interface.address), interface.name.lower()
    if address.is_link_local:
        return "no_router"
    if name.startswith(_VIRTUAL):
        return "virtual"
    if name.startswith(_WIFI):
        return "wifi"
    return "wired" if name.startswith(_WIRED) else "other"


def _literal(host: str) -> IPv4Address | None:
    try:
        found = ip_address(host)
    except ValueError:
        return None
    return found if isinstance(found, IPv4Address) else None


def _port(url: str) -> int:
    try:
        parts = urlsplit(url)
        return parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return 0


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _written(scheme: str, host: str, port: int) -> str:
    usual = 443 if scheme == "https" else 80
    return f"{scheme}://{host}" if port == usual else f"{scheme}://{host}:{port}"
