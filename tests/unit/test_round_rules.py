"""The rules over a whole round, and over a meeting: coverage, quotas, ranking, validity."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.actions.scheme import load_shipped
from app.domain.coverage import Body, coverage
from app.domain.quota import Graded, quotas
from app.domain.ranking import places, ranking
from app.domain.rectification import terms_for
from app.domain.scheme import Scheme, parse_scheme
from app.domain.validity import Present, faults
from tests.schemes import DOMAINS, LADDERS, complaints, scheme_of

ROOT = Path(__file__).resolve().parents[2]
SHANGDU = parse_scheme((ROOT / "schemes/shangdu-2012.toml").read_text("utf-8"), "shangdu-2012")


def bent(rules: str) -> Scheme:
    return scheme_of(rules=rules)


COUNTY = [
    Body(1, None, "县委", ""),
    Body(2, 1, "甲村党总支", "village"),
    Body(3, 2, "甲村第一党支部", "village"),
    Body(4, 1, "县直机关党委", "institution"),
    Body(5, 4, "财政局党支部", "机关事业单位"),
    Body(6, 5, "国库股党支部", "institution"),
    Body(7, 1, "商会党支部", "another county's"),
]
ELSEWHERE = ["another county's"]


def test_of_a_village_only_the_body_itself_is_graded_elsewhere_every_level() -> None:
    found = coverage(SHANGDU, COUNTY, [], elsewhere=ELSEWHERE)
    assert [body.id for body in found.missing] == [2, 4, 5, 6]
    assert [body.id for body in found.without_domain] == [1]
    assert found.unknown == ()
    assert not found.complete


def test_who_is_missing_twice_or_beside_is_named() -> None:
    found = coverage(
        SHANGDU,
        [*COUNTY, Body(8, 4, "财政局党支部", "institution")],
        [2, 3, 5, 5, 6, 8],
        elsewhere=ELSEWHERE,
    )
    assert [body.id for body in found.missing] == [4]
    assert [body.id for body in found.twice] == [5, 8]
    assert [body.id for body in found.beside] == [3]
    assert found.words[0] == "1 个党组织应定级而不在本轮中：县直机关党委。"
    assert "甲村第一党支部" in found.words[2]


def test_who_holds_the_round_looks_at_what_stands_under_him_only() -> None:
    found = coverage(SHANGDU, COUNTY, [5, 6], by=4)
    assert (found.complete, found.words) == (True, [])
    assert coverage(SHANGDU, COUNTY, [2, 4, 5, 6], elsewhere=ELSEWHERE).complete


def test_whose_domain_is_mistyped_is_not_lost() -> None:
    found = coverage(SHANGDU, COUNTY, [2, 4, 5, 6])
    assert [body.id for body in found.unknown] == [7]
    assert not found.complete
    assert found.hindrances == ["1 个党组织不在本轮中，而填的领域哪个方案都没有：商会党支部。"]


def test_a_tree_that_bites_its_tail_is_looked_at_all_the_same() -> None:
    ring = [Body(1, 2, "甲", "village"), Body(2, 1, "乙", "village")]
    assert coverage(SHANGDU, ring, []).missing == ()


@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_everybody_is_covered_or_named(bodies: set[int], members: set[int]) -> None:
    tree = [Body(n, None, f"第{n}党支部", "institution") for n in bodies]
    found = coverage(SHANGDU, tree, members)
    assert {body.id for body in found.missing} == bodies - members
    assert found.complete == (bodies <= members)


@given(
    parents=st.lists(st.integers(-1, 30), max_size=25),
    domains=st.lists(
        st.sampled_from(["", "village", "institution", "community"]), min_size=25, max_size=25
    ),
)
def test_in_any_tree_villages_are_graded_at_the_top_and_offices_on_every_level(
    parents: list[int], domains: list[str]
) -> None:
    bodies = [
        Body(n, parent if 0 <= parent < n else None, f"第{n}", domains[n])
        for n, parent in enumerate(parents)
    ]
    due = {body.id for body in coverage(SHANGDU, bodies, []).missing}

    def above(body: Body) -> list[str]:
        parent = next((b for b in bodies if b.id == body.parent_id), None)
        return [] if parent is None else [parent.domain, *above(parent)]

    for body in bodies:
        graded = body.domain == "institution" or (
            body.domain != "" and body.domain not in above(body)
        )
        assert (body.id in due) == graded
    assert coverage(SHANGDU, bodies, due).complete


QUOTAS = """
[[quotas]]
grade = "top"
share = { at_most = "30%" }
domains = ["school", "village"]
clause = "“好”的不超过30%"

