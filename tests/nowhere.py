"""A small meeting on a machine with no network but itself: run by `unshare --net`, prints JSON.

    unshare --net --map-root-user python -m tests.nowhere FOLDER

FOLDER holds a migrated database. The server, the voters, the browser and the count all run in here,
where there is a loopback device and no route to anywhere.
"""

from __future__ import annotations

import errno
import fcntl
import json
import socket
import struct
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from app.network import interfaces
from tests.serving import Server
from tools.serve import local_address
from tools.setup import browser_path

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
OUTSIDE = ("192.0.2.1", "8.8.8.8", "223.5.5.5")


def raise_loopback() -> None:
    """What `ip link set lo up` does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        name = b"lo".ljust(16, b"\0")
        answer = fcntl.ioctl(probe.fileno(), SIOCGIFFLAGS, name + bytes(24))
        flags = struct.unpack_from("h", answer, 16)[0] | IFF_UP
        fcntl.ioctl(probe.fileno(), SIOCSIFFLAGS, name + struct.pack("h", flags) + bytes(22))


def is_reachable(address: str) -> bool:
    """Whether the system knows a way there at all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 9))
        except OSError as error:
            if error.errno != errno.ENETUNREACH:
                raise
            return False
    return True


def vote_in_browser(slip: str) -> dict[str, Any]:
    """One voter's phone; everything that the page asked for."""
    asked: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser_path(),
            args=["--no-sandbox", "--disable-gpu", "--no-proxy-server"],
        )
        page = chromium.new_page(viewport={"width": 390, "height": 844}, locale="zh-CN")
        page.on("request", lambda request: asked.append(request.url))
        page.goto(slip)
        page.get_by_role("button", name="开始测评").click()
        while not page.get_by_role("heading", name="请核对").is_visible():
            page.locator(".choice").first.click()
            page.locator(".weui-btn_primary").click()
        page.get_by_role("button", name="提交选票").click()
        page.get_by_role("button", name="确认提交").click()
        page.get_by_role("heading", name="投票成功").wait_for()
        chromium.close()
    return {"asked": asked}


def main(folder: Path) -> dict[str, Any]:
    """Walk the meeting; what was seen."""
    raise_loopback()
    server = Server(folder, {})
    server.start()
    try:
        demo = json.loads(
            server.flask(
                *("demo", "--scheme", "huaixiang-2012", "--subjects", "2", "--slips", "12"),
                *("--rehearsal", "--json"),
            )
        )
        phone = vote_in_browser(demo["slips"][0])
        slips = folder / "slips.json"
        slips.write_text(json.dumps({**demo, "slips": demo["slips"][1:]}))
        server.flask(
            *("simulate", "--base", server.base, "--slips", str(slips)),
            *("--voters", "9", "--concurrency", "3"),
        )
        closed = json.loads(server.flask("meeting", "close", demo["meeting"], "--json"))
        return {
            "interfaces": sorted({one.name for one in interfaces()}),
            "reachable": [address for address in OUTSIDE if is_reachable(address)],
            "address": local_address(),
            "base": server.base,
            "counts": closed["counts"],
            **phone,
        }
    finally:
        server.kill()


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
