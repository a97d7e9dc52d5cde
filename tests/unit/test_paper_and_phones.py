"""Papers beside phones: which sums must agree, and that no two published figures tell of few."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from app.actions.closing import tallies
from app.domain.box import Box, GroupCounts, StoredMark, box_marks, build_box, marks_by_group
from app.domain.meeting import Cell, Choice, Form, groups_shown, released_at, with_span
from app.domain.paper import PaperGroup, channel_problem, channels_shown, entry_problems, excess
from app.domain.reconciliation import GroupPapers, reconcile
from app.domain.tally import count_marks
from app.domain.validity import USUAL, more_ballots_clause
from tests.integration.test_screen_differencing import isolated
from tests.schemes import scheme_of

CELL = "s01.q1"
GROUPS = ("g1", "g2", "g3")
NAMES = {"g1": "党员", "g2": "群众", "g3": "两代表一委员"}


def _papers(valid: int, invalid: int = 0, moved: int = 0, marks: int | None = None) -> PaperGroup:
    counts = {CELL: {"option1": valid if marks is None else marks, "abstain": 0}}
    return PaperGroup(valid, invalid, moved, counts)


SLIPS = {
    "党员": GroupCounts(issued=31, redeemed=28, cast=27, voided=1, unused=2),
    "群众": GroupCounts(issued=10, redeemed=10, cast=10, voided=0, unused=0),
}
PAPERS = {
    "党员": GroupPapers(7, _papers(5, 1)),
    "群众": GroupPapers(2, _papers(0, 0, 2)),
}
COUNTS = {CELL: {"option1": 40, "abstain": 2, "invalid": 1}}


def test_sums_that_agree_are_written_out_for_all_groups_together() -> None:
    checks = reconcile(SLIPS, PAPERS, COUNTS)
    assert all(check.holds for check in checks)
    assert [check.figures for check in checks] == [
        "测评票：印发 41 = 发出 40 + 作废 1",
        "发出 40 = 已用 38 + 未用 2",
        "已用 38 = 投出 37 + 扫码未投 1",
        "纸质票：发出 9 = 收回 8 + 未交回 1",
        "收回 8 = 有效 5 + 无效 1 + 代投 2",
        "代投 2 张都在手机投出的 37 张之内",
        "每个测评对象各项与弃权合计 42 = 手机 37 + 纸质 5",
    ]


def test_without_papers_nothing_is_said_of_them() -> None:
    checks = reconcile(SLIPS, {}, {CELL: {"option1": 37, "abstain": 0}})
    assert all(check.holds for check in checks)
    assert len(checks) == 4


@pytest.mark.parametrize(
    ("slips", "papers", "counts", "wrong"),
    [
        ({"unused": 3}, {}, {}, "党员"),
        ({"cast": 29}, {}, {}, "党员"),
        ({}, {"党员": GroupPapers(5, _papers(5, 1))}, {}, "党员"),
        ({}, {"党员": GroupPapers(7, _papers(5, 1, marks=4))}, {}, "党员"),
        ({}, {"群众": GroupPapers(11, _papers(0, 0, 11))}, {}, "群众"),
        ({}, {}, {"abstain": 3}, CELL),
    ],
)
def test_a_sum_that_does_not_agree_names_where(
    slips: dict[str, int],
    papers: dict[str, GroupPapers],
    counts: dict[str, int],
    wrong: str,
) -> None:
    first = {**_fields(SLIPS["党员"]), **slips}
    checks = reconcile(
        {**SLIPS, "党员": GroupCounts(**first)},
        {**PAPERS, **papers},
        {CELL: {**COUNTS[CELL], **counts}},
    )
    assert wrong in {name for check in checks for name in check.wrong}


def test_where_the_scheme_lets_more_come_back_that_sum_is_no_fault() -> None:
    papers = {**PAPERS, "党员": GroupPapers(5, _papers(5, 1))}
    assert all(c.holds for c in reconcile(SLIPS, papers, COUNTS, more_may_return=True))


def _fields(counts: GroupCounts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in counts.__struct_fields__}


def test_more_papers_than_went_out_void_by_the_clause_of_the_scheme() -> None:
    entry = {"g1": _papers(6, 1)}
    names = {"g1": "党员"}
    stated = scheme_of(
        rules='[validity]\nmore_ballots_than_slips = "void"\nclause = "多出的票一律作废。"'
    )
    reason = excess(names, {"g1": 6}, entry, more_ballots_clause(stated))
    assert reason is not None
    assert "“党员”发出纸质票 6 张，收回 7 张" in reason
    assert "多出的票一律作废。" in reason
    silent = excess(names, {"g1": 6}, entry, more_ballots_clause(scheme_of()))
    assert silent is not None
    assert USUAL in silent
    assert excess(names, {"g1": 7}, entry, USUAL) is None
    lax = scheme_of(rules='[validity]\nmore_ballots_than_slips = "allow"\nclause = "不论。"')
    assert excess(names, {"g1": 6}, entry, more_ballots_clause(lax)) is None


def test_the_reason_fits_where_it_is_kept_whatever_the_names_are() -> None:
    names = {f"g{n}": "很长的类别名称" * 5 for n in range(1, 10)}
    reason = excess(names, {}, {code: _papers(9999) for code in names}, "长" * 500)
    assert reason is not None
    assert len(reason) <= 200


def test_few_phones_beside_papers_are_refused_and_alone_they_are_not() -> None:
    assert channel_problem(2, 6, 5) is not None
    assert "至少 3 张" in (channel_problem(2, 6, 5) or "")
    assert channel_problem(5, 6, 5) is None
    assert channel_problem(0, 6, 5) is None
    assert channel_problem(2, 0, 5) is None
    assert channels_shown(5, 5, 5)
    assert not channels_shown(4, 5, 5)
    assert not channels_shown(5, 4, 5)


class Course(NamedTuple):
    """Who votes by phone, in the order of coming, and how many papers each group has."""

    k: int
    phones: list[str]
    papers: dict[str, int]


@st.composite
def courses(draw: st.DrawFn) -> Course:
    k = draw(st.integers(3, 5))
    runs = draw(st.lists(st.tuples(st.sampled_from(GROUPS), st.integers(1, 6)), max_size=6))
    phones = [group for group, number in runs for _ in range(number)]
    papers = {group: draw(st.integers(0, 8)) for group in GROUPS}
    return Course(k, phones, papers)


@given(courses())
def test_no_sum_or_difference_of_what_is_published_tells_of_fewer_than_k_ballots(
    course: Course,
) -> None:
    """Every ballot chooses something else, so that each figure says which ballots it is of."""
    k, phones = course.k, course.phones
    choices = [f"option{n}" for n in range(len(phones) + sum(course.papers.values()))]
    cell = Cell(CELL, "s01", "q1", tuple(Choice(value, value) for value in choices))
    form = Form(subjects=(), questions=(), cells=(cell,), satisfaction={})
    entry = _entry(course, choices)
    if entry_problems(_named(form), NAMES, entry, k):
        event("papers refused")
        return
    if channel_problem(len(phones), sum(course.papers.values()), k):
        event("phones refused")
        return
    pictures, spans = _pictures(phones, k)
    box = _box(phones, choices, k, spans)
    papers = _Entry(entry) if any(course.papers.values()) else None
    published = [_ballots(counts) for counts in _published(form, box, papers, k)]
    everything = [frozenset(picture) for picture in pictures] + published
    if 0 < len(phones) + sum(course.papers.values()) < k:
        event("fewer than k in all")
        return
    event(f"groups shown: {len(marks_by_group(box))}, papers: {papers is not None}")
    assert isolated([one for one in everything if one], k) == frozenset()


class _Entry(NamedTuple):
    """As app.actions.paper.Papers, as far as `tallies` looks at it."""

    entry: dict[str, PaperGroup]

    @property
    def valid(self) -> int:
        return sum(papers.valid for papers in self.entry.values())


def _named(form: Form) -> Form:
    from app.domain.meeting import Question, Subject

    return Form((Subject("s01", "甲"),), (Question("q1", "grade", "等级"),), form.cells, {})


def _entry(course: Course, choices: list[str]) -> dict[str, PaperGroup]:
    left = iter(choices[len(course.phones) :])
    found = {}
    for group, number in course.papers.items():
        mine = {next(left) for _ in range(number)}
        counts = {choice: int(choice in mine) for choice in [*sorted(choices), "abstain"]}
        found[group] = PaperGroup(number, 0, 0, {CELL: counts})
    return found


def _pictures(phones: list[str], k: int) -> tuple[list[range], list[dict[str, int]]]:
    """What the screen has shown, and the spans that the urn keeps of it."""
    pictures, spans = [], []
    for at in range(k, len(phones) + 1, k):
        if (shown := released_at(at, k)) is not None:
            pictures.append(range(shown))
            spans = with_span(spans, {g: phones[:shown].count(g) for g in set(phones[:shown])})
    return pictures, spans


def _box(phones: list[str], choices: list[str], k: int, spans: list[dict[str, int]]) -> Box:
    cast = {group: phones.count(group) for group in GROUPS if group in phones}
    counts = {g: GroupCounts(99, 99, cast.get(g, 0), 0, 0) for g in GROUPS}
    marks = [
        StoredMark(group, CELL, number.to_bytes(10), choices[number])
        for number, group in enumerate(phones)
    ]
    return build_box("ABCDEF", counts, groups_shown(cast, k, spans), [CELL], marks)


def _published(
    form: Form, box: Box, papers: _Entry | None, k: int
) -> list[Mapping[str, Mapping[str, int]]]:
    """Everything that the box, the result, the records and the count sheet say of choices."""
    lawful = form.lawful()
    groups = tallies(form, box, papers)  # type: ignore[arg-type]
    lists = [count_marks(marks, lawful) for marks in marks_by_group(box).values()]
    by_phone = count_marks(box_marks(box), lawful)
    result = _together(groups)
    found = [*groups.values(), *lists, by_phone, result]
    if papers and channels_shown(sum(by_phone[CELL].values()), papers.valid, k):
        found.append(_difference(result, by_phone))
    return found


def _together(
    groups: Mapping[str, Mapping[str, Mapping[str, int]]],
) -> dict[str, dict[str, int]]:
    sums: dict[str, int] = {}
    for counts in groups.values():
        for choice, number in counts[CELL].items():
            sums[choice] = sums.get(choice, 0) + number
    return {CELL: sums}


def _difference(
    one: Mapping[str, Mapping[str, int]], other: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, int]]:
    return {CELL: {c: n - other[CELL].get(c, 0) for c, n in one[CELL].items()}}


def _ballots(counts: Mapping[str, Mapping[str, int]]) -> frozenset[int]:
    return frozenset(
        int(choice.removeprefix("option")) for choice, number in counts[CELL].items() if number
    )
