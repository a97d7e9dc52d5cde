"""What the processes of one server share, and how one of them waits for its disk.

The key lies in no file. gunicorn's configuration imports this module before the workers are
forked: they all have the same key, and the next start of the server draws another.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")

GROUP_KEY = secrets.token_bytes(32)

chance = secrets.SystemRandom()
"""For waits, so that two who try again do not keep step."""


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
