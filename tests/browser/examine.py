"""Whether a page can be read, tapped and read aloud, in every language and size of type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize

from app.language import LANGUAGES
from tests.serving import ROOT

SHAPES: dict[str, ViewportSize] = {
    "small": {"width": 320, "height": 568},
    "landscape": {"width": 844, "height": 390},
    "tall": {"width": 390, "height": 844},
}
SIZES = (0, 1, 2)
AUDIT = (Path(__file__).parent / "audit.js").read_text()
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = """async () => {
  const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await axe.run(document, {
    runOnly: rules, resultTypes: ["violations"], elementRef: false,
  });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary}`));
}"""
# In place, as somebody who presses the two buttons, also where a question covers them.
SET = """([tag, size]) => {
  const press = (id, done) => {
    for (let tries = 0; tries < 9 && !done(); tries++) document.getElementById(id).click();
    if (!done()) throw new Error(`${id} does not change`);
  };
  const root = document.documentElement;
  press("language", () => root.lang === tag);
  press("size", () => root.getAttribute("data-size") === String(size));
}"""


class Examiner:
    """Looks at pages as they stand, and gathers what is wrong."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def look(self, page: Page, state: str) -> None:
        """All languages, sizes and shapes of a page; it is left in Chinese at 20 px."""
        focused = page.evaluate_handle("document.activeElement")
        for language in LANGUAGES:
            for size in SIZES:
                page.evaluate(SET, [language.tag, size])
                here = f"{state}, {language.tag}, {size}"
                self._measure(page, here)
                if size != 1:
                    self._note(here, axe(page))
        page.evaluate(SET, [LANGUAGES[0].tag, 0])
        assert page.evaluate("element => document.activeElement === element", focused)

    def _measure(self, page: Page, here: str) -> None:
        for shape, viewport in SHAPES.items():
            page.set_viewport_size(viewport)
            self._note(f"{here}, {shape}", page.evaluate(AUDIT))

    def _note(self, here: str, faults: list[str]) -> None:
        self.faults += [f"{here}: {fault}" for fault in faults]


def axe(page: Page) -> list[str]:
    """What axe finds on a page as it stands."""
    if not page.evaluate("'axe' in window"):
        # By the debugger's way in, which the page's policy does not bind; it is never served.
        page.evaluate(AXE.read_text("utf-8"))
    found: list[Any] = page.evaluate(RUN_AXE)
    return [str(one) for one in found]