[[quotas]]
grade = "较差"
share = { at_least = "10%" }
clause = "“较差”的不少于10%"
"""


def school(*scores: tuple[str | None, str]) -> list[Graded]:
    return [
        Graded(number, f"第{number}党支部", "school", grade, Fraction(score))
        for number, (grade, score) in enumerate(scores, 1)
    ]


def test_a_quota_holds_in_every_domain_that_it_names_by_itself() -> None:
    records = school(("好", "95"), ("好", "91"), ("较好", "89.5"), ("一般", "70"), (None, "65"))
    top, village, bottom = quotas(bent(QUOTAS), records)
    assert (top.holds, top.number, top.whole) == (False, 2, 5)
    assert top.words == "学校5 个党组织中“好” 2 个，应不超过30%（至多 1 个），不符合，不能定稿。"
    assert [r.id for r in top.just_in] == [2]
    assert [r.id for r in top.just_out] == [3]
    assert (village.holds, village.whole, village.just_in) == (True, 0, ())
    assert (bottom.holds, bottom.number) == (False, 0)
    assert [r.id for r in bottom.just_out] == [5]


def test_a_share_is_compared_exactly() -> None:
    scheme = bent(QUOTAS)
    ten = [("好", "95")] * 3 + [("较好", "85")] * 6 + [("较差", "50")]
    top, _, bottom = quotas(scheme, school(*ten))
    assert (top.holds, bottom.holds) == (True, True)
    assert [len(r) for r in (top.just_in, top.just_out)] == [3, 6]
    top, _, bottom = quotas(scheme, school(*ten, ("较好", "85")))
    assert (top.holds, bottom.holds) == (True, False)
    assert "至少 2 个" in bottom.words


@given(
    top=st.integers(0, 30),
    rest=st.integers(0, 30),
    percent=st.integers(0, 100),
    comparison=st.sampled_from(["at_most", "below", "at_least", "above"]),
)
def test_a_quota_holds_as_its_heads_say(top: int, rest: int, percent: int, comparison: str) -> None:
    scheme = bent(f'[[quotas]]\ngrade = "top"\nshare = {{ {comparison} = "{percent}%" }}\n')
    (state,) = quotas(scheme, school(*[("好", "95")] * top, *[("较好", "85")] * rest))
    whole = top + rest
    if not whole:
        assert state.holds
        return
    heads = int(state.words.split("（至")[1].split(" ")[1])
    at_least = "（至少" in state.words
    assert state.holds == (top >= heads if at_least else top <= heads)
    exact = {
        "at_most": 100 * top <= percent * whole,
        "below": 100 * top < percent * whole,
        "at_least": 100 * top >= percent * whole,
        "above": 100 * top > percent * whole,
    }
    assert state.holds == exact[comparison]
    assert ("不能定稿" in state.words) == (not state.holds)


def test_a_quota_over_the_round_names_the_grade_of_every_ladder() -> None:
    scheme = load_shipped("shangdu-2012")
    data = {**scheme.data, "quotas": [{"grade": {"three": "先进", "four": "好"}, "share": {
        "at_most": Fraction(1, 2)}}]}  # fmt: skip
    records = [
        Graded(1, "村", "village", "先进", Fraction(90)),
        Graded(2, "局", "institution", "好", Fraction(95)),
        Graded(3, "社区", "community", "较好", Fraction(85)),
    ]
    (state,) = quotas(replace(scheme, data=data), records)
    assert (state.number, state.whole, state.holds) == (2, 3, False)
    assert state.grades == ("先进", "好")
    assert complaints(rules='[[quotas]]\ngrade = "any"\nshare = { at_most = "30%" }\n')


def test_equal_scores_share_a_place_and_who_has_none_comes_last() -> None:
    found = ranking([(1, Fraction(80)), (2, None), (3, Fraction(95)), (4, Fraction(80))])
    assert [(r.id, r.place, r.shared) for r in found] == [
        (3, 1, False),
        (1, 2, True),
        (4, 2, True),
        (2, None, False),
    ]


@given(st.lists(st.fractions(min_value=0, max_value=100)))
def test_a_place_tells_how_many_are_better(scores: list[Fraction]) -> None:
    for ranked in ranking(enumerate(scores)):
        assert ranked.place == 1 + sum(other > scores[ranked.id] for other in scores)


def test_places_are_within_a_domain_and_where_the_document_says_so_by_grade_first() -> None:
    records = [
        Graded(1, "一", "school", "后进", Fraction(98)),
        Graded(2, "二", "school", "先进", Fraction(92)),
        Graded(3, "三", "school", "先进", Fraction(92)),
        Graded(4, "四", "school", "较好", Fraction(91)),
        Graded(5, "五", "school", None, Fraction(99)),
        Graded(6, "六", "school", "后进", None),
    ]
    siba = load_shipped("siba-school-2013")
    found = places(siba, records)
    assert {r.id: (r.place, r.shared) for r in found.values()} == {
        1: (4, False), 2: (1, True), 3: (1, True), 4: (3, False), 5: (None, False), 6: (None, False)
    }  # fmt: skip
    by_score = replace(siba, data={**siba.data, "ranking": {"ties": "shared"}})
    assert [places(by_score, records)[n].place for n in (5, 1, 2, 3, 4)] == [1, 2, 3, 3, 5]
    two = bent("")
    mixed = [
        Graded(1, "一", "village", "好", Fraction(90)),
        Graded(2, "二", "school", "好", Fraction(95)),
        Graded(3, "三", "village", "好", Fraction(91)),
    ]
    assert {r.id: r.place for r in places(two, mixed).values()} == {1: 2, 2: 1, 3: 1}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=12))
def test_nobody_stands_before_a_better_grade(pairs: list[tuple[int, int]]) -> None:
    siba = load_shipped("siba-school-2013")
    labels = siba.domains[0].ladder.labels
    records = [
        Graded(n, str(n), "school", labels[rank], Fraction(score))
        for n, (rank, score) in enumerate(pairs)
    ]
    found = places(siba, records)
    for a, (rank, score) in enumerate(pairs):
        better = sum((r, -s) < (rank, -score) for r, s in pairs)
        assert found[a].place == 1 + better


def test_a_public_institution_meets_with_all_its_members() -> None:
    everybody, one_short = [Present("党员", 30, 30)], [Present("党员", 30, 29)]
    assert faults(SHANGDU, "机关事业单位", everybody, 30, 30) == []
    (fault,) = faults(SHANGDU, "institution", one_short, 29, 29)
    assert fault.words == ("应到 30 人，实到 29 人，应不少于应到人数的 100%，本次测评无效。")
    assert fault.clause == "机关事业单位的测评,应由全体党员群众参加。"
    assert faults(SHANGDU, "嘎查村", one_short, 29, 29) == []


def test_more_ballots_than_were_handed_out_void_the_meeting() -> None:
    (fault,) = faults(SHANGDU, "village", [], 40, 41)
    assert fault.words == "发出 40 张，收回 41 张：收回的票多于发出的票，本次测评无效。"
    assert "惯例" in fault.clause
    allowed = bent('[validity]\nmore_ballots_than_slips = "allow"\n')
    assert faults(allowed, "school", [], 40, 41) == []
    stated = bent('[validity]\nmore_ballots_than_slips = "void"\nclause = "票多无效"\n')
    assert [fault.clause for fault in faults(stated, "school", [], 40, 41)] == ["票多无效"]


@pytest.mark.parametrize(("present", "valid"), [(19, False), (20, True), (30, True)])
def test_of_a_group_two_thirds_are_twenty_of_thirty(present: int, valid: bool) -> None:
    scheme = bent('[[voter_groups]]\nname = "党员"\nleast_share = "2/3"\nclause = "三分之二"\n')
    found = faults(scheme, "school", [Present("党员", 30, present), Present("群众", 9, 1)], 60, 20)
    assert [fault.clause for fault in found] == ([] if valid else ["三分之二"])


LEAST = """
[[voter_groups]]
name = "党员"
aliases = ["正式党员"]
least_share = "2/3"
clause = "党员三分之二"

