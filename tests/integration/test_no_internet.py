"""A whole meeting with no route to anywhere, and nothing on any page that would want one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.serving import ROOT

APART = ("unshare", "--net", "--map-root-user")
OUTSIDE = re.compile(r"""(?:https?:)?//[^\s"'()<>\\`]+""")
FETCHES = re.compile(
    r"""(?:\b(?:src|href|action|srcset|poster|formaction|data)\s*=\s*["']?|url\(\s*["']?"""
    r"""|@import\s+["']?)((?:https?:)?//[^\s"'()<>]+)""",
    re.IGNORECASE,
)
"""What makes a browser ask for something, and names a host."""

NAMES_ONLY = ("http://www.w3.org/",)
"""Names of namespaces: nobody asks for them."""

TEMPLATES = sorted(
    page
    for folder in ("app/templates", "voting/templates", "admin/templates")
    for page in (ROOT / folder).rglob("*.html")
)
DIST = ROOT / "static" / "dist"
BUILT = [DIST / name for name in json.loads((DIST / "manifest.json").read_text()).values()]


def may_go_apart() -> str:
    """Why no network of one's own can be had here; empty where it can."""
    if shutil.which(APART[0]) is None:
        return "there is no `unshare` on this machine"
    done = subprocess.run([*APART, "true"], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"no namespace of one's own: {done.stderr.strip()}"


def test_a_meeting_is_held_from_issue_to_count_with_no_route_to_anywhere(
    data_dir: Path,
) -> None:
    if reason := may_go_apart():
        pytest.skip(reason)
    done = subprocess.run(
        [*APART, sys.executable, "-m", "tests.nowhere", str(data_dir)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=170,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["interfaces"] == ["lo"]
    assert seen["reachable"] == []
    assert seen["address"] == "127.0.0.1"
    assert sum(group["cast"] for group in seen["counts"].values()) == 10
    assert len(seen["asked"]) > 3
    assert all(address.startswith((seen["base"], "data:")) for address in seen["asked"])


def test_no_page_of_either_door_names_a_resource_outside() -> None:
    assert len(TEMPLATES) > 80
    for page in TEMPLATES:
        assert FETCHES.findall(page.read_text("utf-8")) == [], page.name


def test_nothing_that_pages_fetch_names_one_either() -> None:
    """In scripts any address is suspect, however it might be used; styles name what they fetch."""
    for file in (*BUILT, DIST / "verify.html"):
        text = file.read_text("utf-8")
        found = OUTSIDE.findall(text) if file.suffix == ".js" else FETCHES.findall(text)
        strange = [one for one in found if one.startswith(("http", "//www", "//cdn"))]
        assert [one for one in strange if not one.startswith(NAMES_ONLY)] == [], file.name


def test_an_outside_resource_would_be_found() -> None:
    for text in (
        '<script src="https://cdn.example/a.js">',
        "<img src=//cdn.example/a.png>",
        "body { background: url(http://cdn.example/a.png) }",
        '@import "//cdn.example/a.css";',
        "<form action='https://evil.example/'>",
    ):
        assert FETCHES.findall(text), text


def test_browsers_are_told_to_refuse_it(client: FlaskClient) -> None:
    for path in ("/", "/v/ABCDEF", "/t/ABCDEF", "/verify", "/why", "/admin/login", "/screen/x"):
        policy = client.get(path).headers["Content-Security-Policy"]
        sources = {word for part in policy.split(";") for word in part.split()[1:]}
        assert sources <= {"'none'", "'self'", "data:"}, path
