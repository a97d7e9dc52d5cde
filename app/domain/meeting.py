"""A testing meeting: its form, its voter groups, when it may open and what the screen may show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import compress, product
from typing import Any, Literal, NamedTuple

import msgspec

from app.domain.errors import MeetingClosed, MeetingNotOpen
from app.domain.scheme import (
    BallotQuestion,
    SatisfactionRule,
    VoterGroup,
    group_named,
    groups_merged_in,
    rate_text,
    weights_words,
)

ABSTAIN = "abstain"
"""The choice that is lawful in every cell (弃权)."""

K_LEAST = 3
K_MOST = 100
K_DEFAULT = 5
SUBJECTS_MOST = 40
SLIPS_MOST = 20_000
SLIPS_ON_A_PAGE_MOST = 1_000
"""As many as one page of the admin's issues: its codes are drawn while others wait for answers."""

CODE_LENGTH = 6

State = Literal["draft", "open", "closed", "voided"]
Policy = Literal["batched", "turnout"]
Step = Literal["settings", "subjects", "groups", "policy", "attendance"]
POLICIES: tuple[Policy, ...] = ("batched", "turnout")


class Choice(msgspec.Struct, frozen=True):
    """value: what stands on the ballot. label: what the voter reads."""

    value: str
    label: str


class Subject(msgspec.Struct, frozen=True):
    """An organisation on the ballot; id such as `s01`."""

    id: str
    name: str


class Question(msgspec.Struct, frozen=True):
    """kind: grade, satisfaction or indicator."""

    id: str
    kind: str
    title: str


class Cell(msgspec.Struct, frozen=True):
    """One subject × one question, with the choices lawful in it besides `abstain`."""

    id: str
    subject: str
    question: str
    choices: tuple[Choice, ...]


class Form(msgspec.Struct, frozen=True):
    """The ballot form, frozen at opening. satisfaction: subject id → rule, in JSON terms."""

    subjects: tuple[Subject, ...]
    questions: tuple[Question, ...]
    cells: tuple[Cell, ...]
    satisfaction: dict[str, dict[str, Any]]

    def lawful(self) -> dict[str, tuple[str, ...]]:
        """Cell id → choices without `abstain`, in the order of the form."""
        return {cell.id: tuple(c.value for c in cell.choices) for cell in self.cells}

    def rule(self, subject_id: str) -> SatisfactionRule:
        """How the satisfaction of one subject is formed."""
        return SatisfactionRule.from_json(self.satisfaction[subject_id])


class PlannedSubject(NamedTuple):
    """What the scheme says of one subject that is to be tested. groups: of its domain."""

    name: str
    questions: Sequence[BallotQuestion]
    satisfaction: SatisfactionRule
    groups: tuple[VoterGroup, ...] = ()


class Obstacle(NamedTuple):
    """What stands in the way of opening, and what to do about it. blocking: False is advice.

    step: the step of preparing a meeting at which it is mended.
    """

    what: str
    remedy: str
    blocking: bool = True
    step: Step = "subjects"


class PlannedGroup(NamedTuple):
    """A voter group of a draft. expected: number of persons (应到)."""

    code: str
    name: str
    expected: int


def build_form(subjects: Sequence[PlannedSubject]) -> Form:
    """The form for these subjects, in this order; the questions must agree (see `obstacles`)."""
    ids = [f"s{number:02d}" for number in range(1, len(subjects) + 1)]
    questions = {q.id: Question(q.id, q.kind, q.title) for s in subjects for q in s.questions}
    cells = tuple(
        Cell(
            id=f"{subject_id}.{question.id}",
            subject=subject_id,
            question=question.id,
            choices=tuple(Choice(c.value, c.label) for c in question.choices),
        )
        for subject_id, subject in zip(ids, subjects, strict=True)
        for question in subject.questions
    )
    return Form(
        subjects=tuple(Subject(i, s.name) for i, s in zip(ids, subjects, strict=True)),
        questions=tuple(questions.values()),
        cells=cells,
        satisfaction={i: s.satisfaction.to_json() for i, s in zip(ids, subjects, strict=True)},
    )


def obstacles(
    subjects: Sequence[PlannedSubject],
    groups: Sequence[PlannedGroup],
    k: int,
    policy: str = "turnout",
) -> tuple[Obstacle, ...]:
    """All that keeps a draft from opening, each with its remedy."""
    found: list[Obstacle] = []
    if not subjects:
        found.append(Obstacle("还没有选测评对象。", "请在“测评对象”一步选择至少一个党组织。"))
    if len(subjects) > SUBJECTS_MOST:
        found.append(
            Obstacle(f"测评对象超过 {SUBJECTS_MOST} 个。", "请分成几次测评会，或减少测评对象。")
        )
    if len({_question_heads(subject) for subject in subjects}) > 1:
        found.append(
            Obstacle("测评对象的测评题目不一致。", "请把题目不同的党组织分到不同的测评会。")
        )
    if not groups:
        found.append(
            Obstacle(
                "还没有填写参会人员。", "请在“参会人员”一步填写类别和应到人数。", step="groups"
            )
        )
    found += [
        Obstacle(
            f"“{group.name}”应到 {group.expected} 人，少于 {k} 人，单独统计会暴露个人选择。",
            f"请把它并入其他类别，或核对应到人数（每类至少 {k} 人）。",
            step="groups",
        )
        for group in groups
        if group.expected < k
    ]
    for named in dict.fromkeys(subject.groups for subject in subjects if groups):
        found += _group_obstacles(named, [group.name for group in groups])
    if policy == "batched" and len(groups) > 1 and any(s.satisfaction.weighted for s in subjects):
        found.append(
            Obstacle(
                "方案的满意率按各类的比重计算，而分批公布时，计票后各类可能只能合并公布，"
                "那样就得不出满意率。",
                "请在“公布方式”一步选“计票后公布”。",
                blocking=False,
                step="policy",
            )
        )
    return tuple(found)