[[voter_groups]]
name = "群众代表"
"""


@given(
    expected=st.integers(0, 60),
    present=st.integers(0, 60),
    share=st.sampled_from([(1, 2), (2, 3), (1, 1), (3, 4), (9, 10)]),
)
def test_minimum_participation_is_exact_at_every_edge(
    expected: int, present: int, share: tuple[int, int]
) -> None:
    present = min(present, expected)
    scheme = bent(LEAST.replace("2/3", f"{share[0]}/{share[1]}"))
    found = faults(
        scheme, "school", [Present("党员", expected, present), Present("群众", 9, 0)], 99, 9
    )
    assert bool(found) == (present * share[1] < expected * share[0])


def test_a_group_called_by_its_other_name_is_counted_with_it() -> None:
    both = [Present("党员", 20, 12), Present("正式党员", 10, 8)]
    assert faults(bent(LEAST), "school", both, 30, 20) == []
    (fault,) = faults(bent(LEAST), "school", [both[0], Present("正式党员", 10, 7)], 30, 19)
    assert "应到 30 人，实到 19 人" in fault.words


def test_a_group_put_together_with_others_must_all_have_come_and_one_that_is_lacking_voids() -> (
    None
):
    merged = [Present("党员、群众代表", 30, 29)]
    (fault,) = faults(bent(LEAST), "school", merged, 30, 29)
    assert fault.words == (
        "方案要求“党员”到会不少于应到人数的 2/3，“党员、群众代表”合在一起登记，看不出来，"
        "又没有全部到齐，本次测评无效。"
    )
    assert faults(bent(LEAST), "school", [Present("党员、群众代表", 30, 30)], 30, 30) == []
    (fault,) = faults(bent(LEAST), "school", [Present("群众代表", 9, 9)], 9, 9)
    assert (fault.clause, "没有这一类" in fault.words) == ("党员三分之二", True)
    assert faults(bent(LEAST), "school", [], 9, 9) == []


@given(
    expected=st.integers(1, 80),
    present=st.integers(0, 80),
    percent=st.integers(0, 100),
    comparison=st.sampled_from(["at_least", "above"]),
)
def test_a_quorum_is_exact_at_every_edge(
    expected: int, present: int, percent: int, comparison: str
) -> None:
    present = min(present, expected)
    scheme = bent(f'[[quorums]]\npresent = {{ {comparison} = "{percent}%" }}\n')
    found = faults(scheme, "school", [Present("党员", expected, present)], 99, 1)
    held = {
        "at_least": 100 * present >= percent * expected,
        "above": 100 * present > percent * expected,
    }
    assert bool(found) != held[comparison]


@given(handed=st.integers(0, 50), back=st.integers(0, 50))
def test_a_meeting_is_void_by_one_ballot_more_than_slips(handed: int, back: int) -> None:
    assert bool(faults(bent(""), "school", [], handed, back)) == (back > handed)


TERMS = """
[[rectification]]
grade = { four = "一般", two = "不合格" }
months_at_least = 3
report_to = "县委组织部"
clause = "三个月"

