"""两人确认: a meeting opens and closes when its host and a scrutineer have confirmed the same."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable
from typing import Literal, NamedTuple

from app.domain.encoding import canonical_json

Action = Literal["open", "close"]
Part = Literal["host", "witness"]
ACTIONS: tuple[Action, ...] = ("open", "close")
WORDS: dict[str, str] = {
    "open": "开启",
    "close": "结束并计票",
    "host": "主持人",
    "witness": "监票人",
}
BEFORE: dict[Action, str] = {"open": "draft", "close": "open"}
"""The state in which a meeting is while an action on it waits to be confirmed."""

HOLDS_SECONDS = 30 * 60
"""Who confirmed longer ago may have left the room."""


class Given(NamedTuple):
    """A confirmation. digest: of what was confirmed. by_code: with a one-time code, at the host's.

    present: 实到, as the host stated it with a closing. countdown: the seconds that the host chose
    with it, as app.domain.countdown has them; None: at once. done: the action has been carried out
    on it. at: seconds since 1970.
    """

    part: str
    account_id: int
    name: str
    by_code: bool
    digest: str
    at: int
    present: int | None = None
    done: bool = False
    countdown: int | None = None


class Standing(NamedTuple):
    """Who has confirmed what is there now. changed, late, barred: those whose confirmation has
    lapsed because the content is no longer the same, because it was given too long ago, or because
    its account may not give it any more.
    """

    host: Given | None = None
    witness: Given | None = None
    changed: tuple[Given, ...] = ()
    late: tuple[Given, ...] = ()
    barred: tuple[Given, ...] = ()

    @property
    def complete(self) -> bool:
        """Both, and they are two."""
        host, witness = self.host, self.witness
        return bool(host and witness and host.account_id != witness.account_id)

    @property
    def stamp(self) -> str:
        """Changes whenever a page about this must be shown anew."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def standing(
    given: Iterable[Given], digest: str, now: int, barred: Container[int] = ()
) -> Standing:
    """What confirmations are worth now, for content with this digest. barred: ids of accounts."""
    found: dict[str, Given] = {}
    changed, late, gone = [], [], []
    for one in given:
        if one.account_id in barred:
            gone.append(one)
        elif one.digest != digest:
            changed.append(one)
        elif now - one.at > HOLDS_SECONDS:
            late.append(one)
        else:
            found[one.part] = one
    return Standing(
        found.get("host"), found.get("witness"), tuple(changed), tuple(late), tuple(gone)
    )


def digest_of(action: Action, code: str, content: object) -> str:
    """What a confirmation is bound to: SHA-256, in hex, of the action, the meeting and a content.

    content: in JSON terms; of an opening all that it freezes, of a closing the opening's keys.
    """
    return hashlib.sha256(canonical_json([action, code, content])).hexdigest()
