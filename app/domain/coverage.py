"""全覆盖: every organisation that a scheme grades stands in the round exactly once.

Source: 商都县 2012, “分类定级对象既包括本级党组织层面的党委、总支、支部,也包括党委下设的总支、
总支下设的支部”,
and, for villages and communities, only the body itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from app.domain.errors import DomainUnknown
from app.domain.scheme import Domain, Scheme


class Body(NamedTuple):
    """An organisation in its tree. domain: code or name; empty where none has been given."""

    id: int
    parent_id: int | None
    name: str
    domain: str


class Coverage(NamedTuple):
    """missing: graded, but not in the round. twice: in it more than once, or under one superior
    with another of the same name. unknown: not in it, of a domain that no scheme has.
    beside: in it though the scheme does not grade them. without_domain: nobody can say whether they
    are to be graded; those in the round not counted.
    """

    missing: tuple[Body, ...]
    twice: tuple[Body, ...]
    unknown: tuple[Body, ...]
    beside: tuple[Body, ...]
    without_domain: tuple[Body, ...]

    @property
    def complete(self) -> bool:
        """Whether every organisation that is graded stands in the round once."""
        return not (self.missing or self.twice or self.unknown)

    @property
    def hindrances(self) -> list[str]:
        """What keeps the round from being finished, a sentence each."""
        return _sentences(
            ("应定级而不在本轮中", self.missing),
            ("在本轮中重复", self.twice),
            ("不在本轮中，而填的领域哪个方案都没有", self.unknown),
        )

    @property
    def words(self) -> list[str]:
        """What is wrong or worth a look, a sentence each; what hinders comes first."""
        return self.hindrances + _sentences(
            ("按方案不定级而在本轮中", self.beside),
            ("没有填领域，看不出是否应定级", self.without_domain),
        )


def coverage(
    scheme: Scheme,
    bodies: Sequence[Body],
    members: Iterable[int],
    by: int | None = None,
    elsewhere: Collection[str] = (),
) -> Coverage:
    """Compare those that are to be graded with those in the round.

    members: the organisation of every record of the round. by: who holds the round; only what
    stands under it is looked at, without itself. None: everybody. elsewhere: domains that
    other schemes know, whose organisations this one leaves alone.
    """
    tree = {body.id: body for body in bodies}
    counted = Counter(members)
    looked_at = [b for b in bodies if by is None or by in _above(tree, b)]
    domains = {body.id: _domain(scheme, body) for body in looked_at}
    due = {b.id for b in looked_at if _is_graded(tree, domains, b)}
    inside = [body for body in bodies if body.id in counted]
    named = Counter((body.parent_id, body.name) for body in inside)
    return Coverage(
        missing=tuple(b for b in looked_at if b.id in due and b.id not in counted),
        twice=tuple(b for b in inside if counted[b.id] > 1 or named[b.parent_id, b.name] > 1),
        beside=tuple(b for b in inside if domains.get(b.id) is not None and b.id not in due),
        unknown=tuple(
            b
            for b in looked_at
            if b.domain not in ("", *elsewhere) and not domains[b.id] and b.id not in counted
        ),
        without_domain=tuple(b for b in looked_at if not b.domain and b.id not in counted),
    )


def _domain(scheme: Scheme, body: Body) -> Domain | None:
    """None also for one that the scheme does not have."""
    try:
        return scheme.domain(body.domain) if body.domain else None
    except DomainUnknown:
        return None


def _is_graded(tree: Mapping[int, Body], domains: Mapping[int, Domain | None], body: Body) -> bool:
    domain = domains[body.id]
    if domain is None:
        return False
    return domain.graded == "every_level" or not any(
        domains.get(above) == domain for above in _above(tree, body)
    )


def _above(tree: Mapping[int, Body], body: Body) -> list[int]:
    """The organisations over this one, the nearest first; a tree that bites its tail ends."""
    found: list[int] = []
    parent = body.parent_id
    while parent is not None and parent not in found:
        found.append(parent)
        parent = tree[parent].parent_id if parent in tree else None
    return found


def _sentences(*parts: tuple[str, Sequence[Body]]) -> list[str]:
    return [f"{len(bodies)} 个党组织{what}：{_named(bodies)}。" for what, bodies in parts if bodies]


def _named(bodies: Sequence[Body], most: int = 20) -> str:
    names = "、".join(body.name for body in bodies[:most])
    return names if len(bodies) <= most else f"{names}等"
