"""A voter with a phone: the steps of a vote as a person takes them."""

from __future__ import annotations

import json
from typing import Any, Protocol

from playwright.sync_api import Page, expect

from tests.browser.meetings import Slip


class Votable(Protocol):
    """A meeting as its paper tells of it."""

    code: str

    def address(self, slip: Slip) -> str:
        """What the slip's QR code holds."""


class Voter:
    """`page` is the phone; `meeting` the meeting it votes in."""

    def __init__(self, page: Page, meeting: Votable) -> None:
        self.page = page
        self.meeting = meeting

    def scan(self, slip: Slip) -> None:
        """Open what the slip's QR code holds."""
        self.page.goto(self.meeting.address(slip))

    def tap(self, name: str) -> None:
        """Tap the button of this name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def sees(self, heading: str) -> None:
        """Wait until the page's heading says this."""
        expect(self.page.locator("#page h1")).to_have_text(heading)

    def waits(self, words: str) -> None:
        """Wait until the page says why something takes longer."""
        expect(self.page.locator(".working__reason")).to_contain_text(words)

    def begin(self, slip: Slip, button: str = "开始测评") -> None:
        """Scan and start: the first card is shown afterwards."""
        self.scan(slip)
        self.tap(button)
        expect(self.page.locator(".step-card")).to_be_visible()

    def choose(self, *labels: str | None) -> None:
        """One label for each card, None for a blank; the list to check is shown afterwards."""
        for number, label in enumerate(labels, start=1):
            expect(self.page.locator(".progress__text")).to_have_text(
                f"第 {number} 个，共 {len(labels)} 个"
            )
            if label:
                self.page.get_by_label(label, exact=True).check()
            self.tap("下一步" if number < len(labels) else "去核对")
        self.sees("请核对")

    def send(self) -> None:
        """Submit and confirm, without waiting for the answer."""
        self.tap("提交选票")
        self.tap("确认提交")

    def done(self) -> str:
        """Wait for the end; the receipt code without hyphens."""
        self.sees("投票成功")
        return self.page.locator(".receipt__code").inner_text().replace("-", "")

    def book(self) -> dict[str, Any]:
        """What the phone remembers of the meeting."""
        text = self.page.evaluate(
            "code => localStorage.getItem(`mingce.${code}`)", self.meeting.code
        )
        book: dict[str, Any] = json.loads(text)
        return book
