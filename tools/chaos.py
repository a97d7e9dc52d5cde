"""`make chaos`: kill and break everything under load; `make test` has a short form of it."""

from __future__ import annotations

from tools.console import StopError, prepare_output, run, stop
from tools.setup import PYTHON, set_up


def main() -> None:
    """Set up, then break everything; exit status 1 where a ballot was lost or counted twice."""
    prepare_output()
    try:
        set_up("test")
    except StopError as reason:
        stop(reason)
    raise SystemExit(run([PYTHON, "-m", "tests.chaos"]))


if __name__ == "__main__":
    main()
