"""参会人员类别: the voter groups that a document names, and what each of them weighs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from app.domain.scheme.numbers import rate_text

EmptyGroup = Literal["missing", "spread"]
MergedGroups = Literal["missing", "unweighted"]

_JOINED = re.compile(r"[、和及与]")


@dataclass(frozen=True)
class VoterGroup:
    """weight: its share of a weighted result. least_share: of those expected, so many must come.

    Either is None where the document gives none.
    """

    name: str
    aliases: tuple[str, ...] = ()
    weight: Fraction | None = None
    least_share: Fraction | None = None
    clause: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that a meeting may call it by."""
        return (self.name, *self.aliases)


def groups_in(data: Iterable[Mapping[str, Any]], domain: str) -> tuple[VoterGroup, ...]:
    """The groups of one domain (code), in the order of the file."""
    return tuple(
        VoterGroup(
            entry.get("name", ""),
            tuple(entry.get("aliases", ())),
            entry.get("weight"),
            entry.get("least_share"),
            entry.get("clause", ""),
        )
        for entry in data
        if domain in entry.get("domains", (domain,))
    )


def group_named(groups: Iterable[VoterGroup], name: str) -> VoterGroup | None:
    """The group that a meeting calls `name`."""
    return next((group for group in groups if name.strip() in group.names), None)


def groups_merged_in(groups: Iterable[VoterGroup], name: str) -> tuple[VoterGroup, ...]:
    """The groups that were put together under `name`, such as `党员、群众代表`; else none.

    All parts must be known, so that nobody takes a stranger for a merged group; and what the
    document itself calls so is one group.
    """
    known = tuple(groups)
    if group_named(known, name):
        return ()
    parts = [part.strip() for part in _JOINED.split(name)]
    found = [group_named(known, part) for part in parts]
    whole = len(parts) > 1 and None not in found
    return tuple(group for group in found if group is not None) if whole else ()


def weights_words(groups: Iterable[VoterGroup]) -> str:
    """Such as `党员60%、群众代表40%`."""
    weighted = [g for g in groups if g.weight is not None]
    return "、".join(f"{g.name}{rate_text(g.weight)}" for g in weighted if g.weight is not None)
