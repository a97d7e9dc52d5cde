"""定级记录: what is entered into a record, and what its meeting has given so far."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import case, select
from sqlalchemy.orm import joinedload

from app.actions.grading import reassess, require_points, scheme_of
from app.actions.live import live_picture
from app.domain.chart import Chart, Column, Part, Row, share
from app.domain.errors import BadInput, RecordUnknown, UrnElsewhere
from app.domain.meeting import ABSTAIN
from app.domain.scheme import BallotQuestion, FactField, number_text
from app.domain.tally import INVALID
from app.models import FinalGrade, GradingRecord, Meeting, MeetingSubject, Round, SelfAssessment, db

_SCORE = re.compile(r"\d{1,4}(\.\d{1,6})?", re.ASCII)
_INTEGER = re.compile(r"\d{1,6}", re.ASCII)


class MassResult(NamedTuple):
    """What a testing meeting says of one organisation.

    final: False for a released picture of a meeting that is still open, of `at` ballots; then
    counts and satisfaction are empty until there is one to show. counts: question id → choice
    value → number. weighted: the scheme weighs voter
    groups; a provisional satisfaction is without weights all the same, and `together` is what a
    final one would be without.
    """

    meeting: Meeting
    final: bool
    cast: int
    at: int
    record: GradingRecord
    counts: Mapping[str, Mapping[str, int]]
    satisfaction: Mapping[str, Any] | None
    weighted: bool = False
    together: Mapping[str, Any] | None = None

    @property
    def charts(self) -> tuple[Chart, ...]:
        """How the marks of each question are spread."""
        scheme, domain = scheme_of(self.record.round), self.record.domain
        return tuple(
            _chart(question, self.counts[question.id])
            for question in scheme.ballot_questions(domain)
            if question.id in self.counts
        )


class Status(NamedTuple):
    """One line of a round's board. mass: the latest result there is, provisional or final."""

    record: GradingRecord
    domain: str
    mass: MassResult | None

    @property
    def words(self) -> str:
        """Where the record stands, in a few words."""
        if self.mass is not None and not self.mass.final:
            return "测评进行中"
        lacking = [
            word
            for word, missing in (
                ("自评分", self.record.self_score is None),
                ("测评", self.record.mass is None),
                ("上级评定分", self.record.superior_score is None),
            )
            if missing
        ]
        return f"待{'、'.join(lacking)}" if lacking else "齐备"


def list_statuses(round_: Round) -> list[Status]:
    """The round's records, in the order in which they joined."""
    scheme = scheme_of(round_)
    records = db.session.scalars(
        select(GradingRecord)
        .where(GradingRecord.round_id == round_.id)
        .options(joinedload(GradingRecord.organisation))
        .order_by(GradingRecord.id)
    ).all()
    results = _results(records)
    return [
        Status(record, scheme.domain(record.domain).name, next(iter(results[record.id]), None))
        for record in records
    ]


def get_record(record_id: int) -> GradingRecord:
    """The record of this id; raises RecordUnknown."""
    record = db.session.get(GradingRecord, record_id)
    if record is None:
        raise RecordUnknown
    return record


def is_final(record_id: int) -> bool:
    """Whether its grade is final."""
    found = select(FinalGrade.id).where(FinalGrade.record_id == record_id).limit(1)
    return db.session.scalar(found) is not None


def get_open_record(record_id: int) -> GradingRecord:
    """As `get_record`, to change what its grade follows from; BadInput once the grade is final."""
    record = get_record(record_id)
    if is_final(record_id):
        raise BadInput(
            "本轮等级已经确定，分数、情况和评定不能再改。要更正的，请在“公示和定级”里更正等级。"
        )
    return record


def change_scores(record_id: int, self_score: str, superior_score: str) -> GradingRecord:
    """Enter the scores as typed; an empty text takes a score out. Raises BadInput."""
    record = get_open_record(record_id)
    total = scheme_of(record.round).total
    require_points(record.round)
    own, superior = _score("自评分", self_score, total), _score("上级评定分", superior_score, total)
    if record.round.scoring == "points":
        raise BadInput("本轮按指标评分，总分由各项得分相加。请到“自评”和“上级评定”页面录入。")
    if own != record.self_score and _has_self_assessment(record):
        raise BadInput("这个党组织已在填自评，自评分随自评提交。请到“自评”页面修改。")
    record.self_score, record.superior_score = own, superior
    reassess(record)
    db.session.commit()
    return record


def _has_self_assessment(record: GradingRecord) -> bool:
    found = select(SelfAssessment.id).where(SelfAssessment.record_id == record.id).limit(1)
    return db.session.scalar(found) is not None


