"""An administrator's browser, as far as printing slips needs one."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.parse
import urllib.request
from collections.abc import Mapping

PAGE_MOST = 1000


class Desk:
    """Logged in at /admin."""

    def __init__(self, base: str, account: Mapping[str, str]) -> None:
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._browser = urllib.request.build_opener(cookies)
        self._base = f"{base}/admin"
        self._send("/login", "/login", dict(account))

    def open(self, path: str) -> int:
        """Open a page; its size in bytes."""
        with self._browser.open(f"{self._base}{path}", timeout=120) as answer:
            return len(answer.read())

    def print_slips(self, meeting_id: int, slips: int) -> int:
        """Issue slips until there are so many; the size of the sheets in bytes."""
        path, size = f"/meetings/{meeting_id}", 0
        while slips:
            number = min(slips, PAGE_MOST)
            page = self._send(path, f"{path}/slips", {"number": str(number), "group": "g1"})
            if page.count("<svg") < number:
                raise RuntimeError("the sheet does not hold all slips")
            size, slips = size + len(page), slips - number
        return size

    def _send(self, form_at: str, path: str, fields: dict[str, str]) -> str:
        form = self._text(form_at)
        hidden: dict[str, str] = {}
        for tag in re.findall(r"<input[^>]*>", form):
            name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and value and name[1] in ("csrf_token", "so_far"):
                hidden.setdefault(name[1], value[1])
        return self._text(path, urllib.parse.urlencode({**hidden, **fields}).encode())

    def _text(self, path: str, body: bytes | None = None) -> str:
        with self._browser.open(f"{self._base}{path}", body, timeout=120) as answer:
            text: str = answer.read().decode()
            return text
