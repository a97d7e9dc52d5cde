"""`make forensics`, `make chaos`, `make bench`: set up, then run one of the long programs."""

from __future__ import annotations

import sys

from tools.console import StopError, prepare_output, run, stop
from tools.setup import PYTHON, set_up


def main() -> None:
    """`python -m tools.long MODULE ARGUMENTS…`; the exit status is that of the program."""
    prepare_output()
    try:
        set_up("test")
    except StopError as reason:
        stop(reason)
    raise SystemExit(run([PYTHON, "-m", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