[[rectification]]
grade = "bottom"
months_at_least = 6
published = true
clause = "半年"

[[rectification]]
grade = "below_top"
clause = "次高"
"""


def test_terms_of_rectification_fit_the_grade_however_it_is_named_and_the_longest_counts() -> None:
    two = '[[ladders]]\nname = "two"\ntitle = "两档"\n'
    two += 'grades = [{ label = "合格", at_least = 60 }, { label = "不合格" }]\n'
    scheme = scheme_of(
        ladders=LADDERS + two,
        domains=DOMAINS.replace('ladder = "four"', 'ladder = "two"', 1),
        rules=TERMS,
    )
    rules = scheme.data["rectification"]

    def months(domain: str, grade: str) -> int | None:
        terms = terms_for(rules, scheme.domain(domain).ladder, grade)
        return None if terms is None else terms.months_at_least

    assert [months("school", grade) for grade in ("好", "较好", "一般", "较差")] == [None, 0, 3, 6]
    assert [months("village", grade) for grade in ("合格", "不合格")] == [None, 6]
    lowest = terms_for(rules, scheme.domain("village").ladder, "不合格")
    assert lowest is not None
    assert (lowest.published, lowest.report_to) == (True, "县委组织部")
    assert lowest.clauses == ("三个月", "半年", "次高")
    for wrong in ('"半年"', "1.5", "0"):
        assert complaints(rules=f'[[rectification]]\ngrade = "any"\nmonths_at_least = {wrong}\n')


def test_more_than_half_is_more_than_half() -> None:
    scheme = bent('[[quorums]]\npresent = { above = "50%" }\nclause = "过半数"\n')
    assert len(faults(scheme, "school", [Present("党员", 30, 15)], 30, 15)) == 1
    assert faults(scheme, "school", [Present("党员", 30, 16)], 30, 16) == []
    assert faults(scheme, "school", [Present("党员", 0, 0)], 0, 0) == []
