"""The rules over a whole round, and over a meeting: coverage, quotas, ranking, validity."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.coverage import Body, coverage
from app.domain.quota import Graded, quotas
from app.domain.ranking import ranking
from app.domain.scheme import Scheme, parse_scheme
from app.domain.validity import Present, faults
from tests.schemes import scheme_of

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


def test_of_a_village_only_the_body_itself_is_graded_elsewhere_every_level() -> None:
    found = coverage(SHANGDU, COUNTY, [])
    assert [body.id for body in found.missing] == [2, 4, 5, 6]
    assert [body.id for body in found.without_domain] == [1, 7]
    assert not found.complete


def test_who_is_missing_twice_or_beside_is_named() -> None:
    found = coverage(
        SHANGDU, [*COUNTY, Body(8, 4, "财政局党支部", "institution")], [2, 3, 5, 5, 6, 8]
    )
    assert [body.id for body in found.missing] == [4]
    assert [body.id for body in found.twice] == [5, 8]
    assert [body.id for body in found.beside] == [3]
    assert found.words[0] == "1 个党组织应定级而不在本轮中：县直机关党委。"
    assert "甲村第一党支部" in found.words[2]


def test_who_holds_the_round_looks_at_what_stands_under_him_only() -> None:
    found = coverage(SHANGDU, COUNTY, [5, 6], by=4)
    assert (found.complete, found.words) == (True, [])
    assert coverage(SHANGDU, COUNTY, [2, 4, 5, 6]).complete


def test_a_tree_that_bites_its_tail_is_looked_at_all_the_same() -> None:
    ring = [Body(1, 2, "甲", "village"), Body(2, 1, "乙", "village")]
    assert coverage(SHANGDU, ring, []).missing == ()


@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_everybody_is_covered_or_named(bodies: set[int], members: set[int]) -> None:
    tree = [Body(n, None, f"第{n}党支部", "institution") for n in bodies]
    found = coverage(SHANGDU, tree, members)
    assert {body.id for body in found.missing} == bodies - members
    assert found.complete == (bodies <= members)


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


def test_more_than_half_is_more_than_half() -> None:
    scheme = bent('[[quorums]]\npresent = { above = "50%" }\nclause = "过半数"\n')
    assert len(faults(scheme, "school", [Present("党员", 30, 15)], 30, 15)) == 1
    assert faults(scheme, "school", [Present("党员", 30, 16)], 30, 16) == []
    assert faults(scheme, "school", [Present("党员", 0, 0)], 0, 0) == []
