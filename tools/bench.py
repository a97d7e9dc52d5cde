"""`make bench`: measure speed beside a bare Flask application; `MINGCE_BENCH=quick` is shorter."""

from __future__ import annotations

import sys

from tools.console import StopError, prepare_output, run, stop
from tools.setup import PYTHON, set_up


def main() -> None:
    """Set up, then measure; exit status 1 where a request failed or a ballot was lost."""
    prepare_output()
    try:
        set_up("test")
    except StopError as reason:
        stop(reason)
    raise SystemExit(run([PYTHON, "-m", "bench", *sys.argv[1:]]))


if __name__ == "__main__":
    main()
