"""The same service with a store such as a naive one would have, to show that every attack bites.

A WSGI module: `tests.forensics.leaky:app`. Around the product, every redemption and every ballot
is written a second time: as plain rows in the order of arrival, as a line of a log and as a file of
its own; and the tally is photographed in plain sight. LEAKY_STORE is the address of its database;
LEAKY_SHAPE is `joined` (slip and ballot in one transaction) or `apart` (each in its own). The
voters of the harness tell it in a header what a naive service would be told.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from wsgi import app as product

HEADER = "HTTP_X_FORENSICS"
END = "/forensics/end"
TABLES = (
    "CREATE TABLE IF NOT EXISTS leaky_slips (token_hash {bytes}, blinded {bytes})",
    "CREATE TABLE IF NOT EXISTS leaky_spent (nonce {bytes})",
    "CREATE TABLE IF NOT EXISTS leaky_marks (cell TEXT, choice TEXT, tracker {bytes})",
    "CREATE TABLE IF NOT EXISTS leaky_pictures (ballots INTEGER, counts TEXT)",
)

data = Path(os.environ["MINGCE_DATA"]).absolute()
address = os.environ.get("LEAKY_STORE") or str(data / "leaky.sqlite")
joined = os.environ.get("LEAKY_SHAPE") == "joined"
on_postgres = address.startswith("postgresql:")
place = "%s" if on_postgres else "?"
_lock = threading.Lock()

Rows = list[tuple[str, tuple[object, ...]]]


def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """The product; what it accepts is written down as well."""
    if environ["PATH_INFO"] == END:
        _end()
        start("204 No Content", [])
        return []
    statuses: list[str] = []

    def started(status: str, *rest: Any) -> Any:
        statuses.append(status)
        return start(status, *rest)

    answer = b"".join(product(environ, started))
    told = environ.get(HEADER)
    if told and statuses[0].startswith("2"):
        _write_down(json.loads(told))
    return [answer]


def _write_down(told: dict[str, Any]) -> None:
    slip: Rows = [
        ("leaky_slips", (bytes.fromhex(told["token_hash"]), bytes.fromhex(told["blinded"])))
    ]
    if "marks" not in told:
        if not joined:
            _commit(slip, None)
            _note("redeemed", told["token_hash"])
        return
    ballot: Rows = [("leaky_spent", (bytes.fromhex(told["nonce"]),))]
    ballot += [
        ("leaky_marks", (cell, choice, bytes.fromhex(tracker)))
        for cell, choice, tracker in told["marks"]
    ]
    _commit(slip + ballot if joined else ballot, told["k"])
    _note("cast", *(tracker for _, _, tracker in told["marks"]))
    if joined:
        _note("redeemed", told["token_hash"])


def _commit(rows: Rows, k: int | None) -> None:
    """Write rows in one transaction and, after a ballot that fills a batch, a plain picture."""
    with _lock:
        cursor = _connection().cursor()
        for table, values in rows:
            places = ", ".join([place] * len(values))
            cursor.execute(f"INSERT INTO {table} VALUES ({places})", values)  # noqa: S608 - ours
        if k is not None:
            _photograph(cursor, k)
        _connection().commit()


def _photograph(cursor: Any, k: int) -> None:
    cursor.execute("SELECT cell, choice, count(*) FROM leaky_marks GROUP BY cell, choice")
    counts: dict[str, dict[str, int]] = {}
    for cell, choice, number in cursor.fetchall():
        counts.setdefault(cell, {})[choice] = number
    cast = sum(next(iter(counts.values())).values())
    if cast % k == 0:
        cursor.execute(
            f"INSERT INTO leaky_pictures VALUES ({place}, {place})",  # noqa: S608 - ours
            (cast, json.dumps(counts)),
        )


def _note(event: str, *values: str) -> None:
    with (data / "logs" / "leaky.log").open("a") as log:
        log.write(json.dumps({"event": event, "values": values}) + "\n")
    spool = data / "spool"
    spool.mkdir(exist_ok=True)
    (spool / secrets.token_hex(8)).write_bytes(b"".join(map(bytes.fromhex, values)))


def _end() -> None:
    """What a naive service does in the end: delete its rows and files."""
    with _lock:
        _checkpoint()
        for table in ("leaky_slips", "leaky_spent", "leaky_marks", "leaky_pictures"):
            _connection().cursor().execute(f"DELETE FROM {table}")  # noqa: S608 - ours
        _connection().commit()
        _checkpoint()
    for file in (data / "spool").iterdir():
        file.unlink()


def _checkpoint() -> None:
    """As it would come by itself in a longer meeting."""
    if not on_postgres:
        _connection().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@cache
def _connection() -> Any:
    """The connection of this process, kept open as a pool would keep it."""
    if on_postgres:
        import psycopg

        connection: Any = psycopg.connect(address)
        # Two processes may come here at once.
        connection.execute("SELECT pg_advisory_xact_lock(1)")
    else:
        connection = sqlite3.connect(address, timeout=60, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA secure_delete=OFF")
    for statement in TABLES:
        wanted = statement.format(bytes="BYTEA" if on_postgres else "BLOB")
        # Nobody can say when the vacuum would come.
        connection.execute(wanted + (" WITH (autovacuum_enabled = off)" if on_postgres else ""))
    connection.commit()
    return connection
