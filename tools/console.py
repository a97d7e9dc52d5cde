"""How the tools talk: what is being done, and a sentence when it cannot be done."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent


class StopError(Exception):
    """Something that the user must mend; the text says what happened and what to do."""


def prepare_output() -> None:
    """Make Chinese printable under any locale, and each line visible at once."""
    for stream in (sys.stdout, sys.stderr):
        # A stream that a test put in place may not be a text file.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace", line_buffering=True)


def say(text: str) -> None:
    """Print one line of progress."""
    print(text, flush=True)


def stop(reason: object) -> NoReturn:
    """Print the reason and end with exit status 1."""
    print(f"\n明测：{reason}", file=sys.stderr, flush=True)
    raise SystemExit(1)


def run(
    command: Sequence[str | Path], env: Mapping[str, str] | None = None, folder: Path = ROOT
) -> int:
    """Run a command in the project's (or another) folder, visibly; return its exit status."""
    words = [str(word) for word in command]
    say("  $ " + " ".join(words))
    return subprocess.run(
        words,
        check=False,
        cwd=folder,
        env=None if env is None else dict(env),
        stdin=subprocess.DEVNULL,
    ).returncode


def output_of(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> str | None:
    """Standard output of a command, stripped; None if it cannot run or fails."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            check=False,
            cwd=ROOT,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def is_debian_root() -> bool:
    """Whether packages of the system may be installed without asking anybody."""
    return os.geteuid() == 0 and Path("/etc/debian_version").exists()
