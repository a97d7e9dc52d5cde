"""What the processes of one server share, which of them is chosen, and how one waits for its disk.

The key lies in no file. gunicorn's configuration imports this module before the workers are
forked: they all have the same key, and the next start of the server draws another.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

T = TypeVar("T")

GROUP_KEY = secrets.token_bytes(32)

chance = secrets.SystemRandom()
"""For waits, so that two who try again do not keep step."""


class Lot:
    """Falls on one process of this machine until that ends; then on the next that asks."""

    def __init__(self, lock: Path) -> None:
        self._lock = lock
        self._file: int | None = None

    def is_mine(self) -> bool:
        """Whether this process holds the lock; its end, however it comes, lets it go."""
        if self._file is not None:
            return True
        file = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True


def off_the_loop(work: Callable[..., T], *arguments: object) -> T:
    """Do work that waits for the disk, in a thread where greenlets would wait for it otherwise.

    The work must not touch a lock that gevent has replaced.
    """
    if not _on_gevent():
        return work(*arguments)
    from gevent import get_hub

    # gevent would log an error that ends a task of its threads, though it is caught here.
    done, error = get_hub().threadpool.apply(_outcome, (work, arguments))
    if error is not None:
        raise error
    return cast(T, done)


def _outcome(work: Callable[..., T], arguments: tuple[object, ...]) -> tuple[T | None, Any]:
    try:
        return work(*arguments), None
    except Exception as error:
        return None, error


def _on_gevent() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))
