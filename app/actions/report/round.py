"""Gather what the forms of a round are made from, in a number of statements that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from app.actions.adjustment import adjustments_of
from app.actions.final_grade import final_grades, pending_corrections
from app.actions.finalising import finalisation_of
from app.actions.grading import scheme_of
from app.actions.notice import grades_of
from app.actions.points import points_of
from app.actions.rectification import KINDS, standing
from app.domain.meeting import ABSTAIN
from app.domain.report import (
    Document,
    Entry,
    Figures,
    Gatherings,
    Improvement,
    analysis,
    details,
    ledger,
    no_new_members,
    rectifications,
    serving,
    standard,
    summary,
)
from app.domain.roster import KIND_WORDS
from app.domain.scheme import Scheme
from app.domain.tally import score_text
from app.models import (
    Decision,
    GradingRecord,
    Meeting,
    Organisation,
    Rectification,
    Round,
    SelfAssessment,
    VoterGroup,
    boxes,
    db,
)

_FROM_FIGURES: Mapping[str, Callable[[Figures], Document]] = {
    "summary": summary,
    "details": details,
    "ledger": ledger,
    "no-new-members": no_new_members,
    "rectifications": rectifications,
    "analysis": analysis,
}
ROUND_FORMS = (*_FROM_FIGURES, "standard")


def round_form(round_: Round, name: str, day: date) -> Document:
    """One of ROUND_FORMS; KeyError for another name."""
    figures = figures_of(round_, day)
    if name == "standard":
        points = points_of(round_)
        worth = None if points is None else [Fraction(p) for p in points]
        return standard(figures, scheme_of(round_), worth)
    return _FROM_FIGURES[name](figures)


def figures_of(round_: Round, day: date, only: int | None = None) -> Figures:
    """Everything at once. only: the id of the one record that is wanted."""
    scheme = scheme_of(round_)
    finals = {record_id: grade.grade for record_id, grade in final_grades(round_).items()}
    standing_grades = grades_of(round_)
    query = (
        select(GradingRecord)
        .where(GradingRecord.round_id == round_.id)
        .options(
            joinedload(GradingRecord.organisation).joinedload(Organisation.parent),
            selectinload(GradingRecord.adjustments),
        )
        .order_by(GradingRecord.id)
    )
    records = db.session.scalars(
        query if only is None else query.where(GradingRecord.id == only)
    ).all()
    beside, finalised = _Beside(round_, day), finalisation_of(round_)
    return Figures(
        title=round_.title,
        source=scheme.source,
        holder=round_.organisation.name if round_.organisation else "",
        day=day,
        final=bool(records) and all(record.id in finals for record in records),
        domains={domain.code: domain.name for domain in scheme.domains},
        labels={domain.code: tuple(domain.ladder.labels) for domain in scheme.domains},
        entries=tuple(
            beside.entry(scheme, r, finals.get(r.id) or standing_grades.get(r.id) or "")
            for r in records
        ),
        gatherings=_gatherings(round_),
        why_untested=finalised.reason if finalised else "",
        names=names_of(round_),
    )


def names_of(round_: Round) -> dict[str, str]:
    """A form's name → what the scheme's document calls it, the first where there are several."""
    found: dict[str, str] = {}
    for asked in scheme_of(round_).data.get("forms", ()):
        kind = serving(asked["name"])
        if kind is not None:
            found.setdefault(kind.name, asked["name"])
    return found


class _Beside:
    """What stands beside the records of a round: claims, opinions, plans."""

    def __init__(self, round_: Round, day: date) -> None:
        self._day = day
        self._corrections = {
            record_id: f"正在更正为“{correction.grade}”，公示期满、意见都已答复才生效"
            for record_id, correction in pending_corrections(round_).items()
        }
        inside = select(GradingRecord.id).where(GradingRecord.round_id == round_.id)
        self._claims: dict[int, str] = {
            row.record_id: row.claimed or ""
            for row in db.session.execute(
                select(SelfAssessment.record_id, SelfAssessment.claimed)
                .where(SelfAssessment.record_id.in_(inside), SelfAssessment.state == "accepted")
                .order_by(SelfAssessment.version)
            )
        }
        self._opinions: dict[int, str] = {
            row.record_id: row.reason or ""
            for row in db.session.execute(
                select(Decision.record_id, Decision.reason)
                .where(Decision.record_id.in_(inside))
                .order_by(Decision.version)
            )
        }
        self._plans: dict[int, Rectification] = {
            found.record_id: found
            for found in db.session.scalars(
                select(Rectification)
                .where(Rectification.record_id.in_(inside))
                .options(selectinload(Rectification.entries))
            )
        }

    def entry(self, scheme: Scheme, record: GradingRecord, grade: str) -> Entry:
        """One line of every form."""
        body = record.organisation
        rate = (record.mass or {}).get("satisfaction") or {}
        whole = rate.get("denominator") or 0
        together = (record.mass or {}).get("together")
        adjusted = [line.words for line in adjustments_of(record) if line.kept]
        correcting = filter(None, (self._corrections.get(record.id),))
        return Entry(
            name=body.name,
            kind=KIND_WORDS[body.kind],
            superior=body.parent.name if body.parent else "",
            secretary=body.secretary,
            members=body.members,
            domain=record.domain,
            self_score=_score(record.self_score),
            self_claim=self._claims.get(record.id, ""),
            percent=f"{rate['percent']}%" if whole else "",
            rate=(rate["numerator"], whole) if whole else None,
            marks=(together["numerator"], together["denominator"]) if together else None,
            voted=_voted(scheme, record),
            superior_score=_score(record.superior_score),
            grade=grade,
            reasons=tuple(line["because"] for line in record.trace if line["effect"] != "pending"),
            opinion=self._opinions.get(record.id, ""),
            years=_years(record, body, self._day),
            improvement=self._improvement(record.id),
            tested=record.mass is not None,
            remark="；".join((*correcting, *adjusted)),
        )

    def _improvement(self, record_id: int) -> Improvement | None:
        found = self._plans.get(record_id)
        if found is None:
            return None
        now = standing(found, self._day)
        state = "已验收" if now.accepted else "逾期" if now.overdue else "整改中"
        return Improvement(
            found.problems, found.measures, found.responsible, found.begun_on, found.deadline,
            state, found.grade, tuple(f"{KINDS[e.kind]}：{e.text}" for e in found.entries),
        )  # fmt: skip


def _years(record: GradingRecord, body: Organisation, day: date) -> int | None:
    """As entered in the record, or the whole years since the one that the roster has.

    Admitted in 2009, there were in April 2012 two years without: 2010 and 2011 (商都县 2012, 附件5:
    三年未发展党员).
    """
    entered: Any = record.facts.get("years_without_new_member")
    if entered is not None:
        return int(entered)
    return None if body.last_admitted is None else max(0, day.year - body.last_admitted - 1)


def _score(score: Any) -> str:
    return "" if score is None else score_text(Fraction(score))


def _voted(scheme: Scheme, record: GradingRecord) -> str:
    """Such as `好 12、较好 4、弃权 1`, question by question."""
    tallies: Mapping[str, Mapping[str, Mapping[str, int]]] = (record.mass or {}).get("tallies", {})
    parts = []
    for question in scheme.ballot_questions(record.domain):
        sums: dict[str, int] = {}
        for group in tallies.values():
            for choice, number in group.get(question.id, {}).items():
                sums[choice] = sums.get(choice, 0) + number
        if sums:
            labels = {choice.value: choice.label for choice in question.choices}
            labels[ABSTAIN] = "弃权"
            parts.append(
                "、".join(f"{label} {sums.get(value, 0)}" for value, label in labels.items())
            )
    return "；".join(parts)


def _gatherings(round_: Round) -> Gatherings:
    # Of one that was held again, or does not count, no record has the result.
    used = {r.mass["meeting"] for r in round_.records if r.mass}
    counted = (Meeting.round_id == round_.id, Meeting.state == "closed", Meeting.code.in_(used))
    # `cast` has the valid papers in it: they joined the tally as the meeting was closed.
    held, cast = db.session.execute(
        select(func.count(Meeting.id), func.coalesce(func.sum(boxes.c.cast), 0))
        .join(boxes, boxes.c.meeting_id == Meeting.id)
        .where(*counted)
    ).one()
    expected = db.session.scalar(
        select(func.coalesce(func.sum(VoterGroup.expected), 0))
        .join(Meeting, Meeting.id == VoterGroup.meeting_id)
        .where(*counted)
    )
    return Gatherings(int(held), int(expected or 0), int(cast))
