"""Pictures on their way from the host that has the urn to the others, through Redis.

What is told there is what any watcher is shown, under `mingce:live:CODE`, and nothing else. Redis
may come and go: who does not hear from it asks the other host instead (`voting.pictures`).
"""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import NamedTuple

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.process import chance

PREFIX = "mingce:live:"
KEPT_S = 10
"""How long Redis keeps a picture of which nothing more is heard."""

FRESH_S = 5.0
"""How long a picture is taken for the newest. Whoever tells it, tells it again sooner."""

TIMEOUT_S = 2.0
WAIT_FIRST_S, WAIT_MOST_S = 0.25, 4.0

# One that is older never takes the place of a newer one; the text begins with its order.
_TELL = """
local old = redis.call('GET', KEYS[1])
local length = #ARGV[2]
if old and string.sub(old, 1, length) > ARGV[2] then return 0 end
local told = ARGV[2] .. ARGV[3]
redis.call('SET', KEYS[1], told, 'EX', ARGV[1])
redis.call('PUBLISH', KEYS[1], told)
return 1
"""

ORDER_CHARACTERS = 21

log = structlog.get_logger()


class Told(NamedTuple):
    """A picture that was told. order: greater is newer. at: when it was heard."""

    order: str
    content: bytes
    at: float


def order_of(final: bool, cast: int, redeemed: int) -> str:
    """What tells the newer of two pictures; as text, and always as long."""
    return f"{final:d}{cast:010d}{redeemed:010d}"


class Relay:
    """This process's end of it: at most one thread that listens, and a connection to tell."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._lock = threading.Lock()
        self._listening = False
        self._lost = False
        self._newest: dict[str, Told] = {}

    @property
    def state(self) -> str:
        """`ok` or `lost`, as far as this process has found."""
        return "lost" if self._lost else "ok"

    def tell(self, code: str, order: str, content: bytes) -> bool:
        """Tell all hosts a picture; False where Redis does not answer."""
        try:
            self._redis.eval(_TELL, 1, PREFIX + code, str(KEPT_S), order, content)
        except redis.RedisError as error:
            self._note(error)
            return False
        self._note(None)
        return True

    def newest(self, code: str) -> Told | None:
        """What was told last of a meeting, if that was a moment ago."""
        self._listen()
        told = self._newest.get(code)
        return told if told and time.monotonic() - told.at < FRESH_S else None

    def _listen(self) -> None:
        with self._lock:
            if self._listening:
                return
            self._listening = True
        threading.Thread(target=self._hear, name="relay", daemon=True).start()

    def _hear(self) -> None:
        wait = WAIT_FIRST_S
        while True:
            began = time.monotonic()
            try:
                self._hear_until_lost()
            except (redis.RedisError, OSError) as error:
                self._note(error)
            if time.monotonic() - began > WAIT_MOST_S:
                wait = WAIT_FIRST_S
            time.sleep(wait * chance.uniform(0.5, 1.5))
            wait = min(wait * 2, WAIT_MOST_S)

    def _hear_until_lost(self) -> None:
        with closing(self._redis.pubsub()) as channel:  # type: ignore[no-untyped-call]
            channel.psubscribe(f"{PREFIX}*")
            for key in self._redis.scan_iter(f"{PREFIX}*"):
                told = self._redis.get(key)
                if isinstance(told, bytes):
                    self._take(key, told)
            self._note(None)
            heard = asked = time.monotonic()
            while True:
                message = channel.get_message(timeout=TIMEOUT_S / 2)
                now = time.monotonic()
                if message is not None:
                    heard = now
                    if message["type"] == "pmessage":
                        self._take(message["channel"], message["data"])
                elif now - heard > 3 * FRESH_S:
                    raise redis.ConnectionError
                elif now - max(heard, asked) > FRESH_S:
                    # A connection that is half open is as silent as one without news.
                    channel.ping()
                    asked = now

    def _take(self, key: bytes, told: bytes) -> None:
        code = key.decode()[len(PREFIX) :]
        order = told[:ORDER_CHARACTERS].decode("ascii", "replace")
        now = time.monotonic()
        known = self._newest.get(code)
        if known is not None and known.order > order:
            return
        self._newest[code] = Told(order, told[ORDER_CHARACTERS:], now)
        for past in [c for c, t in self._newest.items() if now - t.at > 2 * KEPT_S]:
            del self._newest[past]

    def _note(self, error: Exception | None) -> None:
        lost = error is not None
        if lost != self._lost:
            self._lost = lost
            log.warning("redis_lost" if lost else "redis_back")
