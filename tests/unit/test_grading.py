"""The proposed grade: the strictest of ladder and rules, with every reason."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import DomainUnknown, FactsInvalid
from app.domain.grading import OrganisationFacts, parse_facts, propose
from app.domain.scheme import Scheme
from tests.schemes import organisation, rule, scheme_of

CAP_90 = rule("cap", 'satisfaction = { below = "90%" }', '"较好"', "cap-90")
CAP_70 = rule("cap", 'satisfaction = { below = "70%" }', '"一般"', "cap-70")
FLOOR_50 = rule("floor_to", 'satisfaction = { below = "50%" }', '"bottom"', "floor-50")
VETO = rule("veto", "facts = { complete = false }", rule_id="veto")
FLAG = rule("flag", "facts = { years = { at_least = 3 } }", rule_id="flag-3")
RULES = (CAP_90, CAP_70, FLOOR_50, VETO, FLAG)


def scheme(*rules: str) -> Scheme:
    return scheme_of(rules="".join(rules))


def fired(proposal_scheme: Scheme, facts: OrganisationFacts) -> dict[str, str]:
    """Rule → effect, for every line of the trace."""
    return {line.rule: line.effect for line in propose(proposal_scheme, facts).trace}


def test_the_score_alone_decides_where_no_rule_fires() -> None:
    proposal = propose(scheme(CAP_90), organisation("89.5", satisfied=(90, 100)))
    assert proposal.proposed == "较好"
    assert proposal.score == Fraction("89.5")
    (line,) = proposal.trace
    assert (line.rule, line.effect, line.clause) == ("ladder", "ladder", "90分以上为好")
    assert line.because == "上级评定分89.5分，属80分以上、不足90分，对应“较好”"


def test_a_cap_holds_the_grade_down_and_says_with_which_figures() -> None:
    proposal = propose(scheme(CAP_90), organisation(95, satisfied=(22, 25)))
    assert proposal.proposed == "较好"
    assert proposal.trace[1].because == "满意率为88.00%（22÷25），低于90%，不得高于“较好”"
    assert proposal.trace[1].clause == "第cap-90条"


def test_a_rate_short_of_the_bound_is_under_it_and_printed_so() -> None:
    proposal = propose(scheme(CAP_90), organisation(95, satisfied=(89_999, 100_000)))
    assert proposal.proposed == "较好"
    assert "89.999%" in proposal.trace[1].because
    assert propose(scheme(CAP_90), organisation(95, satisfied=(9, 10))).proposed == "好"


def test_a_cap_never_lifts_a_grade_but_stays_in_the_trace() -> None:
    low = organisation(50, satisfied=(60, 100))
    assert propose(scheme(CAP_90, CAP_70), low).proposed == "较差"
    assert fired(scheme(CAP_90, CAP_70), low) == {
        "ladder": "ladder",
        "cap-90": "cap",
        "cap-70": "cap",
    }


def test_a_named_floor_sets_the_grade_yet_never_lifts_it() -> None:
    named = scheme(rule("floor_to", "facts = { complete = false }", '"一般"'))
    assert propose(named, organisation(95, complete=False)).proposed == "一般"
    assert propose(named, organisation(50, complete=False)).proposed == "较差"


def test_a_flag_is_named_and_leaves_the_grade() -> None:
    proposal = propose(scheme(FLAG), organisation(95, years=3))
    assert proposal.proposed == "好"
    assert proposal.trace[1].effect == "flag"
    assert proposal.trace[1].because == "未发展党员年数为3，达到3，须写明理由"
    assert fired(scheme(FLAG), organisation(95, years=2)) == {"ladder": "ladder"}


def test_a_veto_is_the_bottom() -> None:
    assert propose(scheme(VETO), organisation(95, complete=False)).proposed == "较差"


def test_without_the_superiors_score_nothing_is_proposed_and_the_trace_says_why() -> None:
    proposal = propose(scheme(CAP_90), organisation(satisfied=(80, 100)))
    assert proposal.proposed is None
    assert proposal.score is None
    assert proposal.trace[0].effect == "missing"
    assert proposal.trace[0].because == "尚无上级评定分，还不能按分数定级"


def test_without_the_superiors_score_a_rule_that_fixes_the_grade_still_does() -> None:
    assert propose(scheme(FLOOR_50), organisation(satisfied=(49, 100))).proposed == "较差"


def test_a_rule_that_lacks_its_figures_is_said_to_be_pending() -> None:
    proposal = propose(scheme(CAP_90, FLAG), organisation(95))
    assert proposal.proposed == "好"
    assert proposal.satisfaction is None
    assert [(line.effect, line.because) for line in proposal.trace[1:]] == [
        ("pending", "尚无满意率，本条还不能判断"),
        ("pending", "尚无未发展党员年数，本条还不能判断"),
    ]


@given(
    score=st.fractions(0, 100),
    satisfied=st.integers(0, 100),
    years=st.integers(0, 5),
    complete=st.booleans(),
)
def test_the_strictest_wins_in_whatever_order_the_rules_stand(
    score: Fraction, satisfied: int, years: int, complete: bool
) -> None:
    facts = organisation(score, satisfied=(satisfied, 100), years=years, complete=complete)
    first = propose(scheme(*RULES), facts)
    base = scheme(*RULES)
    for order in list(permutations(base.rules))[::17]:
        other = propose(replace(base, rules=order), facts)
        assert other.proposed == first.proposed
        assert set(other.trace) == set(first.trace)


def rank(facts: OrganisationFacts) -> int:
    """0 for the best grade."""
    whole = scheme(*RULES)
    proposed = propose(whole, facts).proposed
    assert proposed is not None
    return whole.ladders[0].rank(proposed)


@given(
    scores=st.tuples(st.fractions(0, 100), st.fractions(0, 100)).map(sorted),
    satisfied=st.tuples(st.integers(0, 100), st.integers(0, 100)).map(sorted),
)
def test_a_better_score_or_satisfaction_never_gives_a_worse_grade(
    scores: list[Fraction], satisfied: list[int]
) -> None:
    worse = organisation(scores[0], satisfied=(satisfied[0], 100), complete=True)
    better = organisation(scores[1], satisfied=(satisfied[1], 100), complete=True)
    assert rank(better) <= rank(worse)


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ('domain = "村"', True),
        ('domain = "学校"', False),
        ('domain = "村", facts = { complete = false }', None),
        ('domain = "学校", facts = { complete = false }', False),
        ('any = [{ domain = "村" }, { facts = { complete = false } }]', True),
        ('any = [{ domain = "学校" }, { facts = { complete = false } }]', None),
        ('all = [{ domain = "村" }, { scores = { self = { above = 94 } } }]', True),
        ("scores = { final = { at_least = 80, below = 90 } }", True),
        ("scores = { mass = { at_least = 80 } }", None),
        ('not = { domain = "村" }', False),
        ("not = { facts = { complete = false } }", None),
    ],
)
def test_conditions_combine_with_what_is_known(when: str, holds: bool | None) -> None:
    facts = replace(organisation(), scores={"self": Fraction(95), "superior": Fraction(85)})
    effect = {True: "flag", None: "pending"}.get(holds)
    assert fired(scheme(rule("flag", when)), facts).get("r1") == effect


@pytest.mark.parametrize(
    ("counts", "holds"),
    [
        ({"option4": 11, "option1": 9}, True),
        ({"option4": 10, "option1": 10}, False),
        ({"option4": 10, "option1": 5, "abstain": 5}, False),
        ({"option4": 3, "option3": 8, "option1": 9}, True),
        ({"option4": 10, "option1": 9, "invalid": 30}, True),
    ],
)
def test_a_grade_is_voted_by_more_than_half_of_the_ballots(
    counts: dict[str, int], holds: bool
) -> None:
    voted = scheme(rule("cap", 'voted = ["一般", "bottom"]', '"一般"'))
    facts = replace(organisation(95), tallies={"g1": {"q1": counts}})
    assert (propose(voted, facts).proposed == "一般") is holds


def test_groups_are_counted_together() -> None:
    facts = replace(
        organisation(95),
        tallies={"g1": {"q2": {"option1": 30}}, "g2": {"q2": {"option3": 10}}},
    )
    satisfaction = propose(scheme(), facts).satisfaction
    assert satisfaction is not None
    assert (satisfaction.numerator, satisfaction.denominator) == (30, 40)


def test_weights_of_scores_are_computed_exactly() -> None:
    weighted = scheme('[score]\nweights = { self = "30%", superior = "70%" }\n')
    facts = replace(organisation(), scores={"self": Fraction(95), "superior": Fraction("87.85")})
    proposal = propose(weighted, facts)
    assert proposal.score == Fraction("89.995")
    assert proposal.trace[0].because.startswith("加权得分89.995分")
    lacking = propose(weighted, organisation(90)).trace[0]
    assert lacking.because == "尚无自评分，还不能按分数定级"


def test_a_foreign_domain_is_refused() -> None:
    with pytest.raises(DomainUnknown):
        propose(scheme(), organisation(90, domain="县"))


# Facts from other programs


def test_facts_are_read_by_code_label_or_name_and_exactly() -> None:
    _, facts = parse_facts(
        scheme(),
        '{"domain": "村", "scores": {"self": 95.1, "superior": "89.999", "mass": null},'
        ' "tallies": {"党员": {"s01.q2": {"满意": 18, "option2": 2, "弃权": 1}}},'
        ' "facts": {"未发展党员年数": 3, "complete": "是"}}',
        "f.json",
    )
    assert facts.domain == "village"
    assert facts.scores == {"self": Fraction("95.1"), "superior": Fraction("89.999")}
    assert facts.tallies == {"党员": {"q2": {"option1": 18, "option2": 2, "abstain": 1}}}
    assert facts.facts == {"years": 3, "complete": True}
    assert (facts.deductions, facts.bonuses) == ({}, {})


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("{", "f.json:(全文):应合乎 JSON 写法"),
        ("[]", "应为一个 JSON 对象"),
        ('{"scores": {"superior": NaN}}', "不应出现 NaN"),
        ('{"domain": "村", "domain": "村"}', "同一个名称写了两次"),
        ("{}", "f.json:domain:应写明领域，为以下之一：村（village）、学校（school）"),
        ('{"domain": "县"}', "f.json:domain:方案“试行方案”没有“县”这个领域"),
        ('{"domain": "村", "score": {}}', "f.json:score:没有这一项。是不是想写 scores？"),
        ('{"domain": "村", "ladder": "four"}', "f.json:ladder:方案的档次已定"),
        ('{"domain": "村", "scores": 90}', "f.json:scores:应为 JSON 对象"),
        ('{"domain": "村", "scores": {"boss": 90}}', "f.json:scores.boss:没有这一项"),
        ('{"domain": "村", "scores": {"self": 100.001}}', "f.json:scores.self:应为0到100之间"),
        ('{"domain": "村", "scores": {"self": -1}}', "f.json:scores.self:应为0到100之间"),
        ('{"domain": "村", "scores": {"self": 1e999999999}}', "f.json:scores.self:应为"),
        ('{"domain": "村", "scores": {"self": true}}', "f.json:scores.self:应为"),
        ('{"domain": "村", "facts": {"age": 1}}', "f.json:facts.age:没有这一项"),
        ('{"domain": "村", "facts": {"years": 1.5}}', "f.json:facts.years:应为不小于0的整数"),
        ('{"domain": "村", "facts": {"years": -1}}', "f.json:facts.years:应为不小于0的整数"),
        ('{"domain": "村", "facts": {"complete": 1}}', "f.json:facts.complete:应为 true"),
        ('{"domain": "村", "facts": {"years": 1, "未发展党员年数": 1}}', "只应写一次"),
        (
            '{"domain": "村", "tallies": {"g1": {"q9": {}}}}',
            "f.json:tallies.g1.q9:应为题目编号（q1",
        ),
        ('{"domain": "村", "tallies": {"g1": {"q2": {"满意": -1}}}}', "q2.满意:应为票数"),
        ('{"domain": "村", "tallies": {"g1": {"q2": {"满意": 1.0}}}}', "q2.满意:应为票数"),
        ('{"domain": "村", "tallies": {"g1": {"q2": {"很好": 1}}}}', "没有这个选项；应为：满意"),
        ('{"domain": "村", "tallies": {"g1": {"q2": {"满意": 1, "option1": 1}}}}', "写了两次"),
        ('{"domain": "村", "tallies": {"g1": {"s01.q2": {}, "s02.q1": {}}}}', "一个党组织"),
        ('{"domain": "村", "tallies": {"g1": {"s01.q2": {}, "q2": {}}}}', "写了两次"),
        ('{"domain": "村", "deductions": {"早退": 1}}', "f.json:deductions.早退:没有这一项"),
        (
            '{"domain": "村", "deductions": {"迟报": -1}}',
            "deductions.迟报:应为0到1000的整数（次数）",
        ),
        ('{"domain": "村", "deductions": {"迟报": 1001}}', "deductions.迟报:应为0到1000的整数"),
        ('{"domain": "村", "deductions": {"迟报": true}}', "deductions.迟报:应为0到1000的整数"),
        ('{"domain": "村", "deductions": 2}', "f.json:deductions:应为 JSON 对象"),
        ('{"domain": "村", "bonuses": {"表彰": 1}}', "f.json:bonuses.表彰:没有这一项"),
    ],
)
def test_wrong_facts_are_refused_with_a_sentence(document: str, complaint: str) -> None:
    with pytest.raises(FactsInvalid) as refusal:
        parse_facts(scheme(ADJUSTMENTS), document, "f.json")
    assert complaint in str(refusal.value)


def test_deeply_nested_facts_are_refused() -> None:
    with pytest.raises(FactsInvalid):
        parse_facts(scheme(), "[" * 100_000, "f.json")


ADJUSTMENTS = """
[[deductions]]
name = "迟报"
points = 2

[[bonuses]]
name = "表彰"
points = 3
domains = ["学校"]
"""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["q1", "s01.q2", "满意", "弃权", "self", "years", "班子健全", "迟报"])
            | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["domain", "ladder", "scores", "tallies", "facts", "deductions", "bonuses", "else"]
        ),
        JSON,
    )
)
def test_any_json_is_graded_or_refused_with_reasons(document: dict[str, object]) -> None:
    whole = scheme(*RULES, ADJUSTMENTS)
    text = json.dumps({"domain": "村", **document})
    try:
        chosen, facts = parse_facts(whole, text, "f.json")
    except FactsInvalid as refusal:
        reasons = refusal.problems
    else:
        reasons = propose(chosen, facts).trace  # type: ignore[assignment]
    assert reasons
