"""Two people's confirmations on both databases: kept as they are, backed up, and migrated."""

from __future__ import annotations

from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from app.actions.account import account_by_name, create_account
from app.actions.closing import close_meeting
from app.actions.code import find_code, make_codes, spend_code
from app.actions.confirmation import Wish, confirm, shown_digest
from app.actions.meeting import get_meeting
from app.actions.second_step import has_second_step
from app.actions.signing import signatories
from app.domain.code import WITNESS
from app.models import Confirmation, db
from tests.integration.test_backup import Make, everything, flask, make
from tests.voters import Example

__all__ = ["make"]

NAMES = ("王主持", "李监票")


@pytest.fixture(params=["sqlite", "postgresql"])
def there(request: pytest.FixtureRequest, make: Make) -> Flask:
    """The application on either database, with a meeting that two people have closed."""
    app = make(request.param)
    meeting_id = Example(app).id
    with app.app_context():
        for name in NAMES:
            create_account(name, "a long enough password")
        host, witness = (account_by_name(name) for name in NAMES)
        assert host
        assert witness
        make_codes(witness.id, WITNESS)
        assert not confirm(meeting_id, host, Wish("close", "host", present=12))
        assert get_meeting(meeting_id).state == "open"
        seen = shown_digest(get_meeting(meeting_id), "close")
        assert confirm(meeting_id, witness, Wish("close", "witness", seen))
        assert signatories(get_meeting(meeting_id), "close") == NAMES
        assert get_meeting(meeting_id).present == 12
        db.session.remove()
    return app


@pytest.mark.parametrize(
    "statement", ["UPDATE confirmations SET name = 'x'", "DELETE FROM confirmations"]
)
def test_the_database_keeps_what_two_have_confirmed(there: Flask, statement: str) -> None:
    with there.app_context():
        with pytest.raises(DatabaseError, match="never changed"):
            db.session.execute(text(statement))
        db.session.rollback()
        assert db.session.scalars(select(Confirmation.name)).all() == [*NAMES]


def test_no_account_has_both_parts_in_the_database(there: Flask) -> None:
    with there.app_context():
        row = db.session.execute(select(Confirmation.__table__)).mappings().first()
        assert row
        with pytest.raises(IntegrityError):
            db.session.execute(
                Confirmation.__table__.insert().values({**row, "part": "witness", "done": False})
            )
        db.session.rollback()


def test_going_back_to_the_version_before_and_forth_keeps_the_meeting(there: Flask) -> None:
    with there.app_context():
        flask_migrate.downgrade(revision="0011")
        flask_migrate.upgrade()
        meeting = get_meeting(1)
        assert (meeting.state, meeting.present) == ("closed", 12)
        who = account_by_name(NAMES[1])
        assert who
        assert not has_second_step(who.id)
        # Nobody knows any more who confirmed; nobody is named.
        assert signatories(meeting, "close") is None
        db.session.remove()


def test_a_backup_brings_back_who_confirmed(there: Flask, make: Make, tmp_path: Path) -> None:
    before, file, other = everything(there), tmp_path / "backup.sqlite", make("postgresql")
    assert before["confirmations"]
    assert before["account_codes"]
    assert flask(there, "backup", str(file)).exit_code == 0
    done = flask(other, "restore", str(file))
    assert (done.exit_code, done.stderr) == (0, "")
    assert everything(other) == before


def test_a_code_is_spent_once_and_only_what_can_still_be_tried_is(there: Flask) -> None:
    with there.app_context():
        who = account_by_name(NAMES[1])
        assert who
        first, second, *_ = make_codes(who.id, WITNESS)
        found = find_code(who.id, WITNESS, first.lower())
        assert found
        assert [spend_code(who.id, WITNESS, found) for _ in range(2)] == [True, False]
        db.session.commit()
        assert find_code(who.id, WITNESS, first) is None
        for _ in range((WITNESS.tries or 0) - 1):
            assert find_code(who.id, WITNESS, "0000-0000") is None
        assert find_code(who.id, WITNESS, second) is None
        db.session.remove()


def test_a_meeting_that_the_command_line_closes_leaves_a_lone_confirmation_undone(
    make: Make,
) -> None:
    app = make("sqlite")
    meeting_id = Example(app).id
    with app.app_context():
        create_account(NAMES[0], "a long enough password")
        host = account_by_name(NAMES[0])
        assert host
        assert not confirm(meeting_id, host, Wish("close", "host", present=12))
        close_meeting(meeting_id)
        assert signatories(get_meeting(meeting_id), "close") is None
        db.session.remove()
