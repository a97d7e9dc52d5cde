"""All that somebody holds who takes one copy: files, arguments of processes, rows of tables."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import tarfile
import tempfile
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.forensics.meeting import Stand
from tests.postgres import Postgres

PAGE = 8192
"""A page of PostgreSQL's; two of SQLite's."""


class File(NamedTuple):
    """changed: time of the last change, in nanoseconds."""

    content: bytes
    changed: int


Files = dict[str, File]


@dataclass
class Piece:
    """What was written to one file since the meeting was made: pages, with their numbers."""

    name: str
    content: bytes
    pages: list[int]
    changed: int


@dataclass
class Capture:
    """One copy.

    pieces: by the name of the file. whole: files as they are. rows: for PostgreSQL, what a table
    shows in one order, as text. records: what pg_waldump says. cast: ballots that were in, at
    least, when the copy was begun. picture: what everybody could see.
    """

    files: Files
    pieces: dict[str, Piece]
    rows: dict[str, str]
    records: str
    picture: dict[str, Any]


def take(
    stand: Stand, before: Files, logical: bool = True, removed: Files | None = None
) -> Capture:
    """A plain copy at this moment, while the server goes on.

    before: a copy without the meeting. logical: whether the database answers too. removed: what
    lies in the blocks of files that are gone.
    """
    picture = stand.picture() if logical else {}
    files = read_files(stand) | (removed or {})
    return Capture(
        files=files,
        pieces=pieces_of(files, before),
        rows=_rows(stand.cluster, stand.address) if stand.cluster and logical else {},
        records=_records(stand.cluster, files) if stand.cluster else "",
        picture=picture,
    )


def read_files(stand: Stand) -> Files:
    """Every file of the data folder and of the cluster, the logs, and what /proc shows."""
    files = _below(stand.data, "data")
    if stand.server.log.exists():
        files["server.log"] = _read(stand.server.log)
    if stand.cluster:
        files |= _below(stand.cluster.pgdata, "pgdata")
        files["postgres.log"] = _read(stand.cluster.log)
    for process in stand.server.processes() if stand.running else ():
        for what in ("cmdline", "environ"):
            with suppress(OSError):
                files[f"proc/{process}/{what}"] = File(
                    Path(f"/proc/{process}/{what}").read_bytes(), 0
                )
    return files


def pieces_of(files: Files, before: Files) -> dict[str, Piece]:
    """Of each file the pages that have changed; the others cannot tell of what came later."""
    pieces = {}
    for name, file in files.items():
        old = before[name].content if name in before else b""
        if file.content == old:
            continue
        pages = [
            number
            for number, start in enumerate(range(0, len(file.content), PAGE))
            if file.content[start : start + PAGE] != old[start : start + PAGE]
        ]
        content = b"".join(file.content[page * PAGE : (page + 1) * PAGE] for page in pages)
        pieces[name] = Piece(name, content, pages, file.changed)
    return pieces


def unpacked(name: str, content: bytes) -> Files:
    """A backup as files: what is in it, whatever kind of archive it is."""
    if content.startswith(b"\x1f\x8b"):
        return unpacked(name, gzip.decompress(content))
    files = {name: File(content, 0)}
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for part in archive.namelist():
                files |= unpacked(f"{name}/{part}", archive.read(part))
    elif content[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive.getmembers():
                part = archive.extractfile(member)
                if part is not None:
                    files |= unpacked(f"{name}/{member.name}", part.read())
    return files


def _below(folder: Path, name: str) -> Files:
    files = {}
    for path in sorted(folder.rglob("*")):
        # It may be removed, or be a socket.
        with suppress(OSError):
            if path.is_file():
                files[f"{name}/{path.relative_to(folder)}"] = _read(path)
    return files


def _read(path: Path) -> File:
    return File(path.read_bytes(), path.stat().st_mtime_ns)


def _rows(cluster: Postgres, address: str) -> dict[str, str]:
    """Table and order → its rows with all that PostgreSQL hides beside them."""
    database = urlsplit(address).path.strip("/")
    tables = cluster.psql(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
        database,
    ).split()
    orders = ("", "ORDER BY xmin::text::bigint, ctid", "ORDER BY xmax::text::bigint, ctid")
    return {
        f"{table} {order}".strip(): cluster.psql(
            f'SELECT xmin, xmax, ctid, * FROM "{table}" {order}',  # noqa: S608 - its own names
            database,
        )
        for table in tables
        for order in orders
    }


def _records(cluster: Postgres, files: Files) -> str:
    """The write-ahead log as pg_waldump reads it from the copy."""
    segments = {Path(name).name: file for name, file in files.items() if "/pg_wal/0" in name}
    with tempfile.TemporaryDirectory(prefix="mingce-wal-") as folder:
        for name, file in segments.items():
            (Path(folder) / name).write_bytes(file.content)
        texts = []
        for name in sorted(segments):
            done = subprocess.run(
                [cluster.bin / "pg_waldump", "--path", folder, name],
                capture_output=True,
                check=False,
                env={"PATH": os.defpath},
            )
            # It ends in an error where the log ends.
            texts.append(done.stdout.decode(errors="replace"))
    return "".join(texts)


class HeldFiles:
    """Files kept open, to read later what lies in the blocks of those that were removed."""

    def __init__(self, folder: Path) -> None:
        self._files = [path.open("rb") for path in sorted(folder.rglob("*")) if path.is_file()]

    def removed(self) -> Files:
        """The removed ones, as they are now; all are closed."""
        found = {}
        for file in self._files:
            with file:
                if os.fstat(file.fileno()).st_nlink == 0:
                    found[f"removed/{Path(file.name).name}"] = File(file.read(), 0)
        return found
