"""Keep the tree of party organisations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.domain.errors import BadInput, OrganisationInUse, OrganisationUnknown
from app.models import GradingRecord, Organisation, Round, db
from app.models.organisation import KINDS

NAME_MOST = 100
BRANCHES_MOST = 200
_UNDER: dict[str, tuple[str, ...]] = {
    "committee": ("committee",),
    "general_branch": ("committee",),
    "branch": ("committee", "general_branch"),
}
"""Kind → the kinds that it may stand under."""


class Node(NamedTuple):
    """One line of the tree. depth: 0 for a root. rounds: in how many it takes part."""

    organisation: Organisation
    depth: int
    rounds: int

    @property
    def in_use(self) -> bool:
        """Whether it may not be deleted."""
        return bool(self.rounds or self.organisation.children)


def organisation_tree() -> list[Node]:
    """Every organisation, each followed by those under it."""
    found = db.session.scalars(select(Organisation).order_by(Organisation.id)).all()
    rounds = {
        row[0]: row[1]
        for row in db.session.execute(
            select(GradingRecord.organisation_id, func.count()).group_by(
                GradingRecord.organisation_id
            )
        )
    }
    below: dict[int | None, list[Organisation]] = {}
    for organisation in found:
        below.setdefault(organisation.parent_id, []).append(organisation)

    def walk(parent_id: int | None, depth: int) -> Iterator[Node]:
        for organisation in below.get(parent_id, ()):
            yield Node(organisation, depth, rounds.get(organisation.id, 0))
            yield from walk(organisation.id, depth + 1)

    return list(walk(None, 0))


def get_organisation(organisation_id: int) -> Organisation:
    """The organisation of this id; raises OrganisationUnknown."""
    organisation = db.session.get(Organisation, organisation_id)
    if organisation is None:
        raise OrganisationUnknown
    return organisation


def parents_for(kind: str, moving: Organisation | None = None) -> list[Node]:
    """The organisations under which one of this kind may stand; never the one that moves."""
    barred = set() if moving is None else {moving.id, *_descendants(moving)}
    return [
        node
        for node in organisation_tree()
        if node.organisation.kind in _UNDER[kind] and node.organisation.id not in barred
    ]


def create_organisation(name: str, kind: str, parent_id: int | None) -> Organisation:
    """A new organisation; raises BadInput where the name is taken or the place is not lawful."""
    if kind not in KINDS:
        raise BadInput("请选择类型：党委、党总支或党支部。")
    organisation = Organisation(name=_checked_name(name), kind=kind)
    _place(organisation, parent_id)
    db.session.add(organisation)
    _settle(lambda: f"同一上级下已经有“{organisation.name}”，请换一个名称。")
    return organisation


def create_branches(parent_id: int, names: Sequence[str]) -> list[Organisation]:
    """Several branches under one organisation: all of them, or none where one is refused."""
    wanted = [_checked_name(name) for name in names if name.strip()]
    if not 1 <= len(wanted) <= BRANCHES_MOST:
        raise BadInput(f"请填写 1 到 {BRANCHES_MOST} 个党支部名称，一行一个。")
    known = set(
        db.session.scalars(select(Organisation.name).where(Organisation.parent_id == parent_id))
    )
    for name in wanted:
        if name in known:
            raise BadInput(f"“{name}”重复了（列表中写了两次，或已经建过）。没有新建任何党支部。")
        known.add(name)
    branches = [Organisation(name=name, kind="branch") for name in wanted]
    for branch in branches:
        _place(branch, parent_id)
    db.session.add_all(branches)
    _settle(lambda: "名称有重复，没有新建任何党支部。请刷新页面核对。")
    return branches


def rename_organisation(organisation_id: int, name: str) -> Organisation:
    """Give it another name. Meetings that are open or closed keep the old one."""
    organisation = get_organisation(organisation_id)
    organisation.name = _checked_name(name)
    _settle(lambda: "同一上级下已经有这个名称，请换一个。")
    return organisation


def move_organisation(organisation_id: int, parent_id: int | None) -> Organisation:
    """Put it, with all under it, elsewhere in the tree."""
    organisation = get_organisation(organisation_id)
    if parent_id is not None and parent_id in {organisation.id, *_descendants(organisation)}:
        raise BadInput("不能把党组织移到它自己或它的下级之下。")
    _place(organisation, parent_id)
    _settle(lambda: "新的上级下已经有同名的党组织，请先改名。")
    return organisation


def delete_organisation(organisation_id: int) -> str:
    """Delete it if nothing depends on it; its name. Raises OrganisationInUse."""
    organisation = get_organisation(organisation_id)
    name = organisation.name
    host = select(Round.id).where(Round.organisation_id == organisation.id)
    record = select(GradingRecord.id).where(GradingRecord.organisation_id == organisation.id)
    if organisation.children or db.session.scalar(record) or db.session.scalar(host):
        raise OrganisationInUse
    db.session.delete(organisation)
    db.session.commit()
    return name


def _descendants(organisation: Organisation) -> Iterator[int]:
    for child in organisation.children:
        yield child.id
        yield from _descendants(child)


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_MOST or not name.isprintable():
        raise BadInput(f"请填写党组织名称（{NAME_MOST} 字以内，每行一个）。")
    return name


def _place(organisation: Organisation, parent_id: int | None) -> None:
    """Set its parent; raises BadInput where one of its kind may not stand there."""
    if parent_id is None:
        organisation.parent_id = None
        return
    parent = db.session.get(Organisation, parent_id)
    if parent is None:
        raise BadInput("所选的上级党组织不存在，请刷新页面重选。")
    if parent.kind not in _UNDER[organisation.kind]:
        raise BadInput(
            "党支部下面不能再设党组织。"
            if parent.kind == "branch"
            else "党总支下面只能设党支部，请改选上级党组织。"
        )
    organisation.parent_id = parent.id


def _settle(taken: Callable[[], str]) -> None:
    """Commit; raises BadInput where a constraint says that the name is taken."""
    try:
        db.session.commit()
    except IntegrityError as error:
        db.session.rollback()
        raise BadInput(taken()) from error
