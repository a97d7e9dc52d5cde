"""The five documents, as the shipped files have them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from app.actions.scheme import SHIPPED, list_shipped, load_shipped, shipped_text
from app.domain.errors import LadderNotChosen, SchemeUnknown
from app.domain.grading import propose
from app.domain.scheme import Scheme, parse_scheme, scheme_json
from tests.schemes import organisation

FOUR = [("好", 90), ("较好", 80), ("一般", 60), ("较差", None)]
THREE = [("先进", 80), ("一般", 60), ("后进", None)]
SIBA = [("先进", 90), ("较好", 75), ("一般", 60), ("后进", None)]
SEVEN = ["党组织带头人", "工作思路", "工作制度", "活动阵地", "保障机制", "工作业绩", "群众反映"]


def grades(scheme: Scheme, domain: str) -> list[tuple[str, Fraction | None]]:
    return [(grade.label, grade.at_least) for grade in scheme.domain(domain).ladder.grades]


def test_five_schemes_are_shipped_under_the_names_of_their_files() -> None:
    ids = [scheme.id for scheme in list_shipped()]
    assert ids == [
        "awu-villages-2012",
        "district-2012",
        "huaixiang-2012",
        "shangdu-2012",
        "siba-school-2013",
    ]
    assert ids == sorted(path.stem for path in SHIPPED.glob("*.toml"))


@pytest.mark.parametrize(
    "scheme_id", ["nothing", "", "../schemes/shangdu-2012", "shangdu-2012.toml"]
)
def test_an_unknown_scheme_is_refused_and_the_known_are_named(scheme_id: str) -> None:
    with pytest.raises(SchemeUnknown, match="huaixiang-2012"):
        load_shipped(scheme_id)


def test_the_text_of_a_shipped_scheme_reads_as_the_scheme() -> None:
    for scheme in list_shipped():
        assert parse_scheme(shipped_text(scheme.id), "copy.toml") == scheme


@pytest.mark.parametrize("scheme", list_shipped(), ids=lambda scheme: scheme.id)
def test_no_points_are_made_up_and_everything_is_cited(scheme: Scheme) -> None:
    shown: dict[str, Any] = scheme_json(scheme)
    assert not scheme.points_stated
    assert {indicator.points for indicator in scheme.indicators} == {"unstated"}
    assert scheme.total == 100
    assert scheme.notes
    assert scheme.satisfaction.convention
    assert all(rule.clause for rule in scheme.rules)
    assert all(ladder.clause for ladder in scheme.ladders)
    for section in ("quorums", "rectification", "steps", "notice", "ranking"):
        entries = shown.get(section, [])
        assert all(e["clause"] for e in (entries if isinstance(entries, list) else [entries]))


def test_huaixiang_grades_branches_in_four_grades_by_a_vote_on_the_grade() -> None:
    scheme = load_shipped("huaixiang-2012")
    assert [indicator.name for indicator in scheme.indicators] == SEVEN
    assert grades(scheme, "机关事业单位") == FOUR
    (question,) = scheme.ballot_questions("institution")
    assert question.kind == "grade"
    assert scheme.satisfaction_rule("institution").satisfied == {"option1", "option2"}
    assert scheme.rules == ()
    forms = " ".join(form["name"] for form in scheme.data["forms"])
    assert all(word in forms for word in ("汇总表", "登记表", "台账"))
    assert (scheme.data["steps"][4]["name"], scheme.data["steps"][4]["from"]) == (
        "公示评级结果",
        "04-03",
    )


def test_the_district_leaves_its_ladder_to_the_admin_and_says_why() -> None:
    scheme = load_shipped("district-2012")
    assert [i.name for i in scheme.indicators] == [*SEVEN[:-1], "群众评价"]
    assert "缺损" in scheme.notes[0]
    with pytest.raises(LadderNotChosen):
        propose(scheme, organisation(90, domain="村", satisfied=None))
    assert [choice.name for choice in scheme.ladder_choices] == ["three", "four"]
    assert grades(scheme.with_ladder("three"), "社区") == THREE
    assert grades(scheme.with_ladder("four"), "社区") == FOUR
    for ladder in ("three", "four"):
        rule = scheme.with_ladder(ladder).satisfaction_rule("村")
        assert rule.satisfied == {"option1", "option2"}
    (term,) = scheme.data["rectification"]
    assert (term["grade"], term["months_at_least"], term["report_to"]) == (
        "bottom",
        6,
        "区委组织部",
    )


def test_shangdu_has_six_domains_with_their_own_ladders_and_reach() -> None:
    scheme = load_shipped("shangdu-2012")
    assert [(d.name, d.graded) for d in scheme.domains] == [
        ("嘎查村", "self"),
        ("社区", "self"),
        ("机关事业单位", "every_level"),
        ("国有企业和国有金融机构", "every_level"),
        ("非公有制经济组织", "every_level"),
        ("社会组织", "every_level"),
    ]
    assert grades(scheme, "嘎查村") == THREE
    assert all(grades(scheme, domain.code) == FOUR for domain in scheme.domains[1:])
    (quorum,) = scheme.data["quorums"]
    assert quorum["domains"] == ("institution",)
    assert quorum["present"] == {"at_least": 1}
    assert scheme.data["notice"]["days"] == 2
    assert len(scheme.data["forms"]) == 5
    assert "三年未发展党员名单" in scheme.data["forms"][4]["name"]


@pytest.mark.parametrize(
    ("domain", "score", "satisfied", "proposed"),
    [
        ("社区", 95, 92, "好"),
        ("社区", 95, 88, "较好"),
        ("社区", 95, 90, "好"),
        ("社区", 95, 50, "较好"),
        ("社区", 95, 49, "较差"),
        ("社区", 95, 55, "较好"),
        ("机关事业单位", 95, 55, "较差"),
        ("机关事业单位", 95, 60, "较好"),
        ("机关事业单位", 70, 88, "一般"),
        ("嘎查村", 85, 90, "先进"),
        ("嘎查村", 85, 89, "一般"),
        ("嘎查村", 85, 49, "后进"),
        ("嘎查村", 59, 95, "后进"),
    ],
)
def test_shangdu_binds_grades_to_satisfaction(
    domain: str, score: int, satisfied: int, proposed: str
) -> None:
    facts = organisation(score, domain=domain, satisfied=(satisfied, 100), question="q1")
    assert propose(load_shipped("shangdu-2012"), facts).proposed == proposed


def test_the_six_villages_have_three_grades_and_dated_steps() -> None:
    scheme = load_shipped("awu-villages-2012")
    assert len(scheme.indicators) == 7
    assert grades(scheme, "村") == THREE
    assert scheme.ballot_questions("村")[0].kind == "grade"
    assert [(step["from"], step["to"]) for step in scheme.data["steps"]] == [
        ("03-10", "03-23"),
        ("03-24", "03-29"),
        ("03-30", "04-08"),
    ]
    assert [form["name"] for form in scheme.data["forms"]] == [
        "基层党组织分类定级党员群众测评表",
        "基层党组织分类定级入户走访调查表",
    ]
    assert [g["name"] for g in scheme.data["voter_groups"]] == ["党员", "群众代表", "两代表一委员"]


@pytest.mark.parametrize(
    ("score", "satisfied", "years", "proposed"),
    [
        (90, 90, 0, "先进"),
        (90, 89, 0, "较好"),
        (89, 95, 0, "较好"),
        (75, 80, 0, "较好"),
        (74, 80, 0, "一般"),
        (95, 60, 0, "较好"),
        (95, 59, 0, "后进"),
        (59, 95, 0, "后进"),
        (95, 95, 3, "先进"),
    ],
)
def test_siba_binds_grades_to_satisfaction_too(
    score: int, satisfied: int, years: int, proposed: str
) -> None:
    scheme = load_shipped("siba-school-2013")
    facts = organisation(
        score,
        domain="school",
        satisfied=(satisfied, 100),
        question="q1",
        years_without_new_member=years,
    )
    proposal = propose(scheme, facts)
    assert grades(scheme, "school") == SIBA
    assert len(scheme.indicators) == 5
    assert proposal.proposed == proposed
    assert ("flag" in {line.effect for line in proposal.trace}) is (years >= 3)