def change_facts(record_id: int, typed: Mapping[str, str]) -> GradingRecord:
    """Enter the facts that the scheme's rules ask for; an empty text takes one out."""
    record = get_open_record(record_id)
    fields = scheme_of(record.round).facts
    found = {field.name: _fact(field, typed.get(field.name, "")) for field in fields}
    record.facts = {name: value for name, value in found.items() if value is not None}
    reassess(record)
    db.session.commit()
    return record


def mass_results(record: GradingRecord) -> list[MassResult]:
    """The released picture of a meeting that is open, and the final result if there is one."""
    return _results([record])[record.id]


def _results(records: Sequence[GradingRecord]) -> dict[int, list[MassResult]]:
    """Record id → its results; each meeting's picture is looked up once."""
    by_id = {record.id: record for record in records}
    rows = db.session.execute(
        select(MeetingSubject, Meeting)
        .join(Meeting, Meeting.id == MeetingSubject.meeting_id)
        .where(
            MeetingSubject.record_id.in_(by_id),
            ~Meeting.rehearsal,
            Meeting.state.in_(("open", "closed")),
        )
        .order_by(case((Meeting.state == "open", 0), else_=1), Meeting.id)
    ).all()
    pictures = {m.code: _picture_here(m.code) for _, m in rows if m.state == "open"}
    found: dict[int, list[MassResult]] = {record_id: [] for record_id in by_id}
    for subject, meeting in rows:
        record = by_id[subject.record_id]
        if meeting.state == "open":
            picture = pictures[meeting.code]
            found[record.id].append(_provisional(record, subject.position, meeting, picture))
        elif record.mass and record.mass["meeting"] == meeting.code:
            found[record.id].append(_final(record, meeting))
    return found


def _picture_here(code: str) -> dict[str, Any]:
    """The picture of an open meeting; what another host has is seen on the meeting's own page."""
    try:
        return live_picture(code)
    except UrnElsewhere:
        return {"state": "open", "cast": 0, "released": None}


def _provisional(
    record: GradingRecord, position: int, meeting: Meeting, picture: dict[str, Any]
) -> MassResult:
    released = picture["released"]
    if released is None:
        return MassResult(meeting, False, picture["cast"], 0, record, {}, None)
    subject_id = f"s{position:02d}"
    counts = {
        cell_id.partition(".")[2]: choices
        for cell_id, choices in released["cells"].items()
        if cell_id.partition(".")[0] == subject_id
    }
    return MassResult(
        meeting,
        False,
        picture["cast"],
        released["at"],
        record,
        counts,
        released["satisfaction"][subject_id],
        _weighted(record),
    )


def _final(record: GradingRecord, meeting: Meeting) -> MassResult:
    mass = record.mass or {}
    counts: dict[str, dict[str, int]] = {}
    for group in mass["tallies"].values():
        for question, choices in group.items():
            sums = counts.setdefault(question, {})
            for choice, number in choices.items():
                sums[choice] = sums.get(choice, 0) + number
    marks = (choices.items() for choices in counts.values())
    cast = max((sum(n for c, n in items if c != INVALID) for items in marks), default=0)
    return MassResult(
        meeting, True, cast, cast, record, counts, mass["satisfaction"], _weighted(record),
        mass.get("together"),
    )  # fmt: skip


def _weighted(record: GradingRecord) -> bool:
    return bool(scheme_of(record.round).weighted_groups(record.domain))


def _chart(question: BallotQuestion, counts: Mapping[str, int]) -> Chart:
    """How the marks of one question are spread; abstentions look otherwise than choices."""
    bars = [(choice.label, counts.get(choice.value, 0), 1) for choice in question.choices]
    bars.append(("弃权", counts.get(ABSTAIN, 0), 2))
    whole = sum(number for _, number, _ in bars)
    rows = tuple(
        Row(label, (Part("票", number, look),), whole, (share(number, whole, "票"),))
        for label, number, look in bars
    )
    return Chart(question.title, "选项", (Column("票数"),), rows)


def _score(title: str, text: str, total: Any) -> Decimal | None:
    text = text.strip()
    if not text:
        return None
    if not _SCORE.fullmatch(text) or Decimal(text) > total:
        raise BadInput(f"{title}应为 0 到 {number_text(total)} 的数，如 89.5；没有就空着。")
    return Decimal(text)


def _fact(field: FactField, text: str) -> object:
    """The value of a fact: whole numbers and yes or no as such, other numbers as their text."""
    text = text.strip()
    if not text:
        return None
    if field.type == "yes_no":
        if text not in ("yes", "no"):
            raise BadInput(f"“{field.title}”请选择是或否。")
        return text == "yes"
    if field.type == "integer":
        if not _INTEGER.fullmatch(text):
            raise BadInput(f"“{field.title}”应为不小于 0 的整数；不清楚就空着。")
        return int(text)
    if not _SCORE.fullmatch(text):
        raise BadInput(f"“{field.title}”应为不小于 0 的数字；不清楚就空着。")
    return text
