"""What is different between two versions of a text, line by line."""

from __future__ import annotations

import difflib
from typing import Literal, NamedTuple

CONTEXT = 3
"""Lines that are the same, shown around those that are not."""


class Line(NamedTuple):
    """One line of the comparison. old, new: its number in either text; None where it is not there.

    kind: `gap` stands for lines that are the same and not shown.
    """

    kind: Literal["same", "out", "in", "gap"]
    old: int | None
    new: int | None
    text: str


def difference(old: str, new: str) -> list[Line]:
    """The lines that came in or went out, with some of those around; nothing of equal texts."""
    before, after = old.split("\n"), new.split("\n")
    found: list[Line] = []
    for group in difflib.SequenceMatcher(None, before, after).get_grouped_opcodes(CONTEXT):
        if group[0][1] > 0 or group[0][3] > 0:
            found.append(Line("gap", None, None, ""))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                found += [Line("same", i + 1, j1 + i - i1 + 1, before[i]) for i in range(i1, i2)]
                continue
            found += [Line("out", i + 1, None, before[i]) for i in range(i1, i2)]
            found += [Line("in", None, j + 1, after[j]) for j in range(j1, j2)]
    return found
