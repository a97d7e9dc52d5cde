"""The product some days later: as `wsgi.py` serves it, with the calendar put forward.

A notice runs for days, and no test waits for them. Only the date is put forward; sessions, votes
and everything else keep their clocks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, timedelta
from types import ModuleType

DAYS = "TEST_DAYS_LATER"


def _put_forward(module: ModuleType) -> None:
    now: Callable[[], date] = module.today
    module.today = lambda: now() + timedelta(days=int(os.environ[DAYS]))  # type: ignore[attr-defined]


# Before anybody else imports the name.
import app.actions.step  # noqa: E402

_put_forward(app.actions.step)

import app.actions.objection  # noqa: E402

_put_forward(app.actions.objection)

from wsgi import app as application  # noqa: E402, F401
