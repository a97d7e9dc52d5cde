"""A password is looked at beside the loop, one at a time: whoever votes meanwhile is answered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

MANY_AT_ONCE = """
from gevent import monkey

monkey.patch_all()

import gevent

from app.actions import account

turns, running, most = 0, 0, 0
apart = account.off_the_loop


def noted(*arguments):
    global running, most
    running += 1
    most = max(most, running)
    try:
        return apart(*arguments)
    finally:
        running -= 1


def others():
    global turns
    while True:
        turns += 1
        gevent.sleep(0)


account.off_the_loop = noted
others = gevent.spawn(others)
gevent.sleep(0)
before = turns
tries = [gevent.spawn(account.slow_hash, "guess", bytes(16)) for _ in range(3)]
gevent.joinall(tries, raise_error=True)
print(turns - before > len(tries), most, len({one.value for one in tries}))
"""


def test_hashes_of_many_leave_the_loop_to_others_and_stand_in_line() -> None:
    told = subprocess.run(
        [sys.executable, "-c", MANY_AT_ONCE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["True", "1", "1"]
