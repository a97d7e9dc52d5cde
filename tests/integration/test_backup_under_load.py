"""A backup taken while a hall votes: whole, without a secret, and in nobody's way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask

from app.config import Config
from app.domain.encoding import b64url, from_b64url
from app.domain.slip import parse_token, token_hash
from app.factory import create_app
from app.models import Base, db
from app.models.urn_file import close_urns
from app.phones.crowd import Outcome, vote_all
from app.phones.voter import Door, SlipUrl, fetch_meeting, read_slip_url
from tests.postgres import Postgres
from tests.serving import Server
from tests.urns import urn_rows

SLIPS = 900
AT_ONCE = 12
BACKUPS = 3
PATIENCE = 600.0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_under_load_is_whole_and_secret_and_stops_nobody(
    kind: str, postgres: Postgres, start_server: Callable[..., Server], tmp_path: Path
) -> None:
    app = _migrated(tmp_path / "live", postgres.database() if kind == "postgresql" else "")
    settings = app.config["MINGCE"]
    server = start_server(
        {"DATABASE_URL": settings.database_url.replace("+psycopg", "")}, settings.data
    )
    # One meeting is over, so that a box with a long document is in the backup too.
    over = _open_meeting(server, 20)
    _vote(server, over)
    server.flask("meeting", "close", over[0].meeting)
    slips = _open_meeting(server, SLIPS)
    before = _everything(app)
    files = [tmp_path / f"{number}.sqlite" for number in range(BACKUPS)]
    backups = threading.Thread(target=_back_up, args=(server, files))
    backups.start()
    outcomes: list[Outcome] = []
    while backups.is_alive() and len(outcomes) < SLIPS:
        outcomes += _vote(server, slips[len(outcomes) :][: 3 * AT_ONCE])
    backups.join()
    voters = len(outcomes)
    assert voters > 3 * AT_ONCE
    assert [outcome.failure for outcome in outcomes if outcome.failure] == []

    secrets = [*_of_the_phones(slips[:voters], outcomes), *_of_the_urn(app, slips[0].meeting)]
    assert len(secrets) > 5 * voters
    for number, file in enumerate(files):
        content = file.read_bytes()
        assert [secret for secret in secrets if secret in content] == []
        assert slips[0].meeting.encode() in content
        other = _migrated(tmp_path / f"restored-{number}", "")
        assert other.test_cli_runner().invoke(args=["restore", str(file)]).exit_code == 0
        assert _everything(other) == before
        _put_away(other)
    # Where the urn is, voting would go on after a restore; here it just ends.
    closed = json.loads(server.flask("meeting", "close", slips[0].meeting, "--json"))
    assert closed["counts"]["g1"]["cast"] == voters
    _put_away(app)


def _open_meeting(server: Server, slips: int) -> list[SlipUrl]:
    words = ("--scheme", "awu-villages-2012", "--subjects", "2", "--json", "--rehearsal")
    made = json.loads(server.flask("demo", *words, "--slips", str(slips)))
    return [read_slip_url(url) for url in made["slips"]]


def _back_up(server: Server, files: list[Path]) -> None:
    for file in files:
        server.flask("backup", str(file))


def _vote(server: Server, slips: list[SlipUrl]) -> list[Outcome]:
    door = Door(server.base, PATIENCE)
    meeting = fetch_meeting(door, slips[0])
    door.close()
    choices = [dict.fromkeys(meeting.cells, "option2") for _ in slips]
    return vote_all(
        lambda: Door(server.base, PATIENCE), meeting, slips, choices, AT_ONCE, lambda: None
    )


def _of_the_phones(slips: list[SlipUrl], outcomes: list[Outcome]) -> list[bytes]:
    """Tokens and their hashes, nonces, sealed ballots, receipts: what each phone knows."""
    found: list[bytes] = []
    for slip in slips:
        found += [slip.token.encode(), token_hash(parse_token(slip.token))]
    for outcome in outcomes:
        assert outcome.ballot is not None
        nonce = from_b64url(outcome.ballot.body["nonce"])
        found += [nonce, nonce.hex().encode(), b64url(nonce).encode(), outcome.ballot.secret]
        found.append(outcome.ballot.body["sealed"][:60].encode())
    return found


def _of_the_urn(app: Flask, code: str) -> list[bytes]:
    """Seed, blinded elements, and what keeps a ballot from being cast twice."""
    rows = urn_rows(app, code)
    seeds = [bytes(row.seed) for row in rows["meeting"]]
    return (
        seeds
        + [bytes(row.blinded) for row in rows["slips"]]
        + [bytes(row.sealed_hash) for row in rows["spent_nonces"]]
    )


def _migrated(folder: Path, url: str) -> Flask:
    environ = {"MINGCE_DATA": str(folder)} | ({"DATABASE_URL": url} if url else {})
    app = create_app(Config.from_env(environ))
    app.testing = True
    with app.app_context():
        flask_migrate.upgrade()
    return app


def _everything(app: Flask) -> dict[str, list[tuple[object, ...]]]:
    with app.app_context():
        found = {
            table.name: sorted((tuple(row) for row in db.session.execute(table.select())), key=repr)
            for table in Base.metadata.sorted_tables
        }
        db.session.rollback()
    return found


def _put_away(app: Flask) -> None:
    close_urns(app)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
