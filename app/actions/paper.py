"""Issue papers, take what two tellers have counted, and hand it to the closing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    case,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from app.actions.audit import note
from app.actions.grading import scheme_of
from app.actions.meeting import get_meeting
from app.actions.urn import replaced_by_group
from app.actions.whereabouts import other_host
from app.domain.errors import BadInput, MeetingStateChanged, PaperNotAgreed, UrnElsewhere
from app.domain.meeting import Form
from app.domain.paper import (
    CORRECTIONS_MOST,
    PAPERS_MOST,
    Difference,
    Entry,
    PaperGroup,
    differences,
    entry_problems,
    excess,
)
from app.domain.validity import more_ballots_clause
from app.models import Account, Meeting, db, paper_entries, paper_issues, paper_results
from app.models.base import writing
from app.models.urn_file import UrnMissing, plain, urn_reading

TELLERS = 2
NO_MORE_CORRECTIONS = (
    f"两人都录入以后，每人最多更正 {CORRECTIONS_MOST} 次，您已经用完，这次更正没有收下。"
    "请主持人和监票人把两份录入一起作废，两人各自重新清点。"
)


class Papers(NamedTuple):
    """What joins the tally. issued: by group code. tellers: the names of their accounts.

    replaced: how many of those issued were given for slips whose phones had lost them.
    """

    issued: dict[str, int]
    entry: Entry
    tellers: tuple[str, ...]
    replaced: dict[str, int]

    @property
    def out(self) -> int:
        """发出, of all groups."""
        return sum(self.issued.values())

    @property
    def exchanged(self) -> int:
        """换发, of all groups."""
        return sum(self.replaced.values())

    @property
    def returned(self) -> int:
        """收回, of all groups."""
        return sum(papers.returned for papers in self.entry.values())

    @property
    def valid(self) -> int:
        """All valid papers."""
        return sum(papers.valid for papers in self.entry.values())

    @property
    def invalid(self) -> int:
        """All spoilt papers."""
        return sum(papers.invalid for papers in self.entry.values())


class Counting(NamedTuple):
    """The counting as one teller may see it, who never sees what another has found.

    issued, stated: papers handed out, with and without those for lost phones. mine: own entry, or
    None. entered: how many tellers have entered. full: two others have, so this account may not.
    differences: None until this teller and another have entered. left: corrections that this teller
    has left then.
    """

    issued: dict[str, int]
    stated: dict[str, int]
    mine: Entry | None
    entered: int
    full: bool
    differences: tuple[Difference, ...] | None
    excess: str | None
    left: int | None

    @property
    def agreed(self) -> bool:
        """Two tellers have found the same."""
        return self.differences == ()

    @property
    def exhausted(self) -> bool:
        """This teller may change nothing any more."""
        return self.left is not None and self.left < 1


def papers_issued(meeting: Meeting) -> dict[str, int]:
    """Group code → papers handed out, for every group; those for lost phones among them.

    Raises UrnElsewhere.
    """
    stated, replaced = papers_stated(meeting), papers_replaced(meeting)
    return {code: number + replaced.get(code, 0) for code, number in stated.items()}


def papers_replaced(meeting: Meeting) -> dict[str, int]:
    """Group code → papers given for slips whose phones had lost them, while the meeting is open."""
    if meeting.state != "open":
        return {}
    try:
        with urn_reading(meeting.code) as urn:
            return replaced_by_group(plain(urn))
    except UrnMissing:
        raise UrnElsewhere(other_host(meeting.urn_host)) from None


def papers_stated(meeting: Meeting) -> dict[str, int]:
    """Group code → papers that the host says to have handed out besides those, for every group."""
    rows = db.session.execute(
        select(paper_issues.c.group_code, paper_issues.c.issued).where(
            paper_issues.c.meeting_id == meeting.id
        )
    )
    found = {row.group_code: row.issued for row in rows}
    return {group.code: found.get(group.code, 0) for group in meeting.groups}


def issue_papers(meeting_id: int, issued: Mapping[str, int]) -> None:
    """State how many papers each group has been handed, in all; not once counting has begun."""
    with writing():
        meeting = _open(meeting_id)
        if set(issued) != {group.code for group in meeting.groups}:
            raise BadInput("参会人员类别不对，请刷新页面重填。")
        if any(not 0 <= number <= PAPERS_MOST for number in issued.values()):
            raise BadInput(f"发出张数应为 0 到 {PAPERS_MOST} 的整数。")
        if counting_has_begun(meeting):
            raise BadInput("已开始清点纸质票，发出张数不能再改。")
        mine = paper_issues.c.meeting_id == meeting.id
        db.session.execute(delete(paper_issues).where(mine))
        db.session.execute(
            insert(paper_issues),
            [
                {"meeting_id": meeting.id, "group_code": code, "issued": number}
                for code, number in issued.items()
            ],
        )


def counting_has_begun(meeting: Meeting) -> bool:
    """Whether a teller has entered anything, discarded since or not."""
    mine = paper_entries.c.meeting_id == meeting.id
    return bool(db.session.scalar(select(exists().where(mine))))


def counting_stands(meeting: Meeting) -> bool:
    """Whether a teller's entry stands, so that the papers handed out must not change beneath it."""
    standing = paper_entries.c.discarded.is_(False)
    mine = paper_entries.c.meeting_id == meeting.id
    return bool(db.session.scalar(select(exists().where(mine, standing))))


