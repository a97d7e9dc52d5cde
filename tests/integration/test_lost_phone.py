"""A phone that lost all after scanning: a paper instead, and never more votes than people."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from app.actions.meeting import get_meeting
from app.actions.paper import papers_issued
from app.actions.replacement import replace_slip, take_back_replacement
from app.actions.slip import void_slip
from app.domain.box import findings, read_box
from app.domain.errors import BadInput, SlipUnknown, SlipUsed
from app.domain.slip import Token, parse_token
from app.models import replacements
from app.models.urn_file import urn_writing
from app.phones.voter import Credential, NotCast, blind, redeem, seal_ballot, send
from tests.urns import urn_rows
from tests.voters import Example


class Room(Example):
    """A meeting in which phones scan first and cast later."""

    def scan(self, number: int) -> Credential:
        """The n-th slip is used."""
        return redeem(self.door, self.meeting, self.slips[number], blind())

    def cast(self, credential: Credential) -> None:
        """What the phone would send; raises NotCast."""
        choices = dict.fromkeys(self.meeting.cells, "option1")
        send(self.door, self.meeting, seal_ballot(self.meeting, credential, choices))

    def token(self, number: int) -> Token:
        """As it stands on the n-th slip."""
        return parse_token(self.slips[number].token)

    def replace(self, number: int) -> str:
        """A paper for the n-th slip."""
        with self.app.app_context():
            return replace_slip(self.id, self.token(number), None)

    def take_back(self, number: int) -> str:
        """No paper for it after all."""
        with self.app.app_context():
            return take_back_replacement(self.id, self.token(number), None)

    def issued(self) -> dict[str, int]:
        """Papers handed out."""
        with self.app.app_context():
            return papers_issued(get_meeting(self.id))


@pytest.fixture
def room(app: Flask) -> Room:
    """Twelve slips; nothing has happened. In a rehearsal no scrutineer is asked for."""
    return Room(app, "--rehearsal")


def test_the_slip_of_a_lost_phone_is_voided_and_a_paper_counts_as_handed_out(room: Room) -> None:
    room.vote_all(slips=room.slips[:8])
    room.scan(8)
    assert room.replace(8) == "党员群众"
    assert room.issued() == {"g1": 1}
    rows = urn_rows(room.app, room.code)
    assert sum(row.used for row in rows["slips"]) == 8
    assert sum(row.voided for row in rows["slips"]) == 1
    with pytest.raises(NotCast) as refused:
        room.scan(8)
    assert refused.value.code == "slip_unknown"


def test_a_phone_that_comes_back_after_all_cannot_make_more_votes_than_people(room: Room) -> None:
    room.vote_all(slips=room.slips[:6])
    lost, others = room.scan(6), [room.scan(7), room.scan(8)]
    room.replace(6)
    room.cast(lost)
    room.cast(others[0])
    with pytest.raises(NotCast) as refused:
        room.cast(others[1])
    assert refused.value.code == "ballots_exceed_slips"
    # The paper is set aside, and who was told to ask casts.
    assert room.take_back(6) == "党员群众"
    assert room.issued() == {"g1": 0}
    room.cast(others[1])
    counts = room.close()["counts"]["g1"]
    assert counts == {"issued": 12, "redeemed": 9, "cast": 9, "voided": 0, "unused": 3}


def test_the_box_of_a_meeting_with_a_lost_phone_is_sound(room: Room) -> None:
    room.vote_all(slips=room.slips[:8])
    room.scan(8)
    room.replace(8)
    with room.app.app_context(), urn_writing(room.code) as urn:
        # It is cast by phone before witnesses, as papers fewer than k are.
        urn.execute(replacements.delete())
    room.vote_all(slips=room.slips[9:10])
    room.close()
    box = room.app.test_client().get(f"/api/v1/meetings/{room.code}/box")
    assert findings(read_box(box.data)) == ()
    assert box.get_json()["counts"]["g1"] == {
        "issued": 12, "redeemed": 9, "cast": 9, "voided": 1, "unused": 2,
    }  # fmt: skip


def test_where_everybody_who_scanned_has_cast_nothing_is_replaced(room: Room) -> None:
    room.vote_all(slips=room.slips[:8])
    with pytest.raises(BadInput, match="都已经投出"):
        room.replace(3)
    assert room.issued() == {"g1": 0}


def test_only_as_many_are_replaced_as_have_not_cast(room: Room) -> None:
    room.vote_all(slips=room.slips[:4])
    room.scan(4)
    room.replace(4)
    # Somebody who has cast says that he has not: nobody is left who could not have.
    with pytest.raises(BadInput, match="都已经投出"):
        room.replace(2)


def test_of_two_who_have_not_cast_it_does_not_matter_whose_slip_it_was(room: Room) -> None:
    """He who has cast gets a paper: then the other's ballot does not come in, and he asks."""
    room.vote_all(slips=room.slips[:4])
    honest = room.scan(4)
    room.replace(2)
    with pytest.raises(NotCast) as refused:
        room.cast(honest)
    assert refused.value.code == "ballots_exceed_slips"
    room.take_back(2)
    room.cast(honest)


def test_what_cannot_be_replaced_says_what_to_do(room: Room) -> None:
    with pytest.raises(BadInput, match="还没有扫过码"):
        room.replace(0)
    with room.app.app_context():
        void_slip(room.id, room.token(1))
    with pytest.raises(SlipUsed, match="已经作废"):
        room.replace(1)
    with room.app.app_context(), pytest.raises(SlipUnknown):
        replace_slip(room.id, Token(bytes(10)), None)
    with pytest.raises(BadInput, match="没有换发过"):
        room.take_back(1)
    room.scan(2)
    room.replace(2)
    with pytest.raises(SlipUsed):
        room.replace(2)
    with pytest.raises(BadInput, match="没有作废"):
        room.take_back(3)


def test_nothing_ties_the_voided_slip_to_what_its_phone_had_sent(room: Room) -> None:
    drawn = blind()
    redeem(room.door, room.meeting, room.slips[0], drawn)
    room.scan(1)
    room.replace(0)
    rows = urn_rows(room.app, room.code)
    assert not any(drawn.blinded in tuple(row) for row in rows["slips"])


def test_an_urn_of_an_earlier_version_takes_votes_and_replacements(room: Room) -> None:
    with room.app.app_context(), urn_writing(room.code) as urn:
        urn.execute(text("DROP TABLE replacements"))
    room.vote_all(slips=room.slips[:3])
    room.scan(3)
    assert room.issued() == {"g1": 0}
    room.replace(3)
    assert room.issued() == {"g1": 1}
