"""全覆盖: who should stand in a round and does not, or stands in it twice."""

from __future__ import annotations

from sqlalchemy import select

from app.actions.grading import scheme_of
from app.actions.library import known_domains
from app.actions.round import Member, add_members, get_round
from app.domain.coverage import Body, Coverage, coverage
from app.domain.errors import BadInput
from app.domain.scheme import Scheme
from app.models import GradingRecord, Organisation, Round, db


def coverage_of(round_: Round) -> Coverage:
    """Compare the round's records with the organisations under whoever holds it."""
    members = list(
        db.session.scalars(
            select(GradingRecord.organisation_id).where(GradingRecord.round_id == round_.id)
        )
    )
    return coverage(
        scheme_of(round_),
        _bodies(set(members)),
        members,
        round_.organisation_id,
        known_domains(),
    )


def due_members(scheme: Scheme, by: int | None) -> list[Member]:
    """Everybody whom a new round of this scheme would have to grade, with their domains.

    by: who holds the round; None: nobody in particular.
    """
    return _members(scheme, coverage(scheme, _bodies(set()), (), by))


def add_missing(round_id: int) -> int:
    """Let every organisation take part that is missing; how many. Raises BadInput."""
    round_ = get_round(round_id)
    found = _members(scheme_of(round_), coverage_of(round_))
    if not found:
        raise BadInput("没有缺少的党组织。")
    return add_members(round_id, found)


def _members(scheme: Scheme, found: Coverage) -> list[Member]:
    return [Member(body.id, scheme.domain(body.domain).code) for body in found.missing]


def _bodies(inside: set[int]) -> list[Body]:
    """Everybody who is not closed, and those in the round whatever became of them."""
    rows = db.session.execute(
        select(
            Organisation.id, Organisation.parent_id, Organisation.name, Organisation.domain,
            Organisation.closed_on,
        )
        .where(Organisation.practice.is_(False))
        .order_by(Organisation.id)
    )  # fmt: skip
    return [
        Body(row.id, row.parent_id, row.name, row.domain)
        for row in rows
        if row.closed_on is None or row.id in inside
    ]
