"""操作记录: entries that each seal the one before, so that none can be changed or left out unseen.

Source: the hash chain of tamper-evident logs; whoever keeps the newest hash elsewhere, on paper
say, also notices that the newest entries are gone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import NamedTuple

FIRST = "0" * 64
"""What stands before the first entry."""


class Entry(NamedTuple):
    """One change. number: from 1, without gaps. at: UTC, as ISO 8601 to the second. who: the name
    of the account, or 命令行. action, subject: what was done to what, in words. changes: JSON,
    {title: [before, after]}. previous: the hash of the entry before.
    """

    number: int
    at: str
    who: str
    action: str
    subject: str
    changes: str
    previous: str


class Sealed(NamedTuple):
    """An entry and the hash that is kept with it."""

    entry: Entry
    hash: str


class Fault(NamedTuple):
    """The first entry that does not fit, and why."""

    number: int
    words: str


class Verdict(NamedTuple):
    """What a whole chain is found to be. newest: the hash of its last entry; FIRST of none."""

    entries: int
    newest: str
    fault: Fault | None


def seal(entry: Entry) -> str:
    """The entry's hash: SHA-256, in hex, over its canonical JSON."""
    text = json.dumps(entry._asdict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify(chain: Iterable[Sealed], expected: str = "") -> Verdict:
    """Look at all entries in their order. expected: a hash noted earlier, which must be there."""
    number, before, met = 0, FIRST, not expected
    for number, (entry, kept) in enumerate(chain, 1):
        if entry.number != number:
            return Verdict(number - 1, before, Fault(number, f"缺第 {number} 条记录。"))
        if entry.previous != before:
            words = f"第 {number} 条记录与前一条接不上，其中一条被改过或换过。"
            return Verdict(number - 1, before, Fault(number, words))
        if seal(entry) != kept:
            words = f"第 {number} 条记录的内容与当时封存的不符，被改过。"
            return Verdict(number - 1, before, Fault(number, words))
        before = kept
        met = met or kept == expected
    if not met:
        words = "没有一条记录与所给的校验值相符：当时最新的记录已被删去或改过。"
        return Verdict(number, before, Fault(number + 1, words))
    return Verdict(number, before, None)
