"""What the validator says of broken scheme files: file, key and what is expected."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.errors import SchemeInvalid
from app.domain.scheme import Scheme, parse_scheme
from tests.schemes import (
    DOMAINS,
    HEAD,
    INDICATORS,
    LADDERS,
    QUESTIONS,
    SATISFACTION,
    complaints,
    rule,
    scheme_of,
    scheme_text,
)

CAP = rule("cap", 'satisfaction = { below = "90%" }', '"较好"')


def ladder(*grades: str) -> str:
    return f'[[ladders]]\nname = "four"\ntitle = "档"\ngrades = [{", ".join(grades)}]\n'


def test_a_sound_file_has_no_problems() -> None:
    assert complaints(rules=CAP) == []


@pytest.mark.parametrize(
    ("part", "text", "key", "expected"),
    [
        ("head", HEAD.replace('id = "test-2012"', ""), "id", "缺少这一项"),
        ("head", HEAD.replace("test-2012", "Test 2012"), "id", "小写英文字母"),
        ("head", HEAD.replace('"试行方案"', "2012"), "title", "应为引号中的文字"),
        ("head", HEAD.replace("title", "titel"), "titel", "是不是想写 title？"),
        ("head", HEAD + "total = -5\n", "total", "应为不小于0的数字"),
        ("head", HEAD + 'ladder_choices = ["four", "five"]\n', "ladder_choices", "没有名为“five”"),
        ("head", HEAD + 'ladder_choices = ["four"]\n', "ladder_choices", "至少有两种档次"),
        ("ladders", "", "ladders", "缺少这一项"),
        ("ladders", ladder('{ label = "好" }'), "ladders[1].grades", "2到9个等级"),
        (
            "ladders",
            ladder('{ label = "好" }', '{ label = "差" }'),
            "ladders[1].grades[1].at_least",
            "缺少这一项，应为该等级的最低分",
        ),
        (
            "ladders",
            ladder('{ label = "好", at_least = 60 }', '{ label = "差", at_least = 0 }'),
            "ladders[1].grades[2].at_least",
            "最后一个等级不应写下限",
        ),
        (
            "ladders",
            LADDERS.replace("at_least = 80", "at_least = 90"),
            "ladders[1].grades[2].at_least",
            "低于上一等级的下限",
        ),
        (
            "ladders",
            LADDERS.replace("at_least = 90", "at_least = 120"),
            "ladders[1].grades[1].at_least",
            "不高于总分",
        ),
        (
            "ladders",
            LADDERS.replace("at_least = 90", 'at_least = "90"'),
            "ladders[1].grades[1].at_least",
            "应为不小于0的数字，如 90，现在写的是 “90”",
        ),
        ("ladders", LADDERS.replace("较差", "好"), "ladders[1].grades[4].label", "写了两次"),
        ("ladders", LADDERS.replace('"four"', '"choose"'), "ladders[1].name", "换一个名字"),
        ("domains", "", "domains", "缺少这一项"),
        ("domains", DOMAINS.replace('"four"', '"six"', 1), "domains[1].ladder", "应为：four"),
        ("domains", DOMAINS.replace('"four"', '"choose"'), "domains[1].ladder", "ladder_choices"),
        (
            "domains",
            DOMAINS.replace('"self"', '"all"'),
            "domains[1].graded",
            '"self"、"every_level"',
        ),
        ("domains", DOMAINS.replace('"学校"', '"村"'), "domains[2].name", "不应重复"),
        ("indicators", INDICATORS * 2, "indicators[2].name", "写了两次"),
        ("indicators", INDICATORS.replace('"unstated"', "90"), "indicators", "之和应为总分100"),
        (
            "indicators",
            INDICATORS.replace('"unstated"', '"不详"'),
            "indicators[1].points",
            '"unstated"',
        ),
        (
            "indicators",
            INDICATORS + '[[indicators]]\nname = "乙"\npoints = 100\n',
            "indicators",
            "要么都写数字",
        ),
        (
            "indicators",
            INDICATORS.replace('"unstated"', "100")
            + 'items = [{ name = "a", points = 40 }, { name = "b", points = 50 }]\n',
            "indicators[1].items",
            "之和应为该指标的分值100，现在是90",
        ),
        ("questions", "", "questions", "缺少这一项"),
        ("questions", QUESTIONS.replace('"grade"', '"vote"'), "questions[1].kind", '"grade"'),
        (
            "questions",
            QUESTIONS.replace('title = "应评', 'options = ["好"]\ntitle = "应评'),
            "questions[1].options",
            "不用写选项",
        ),
        ("questions", QUESTIONS.replace('"不满意"', '"弃权"'), "questions[2].options", "弃权"),
        ("questions", QUESTIONS.replace("options", "option"), "questions[2].options", "缺少这一项"),
        ("satisfaction", "", "satisfaction", "缺少这一项"),
        (
            "satisfaction",
            SATISFACTION.replace('kind = "satisfaction"', 'kind = "indicator"'),
            "satisfaction.kind",
            "满意率无从算起",
        ),
        (
            "satisfaction",
            SATISFACTION.replace('"满意"', '"很满意"'),
            "satisfaction.satisfied",
            "取自",
        ),
        (
            "satisfaction",
            SATISFACTION.replace('"不了解"', '"满意"'),
            "satisfaction.left_out",
            "不应既算满意又不计入",
        ),
        (
            "satisfaction",
            '[satisfaction]\nkind = "grade"\nsatisfied = { three = ["好"] }\n',
            "satisfaction.satisfied",
            "没有写明档次“four”",
        ),
        (
            "facts",
            '[[facts]]\nname = "a"\ntitle = "甲"\ntype = "text"\n',
            "facts[1].type",
            '"integer"',
        ),
        ("rules", CAP + CAP, "rules[2].id", "写了两次"),
        ("rules", CAP.replace('"r1"', '"ladder"'), "rules[1].id", "请换一个"),
        ("rules", CAP.replace('clause = "第r1条"', ""), "rules[1].clause", "缺少这一项"),
        ("rules", CAP.replace('"cap"', '"limit"'), "rules[1].effect", '"cap"、"floor_to"'),
        ("rules", CAP.replace('"较好"', '"先进"'), "rules[1].grade", "取自：好、较好、一般、较差"),
        ("rules", CAP.replace('grade = "较好"', ""), "rules[1].grade", "缺少这一项"),
        ("rules", rule("flag", 'domain = "村"', '"好"'), "rules[1].grade", "flag 不应写等级"),
        ("rules", rule("flag", ""), "rules[1].when", "条件是空的"),
        ("rules", CAP.replace('"90%"', "90"), "rules[1].when.satisfaction.below", '如 "90%"'),
        ("rules", CAP.replace("below", "under"), "rules[1].when.satisfaction.under", "没有这一项"),
        ("rules", rule("flag", "satisfaction = {}"), "rules[1].when.satisfaction", "写一种比较"),
        (
            "rules",
            rule("flag", "facts = { age = true }"),
            "rules[1].when.facts.age",
            "years、complete",
        ),
        (
            "rules",
            rule("flag", "facts = { complete = 1 }"),
            "rules[1].when.facts.complete",
            "true 或 false",
        ),
        (
            "rules",
            rule("flag", 'facts = { years = { at_least = "三" } }'),
            "rules[1].when.facts.years.at_least",
            "应为数",
        ),
        ("rules", rule("flag", 'domain = "县"'), "rules[1].when.domain", "没有“县”这个领域"),
        ("rules", rule("flag", 'voted = "优"'), "rules[1].when.voted", "没有“优”这个等级"),
        (
            "rules",
            rule("flag", "any = [{ scores = { boss = { below = 60 } } }]"),
            "rules[1].when.any[1].scores.boss",
            "self、mass、superior、final",
        ),
        ("rules", "rules = 5", "facts[2].rules", "没有这一项"),
        ("rules", '[score.weights]\nself = "30%"\n', "score.weights", "之和应为100%"),
        ("rules", '[notice]\ndays = "两天"\n', "notice.days", "应为 1 到 60 的整数"),
        ("rules", "[notice]\ndays = 90\n", "notice.days", "应为 1 到 60 的整数"),
        ("rules", '[[steps]]\nname = "自评"\nfrom = "02-30"\n', "steps[1].from", "应为月-日"),
        (
            "rules",
            '[[quotas]]\ngrade = "优"\nshare = { at_most = "30%" }\n',
            "quotas[1].grade",
            "取自：好",
        ),
        ("rules", '[[quorums]]\ndomains = "县"\n', "quorums[1].present", "缺少这一项"),
    ],
)
def test_a_problem_names_file_key_and_what_is_expected(
    part: str, text: str, key: str, expected: str
) -> None:
    found = complaints(**{part: text})
    assert any(c.startswith(f"test.toml:{key}:") and expected in c for c in found), found


def test_all_problems_are_told_at_once() -> None:
    found = complaints(
        head=HEAD.replace("test-2012", "?"), domains="", rules=CAP.replace("90%", "190%")
    )
    assert [complaint.split(":")[1] for complaint in found] == [
        "id",
        "domains",
        "rules[1].when.satisfaction.below",
    ]


def test_a_syntax_error_is_told_with_line_and_column() -> None:
    with pytest.raises(SchemeInvalid, match=r"a\.toml:第2行第9列:应合乎 TOML 写法"):
        parse_scheme('id = "a"\ntitle = “b”\n', "a.toml")


def test_a_byte_order_mark_does_no_harm() -> None:
    assert parse_scheme("\ufeff" + scheme_text(), "a.toml").id == "test-2012"


@pytest.mark.parametrize("number", ["1e999999999", "nan", "inf", "1" * 5000, "0." + "1" * 40])
def test_monstrous_numbers_are_refused_and_not_computed(number: str) -> None:
    assert complaints(head=f"{HEAD}total = {number}\n")


def test_a_key_of_countless_parts_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(SchemeInvalid, match="第1行:点号应不超过"):
        parse_scheme("a" + ".a" * 50_000 + " = 1", "a.toml")


def test_nonsense_by_the_thousand_is_refused_with_short_keys() -> None:
    found = complaints(head=HEAD + "".join(f"k{n}{'x' * 99} = 1\n" for n in range(500)))
    assert len(found) == 500
    assert max(len(complaint.split(":")[1]) for complaint in found) == 60


def test_conditions_may_not_be_nested_without_end() -> None:
    deep = 'domain = "村"'
    for _ in range(8):
        deep = f"not = {{ {deep} }}"
    assert any("套得太深" in complaint for complaint in complaints(rules=rule("flag", deep)))


def test_a_rule_needs_its_grade_only_where_it_can_apply() -> None:
    two = '[[ladders]]\nname = "two"\ntitle = "两档"\n'
    two += 'grades = [{ label = "合格", at_least = 60 }, { label = "不合格" }]\n'
    parts = {
        "ladders": LADDERS + two,
        "domains": DOMAINS.replace('ladder = "four"', 'ladder = "two"', 1),
    }
    assert complaints(**parts, rules=CAP)
    for rules in (
        rule("cap", 'domain = "学校", satisfaction = { below = "90%" }', '"较好"'),
        rule("cap", 'satisfaction = { below = "90%" }', '"below_top"'),
        rule("cap", 'satisfaction = { below = "90%" }', '{ four = "较好", two = "不合格" }'),
    ):
        assert complaints(**parts, rules=rules) == []


def test_sections_for_later_are_kept_as_data() -> None:
    scheme = scheme_of(
        rules='[[quotas]]\ngrade = "top"\nshare = { at_most = "30%" }\ndomains = "学校"\n'
        '[[voter_groups]]\nname = "党员"\nweight = "60%"\n'
        '[[voter_groups]]\nname = "群众"\nweight = "40%"\n'
        '[[deductions]]\nname = "迟报"\npoints = 2\nmost = 6\n'
        '[notice]\ndays = 5\ncounted = "working"\nclause = "公示5个工作日"\n'
    )
    assert scheme.data["quotas"][0]["domains"] == ("school",)
    assert scheme.data["voter_groups"][0]["weight"] * 100 == 60
    assert scheme.data["deductions"][0]["most"] == 6
    assert scheme.data["notice"] == {"days": 5, "counted": "working", "clause": "公示5个工作日"}


TEXT = scheme_text(rules=CAP)


@given(
    start=st.integers(0, len(TEXT)),
    length=st.integers(0, 30),
    insert=st.sampled_from(
        [
            "",
            "[]",
            "{}",
            "0",
            "-1",
            "true",
            '""',
            "2012-04-11",
            "[[rules]]\n",
            "=",
            '"choose"',
            "\n",
        ]
    ),
)
@example(start=0, length=len(TEXT), insert="")
def test_a_file_however_broken_is_read_or_refused(start: int, length: int, insert: str) -> None:
    broken = TEXT[:start] + insert + TEXT[start + length :]
    scheme = parsed_or_none(broken)
    for domain in scheme.domains if scheme else ():
        assert scheme.satisfaction_rule(domain.code).question_ids


def parsed_or_none(text: str) -> Scheme | None:
    """None for a text that was refused with at least one problem."""
    try:
        return parse_scheme(text, "a.toml")
    except SchemeInvalid as invalid:
        return None if invalid.problems else pytest.fail("refused without a reason")
