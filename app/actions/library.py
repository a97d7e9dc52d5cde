"""方案库: schemes made in the pages, version by version, and which ones a new round may choose."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.actions.scheme import list_shipped, load_shipped, shipped_ids, shipped_text
from app.domain.errors import Problem, SchemeInvalid, SchemeNotOffered, SchemeUnknown
from app.domain.scheme import Scheme, parse_scheme
from app.models import Round, SchemeState, SchemeVersion, db


class Kept(NamedTuple):
    """A scheme as it stands. version: None where it is shipped."""

    scheme: Scheme
    text: str
    version: int | None


class Shelf(NamedTuple):
    """One scheme of the library. state: the newest word on whether it is offered, if any.

    problems: why the program cannot read the newest version any more; hidden: a shipped scheme has
    got the same id since.
    """

    newest: SchemeVersion
    scheme: Scheme | None
    problems: tuple[Problem, ...]
    state: SchemeState | None
    hidden: bool

    @property
    def withdrawn(self) -> bool:
        """Whether somebody has taken it from those to choose from."""
        return self.state is not None and self.state.state == "withdrawn"

    @property
    def offered(self) -> bool:
        """Whether a new round may choose it."""
        return self.scheme is not None and not self.withdrawn and not self.hidden


# Looking


def shelves() -> list[Shelf]:
    """The whole library, by id; two statements however much is in it."""
    newest = (
        select(SchemeVersion.scheme_id, func.max(SchemeVersion.version).label("version"))
        .group_by(SchemeVersion.scheme_id)
        .subquery()
    )
    rows = db.session.scalars(
        select(SchemeVersion)
        .join(
            newest,
            (newest.c.scheme_id == SchemeVersion.scheme_id)
            & (newest.c.version == SchemeVersion.version),
        )
        .options(joinedload(SchemeVersion.organisation))
        .order_by(SchemeVersion.scheme_id)
    ).all()
    states = {
        state.scheme_id: state
        for state in db.session.scalars(select(SchemeState).order_by(SchemeState.number))
    }
    return [_shelf(row, states.get(row.scheme_id)) for row in rows]


def shelf_of(scheme_id: str) -> Shelf:
    """One scheme of the library. Raises SchemeUnknown."""
    newest = newest_of(scheme_id)
    if newest is None:
        raise SchemeUnknown(f"方案库里没有编号为“{scheme_id}”的方案。")
    return _shelf(newest, state_of(scheme_id))


def known_domains() -> frozenset[str]:
    """Every word for a domain in the schemes on offer."""
    domains = [domain for kept in offered() for domain in kept.scheme.domains]
    return frozenset(word for d in domains for word in (d.code, d.name, *d.aliases))


def offered() -> list[Kept]:
    """What a new round may choose: the shipped ones, then the newest versions of the library."""
    return [
        *(Kept(scheme, shipped_text(scheme.id), None) for scheme in list_shipped()),
        *(
            Kept(shelf.scheme, shelf.newest.text, shelf.newest.version)
            for shelf in shelves()
            if shelf.offered and shelf.scheme is not None
        ),
    ]


def find_scheme(scheme_id: str, version: int | None = None) -> Kept:
    """A shipped scheme; else a version of the library's, the newest unless it is named.

    Raises SchemeUnknown; SchemeInvalid where this program cannot read the version any more.
    """
    if version is None and scheme_id in shipped_ids():
        return Kept(load_shipped(scheme_id), shipped_text(scheme_id), None)
    row = version_of(scheme_id, version)
    return Kept(_parsed(row.text, scheme_id), row.text, row.version)


def version_of(scheme_id: str, version: int | None = None) -> SchemeVersion:
    """One version, the newest unless it is named, whether or not it can be read.

    Raises SchemeUnknown.
    """
    found = newest_of(scheme_id) if version is None else _numbered(scheme_id, version)
    if found is None:
        which = "" if version is None else f"没有第{version}版，或者"
        raise SchemeUnknown(f"{which}没有编号为“{scheme_id}”的方案。")
    return found


def versions_of(scheme_id: str) -> Sequence[SchemeVersion]:
    """Every version, the newest first."""
    return db.session.scalars(
        select(SchemeVersion)
        .where(SchemeVersion.scheme_id == scheme_id)
        .order_by(SchemeVersion.version.desc())
    ).all()


def rounds_with(scheme_id: str) -> Sequence[Round]:
    """The rounds that apply this scheme, in whichever version; the newest first."""
    return db.session.scalars(
        select(Round)
        .where(Round.scheme_id == scheme_id, Round.practice.is_(False))
        .order_by(Round.id.desc())
    ).all()


def to_apply(scheme_id: str, seen: int | None = None) -> Kept:
    """The scheme that a new round applies. seen: the version of which the page spoke.

    Raises SchemeUnknown; SchemeInvalid where this program cannot read it any more; SchemeNotOffered
    where it is withdrawn, or newer than what was seen.
    """
    if scheme_id in shipped_ids():
        return find_scheme(scheme_id)
    shelf = shelf_of(scheme_id)
    if shelf.scheme is None:
        raise SchemeInvalid(shelf.problems)
    if not shelf.offered or seen not in (None, shelf.newest.version):
        raise SchemeNotOffered
    return Kept(shelf.scheme, shelf.newest.text, shelf.newest.version)


# Rows


def _shelf(newest: SchemeVersion, state: SchemeState | None) -> Shelf:
    scheme: Scheme | None = None
    problems: tuple[Problem, ...] = ()
    try:
        scheme = _parsed(newest.text, newest.scheme_id)
    except SchemeInvalid as error:
        problems = error.problems
    return Shelf(newest, scheme, problems, state, newest.scheme_id in shipped_ids())


def newest_of(scheme_id: str) -> SchemeVersion | None:
    """The newest version; None where the library has no such scheme."""
    return db.session.scalars(
        select(SchemeVersion)
        .where(SchemeVersion.scheme_id == scheme_id)
        .order_by(SchemeVersion.version.desc())
        .limit(1)
    ).first()


def _numbered(scheme_id: str, version: int) -> SchemeVersion | None:
    return db.session.scalars(
        select(SchemeVersion).where(
            SchemeVersion.scheme_id == scheme_id, SchemeVersion.version == version
        )
    ).first()


def state_of(scheme_id: str) -> SchemeState | None:
    """The newest word on whether it is offered; None where nobody has said any."""
    return db.session.scalars(
        select(SchemeState)
        .where(SchemeState.scheme_id == scheme_id)
        .order_by(SchemeState.number.desc())
        .limit(1)
    ).first()


@lru_cache(maxsize=64)
def _parsed(text: str, source: str) -> Scheme:
    return parse_scheme(text, source)
