"""Keep the tree of party organisations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.domain.errors import BadInput, OrganisationInUse, OrganisationUnknown
from app.domain.roster import NAME_MOST, SHORT_MOST, UNDER
from app.models import (
    Account,
    FinalGrade,
    GradingRecord,
    Meeting,
    Organisation,
    OrganisationChange,
    Round,
    db,
)
from app.models.base import writing
from app.models.organisation import KINDS

REASON_MOST = 200
BRANCHES_MOST = 200


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
    """Every organisation, each followed by those under it; none of first rehearsals."""
    found = db.session.scalars(
        select(Organisation).where(Organisation.practice.is_(False)).order_by(Organisation.id)
    ).all()
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
        if node.organisation.kind in UNDER[kind]
        and node.organisation.id not in barred
        and node.organisation.closed_on is None
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


def rename_organisation(organisation_id: int, name: str, day: date | None = None) -> Organisation:
    """Give it another name. Meetings that are open or closed keep the old one."""
    organisation = get_organisation(organisation_id)
    before = organisation.name
    organisation.name = _checked_name(name)
    if organisation.name != before:
        _remember(organisation, "renamed", before, organisation.name, day=day)
    _settle(lambda: "同一上级下已经有这个名称，请换一个。")
    return organisation


def move_organisation(
    organisation_id: int, parent_id: int | None, day: date | None = None
) -> Organisation:
    """Put it, with all under it, elsewhere in the tree."""
    organisation = get_organisation(organisation_id)
    if parent_id is not None and parent_id in {organisation.id, *_descendants(organisation)}:
        raise BadInput("不能把党组织移到它自己或它的下级之下。")
    before = organisation.parent.name if organisation.parent else ""
    old_id = organisation.parent_id
    _place(organisation, parent_id)
    if organisation.parent_id != old_id:
        after = get_organisation(parent_id).name if parent_id else ""
        _remember(organisation, "moved", before, after, day=day)
    _settle(lambda: "新的上级下已经有同名的党组织，请先改名。")
    return organisation


def change_profile(
    organisation_id: int, domain: str, secretary: str, members: str, last_admitted: str, year: int
) -> Organisation:
    """Its domain, secretary, number of members, and when one was last admitted; as typed."""
    organisation = get_organisation(organisation_id)
    organisation.domain = _short("领域", domain)
    organisation.secretary = _short("书记", secretary)
    organisation.members = _whole("党员人数", members, 0, 100_000)
    organisation.last_admitted = _whole("最近发展党员年份", last_admitted, 1921, year)
    db.session.commit()
    return organisation


def close_organisation(organisation_id: int, reason: str, day: date) -> Organisation:
    """撤销: it keeps its records and takes part in no further round. Raises BadInput."""
    with writing():
        organisation = get_organisation(organisation_id)
        _check_may_close(organisation)
        if any(child.closed_on is None for child in organisation.children):
            raise BadInput("它还有下级党组织。请先把下级移走、合并或撤销。")
        organisation.closed_on = day
        _remember(organisation, "closed", organisation.name, "", _reason(reason), day)
    return organisation


def reopen_organisation(organisation_id: int, reason: str, day: date) -> Organisation:
    """恢复 what was closed. Raises BadInput."""
    with writing():
        organisation = get_organisation(organisation_id)
        if organisation.closed_on is None:
            raise BadInput("这个党组织没有撤销。")
        if organisation.parent is not None and organisation.parent.closed_on is not None:
            raise BadInput("它的上级已撤销，请先恢复上级。")
        organisation.closed_on = None
        _remember(organisation, "reopened", "", organisation.name, _reason(reason), day)
    return organisation


def merge_organisation(
    organisation_id: int, target_id: int, reason: str, day: date
) -> Organisation:
    """合并: all under it moves to the target, and it is closed; its records stay with it.

    Raises BadInput, and OrganisationUnknown.
    """
    with writing():
        organisation, target = get_organisation(organisation_id), get_organisation(target_id)
        _check_may_close(organisation)
        if target.id in {organisation.id, *_descendants(organisation)}:
            raise BadInput("不能合并到它自己或它的下级。")
        if target.closed_on is not None:
            raise BadInput(f"“{target.name}”已撤销，不能合并进去。")
        reason = _reason(reason)
        taken = {child.name for child in target.children}
        for child in list(organisation.children):
            if child.name in taken:
                raise BadInput(f"“{target.name}”下已有“{child.name}”，请先改名。")
            _place(child, target.id)
            _remember(child, "moved", organisation.name, target.name, reason, day)
        organisation.closed_on = day
        _remember(organisation, "merged", organisation.name, target.name, reason, day)
        _remember(target, "received", organisation.name, target.name, reason, day)
    return target


def history_of(organisation_id: int) -> Sequence[OrganisationChange]:
    """What became of it, the newest first."""
    return db.session.scalars(
        select(OrganisationChange)
        .where(OrganisationChange.organisation_id == organisation_id)
        .order_by(OrganisationChange.id.desc())
    ).all()


def delete_organisation(organisation_id: int) -> str:
    """Delete it if nothing depends on it; its name. Raises OrganisationInUse."""
    organisation = get_organisation(organisation_id)
    name = organisation.name
    host = select(Round.id).where(Round.organisation_id == organisation.id)
    record = select(GradingRecord.id).where(GradingRecord.organisation_id == organisation.id)
    # A number given up may be given again: no account or draft shall fall to another organisation.
    account = select(Account.id).where(Account.organisation_id == organisation.id)
    meeting = select(Meeting.id).where(Meeting.organisation_id == organisation.id)
    if organisation.children or any(map(db.session.scalar, (record, host, account, meeting))):
        raise OrganisationInUse
    db.session.delete(organisation)
    db.session.commit()
    return name


def _check_may_close(organisation: Organisation) -> None:
    if organisation.closed_on is not None:
        raise BadInput("这个党组织已经撤销。")
    running = db.session.scalar(
        select(Round.title)
        .join(GradingRecord, GradingRecord.round_id == Round.id)
        .outerjoin(FinalGrade, FinalGrade.record_id == GradingRecord.id)
        .where(GradingRecord.organisation_id == organisation.id, FinalGrade.id.is_(None))
        .limit(1)
    )
    if running is not None:
        raise BadInput(f"它正在参加“{running}”，等级确定以后才能撤销或合并；也可以先移出本轮。")


def _remember(
    organisation: Organisation,
    kind: str,
    before: str,
    after: str,
    reason: str = "",
    day: date | None = None,
) -> None:
    """Note it where the day is known; the audit log has it in any case."""
    if day is not None:
        db.session.add(
            OrganisationChange(
                organisation_id=organisation.id, kind=kind, before=before, after=after,
                reason=reason, made_on=day,
            )
        )  # fmt: skip


def _reason(reason: str) -> str:
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= REASON_MOST:
        raise BadInput(f"请写明依据，如批复的文号（{REASON_MOST} 字以内）。")
    return reason


def _short(what: str, text: str) -> str:
    text = " ".join(text.split())
    if len(text) > SHORT_MOST or not text.isprintable():
        raise BadInput(f"{what}不能超过 {SHORT_MOST} 字。")
    return text


def _whole(what: str, text: str, least: int, most: int) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or not least <= int(text) <= most:
        raise BadInput(f"{what}应为 {least} 到 {most} 的整数；没有就空着。")
    return int(text)


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
    if parent.closed_on is not None:
        raise BadInput(f"“{parent.name}”已撤销，下面不能再设党组织。请改选上级党组织。")
    if parent.kind not in UNDER[organisation.kind]:
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
