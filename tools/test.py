"""`make test`: every check, in the order of what fails fastest; `make lint`: only the first part.

`make walks`: the longest walks through the product: rounds of a school, a county and six villages,
a meeting of forty, a first rehearsal.

All steps run even if one fails, so that one run shows everything; the exit status tells.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tools.console import ROOT, StopError, prepare_output, run, say, stop
from tools.setup import VENV, node_environment, set_up

BIN = VENV / "bin"
Command = tuple[Path | str, ...]
READING: tuple[tuple[str, Command], ...] = (
    ("style", (BIN / "ruff", "check", ".")),
    ("format", (BIN / "ruff", "format", "--check", ".")),
    ("types", (BIN / "mypy",)),
    ("import contracts", (BIN / "lint-imports",)),
    ("templates", (BIN / "python", "-m", "tools.templates")),
)
COVERAGE = ("--cov", "--cov-report=term:skip-covered")
"""Only where MINGCE_COVERAGE=1 asks for it: counting lines makes the tests a good deal slower."""

TOGETHER = ("-n", os.environ.get("MINGCE_TEST_PROCESSES", "2"), "--dist", "worksteal")
"""Most tests wait for a server, a disk or a browser: two at a time keep two cores busy."""

PYTEST: Command = (
    *(BIN / "python", "-m", "pytest", "--durations=25", "-m", "not walk", *TOGETHER),
    *(COVERAGE if os.environ.get("MINGCE_COVERAGE") == "1" else ()),
)

WALKS: Command = (
    *(BIN / "python", "-m", "pytest", "-m", "walk", "--durations=0", *TOGETHER),
    *("-o", "faulthandler_timeout=1200"),
)


def main() -> None:
    """Set up, then run what the command line asks for: `lint`, `walks`, or everything."""
    prepare_output()
    only_reading = sys.argv[1:] == ["lint"]
    only_walks = sys.argv[1:] == ["walks"]
    try:
        set_up("test")
    except StopError as reason:
        stop(reason)
    if only_walks:
        if not _passes("walks", WALKS):
            stop("没有通过:walks")
        return
    failed = [name for name, command in READING if not _passes(name, command)]
    if not only_reading:
        failed += _front_end()
        failed += [] if _passes("tests, browser tests last", PYTEST) else ["tests"]
    if failed:
        stop("没有通过:" + "、".join(failed))


def _front_end() -> list[str]:
    """The tests of the front end's own code, in Node."""
    node, env = node_environment()
    files = sorted((ROOT / "tests" / "js").glob("**/*test*.*js"))
    if not files:
        return []
    command = (str(node), "--test", *(str(file.relative_to(ROOT)) for file in files))
    return [] if _passes("front end", command, env) else ["front end"]


def _passes(name: str, command: Command, env: Mapping[str, str] | None = None) -> bool:
    say(f"\n── {name}")
    started = time.monotonic()
    # A browser test must not take a proxy of the machine for the way to the loopback address.
    local = {**(env or os.environ), "no_proxy": "*", "NO_PROXY": "*"}
    passed = run(command, local) == 0
    say(f"── {name}: {'ok' if passed else 'FAILED'}, {time.monotonic() - started:.1f} s")
    return passed


if __name__ == "__main__":
    main()
