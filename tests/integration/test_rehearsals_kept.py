"""Rehearsals on both databases: kept out of every record, played, and cleared away."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from app.actions.account import account_by_name, create_account
from app.actions.closing import close_meeting
from app.actions.confirmation import Wish, confirm, shown_digest
from app.actions.countdown import countdown_of
from app.actions.meeting import get_meeting, open_meeting
from app.actions.practice import begin_practice, clear_practice
from app.actions.simulation import begin_simulation, play, simulation_of
from app.domain.countdown import WAIT
from app.keeper import Keeper
from app.models import GradingRecord, Meeting, Organisation, Round, db
from tests.integration.test_backup import Make, make
from tests.voters import Example

__all__ = ["make"]

BASE = "http://192.168.1.10:8000"
FIGURES = {"numerator": 1, "denominator": 1, "percent": "100.00"}


@pytest.fixture(params=["sqlite", "postgresql"])
def there(request: pytest.FixtureRequest, make: Make) -> Flask:
    """The application on either database, with one account."""
    app = make(request.param)
    with app.app_context():
        create_account("王主持", "a long enough password")
        db.session.remove()
    return app


def test_a_first_rehearsal_is_played_closed_and_leaves_nothing(there: Flask) -> None:
    with there.app_context():
        who = account_by_name("王主持")
        assert who
        meeting_id = begin_practice(who, BASE).meeting_id
        open_meeting(meeting_id)
        play(begin_simulation(meeting_id, 12), pause=lambda _: None)
        found = simulation_of(meeting_id)
        assert found
        assert (found.run, found.cast, found.failed) == (0, 12, 0)
        assert close_meeting(meeting_id, 12).counts["g1"].cast == 12
        assert clear_practice(who.id)
        for table in (Meeting, Round, GradingRecord, Organisation):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0
        db.session.remove()


def test_no_record_takes_the_result_of_a_rehearsal_and_none_turns_real(there: Flask) -> None:
    with there.app_context():
        who = account_by_name("王主持")
        assert who
        meeting = get_meeting(begin_practice(who, BASE).meeting_id)
        record = meeting.subjects[0].record
        record.mass = {"meeting": meeting.code, "tallies": {}, "satisfaction": FIGURES}
        with pytest.raises(DatabaseError, match="never enters a record"):
            db.session.commit()
        db.session.rollback()
        with pytest.raises(DatabaseError, match="is a rehearsal"):
            db.session.execute(text("UPDATE meetings SET rehearsal = false"))
        db.session.rollback()
        assert clear_practice(who.id)
        db.session.remove()
    real = Example(there)
    with there.app_context():
        with pytest.raises(DatabaseError, match="stays one"):
            db.session.execute(text("UPDATE meetings SET rehearsal = true"))
        db.session.rollback()
        assert not get_meeting(real.id).rehearsal
        db.session.remove()


def test_a_countdown_on_two_confirmations_ends_the_meeting(there: Flask) -> None:
    example = Example(there)
    example.vote_all()
    with there.app_context():
        create_account("李监票", "a long enough password")
        host, witness = account_by_name("王主持"), account_by_name("李监票")
        assert host
        assert witness
        confirm(example.id, host, Wish("close", "host", present=12, countdown=WAIT))
        seen = shown_digest(get_meeting(example.id), "close")
        assert confirm(example.id, witness, Wish("close", "witness", seen))
        assert countdown_of(get_meeting(example.id))
        db.session.remove()
    Keeper(there).look(0.0)
    with there.app_context():
        assert get_meeting(example.id).state == "closed"
        db.session.remove()
