"""A real server process for tests: gunicorn as `make serve` starts it, with its own data folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
READY_WITHIN = 90.0


class Server:
    """One gunicorn with its workers. It keeps its port and data over `stop` and `start`.

    data: folder with a migrated database. env: further settings, over those of the test.
    config: how gunicorn serves, and what.
    """

    config = "gunicorn.conf.py"

    def __init__(self, data: Path, env: dict[str, str]) -> None:
        self.data = data
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = data.parent / f"server-{self.port}.log"
        clean = {key: value for key, value in os.environ.items() if not _is_setting(key)}
        self.env = {
            **clean,
            "MINGCE_DATA": str(data),
            "MINGCE_BIND": "127.0.0.1",
            "MINGCE_PORT": str(self.port),
            "MINGCE_BASE_URL": self.base,
            "MINGCE_WORKERS": "2",
            **env,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until /healthz answers 200; RuntimeError with the log if it does not."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [BIN / "gunicorn", "--config", self.config],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + READY_WITHIN
        while not self._healthy():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the server did not start:\n{self.log_text()}")
            time.sleep(0.05)

    def stop(self) -> int:
        """SIGTERM, as an operator stops it; the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        status = self._process.wait(timeout=60)
        self._process = None
        return status

    def kill(self) -> None:
        """SIGKILL to master and workers at once, as a power cut would; nothing if not running."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=60)
        self._process = None

    def processes(self) -> list[int]:
        """The ids of the master and of its workers."""
        assert self._process is not None
        master = self._process.pid
        workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return [master, *map(int, workers)]

    def flask(self, *words: str) -> str:
        """Standard output of `flask --app wsgi …` with this server's data and settings.

        CalledProcessError where the command fails, with its `stdout` and `stderr`.
        """
        return subprocess.run(
            [BIN / "flask", "--app", "wsgi", *words],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=180,
        ).stdout

    def log_text(self) -> str:
        """All that master and workers wrote to standard output and error so far."""
        return self.log.read_text(errors="replace")

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base}/healthz", timeout=5) as answer:  # noqa: S310 - loopback
                return int(answer.status) == 200
        except (urllib.error.URLError, OSError):
            return False


def _is_setting(name: str) -> bool:
    return name.startswith("MINGCE_") or name in ("DATABASE_URL", "REDIS_URL", "GUNICORN_CMD_ARGS")