def enter_papers(meeting_id: int, account_id: int, entry: Entry) -> None:
    """Take one teller's count, or the correction of it; two accounts count a meeting.

    Beside another's entry only a few corrections are taken; the same numbers again are none.
    Raises BadInput with every sentence that keeps it from being taken, MeetingStateChanged.
    """
    with writing():
        meeting = _open(meeting_id)
        form = msgspec.convert(meeting.form, Form)
        entries = _entries(meeting)
        if account_id not in entries and len(entries) >= TELLERS:
            raise BadInput("已有两名计票人录入，第三个账号不能再录。")
        if problems := entry_problems(form, _names(meeting), entry, meeting.k):
            raise BadInput("\n".join(problems))
        if account_id not in entries:
            _enter(meeting, account_id, entry)
        elif entries[account_id] != entry:
            _correct(meeting, account_id, entry)


def _enter(meeting: Meeting, account_id: int, entry: Entry) -> None:
    discarded = _entry_of(meeting, account_id) & paper_entries.c.discarded
    db.session.execute(delete(paper_entries).where(discarded))
    db.session.execute(
        insert(paper_entries).values(
            meeting_id=meeting.id, account_id=account_id, entry=msgspec.to_builtins(entry)
        )
    )


def _correct(meeting: Meeting, account_id: int, entry: Entry) -> None:
    other, number = paper_entries.alias(), paper_entries.c.corrections
    beside = exists().where(
        other.c.meeting_id == meeting.id,
        other.c.account_id != account_id,
        other.c.discarded.is_(False),
    )
    done = db.session.execute(
        update(paper_entries)
        .where(
            _entry_of(meeting, account_id),
            paper_entries.c.discarded.is_(False),
            or_(~beside, number < CORRECTIONS_MOST),
        )
        .values(
            entry=msgspec.to_builtins(entry), corrections=case((beside, number + 1), else_=number)
        )
    )
    if not isinstance(done, CursorResult) or done.rowcount != 1:
        raise BadInput(NO_MORE_CORRECTIONS)
    note("更正纸质票录入", f"{meeting.title}（{meeting.code}）", {})


def counting(meeting: Meeting, account_id: int) -> Counting:
    """How the counting stands for one teller, who sees nothing of another before entering."""
    form = msgspec.convert(meeting.form, Form)
    entries, issued = _entries(meeting), papers_issued(meeting)
    mine = entries.pop(account_id, None)
    others = list(entries.values())
    compared = mine is not None and bool(others)
    found = differences(form, _names(meeting), mine, others[0]) if mine and others else None
    return Counting(
        issued=issued,
        stated=papers_stated(meeting),
        mine=mine,
        entered=len(others) + (mine is not None),
        full=mine is None and len(others) >= TELLERS,
        differences=found if compared else None,
        excess=excess(_names(meeting), issued, mine, _clause(meeting))
        if mine and found == ()
        else None,
        left=CORRECTIONS_MOST - _corrections(meeting, account_id) if compared else None,
    )


