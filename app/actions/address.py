"""Whether phones reach the address on the slips, and another one where they do not any more."""

from __future__ import annotations

import structlog
from flask import current_app

from app.actions.audit import note
from app.actions.meeting import checked_address, get_meeting, update_state
from app.actions.witness import Witness, spend_witness
from app.config import Config
from app.domain.address import Advised, Trouble, advised, is_local, is_own, trouble
from app.domain.errors import BadInput, MeetingStateChanged
from app.models import Meeting
from app.models.base import writing
from app.network import interfaces

log = structlog.get_logger()


def own_addresses() -> list[Advised]:
    """The addresses of this machine, the most useful first."""
    return advised(interfaces())


def address_trouble(meeting: Meeting, asked: str) -> Trouble | None:
    """What keeps phones from a meeting's address, as far as this machine can tell.

    asked: host and port by which whoever asks has come. Where there are several hosts, the address
    is that of something before them.
    """
    config: Config = current_app.config["MINGCE"]
    if config.host_url and not is_local(meeting.base_url):
        return None
    return trouble(meeting.base_url, interfaces(), config.port, asked)


def change_address(meeting_id: int, typed: str, witness: Witness | None = None) -> Meeting:
    """Let an open meeting go on at another address; keys, slips and ballots stay as they are.

    What is printed from now on has it. Two people have confirmed where phones are led; one alone
    leads them to no other machine. Raises BadInput, CodeWrong, MeetingStateChanged.
    """
    address = checked_address(typed)
    if is_local(address):
        raise BadInput("这是本机地址，别的手机打不开。请填这台电脑在会场网络上的地址。")
    config: Config = current_app.config["MINGCE"]
    with writing():
        meeting = get_meeting(meeting_id)
        if meeting.state != "open":
            raise MeetingStateChanged
        if witness is not None:
            spend_witness(meeting.id, witness)
            subject = f"{meeting.title}（{meeting.code}）"
            note("监票人同意改地址", subject, {"监票人": (None, witness.who.name)})
        elif not (
            meeting.rehearsal or is_own(address, meeting.base_url, interfaces(), config.port)
        ):
            raise BadInput(
                "这个地址看不出是这台电脑的。开启时两人核对过手机打开的地址，"
                "改到别处要监票人在场，由他本人输入一次性码。"
            )
        if not update_state(meeting, ("open",), base_url=address):
            raise MeetingStateChanged
    log.info("meeting_address_changed", meeting=meeting.code)
    return meeting
