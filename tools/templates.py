"""Checks that no page carries what the Content-Security-Policy forbids.

Inline scripts, style attributes, style tags, event attributes and anything from another host
would be blocked in the browser without a word; here they fail with file and line.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from tools.console import ROOT, prepare_output

FOLDERS = ("app/templates", "voting/templates", "admin/templates")
LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src"}
JINJA_STATEMENT = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
JINJA_VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def complaints(text: str) -> Iterator[tuple[int, str]]:
    """Line number and fault of everything in a template's text that the policy would block."""
    checker = _Checker()
    checker.feed(JINJA_VALUE.sub(_blank, JINJA_STATEMENT.sub(_blank, text)))
    checker.close()
    yield from checker.found


class _Checker(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        # A block of data is no script: the browser does not run it and the policy lets it be.
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self._complain("inline script")
        if tag == "style":
            self._complain("style tag")
        if "style" in given:
            self._complain(f"style attribute on <{tag}>")
        for name, value in given.items():
            if name.startswith("on"):
                self._complain(f"event attribute {name} on <{tag}>")
            if value.strip().lower().startswith("javascript:"):
                self._complain(f"javascript: address on <{tag}>")
        if re.match(r"(https?:)?//", given.get(LOADING.get(tag, ""), "")):
            self._complain(f"<{tag}> loads from another host")

    def _complain(self, fault: str) -> None:
        self.found.append((self.getpos()[0], fault))


def _blank(match: re.Match[str]) -> str:
    """What stands for a Jinja expression: nothing but its line ends, so that lines still count."""
    return "\n" * match[0].count("\n")


def main() -> None:
    """Check every template; print each fault; exit status 1 if there was one."""
    prepare_output()
    faulty = False
    files: list[Path] = []
    for folder in FOLDERS:
        files += sorted((ROOT / folder).rglob("*.html"))
    for file in files:
        for line, fault in complaints(file.read_text(encoding="utf-8")):
            print(f"{file.relative_to(ROOT)}:{line}: {fault}")
            faulty = True
    print(f"templates: {len(files)} read, {'faults above' if faulty else 'nothing inline'}")
    sys.exit(1 if faulty else 0)


if __name__ == "__main__":
    main()
