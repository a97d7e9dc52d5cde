"""Browser pages of one test, watched for what a user would not see but should not happen."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page

INSECURE_HOST = "mingce.test"
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "locale": "zh-CN",
}
SMALL_PHONE: dict[str, Any] = {**PHONE, "viewport": {"width": 320, "height": 568}}
WIDE: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN"}
SCREEN: dict[str, Any] = {"viewport": {"width": 1920, "height": 1080}, "locale": "zh-CN"}


class Pages:
    """Opens pages, each in a context of its own, and collects their errors.

    `faults` holds uncaught script errors and what the Content-Security-Policy blocked; a test that
    provokes one on purpose takes it out.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def open(self, device: dict[str, Any], **options: Any) -> Page:
        """A new page; options as for Playwright's `new_context`, over those of the device."""
        return self.watch(self.context(device, **options).new_page())

    def context(self, device: dict[str, Any], **options: Any) -> BrowserContext:
        """A new context, closed after the test; 10 s is the longest wait for anything."""
        context = self._browser.new_context(**{**device, **options})
        context.set_default_timeout(30_000)
        self._contexts.append(context)
        return context

    def watch(self, page: Page) -> Page:
        """Collect the errors of a page that a test opened from a context itself."""
        page.on("pageerror", self._script_error)
        page.on("console", self._console)
        return page

    def close(self) -> None:
        """Close every context; AssertionError if a page had a fault."""
        for context in self._contexts:
            context.close()
        assert not self.faults, self.faults

    def _script_error(self, error: Error) -> None:
        self.faults.append(f"uncaught: {error}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.faults.append(message.text)