def _group_obstacles(named: Sequence[VoterGroup], names: Sequence[str]) -> list[Obstacle]:
    """Where a meeting's groups are not those that the document reckons with (`named`)."""
    weighted = weights_words(named)
    merged = {name: groups_merged_in(named, name) for name in names}
    known = {group.name for name in names if (group := group_named(named, name))}
    inside = known | {group.name for found in merged.values() for group in found}
    found = [
        Obstacle(
            f"“{name}”不是方案的参会人员类别（{weighted}），计票后不能按比重计算。",
            "请改成方案的类别名称，或去掉这一类；测评对象的领域不同、类别也不同的，请分开开会。",
            step="groups",
        )
        for name in names
        if weighted and not group_named(named, name) and not merged[name]
    ]
    found += [
        Obstacle(
            f"“{name}”把方案的几类合在一起，计票后不能按比重（{weighted}）计算。",
            "人数够的请分开填写。为了保密必须合并的可以这样开；方案没有另作规定时，满意率会得不出。",
            blocking=False,
            step="groups",
        )
        for name, groups in merged.items()
        if weighted and groups and not group_named(named, name)
    ]
    lacking = [group for group in named if group.name not in known]
    return [*found, *(o for g in lacking for o in _lacking_group(g, g.name in inside))]


def _lacking_group(group: VoterGroup, merged: bool) -> list[Obstacle]:
    """Of a group of the document that does not stand alone, or not at all, in the meeting."""
    least = "" if group.least_share is None else f"到会不少于{rate_text(group.least_share)}"
    share = "" if group.weight is None else f"占{rate_text(group.weight)}"
    asked = "，".join(part for part in (share, least) if part)
    if not asked or (merged and not least):
        return []
    if merged:
        what = f"方案要求“{group.name}”{least}，与别的类别合在一起就看不出来。"
        remedy = "人数够的请分开填写；合在一起的，须全部到齐，测评才有效。"
    elif least:
        what = f"方案规定“{group.name}”{asked}，本会没有这一类，测评会无效。"
        remedy = "请加上这一类。"
    else:
        what = f"方案规定“{group.name}”{asked}，本会没有这一类。"
        remedy = "请加上。确实没有这类人的可以开；方案没有另作规定时，满意率会得不出。"
    return [Obstacle(what, remedy, blocking=bool(least) and not merged, step="groups")]


def _question_heads(subject: PlannedSubject) -> tuple[tuple[str, str, str], ...]:
    return tuple((q.id, q.kind, q.title) for q in subject.questions)


def require_state_open(state: str) -> None:
    """Raise MeetingNotOpen or MeetingClosed unless `state` is open."""
    if state == "closed":
        raise MeetingClosed
    if state == "voided":
        raise MeetingNotOpen("本次测评会已作废，投票不计。请听主持人安排。")
    if state != "open":
        raise MeetingNotOpen


def snapshot_due(cast: int, k: int) -> bool:
    """Whether the tally is to be photographed now that `cast` ballots are in."""
    return cast > 0 and cast % k == 0


def released_at(cast: int, k: int) -> int | None:
    """The size of the snapshot that may be shown at `cast` ballots: one batch behind, or None."""
    batches = cast // k - 1
    return batches * k if batches >= 1 else None


Ballots = dict[str, int]
"""Group code → number of ballots."""


def groups_shown(cast: Ballots, k: int, spans: Iterable[Ballots] = ()) -> frozenset[str]:
    """The groups whose result may stand alone after closing; the others go into `*`.

    A group is shown where it cast at least k ballots and where what is left over, taken
    together, is at least k ballots or none at all; else only the total is shown. spans: what the
    pictures shown before were made of, as `with_span` makes it; only the total is shown, too, where
    these pictures and the groups together would tell fewer than k ballots from the others.
    """
    shown = frozenset(group for group, number in cast.items() if number >= k)
    left_over = sum(number for group, number in cast.items() if group not in shown)
    if 0 < left_over < k or _fewest_told_apart(cast, shown, list(spans)) < k:
        return frozenset()
    return shown


def with_span(spans: Iterable[Ballots], now: Ballots) -> list[Ballots]:
    """The spans from each picture to the next, and one more: up to the picture with `now` in it."""
    found = list(spans)
    return [*found, _what_is_new(now, found)]


def _what_is_new(now: Ballots, spans: Iterable[Ballots]) -> Ballots:
    before = dict.fromkeys(now, 0)
    for span in spans:
        for group, number in span.items():
            before[group] = before.get(group, 0) + number
    return {
        group: number - before[group] for group, number in now.items() if number > before[group]
    }


def _fewest_told_apart(cast: Ballots, shown: frozenset[str], spans: list[Ballots]) -> float:
    """The fewest ballots that somebody singles out who knows who voted when.

    He knows the sum of each span between two pictures, and of each column: a group that is shown,
    or the others together. He adds up some columns and takes away the spans that lie mostly in
    them; what does not cancel are the smaller parts of all spans.
    """
    columns = [{group} for group in sorted(shown)] + [cast.keys() - shown]
    table = [
        [sum(span.get(group, 0) for group in column) for column in columns]
        for span in (*spans, _what_is_new(cast, spans))
    ]
    told_apart = (
        sum(min(mine := sum(compress(numbers, chosen)), sum(numbers) - mine) for numbers in table)
        for chosen in product((False, True), repeat=len(columns))
        if spans
    )
    return min((number for number in told_apart if number), default=math.inf)
