"""On which host the urn of an open meeting lies."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import select

from app.domain.errors import UrnElsewhere
from app.models import Meeting
from app.models.base import reading


def this_host() -> str | None:
    """The address of this host; None where there is no other."""
    return current_app.config["MINGCE"].host_url or None


def other_host(urn_host: str | None) -> str:
    """The host that is named, if it is another than this one; empty otherwise."""
    here = this_host()
    return urn_host if here and urn_host and urn_host != here else ""


def urn_elsewhere(code: str) -> UrnElsewhere:
    """The refusal of what needs an urn that is not here."""
    with reading() as connection:
        host = connection.scalar(select(Meeting.urn_host).where(Meeting.code == code))
    return UrnElsewhere(other_host(host))
