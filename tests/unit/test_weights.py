"""Voter groups with weights, and the mass score: exact, in any order, never silently without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.grading import OrganisationFacts, Proposal, propose
from app.domain.scheme import Scheme
from app.domain.tally import Satisfaction
from tests.schemes import SATISFACTION, complaints, organisation, rule, scheme_of

NAMES = ("党员", "群众代表", "服务对象")
CAP = rule("cap", 'satisfaction = { below = "90%" }', '"较好"', "cap-90")
SCORED = """
[[questions]]
kind = "satisfaction"
title = "是否满意?"
options = [
  { label = "满意", weight = 100 },
  { label = "基本满意", weight = 80 },
  { label = "不满意", weight = 0 },
  { label = "不了解" },
]
"""

Counts = dict[str, int]


def groups(*weights: str, extra: str = "") -> str:
    return "".join(
        f'[[voter_groups]]\nname = "{name}"\nweight = "{weight}"\n'
        f'clause = "{name}占{weight}"\n{extra}'
        for name, weight in zip(NAMES, weights, strict=False)
    )


@cache
def weighted(*weights: str, satisfaction: str = "", score: str = "", **parts: str) -> Scheme:
    return scheme_of(
        questions=SCORED,
        satisfaction=SATISFACTION + satisfaction,
        rules=CAP + groups(*weights) + score,
        **parts,
    )


def of_groups(
    tallies: Mapping[str, Counts], score: int | None = 95, **more: Any
) -> OrganisationFacts:
    found = {name: {"q1": dict(counts)} for name, counts in tallies.items()}
    return replace(organisation(score, **more), tallies=found)


def satisfied(ballots: int, content: int) -> Counts:
    return {"option1": content, "option3": ballots - content}


def rate(proposal: Proposal) -> Satisfaction:
    assert proposal.satisfaction is not None
    return proposal.satisfaction


def lines(proposal: Proposal, rule: str) -> list[tuple[str, str]]:
    return [(line.effect, line.because) for line in proposal.trace if line.rule == rule]


def test_every_group_counts_by_its_weight_and_not_by_its_size() -> None:
    tallies = {"党员": satisfied(50, 45), "群众代表": satisfied(10, 9)}
    proposal = propose(weighted("60%", "40%"), of_groups(tallies))
    assert rate(proposal).fraction == Fraction(9, 10)
    tallies["群众代表"] = satisfied(10, 5)
    proposal = propose(weighted("60%", "40%"), of_groups(tallies))
    assert rate(proposal).fraction == Fraction("0.74")
    assert (rate(proposal).percent, proposal.proposed) == ("74.00", "较好")
    assert lines(proposal, "voter_groups") == [
        ("computed", "加权满意率 = 党员45÷50×60% + 群众代表5÷10×40% = 74.00%")
    ]
    (line,) = [t for t in proposal.trace if t.rule == "voter_groups"]
    assert line.clause == "党员占60%；群众代表占40%"
    assert lines(proposal, "cap-90")[0][1].startswith("满意率为74.00%（党员45÷50×60% + ")


def test_a_weighted_rate_short_of_the_bound_by_a_hair_is_under_it() -> None:
    whole = weighted("2/3", "1/3")
    tallies = {"党员": satisfied(10, 9), "群众代表": satisfied(30, 27)}
    proposal = propose(whole, of_groups(tallies))
    assert (rate(proposal).fraction, proposal.proposed) == (Fraction(9, 10), "好")
    tallies = {"党员": satisfied(10, 9), "群众代表": satisfied(30_000, 26_999)}
    proposal = propose(whole, of_groups(tallies))
    assert proposal.proposed == "较好"
    assert rate(proposal).percent == "89.999"


counts = st.fixed_dictionaries(
    {
        "option1": st.integers(0, 40),
        "option2": st.integers(0, 40),
        "option3": st.integers(0, 40),
        "option4": st.integers(0, 5),
        "abstain": st.integers(0, 5),
    }
)
tallies_of_three = st.tuples(counts, counts, counts)
splits = st.sampled_from([(1, 1), (33, 33), (50, 30), (98, 1), (1, 98), (20, 20), (47, 6)])


def by_hand(found: Counts) -> tuple[int, int]:
    whole = sum(found.values()) - found["option4"]
    return found["option1"] + found["option2"], whole


@given(split=splits, found=tallies_of_three, order=st.permutations(NAMES))
def test_the_rate_is_the_exact_sum_over_the_groups_in_whatever_order_they_come(
    split: tuple[int, int], found: tuple[Counts, ...], order: list[str]
) -> None:
    assume(all(by_hand(c)[1] for c in found))
    weights = (*split, 100 - sum(split))
    tallies = dict(zip(NAMES, found, strict=True))
    whole = weighted(*(f"{w}%" for w in weights))
    proposal = propose(whole, of_groups({name: tallies[name] for name in order}))
    wanted = sum(
        (Fraction(w, 100) * Fraction(*by_hand(c)) for w, c in zip(weights, found, strict=True)),
        Fraction(0),
    )
    assert rate(proposal).fraction == wanted
    assert 0 <= wanted <= 1
    assert proposal == propose(whole, of_groups(tallies))
    assert proposal.scores["mass"] == sum(
        Fraction(w, 100) * Fraction(100 * c["option1"] + 80 * c["option2"], by_hand(c)[1])
        for w, c in zip(weights, found, strict=True)
    )


@given(found=counts, parts=st.integers(1, 3))
def test_groups_that_all_vote_alike_have_the_rate_of_one(found: Counts, parts: int) -> None:
    assume(by_hand(found)[1])
    weights = {1: ("100%",), 2: ("35%", "65%"), 3: ("20%", "30%", "50%")}[parts]
    tallies = dict.fromkeys(NAMES[:parts], found)
    assert rate(propose(weighted(*weights), of_groups(tallies))).fraction == Fraction(
        *by_hand(found)
    )


@given(found=tallies_of_three, better=st.integers(0, 2))
def test_one_more_content_voter_in_any_group_never_lowers_the_rate(
    found: tuple[Counts, ...], better: int
) -> None:
    assume(all(by_hand(c)[1] for c in found))
    whole = weighted("50%", "30%", "20%")
    more = [dict(c) for c in found]
    more[better]["option1"] += 1
    before = rate(propose(whole, of_groups(dict(zip(NAMES, found, strict=True))))).fraction
    after = rate(propose(whole, of_groups(dict(zip(NAMES, more, strict=True))))).fraction
    assert before is not None
    assert after is not None
    assert after >= before


# A group without ballots


EMPTY: list[Counts] = [{}, {"option1": 0}, {"option4": 3}]


@pytest.mark.parametrize("nobody", EMPTY)
def test_without_a_group_nothing_is_made_up_and_the_superior_is_told(nobody: Counts) -> None:
    tallies = {"党员": satisfied(50, 50), "群众代表": nobody}
    proposal = propose(weighted("60%", "40%"), of_groups(tallies))
    assert proposal.satisfaction is None
    ((effect, because),) = lines(proposal, "voter_groups")
    assert effect == "unformed"
    assert "“群众代表”没有可以计算的票" in because
    assert "按惯例不作推算" in because
    assert "重新测评" in because
    assert lines(proposal, "cap-90") == [("pending", "尚无满意率，本条还不能判断")]
    stated = weighted("60%", "40%", satisfaction='empty_group = "missing"\n')
    assert (
        "方案规定这时不作推算" in lines(propose(stated, of_groups(tallies)), "voter_groups")[0][1]
    )


@pytest.mark.parametrize("nobody", EMPTY)
def test_a_scheme_may_spread_the_weight_of_a_group_over_the_others(nobody: Counts) -> None:
    spread = weighted("50%", "30%", "20%", satisfaction='empty_group = "spread"\n')
    tallies = {"党员": satisfied(10, 9), "群众代表": satisfied(10, 5), "服务对象": nobody}
    proposal = propose(spread, of_groups(tallies))
    assert rate(proposal).fraction == Fraction(5, 8) * Fraction(9, 10) + Fraction(3, 8) / 2
    assert lines(proposal, "voter_groups") == [
        ("computed", "加权满意率 = 党员9÷10×62.5% + 群众代表5÷10×37.5% = 75.00%"),
        ("computed", "“服务对象”没有可以计算的票，按方案的规定把它的20%按比例分给其他类别"),
    ]


@given(found=tallies_of_three)
def test_spread_weights_make_one_again(found: tuple[Counts, ...]) -> None:
    spread = weighted("50%", "30%", "20%", satisfaction='empty_group = "spread"\n')
    proposal = propose(spread, of_groups(dict(zip(NAMES, found, strict=True))))
    if not any(by_hand(c)[1] for c in found):
        assert proposal.satisfaction is None
        assert lines(proposal, "voter_groups") == []
    else:
        assert sum(share.weight for share in rate(proposal).shares) == 1


def test_before_any_ballot_nothing_is_said_of_weights() -> None:
    proposal = propose(weighted("60%", "40%"), organisation(95))
    assert lines(proposal, "voter_groups") == []


# Groups that may not be taken apart, and strangers


@pytest.mark.parametrize("name", ["*", "党员、群众代表", "党员和群众代表"])
def test_groups_published_together_have_no_weighted_rate_and_no_other(name: str) -> None:
    proposal = propose(weighted("60%", "40%"), of_groups({name: satisfied(50, 50)}))
    assert proposal.satisfaction is None
    ((effect, because),) = lines(proposal, "voter_groups")
    assert effect == "unformed"
    assert "不能按比重（党员60%、群众代表40%）计算，也不以合并的票数代替" in because
    assert "计票后公布" in because
    assert "mass" not in proposal.scores


def test_what_the_document_itself_calls_so_is_one_group() -> None:
    rules = groups("60%", "40%").replace("群众代表", "党员和群众")
    rules += '[[voter_groups]]\nname = "群众"\nweight = "1%"\n'
    whole = scheme_of(questions=SCORED, rules=rules.replace('"60%"', '"59%"'))
    tallies = {name: satisfied(10, 10) for name in ("党员", "党员和群众", "群众")}
    assert rate(propose(whole, of_groups(tallies))).fraction == 1


def test_one_group_apart_does_not_help_where_others_are_together() -> None:
    tallies = {"党员": satisfied(50, 50), "*": satisfied(9, 9)}
    assert propose(weighted("50%", "30%", "20%"), of_groups(tallies)).satisfaction is None


def test_a_scheme_may_take_groups_published_together_without_weights_and_it_is_said() -> None:
    together = weighted("60%", "40%", satisfaction='merged_groups = "unweighted"\n')
    proposal = propose(together, of_groups({"*": satisfied(50, 40)}))
    assert (rate(proposal).numerator, rate(proposal).denominator) == (40, 50)
    ((effect, because),) = lines(proposal, "voter_groups")
    assert effect == "computed"
    assert "合并计算，不分比重" in because


def test_a_group_that_the_scheme_does_not_name_is_neither_dropped_nor_weighed() -> None:
    tallies = {
        "党员": satisfied(50, 50), "群众代表": satisfied(9, 9), "列席人员": satisfied(5, 0),
    }  # fmt: skip
    proposal = propose(weighted("60%", "40%"), of_groups(tallies))
    assert proposal.satisfaction is None
    assert "方案没有写明“列席人员”占多少比重" in lines(proposal, "voter_groups")[0][1]
    tallies["列席人员"] = {"option1": 0}
    assert rate(propose(weighted("60%", "40%"), of_groups(tallies))).fraction == 1


def test_a_group_is_known_by_its_other_names() -> None:
    whole = scheme_of(
        questions=SCORED,
        rules=groups("60%", "40%").replace('"群众代表"\n', '"群众代表"\naliases = ["群众"]\n'),
    )
    tallies = {"党员": satisfied(10, 9), "群众": satisfied(5, 2), "群众代表": satisfied(5, 2)}
    proposal = propose(whole, of_groups(tallies))
    assert rate(proposal).figures == "党员9÷10×60% + 群众代表4÷10×40%"


def test_weights_hold_in_the_domains_that_they_name() -> None:
    whole = scheme_of(questions=SCORED, rules=groups("60%", "40%", extra='domains = ["村"]\n'))
    tallies = {"党员": satisfied(30, 30), "群众代表": satisfied(10, 0)}
    assert rate(propose(whole, of_groups(tallies))).fraction == Fraction(3, 5)
    school = propose(whole, of_groups(tallies, domain="school"))
    assert rate(school).fraction == Fraction(3, 4)
    assert lines(school, "voter_groups") == []
    assert whole.satisfaction_rule("村").weighted
    assert whole.satisfaction_rule("村").formula == (
        "各类参会人员的满意率 =（满意 + 基本满意）÷ 有效票（含弃权，不含不了解）；"
        "再按比重相加：党员60%、群众代表40%"
    )
    assert not whole.satisfaction_rule("学校").weighted


@pytest.mark.parametrize(
    ("rules", "key", "expected"),
    [
        (groups("60%", "30%"), "voter_groups", "“村”各类的比重之和应为100%，现在是90%"),
        (groups("2/3", "2/3"), "voter_groups", "现在是4/3"),
        (groups("60%") + '[[voter_groups]]\nname = "群众"\n', "voter_groups", "要么都不写"),
        (groups("0%", "100%"), "voter_groups[1].weight", "应大于0"),
        ('[[voter_groups]]\nname = "*"\n', "voter_groups", "不能叫“*”"),
        (groups("50%") * 2, "voter_groups", "“党员”在同一领域写了两次"),
        (groups("60%", "40%", extra='domains = ["县"]\n'), "voter_groups[1].domains", "“县”"),
    ],
)
def test_weights_that_make_no_whole_are_refused(rules: str, key: str, expected: str) -> None:
    found = complaints(rules=rules)
    assert any(c.startswith(f"test.toml:{key}:") and expected in c for c in found), found


# The mass score


def composite(*scores: str) -> str:
    names = ("self", "mass", "superior")
    pairs = ", ".join(f'{n} = "{w}"' for n, w in zip(names, scores, strict=True))
    return f'[score]\nclause = "综合"\nweights = {{ {pairs} }}\n'


def test_a_composite_score_takes_the_mass_score_from_the_options_points() -> None:
    whole = scheme_of(questions=SCORED, rules=composite("20%", "30%", "50%"))
    facts = replace(
        of_groups({"g1": {"option1": 30, "option2": 14, "option3": 4, "option4": 9, "abstain": 2}}),
        scores={"self": Fraction(97), "superior": Fraction("95.5")},
    )
    proposal = propose(whole, facts)
    assert proposal.scores["mass"] == Fraction(4120, 50)
    assert proposal.score == Fraction("19.4") + Fraction("24.72") + Fraction("47.75")
    assert lines(proposal, "mass") == [("computed", "测评分 = 4120÷50 = 82.4分")]
    assert lines(proposal, "score") == [
        ("computed", "加权得分 = 自评分97×20% + 测评分82.4×30% + 上级评定分95.5×50% = 91.87分")
    ]


@pytest.mark.parametrize(
    ("scores", "lacking"),
    [
        ({"self": Fraction(90)}, "尚无测评分、上级评定分"),
        ({"self": Fraction(90), "superior": Fraction(90)}, "尚无测评分"),
        ({"superior": Fraction(90), "mass": Fraction(90)}, "尚无自评分"),
    ],
)
def test_while_a_part_is_missing_nothing_is_proposed_and_it_is_named(
    scores: dict[str, Fraction], lacking: str
) -> None:
    whole = scheme_of(questions=SCORED, rules=composite("20%", "30%", "50%"))
    proposal = propose(whole, replace(organisation(), scores=scores))
    assert (proposal.score, proposal.proposed) == (None, None)
    assert lines(proposal, "score") == [("missing", f"{lacking}，还不能按分数定级")]


def test_a_mass_score_that_is_given_goes_before_the_tallies() -> None:
    whole = scheme_of(questions=SCORED, rules=composite("20%", "30%", "50%"))
    scores = {"self": Fraction(90), "mass": Fraction(70), "superior": Fraction(90)}
    facts = replace(of_groups({"g1": satisfied(10, 10)}), scores=scores)
    proposal = propose(whole, facts)
    assert proposal.score == 84
    assert lines(proposal, "mass") == []


def test_a_scheme_that_weighs_the_mass_score_but_cannot_form_it_says_so() -> None:
    proposal = propose(scheme_of(rules=composite("20%", "30%", "50%")), organisation(90))
    assert "没有写测评分怎样由票数得出" in lines(proposal, "mass")[0][1]


def test_the_mass_score_may_be_the_satisfaction() -> None:
    whole = scheme_of(rules=composite("20%", "30%", "50%") + 'mass_from = "rate"\n')
    facts = replace(
        organisation(satisfied=(2, 3)), scores={"self": Fraction(80), "superior": Fraction(80)}
    )
    proposal = propose(whole, facts)
    assert proposal.scores["mass"] == Fraction(200, 3)
    assert proposal.score == 56 + Fraction(20)
    assert lines(proposal, "mass") == [("computed", "测评分 = 满意率66.67%×100 = 66.67分")]


def test_an_unformed_rate_leaves_the_composite_score_open() -> None:
    whole = weighted("60%", "40%", score=composite("20%", "30%", "50%"))
    facts = replace(
        of_groups({"*": satisfied(20, 20)}),
        scores={"self": Fraction(90), "superior": Fraction(90)},
    )
    proposal = propose(whole, facts)
    assert proposal.score is None
    ((effect, because),) = lines(proposal, "mass")
    assert effect == "unformed"
    assert "不能按比重" in because


def indicators(first: object, second: object) -> str:
    return "".join(
        f'[[indicators]]\nname = "{name}"\npoints = {points}\n'
        for name, points in (("班子", first), ("队伍", second))
    )


BY_INDICATOR = """
[[questions]]
kind = "indicator"
options = [
  { label = "好", weight = 100 },
  { label = "中", weight = 60 },
  { label = "差", weight = 0 },
]
"""
OF_INDICATORS = '[satisfaction]\nkind = "indicator"\nsatisfied = "好"\nabstain_counts = false\n'


@cache
def by_indicator(first: object = 70, second: object = 30) -> Scheme:
    return scheme_of(
        indicators=indicators(first, second), questions=BY_INDICATOR, satisfaction=OF_INDICATORS,
        rules=composite("20%", "30%", "50%"),
    )  # fmt: skip


def of_indicators(first: Counts, second: Counts) -> OrganisationFacts:
    return replace(organisation(), tallies={"g1": {"q1": first, "q2": second}})


def test_indicators_count_by_their_points() -> None:
    facts = of_indicators(
        {"option1": 1, "option2": 1, "abstain": 8}, {"option1": 1, "option3": 3, "abstain": 6}
    )
    proposal = propose(by_indicator(), facts)
    assert proposal.scores["mass"] == Fraction(7, 10) * 80 + Fraction(3, 10) * 25
    assert lines(proposal, "mass") == [("computed", "测评分 = 63.5分")]


@given(st.sampled_from([1, 30, 50, 99]), counts, counts)
def test_the_mass_score_of_indicators_lies_between_those_of_each(
    points: int, first: Counts, second: Counts
) -> None:
    first, second = ({c: n for c, n in f.items() if c != "option4"} for f in (first, second))
    assume(all(sum(n for c, n in f.items() if c != "abstain") for f in (first, second)))
    whole = by_indicator(points, 100 - points)
    found = propose(whole, of_indicators(first, second)).scores["mass"]
    each = [propose(whole, of_indicators(f, f)).scores["mass"] for f in (first, second)]
    assert min(each) <= found <= max(each)


def test_points_that_the_round_has_set_serve_where_the_document_states_none() -> None:
    unstated = by_indicator('"unstated"', '"unstated"')
    facts = of_indicators({"option1": 1, "option3": 1}, {"option1": 1})
    proposal = propose(unstated, facts)
    assert lines(proposal, "mass") == [
        ("unformed", "各项指标的分值还没有定，不能由各项的票数得出测评分")
    ]
    settled = replace(facts, points=(Fraction(40), Fraction(60)))
    assert propose(unstated, settled).scores["mass"] == 80


def test_an_indicator_that_nobody_marked_leaves_the_mass_score_open() -> None:
    proposal = propose(by_indicator(), of_indicators({"option1": 3}, {"abstain": 3}))
    assert "mass" not in proposal.scores
    assert "对“队伍”没有可以计算的票" in lines(proposal, "mass")[0][1]


@pytest.mark.parametrize(
    ("parts", "key", "expected"),
    [
        ({"questions": SCORED.replace(", weight = 80", "")}, "questions[1].options", "要么每个"),
        ({"questions": SCORED.replace("= 80", "= 101")}, "questions[1].options", "不超过总分100"),
        ({"rules": '[score]\nmass_from = "satisfaction"\n'}, "score.mass_from", "没有写分"),
        ({"rules": '[score]\nmass_from = "grade"\n'}, "score.mass_from", '"rate"'),
        (
            {"questions": SCORED + BY_INDICATOR, "rules": ""},
            "score.mass_from",
            "由哪一类得出：satisfaction、indicator",
        ),
    ],
)
def test_points_of_options_that_leave_the_score_open_are_refused(
    parts: dict[str, str], key: str, expected: str
) -> None:
    found = complaints(**parts)
    assert any(c.startswith(f"test.toml:{key}:") and expected in c for c in found), found
