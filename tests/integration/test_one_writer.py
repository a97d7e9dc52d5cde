"""SQLite has one writer: who waits for it holds up nobody, and nobody holds it for long."""

from __future__ import annotations

import json
import sqlite3
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from voprf import ristretto

from app.config import DATABASE_FILE
from app.domain.encoding import b64url
from app.models import Meeting, db
from app.models.base import writing
from app.models.urn_file import FOLDER, SUFFIX
from tests.serving import Server
from tests.voters import Example

PHONES = 40
"""More than a pool of connections usually has."""


@contextmanager
def somebody_else(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection of another process, which never waits."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as connection:
        yield connection


def test_a_request_that_waits_for_the_writer_does_not_keep_the_others_of_its_process_waiting(
    start_server: Any, data_dir: Path, app: Flask
) -> None:
    server: Server = start_server({"MINGCE_WORKERS": "1"})
    example = Example(app, slips=3)
    _, blinded = ristretto.Client.blind(b"nonce")
    wish = {"token": example.slips[0].token, "blinded": b64url(blinded.serialize())}
    answers: list[int] = []

    def redeem() -> None:
        path = f"{server.base}/api/v1/meetings/{example.code}/credentials"
        with urllib.request.urlopen(path, json.dumps(wish).encode(), timeout=90) as answer:  # noqa: S310 - loopback
            answers.append(answer.status)

    with somebody_else(data_dir / FOLDER / f"{example.code}{SUFFIX}") as other:
        other.execute("BEGIN IMMEDIATE")
        phones = [threading.Thread(target=redeem) for _ in range(PHONES)]
        for phone in phones:
            phone.start()
        for _ in range(5):
            with urllib.request.urlopen(f"{server.base}/healthz", timeout=5) as healthy:  # noqa: S310 - loopback
                assert healthy.status == 200
            phones[0].join(timeout=0.1)
        assert answers == []
        other.execute("COMMIT")
    for phone in phones:
        phone.join(timeout=90)
    assert answers == [200] * PHONES


def test_what_a_request_reads_after_its_action_keeps_no_writer_waiting(
    app: Flask, data_dir: Path
) -> None:
    with app.test_request_context(method="POST"), somebody_else(data_dir / DATABASE_FILE) as other:
        with writing() as connection:
            connection.execute(text("UPDATE meetings SET host = host"))
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        db.session.scalars(select(Meeting)).all()
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
