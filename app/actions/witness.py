"""A scrutineer who stands at the host's computer and agrees there with a one-time code."""

from __future__ import annotations

from typing import NamedTuple

from app.actions.account import SignedIn
from app.actions.code import find_code, spend_code
from app.actions.signing import may_still, scrutineer
from app.domain.code import WITNESS
from app.domain.errors import CodeWrong, SamePerson


class Witness(NamedTuple):
    """A scrutineer who stands at the host's computer. code: the hash of what they typed."""

    who: SignedIn
    code: bytes


def witness_by_code(meeting_id: int, host: SignedIn, name: str, code: str) -> Witness:
    """The scrutineer of this name, for what `spend_witness` is called with afterwards.

    Raises CodeWrong, whichever of the two is wrong; SamePerson.
    """
    who = scrutineer(meeting_id, name)
    found = find_code(who.id if who else 0, WITNESS, code)
    if who is None or found is None:
        raise CodeWrong
    if who.id == host.id:
        raise SamePerson("监票人须是另一个人，用他自己的账号。")
    return Witness(who, found)


def spend_witness(meeting_id: int, witness: Witness) -> None:
    """Use the code up, in the transaction at hand.

    Raises CodeWrong where somebody was faster, or the scrutineer is one no more.
    """
    still = may_still(witness.who.id, "witness", meeting_id)
    if not (still and spend_code(witness.who.id, WITNESS, witness.code)):
        raise CodeWrong