def agreed_papers(meeting: Meeting) -> Papers | None:
    """What both tellers found; None where no paper was handed out and none came back.

    Raises PaperNotAgreed with what is to be done.
    """
    issued, entries = papers_issued(meeting), _entries(meeting)
    if not any(issued.values()) and not entries:
        return None
    if len(entries) < TELLERS:
        raise PaperNotAgreed(
            f"发出了纸质票，须两名计票人各用自己的账号清点录入，现在只有 {len(entries)} 人录入。"
        )
    first, second = entries.values()
    form = msgspec.convert(meeting.form, Form)
    if found := differences(form, _names(meeting), first, second):
        places = "；".join(d.place for d in found[:5])
        raise PaperNotAgreed(
            f"两名计票人录入的纸质票有 {len(found)} 处不一致：{places}。请一起重新清点后更正；"
            "更正次数用完的，请主持人和监票人把两份录入一起作废，重新清点。"
        )
    names = db.session.scalars(select(Account.name).where(Account.id.in_(entries)))
    return Papers(issued, first, tuple(sorted(names)), papers_replaced(meeting))


def papers_digest(meeting: Meeting) -> str:
    """Changes with every number that is stated or entered; tells none of them."""
    entries = sorted(_entries(meeting).items())
    found = [sorted(papers_issued(meeting).items()), msgspec.to_builtins(entries)]
    return hashlib.sha256(msgspec.json.encode(found)).hexdigest()


class PapersSeen(NamedTuple):
    """What the page before closing says of the papers. excess: why closing voids the meeting."""

    issued: int
    agreed: Papers | None
    problem: str
    excess: str | None


def papers_seen(meeting: Meeting) -> PapersSeen:
    """How the papers stand, for whoever is about to close."""
    issued = sum(papers_issued(meeting).values())
    try:
        agreed = agreed_papers(meeting)
    except PaperNotAgreed as found:
        return PapersSeen(issued, None, str(found), None)
    return PapersSeen(issued, agreed, "", excess_of(meeting, agreed))


def excess_of(meeting: Meeting, papers: Papers | None) -> str | None:
    """Why the papers void this meeting, or None."""
    if papers is None:
        return None
    return excess(_names(meeting), papers.issued, papers.entry, _clause(meeting))


def keep_papers(meeting: Meeting, papers: Papers | None) -> None:
    """Write down what has joined the tally, in the transaction that closes the meeting."""
    db.session.execute(delete(paper_entries).where(paper_entries.c.meeting_id == meeting.id))
    if papers is not None:
        db.session.execute(
            insert(paper_results).values(
                meeting_id=meeting.id,
                issued=papers.issued,
                entry=msgspec.to_builtins(papers.entry),
                tellers=list(papers.tellers),
                replaced=papers.replaced,
            )
        )


def papers_of(meeting: Meeting) -> Papers | None:
    """The papers of a closed meeting, if there were any."""
    row = db.session.execute(
        select(paper_results).where(paper_results.c.meeting_id == meeting.id)
    ).first()
    if row is None:
        return None
    return Papers(row.issued, _read(row.entry), tuple(row.tellers), row.replaced)


def _entries(meeting: Meeting) -> dict[int, Entry]:
    rows = db.session.execute(
        select(paper_entries.c.account_id, paper_entries.c.entry)
        .where(paper_entries.c.meeting_id == meeting.id, paper_entries.c.discarded.is_(False))
        .order_by(paper_entries.c.account_id)
    )
    return {row.account_id: _read(row.entry) for row in rows}


def _corrections(meeting: Meeting, account_id: int) -> int:
    mine = _entry_of(meeting, account_id)
    return db.session.scalar(select(paper_entries.c.corrections).where(mine)) or 0


def _entry_of(meeting: Meeting, account_id: int) -> ColumnElement[bool]:
    return (paper_entries.c.meeting_id == meeting.id) & (paper_entries.c.account_id == account_id)


def _read(entry: Any) -> Entry:
    return msgspec.convert(entry, dict[str, PaperGroup])


def _names(meeting: Meeting) -> dict[str, str]:
    return {group.code: group.name for group in meeting.groups}


def _clause(meeting: Meeting) -> str | None:
    return more_ballots_clause(scheme_of(meeting.round))


def _open(meeting_id: int) -> Meeting:
    meeting = get_meeting(meeting_id)
    if meeting.state != "open":
        raise MeetingStateChanged
    return meeting
