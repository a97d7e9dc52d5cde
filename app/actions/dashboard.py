"""Gather what the charts of a round are made from, or those of everything that somebody sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select

from app.actions.assessment import decided_grades
from app.actions.final_grade import final_grades
from app.actions.grading import scheme_of
from app.actions.record import MassResult, Status, list_statuses
from app.actions.rights import Reach, visible_meetings
from app.actions.round import meetings_of
from app.actions.standing import Standing, standings
from app.domain.chart import Chart, Mark, marks
from app.domain.dashboard import (
    Body,
    Gathering,
    Rate,
    Settled,
    StepDone,
    body_chart,
    ends,
    gathering_chart,
    grade_charts,
    ranked,
    round_chart,
    satisfaction_chart,
    settled_words,
    step_chart,
)
from app.domain.scheme import Scheme
from app.models import GradingRecord, MeetingSubject, Round, VoterGroup, boxes, db

PAGE = 50


class Wish(NamedTuple):
    """What of it is wanted. domain: a name; superior_id: 0 for any; page: 0 for highest and lowest.

    lowest_first: the order of the whole list.
    """

    domain: str = ""
    superior_id: int = 0
    page: int = 0
    lowest_first: bool = True


class Dashboard(NamedTuple):
    """Charts with their sentences. all: organisations before the wish; found: by the wish.

    domains, superiors: to choose from. rated, provisional: how many have a satisfaction, and one
    that is not final. page, pages: of the list of all, page 0 where it is not wanted. running: how
    many meetings are open.
    """

    all: int
    found: int
    domains: tuple[str, ...]
    superiors: dict[int, str]
    settled: str
    graded: int
    grades: tuple[Chart, ...]
    progress: tuple[Chart, ...]
    rated: int
    provisional: int
    satisfaction: tuple[Chart, ...]
    page: int
    pages: int
    gatherings: Chart | None
    held: int
    running: int


def round_dashboard(round_: Round, reach: Reach, wish: Wish, day: date) -> Dashboard:
    """The charts of one round, as far as somebody sees it."""
    everyone = _bodies(round_, reach, day)
    chosen = _chosen(everyone, wish)
    progress = (step_chart(chosen), body_chart(chosen)) if _has_steps(chosen) else ()
    lines = marks(scheme_of(round_).satisfaction_bounds)
    return _dashboard([round_], reach, wish, everyone, chosen, progress, lines)


def whole_dashboard(rounds: Sequence[Round], reach: Reach, wish: Wish, day: date) -> Dashboard:
    """The charts of all of these rounds together, each organisation in the latest that it is in.

    rounds: those that somebody sees.
    """
    latest = _latest(reach)
    used = [r for r in rounds if r.id in set(latest.values())]
    found: dict[int, list[Body]] = {}
    for round_ in used:
        here = frozenset(body for body, round_id in latest.items() if round_id == round_.id)
        found[round_.id] = _bodies(round_, here, day)
    everyone = [body for bodies in found.values() for body in bodies]
    chosen = _chosen(everyone, wish)
    parts = [(r.id, r.title, _chosen(found[r.id], wish)) for r in used]
    progress = (round_chart([part for part in parts if _has_steps(part[2])]),)
    return _dashboard(used, reach, wish, everyone, chosen, progress if chosen else (), ())


def _dashboard(
    rounds: Sequence[Round],
    reach: Reach,
    wish: Wish,
    everyone: Sequence[Body],
    chosen: Sequence[Body],
    progress: tuple[Chart, ...],
    lines: tuple[Mark, ...],
) -> Dashboard:
    superiors = {b.superior_id: b.superior for b in everyone if b.superior_id}
    rated = ranked(chosen)
    pages = max(1, -(-len(rated) // PAGE))
    page = min(wish.page, pages)
    only = None if len(chosen) == len(everyone) else frozenset(b.record_id for b in chosen)
    gatherings, running = _gatherings(rounds, reach, only)
    return Dashboard(
        all=len(everyone),
        found=len(chosen),
        domains=tuple(dict.fromkeys(body.domain for body in everyone)),
        superiors=dict(sorted(superiors.items(), key=lambda item: item[1])),
        settled=settled_words(chosen),
        graded=sum(body.grade is not None for body in chosen),
        grades=(*grade_charts(chosen, "domain"), *grade_charts(chosen, "kind")),
        progress=progress,
        rated=len(rated),
        provisional=sum(bool(body.rate and body.rate.note) for body in rated),
        satisfaction=_satisfaction(rated, wish, page, lines),
        page=page,
        pages=pages,
        gatherings=gathering_chart(gatherings) if gatherings else None,
        held=len(gatherings),
        running=running,
    )


def _satisfaction(
    rated: Sequence[Body], wish: Wish, page: int, lines: tuple[Mark, ...]
) -> tuple[Chart, ...]:
    """Highest and lowest of many, or a page of the list of all; all at once of few."""
    if not rated:
        return ()
    if page:
        ordered = rated[::-1] if wish.lowest_first else rated
        part = ordered[(page - 1) * PAGE : page * PAGE]
        title = "满意率从低到高" if wish.lowest_first else "满意率从高到低"
        return (satisfaction_chart(title, part, lines),)
    low, high = ends(rated)
    if not high:
        return (satisfaction_chart("各党组织的满意率", low, lines),)
    return (
        satisfaction_chart(f"满意率最低的 {len(low)} 个", low, lines),
        satisfaction_chart(f"满意率最高的 {len(high)} 个", high, lines),
    )


def _has_steps(bodies: Iterable[Body]) -> bool:
    return any(body.steps for body in bodies)


def _chosen(bodies: Iterable[Body], wish: Wish) -> list[Body]:
    return [
        body
        for body in bodies
        if wish.domain in ("", body.domain) and wish.superior_id in (0, body.superior_id)
    ]


# Organisations


def _latest(reach: Reach) -> dict[int, int]:
    """Organisation → the latest round that it is in, of those in reach."""
    query = (
        select(GradingRecord.organisation_id, func.max(GradingRecord.round_id))
        .join(Round, Round.id == GradingRecord.round_id)
        .where(Round.practice.is_(False))
        .group_by(GradingRecord.organisation_id)
    )
    rows = db.session.execute(query)
    return {row[0]: row[1] for row in rows if reach is None or row[0] in reach}


def _bodies(round_: Round, reach: Reach, day: date) -> list[Body]:
    """The organisations of a round in reach; a few statements however many they are."""
    scheme = scheme_of(round_)
    finals = {record_id: grade.grade for record_id, grade in final_grades(round_).items()}
    decided = decided_grades(round_)
    where = {standing.record_id: standing for standing in standings(round_, day)}
    return [
        _body(scheme, status, where[status.record.id], finals, decided)
        for status in list_statuses(round_)
        if reach is None or status.record.organisation_id in reach
    ]


def _body(
    scheme: Scheme,
    status: Status,
    standing: Standing,
    finals: dict[int, str],
    decided: dict[int, str],
) -> Body:
    record = status.record
    ladder = scheme.domain(record.domain).ladder
    grade = finals.get(record.id) or decided.get(record.id) or record.proposed
    return Body(
        record_id=record.id,
        name=standing.name,
        superior_id=standing.superior_id,
        superior=standing.superior,
        domain=status.domain,
        kind=record.organisation.kind,
        ladder=ladder.title,
        labels=ladder.labels,
        grade=grade,
        settled=_settled(record, finals, decided),
        rate=_rate(status.mass),
        steps=tuple(StepDone(s.step.name, s.done, s.late) for s in standing.states),
    )


def _settled(record: GradingRecord, finals: dict[int, str], decided: dict[int, str]) -> Settled:
    if record.id in finals:
        return "final"
    if record.id in decided:
        return "decided"
    return "none" if record.proposed is None else "proposed"


def _rate(mass: MassResult | None) -> Rate | None:
    """The satisfaction as the record shows it; None where there is none, or none can be formed."""
    shown = mass.satisfaction if mass else None
    if mass is None or not shown or not shown["denominator"]:
        return None
    numerator, denominator = shown["numerator"], shown["denominator"]
    figures = shown.get("figures") or f"{numerator} ÷ {denominator}"
    note = "" if mass.final else "暂定，未加权" if mass.weighted else "暂定"
    return Rate(numerator, denominator, shown["percent"], figures, note)


# Meetings


def _gatherings(
    rounds: Sequence[Round], reach: Reach, only: frozenset[int] | None
) -> tuple[list[Gathering], int]:
    """The meetings that were counted, and how many are open; of those that somebody may see.

    only: those that test one of these records; None: all.
    """
    held = [m for m in meetings_of(r.id for r in rounds) if not m.rehearsal]
    seen = visible_meetings(reach, [m for m in held if m.state in ("open", "closed")])
    if only is not None:
        tested = db.session.execute(
            select(MeetingSubject.meeting_id, MeetingSubject.record_id).where(
                MeetingSubject.meeting_id.in_([meeting.id for meeting in seen])
            )
        )
        wanted = {row.meeting_id for row in tested if row.record_id in only}
        seen = [meeting for meeting in seen if meeting.id in wanted]
    closed = [meeting for meeting in seen if meeting.state == "closed"]
    ids = [meeting.id for meeting in closed]
    expected: dict[int, int] = {
        row[0]: int(row[1])
        for row in db.session.execute(
            select(VoterGroup.meeting_id, func.sum(VoterGroup.expected))
            .where(VoterGroup.meeting_id.in_(ids))
            .group_by(VoterGroup.meeting_id)
        )
    }
    # With the valid papers: they joined the tally as the meeting was closed.
    cast: dict[int, int] = {
        row.meeting_id: row.cast
        for row in db.session.execute(
            select(boxes.c.meeting_id, boxes.c.cast).where(boxes.c.meeting_id.in_(ids))
        )
    }
    titles = {round_.id: round_.title for round_ in rounds}
    found = [
        Gathering(
            m.id, m.title, titles[m.round_id], expected.get(m.id, 0), m.present, cast.get(m.id, 0)
        )
        for m in closed
    ]
    return found, len(seen) - len(closed)
