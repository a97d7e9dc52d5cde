"""`python -m bench [quick|votes]`: measure, print, and write bench/results/latest.json.

quick: fewer and shorter. votes: only voters per second on SQLite at 50 connections.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

from bench import county, measures
from bench.stand import Bare, make_hall, slow_disk
from tests import postgres
from tests.serving import Server

RESULTS = Path(__file__).with_name("results") / "latest.json"


def main() -> None:
    """Measure what was asked for; exit status 1 where anything failed or a ballot was lost."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # Whoever ends this from outside must not leave servers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    how = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MINGCE_BENCH", "full")
    results: dict[str, Any] = {"how": how, "cores": len(os.sched_getaffinity(0))}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mingce-bench-")))
        _Bench(stack, folder, results, how).measure()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    raise SystemExit(1 if "failed" in results or _bad(results) else 0)


class _Bench:
    def __init__(self, stack: ExitStack, folder: Path, results: dict[str, Any], how: str) -> None:
        self.stack, self.folder, self.results = stack, folder, results
        self.how, self.quick = how, how != "full"
        self.bare = Bare(self._data("bare"), {})
        self._run(self.bare)

    def measure(self) -> None:
        sqlite = self._server("sqlite", {})
        phones = (50,) if self.quick else (1, 50, 500)
        for number in phones:
            self._voters("sqlite", sqlite, number)
        if self.how == "votes":
            return
        cluster = self._postgres()
        if cluster is not None:
            there = self._server("postgresql", {"DATABASE_URL": cluster.database()})
            for number in phones:
                self._voters("postgresql", there, number)
        if self.quick:
            self._voters("sqlite", sqlite, 500)
        disk = slow_disk(self.folder)
        if disk is None:
            print("slow disk: skipped, there is no C compiler", flush=True)
        else:
            self._voters("sqlite, slow disk", self._server("slow", disk), 50)
        self._screen(sqlite)
        self._clerk(sqlite)
        self._note("county", lambda: county.measure(self._server("county", {})))

    def _screen(self, server: Server) -> None:
        for number in (1, 100, 1000) if self.quick else (1, 100, 1000, 2000):
            probes = 15 if self.quick else 25
            self._note(f"screen/idle/{number}", partial(measures.screen, server, number, probes))
        load = 800 if self.quick else 3000
        self._note("screen/load/500", lambda: measures.screen(server, 500, 0, load))

    def _clerk(self, server: Server) -> None:
        from bench.closing import close_with

        for slips in (500,) if self.quick else (500, 5000):
            self._note(f"slips/{slips}", partial(measures.opening, server, slips))
        for ballots in (500, 5000) if self.quick else (500, 5000, 50_000):

            def close(ballots: int = ballots) -> Any:
                hall = make_hall(server, 1)
                return close_with(server.data, hall.code, hall.cells, ballots)

            self._note(f"close/{ballots}", close)
        self._note("cells", lambda: measures.cells(server, (1, 10, 40), 300))
        self._note("many meetings", lambda: measures.many_meetings(server, 10_000, 400))

    def _voters(self, name: str, server: Server, connections: int) -> None:
        number = 200 if connections == 1 else 500 if self.quick else 1000
        rounds = 1 if self.quick and self.how != "votes" else 3
        self._note(
            f"voters/{name}/{connections}",
            lambda: measures.voters(server, self.bare, connections, number, rounds),
        )

    def _note(self, name: str, measure: Callable[[], Any]) -> None:
        try:
            found = measure()
        except Exception as error:
            self.results.setdefault("failed", {})[name] = repr(error)
            print(f"{name}: FAILED {error!r}", flush=True)
            return
        self.results[name] = found
        print(f"{name}: {_line(found)}", flush=True)

    def _server(self, name: str, env: dict[str, str]) -> Server:
        server = Server(self._data(name), env)
        server.flask("db", "upgrade")
        self._run(server)
        return server

    def _run(self, server: Server) -> None:
        server.start()
        self.stack.callback(server.kill)

    def _data(self, name: str) -> Path:
        data = self.folder / name / "data"
        data.mkdir(parents=True)
        return data

    def _postgres(self) -> postgres.Postgres | None:
        postgres.SETTINGS.update(fsync="on", synchronous_commit="on")
        with suppress(RuntimeError):
            cluster = postgres.Postgres()
            self.stack.callback(cluster.remove)
            return cluster
        print("PostgreSQL: skipped, it did not start", flush=True)
        return None


def _line(found: Any) -> str:
    if not isinstance(found, dict):
        return f"{found:.3g}" if isinstance(found, float) else str(found)
    return "  ".join(f"{key} {_line(value)}" for key, value in found.items())


def _bad(found: Any) -> bool:
    """Whether there were errors, or ballots that are not in the box once."""
    if not isinstance(found, dict):
        return False
    return any(
        (key in ("errors", "lost_or_doubled") and value != 0) or _bad(value)
        for key, value in found.items()
    )


if __name__ == "__main__":
    main()
