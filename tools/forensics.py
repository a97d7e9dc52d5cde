"""`make forensics`: attack real meetings on both databases; `make test` has a short form of it."""

from __future__ import annotations

from tools.console import StopError, prepare_output, run, stop
from tools.setup import PYTHON, set_up


def main() -> None:
    """Set up, then run all attacks; their exit status."""
    prepare_output()
    try:
        set_up("test")
    except StopError as reason:
        stop(reason)
    raise SystemExit(run([PYTHON, "-m", "tests.forensics"]))


if __name__ == "__main__":
    main()
