"""Ladders, domains, questions and the satisfaction rule of a scheme."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import DomainUnknown, LadderNotChosen, LadderUnknown
from app.domain.scheme import (
    Grade,
    Ladder,
    number_text,
    rate_text,
    read_number,
    read_rate,
    rule_words,
)
from tests.schemes import LADDERS, QUESTIONS, SATISFACTION, rule, scheme_of

SCORES = st.fractions(0, 100, max_denominator=100_000)
LADDER = scheme_of().ladders[0]

OPEN = {
    "head": 'id = "open"\ntitle = "缺损"\nsource = "缺损"\nladder_choices = ["four", "two"]\n',
    "ladders": LADDERS
    + '[[ladders]]\nname = "two"\ntitle = "两档"\n'
    + 'grades = [{ label = "合格", at_least = 60 }, { label = "不合格" }]\n',
    "domains": '[[domains]]\ncode = "all"\nname = "全部"\nladder = "choose"\ngraded = "self"\n',
    "questions": '[[questions]]\nkind = "grade"\ntitle = "等级？"\n',
    "satisfaction": '[satisfaction]\nkind = "grade"\n'
    'satisfied = { four = ["好", "较好"], two = ["合格"] }\n',
}


@pytest.mark.parametrize(
    ("score", "label"),
    [
        ("100", "好"),
        ("90", "好"),
        ("89.999999", "较好"),
        ("89.5", "较好"),
        ("80", "较好"),
        ("79.99", "一般"),
        ("60", "一般"),
        ("59.999", "较差"),
        ("0", "较差"),
    ],
)
def test_a_bound_belongs_to_the_grade_above_it(score: str, label: str) -> None:
    assert LADDER.grade_for(Fraction(score)).label == label


@given(
    score=SCORES,
    bounds=st.lists(SCORES.filter(bool), min_size=1, max_size=8, unique=True),
)
def test_grades_leave_no_gap_and_do_not_overlap(score: Fraction, bounds: list[Fraction]) -> None:
    falling = sorted(bounds, reverse=True)
    grades = tuple(Grade(f"第{n}等", bound) for n, bound in enumerate([*falling, None]))
    ladder = Ladder("l", "", grades)
    uppers = [None, *falling]
    holding = [
        grade
        for grade, upper in zip(grades, uppers, strict=True)
        if (grade.at_least is None or score >= grade.at_least) and (upper is None or score < upper)
    ]
    assert holding == [ladder.grade_for(score)]


def test_a_range_is_said_in_words() -> None:
    assert [LADDER.span(grade) for grade in LADDER.grades] == [
        "90分以上",
        "80分以上、不足90分",
        "60分以上、不足80分",
        "不足60分",
    ]


def test_a_domain_is_found_by_code_or_name_and_else_the_domains_are_listed() -> None:
    scheme = scheme_of()
    assert scheme.domain("school") is scheme.domain("学校")
    with pytest.raises(DomainUnknown, match=r"没有“机关”这个领域；应为：村（village）"):
        scheme.domain("机关")


def test_questions_are_numbered_and_grades_are_choices_best_first() -> None:
    grade, satisfied = scheme_of().ballot_questions("村")
    assert (grade.id, satisfied.id) == ("q1", "q2")
    assert [(c.value, c.label) for c in grade.choices] == [
        ("option1", "好"),
        ("option2", "较好"),
        ("option3", "一般"),
        ("option4", "较差"),
    ]
    assert [c.label for c in satisfied.choices] == ["满意", "基本满意", "不满意", "不了解"]


def test_an_indicator_question_is_put_once_for_each_indicator() -> None:
    scheme = scheme_of(
        indicators="".join(
            f'[[indicators]]\nname = "{n}"\npoints = {p}\n' for n, p in [("甲", 40), ("乙", 60)]
        ),
        questions='[[questions]]\nkind = "indicator"\n'
        'options = [{ label = "好", weight = 100 }, { label = "差", weight = 0 }]\n',
        satisfaction='[satisfaction]\nkind = "indicator"\nsatisfied = "好"\n',
    )
    questions = scheme.ballot_questions("village")
    assert [(q.id, q.kind, q.title) for q in questions] == [
        ("q1", "indicator", "甲"),
        ("q2", "indicator", "乙"),
    ]
    assert [c.weight for c in questions[0].choices] == [100, 0]
    assert scheme.satisfaction_rule("village").question_ids == ("q1", "q2")
    assert scheme.points_stated


def test_the_satisfaction_rule_speaks_of_choice_values_and_explains_itself() -> None:
    found = scheme_of(rules=rule("cap", 'satisfaction = { below = "90%" }', '"较好"'))
    satisfied = found.satisfaction_rule("village")
    assert satisfied.question_ids == ("q2",)
    assert satisfied.satisfied == {"option1", "option2"}
    assert satisfied.left_out == {"option4"}
    assert satisfied.abstain_counts
    assert satisfied.formula == "满意率 =（满意 + 基本满意）÷ 有效票（含弃权，不含不了解）"
    assert satisfied.bounds == (Fraction(9, 10),)


def test_the_denominator_is_as_the_scheme_says() -> None:
    changed = SATISFACTION + 'abstain_counts = false\ndenominator = "cast"\n'
    satisfied = scheme_of(satisfaction=changed).satisfaction_rule("village")
    assert not satisfied.abstain_counts
    assert satisfied.invalid_counts
    assert satisfied.formula == "满意率 =（满意 + 基本满意）÷ 全部选票（含废票，不含弃权、不了解）"


def test_an_open_ladder_must_be_chosen_before_it_is_used() -> None:
    scheme = scheme_of(**OPEN)
    assert not scheme.ladder_chosen
    assert [(c.name, c.title) for c in scheme.ladder_choices] == [
        ("four", "四个等级"),
        ("two", "两档"),
    ]
    with pytest.raises(LadderNotChosen):
        scheme.ballot_questions("all")
    chosen = scheme.with_ladder("two")
    assert chosen.ladder_chosen
    assert [c.label for c in chosen.ballot_questions("all")[0].choices] == ["合格", "不合格"]
    assert chosen.satisfaction_rule("all").satisfied == {"option1"}
    assert scheme.with_ladder("四个等级").satisfaction_rule("all").satisfied == {
        "option1",
        "option2",
    }


def test_only_a_ladder_that_is_offered_can_be_chosen() -> None:
    with pytest.raises(LadderUnknown, match=r"没有“three”这种档次；可选：four"):
        scheme_of(**OPEN).with_ladder("three")
    with pytest.raises(LadderUnknown, match="档次已定"):
        scheme_of().with_ladder("four")


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ('satisfaction = { below = "2/3" }', "满意率低于2/3：不得高于“较好”"),
        ("scores = { self = { above = 95.5 } }", "自评分超过95.5：不得高于“较好”"),
        ("facts = { complete = false }", "班子健全为“否”：不得高于“较好”"),
        ('voted = "bottom"', "过半数票评为“最低等级”：不得高于“较好”"),
        (
            'any = [{ domain = "村" }, { not = { facts = { years = { at_most = 3 } } } }]',
            "（领域为村，或并非（未发展党员年数不超过3））：不得高于“较好”",
        ),
    ],
)
def test_rules_are_explained_in_words(when: str, words: str) -> None:
    scheme = scheme_of(rules=rule("cap", when, '"较好"'), questions=QUESTIONS)
    assert rule_words(scheme, scheme.rules[0]) == words


@given(st.decimals(0, 10**6, places=6))
def test_numbers_are_read_and_written_exactly(number: object) -> None:
    exact = read_number(number)
    assert exact is not None
    assert read_number(number_text(exact)) == exact


@pytest.mark.parametrize("value", ["", "九十", "1e5", "1,5", True, 1.5, None, 10**12, "nan"])
def test_what_is_no_exact_number_is_not_read_as_one(value: object) -> None:
    assert read_number(value) is None


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("90%", Fraction(9, 10)),
        ("66.5%", Fraction(133, 200)),
        ("2/3", Fraction(2, 3)),
        ("0%", Fraction(0)),
    ],
)
def test_rates_are_percentages_or_ratios(text: str, rate: Fraction) -> None:
    assert read_rate(text) == rate
    assert rate_text(rate) == text
    assert read_rate(text.replace("%", "\uff05")) == rate


@pytest.mark.parametrize("value", ["90", 90, "101%", "3/2", "1/0", "-5%", "%"])
def test_what_is_no_rate_is_not_read_as_one(value: object) -> None:
    assert read_rate(value) is None
