"""Deductions and bonuses: within their caps, exact, and never the wrong way round."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from app.cli.scheme import scheme_group
from app.domain.grading import Proposal, propose
from app.domain.scheme import Scheme
from tests.schemes import complaints, organisation, rule, scheme_of, scheme_text

ITEMS = """
[[deductions]]
name = "迟报"
points = 2
most = 6
clause = "迟报一次扣2分，最多6分"

[[deductions]]
name = "缺席"
points = 1.5

[[bonuses]]
name = "表彰"
points = 3
most = 5
clause = "表彰一次加3分，最多5分"
"""
RULES = (
    rule("cap", "scores = { final = { below = 85 } }", '"一般"', "final-85")
    + rule("floor_to", "scores = { final = { below = 40 } }", '"bottom"', "final-40")
    + rule("cap", 'satisfaction = { below = "90%" }', '"较好"', "cap-90")
)


@cache
def scheme(score: str = "") -> Scheme:
    return scheme_of(rules=RULES + ITEMS + score)


def graded(
    score: Any, deductions: dict[str, int], bonuses: dict[str, int], text: str = ""
) -> Proposal:
    facts = replace(
        organisation(score, satisfied=(95, 100)), deductions=deductions, bonuses=bonuses
    )
    return propose(scheme(text), facts)


def because(proposal: Proposal, *effects: str) -> list[str]:
    return [line.because for line in proposal.trace if line.effect in effects]


def test_each_time_takes_its_points_off_up_to_the_cap_and_the_clause_is_named() -> None:
    proposal = graded("95", {"迟报": 2}, {})
    assert (proposal.score, proposal.proposed) == (91, "好")
    assert because(proposal, "ladder") == [
        "上级评定分95分，扣4分，定级得分91分，属90分以上，对应“好”"
    ]
    (line,) = [t for t in proposal.trace if t.effect == "deduction"]
    assert line.because == "迟报2次，每次扣2分，最多扣6分：扣4分"
    assert (line.rule, line.clause) == ("deductions", "迟报一次扣2分，最多6分")
    assert graded("95", {"迟报": 3}, {}).score == graded("95", {"迟报": 9}, {}).score == 89


def test_deductions_and_bonuses_are_put_to_the_score_together() -> None:
    proposal = graded("89.5", {"缺席": 1}, {"表彰": 2})
    assert (proposal.score, proposal.proposed) == (93, "好")
    assert because(proposal, "ladder", "deduction", "bonus") == [
        "上级评定分89.5分，扣1.5分，加5分，定级得分93分，属90分以上，对应“好”",
        "缺席1次，每次扣1.5分：扣1.5分",
        "表彰2次，每次加3分，最多加5分：加5分",
    ]


def test_the_score_stays_between_nothing_and_the_total_unless_the_scheme_says_otherwise() -> None:
    high, low = graded("98", {}, {"表彰": 2}), graded("3", {"迟报": 3}, {})
    assert (high.score, low.score) == (100, 0)
    assert "定级得分100分（不超过总分）" in because(high, "ladder")[0]
    assert "定级得分0分（不低于0分）" in because(low, "ladder")[0]
    free = "[score]\nbounded = false\n"
    assert graded("98", {}, {"表彰": 2}, free).score == 103
    beneath = graded("3.5", {"迟报": 3}, {}, free)
    assert (beneath.score, beneath.proposed) == (Fraction("-2.5"), "较差")
    assert "定级得分-2.5分，" in because(beneath, "ladder")[0]


def test_a_full_score_with_as_much_taken_off_as_added_loses_nothing() -> None:
    assert graded("100", {"缺席": 2}, {"表彰": 1}).score == 100


def test_all_deductions_together_may_have_a_limit_too() -> None:
    limits = "[score]\ndeductions_most = 7\nbonuses_most = 4\n"
    proposal = graded("90", {"迟报": 3, "缺席": 2}, {"表彰": 2}, limits)
    assert proposal.score == 87
    assert because(proposal, "computed") == [
        "扣分合计9分，最多扣7分：扣7分",
        "加分合计5分，最多加4分：加4分",
    ]


def test_rules_judge_the_score_that_decides() -> None:
    proposal = graded("86", {"迟报": 1}, {})
    assert proposal.proposed == "一般"
    assert because(proposal, "cap") == ["定级得分为84分，低于85，不得高于“一般”"]


def test_without_a_score_what_was_deducted_is_shown_and_nothing_proposed() -> None:
    proposal = graded(None, {"迟报": 1}, {})
    assert (proposal.score, proposal.proposed) == (None, None)
    assert because(proposal, "deduction") == ["迟报1次，每次扣2分，最多扣6分：扣2分"]


def test_an_item_of_another_domain_takes_nothing_off() -> None:
    whole = scheme_of(rules=ITEMS.replace("most = 6", 'most = 6\ndomains = ["学校"]'))
    facts = replace(organisation(95), deductions={"迟报": 2})
    assert propose(whole, facts).score == 95
    assert propose(whole, replace(facts, domain="school")).score == 91


times = st.integers(0, 6)
items = st.fixed_dictionaries({"迟报": times, "缺席": times})
scores = st.fractions(0, 100, max_denominator=1000)
limits = st.sampled_from(["", "[score]\ndeductions_most = 7\n", "[score]\nbounded = false\n"])


@given(score=scores, taken=items, added=times, text=limits)
def test_the_score_is_what_a_clerk_reckons_by_hand(
    score: Fraction, taken: dict[str, int], added: int, text: str
) -> None:
    off = min(2 * taken["迟报"], 6) + Fraction(3, 2) * taken["缺席"]
    off = min(off, Fraction(7)) if "most" in text else off
    reckoned = score - off + min(3 * added, 5)
    if "false" not in text:
        reckoned = min(max(reckoned, Fraction(0)), Fraction(100))
    assert graded(score, taken, {"表彰": added}, text).score == reckoned


@given(score=scores, taken=items, more=items, added=times, text=limits)
def test_more_deductions_never_give_a_better_grade_and_more_bonuses_never_a_worse(
    score: Fraction, taken: dict[str, int], more: dict[str, int], added: int, text: str
) -> None:
    ladder = scheme().ladders[0]

    def rank(deductions: dict[str, int], bonuses: int) -> int:
        return ladder.rank(graded(score, deductions, {"表彰": bonuses}, text).proposed or "")

    together = {name: taken[name] + more[name] for name in taken}
    assert rank(together, added) >= rank(taken, added)
    assert rank(taken, added + 1) <= rank(taken, added)


@pytest.mark.parametrize(
    ("rules", "key", "expected"),
    [
        ('[[deductions]]\nname = "迟报"\npoints = 0\n', "deductions[1].points", "应大于0"),
        ('[[deductions]]\nname = "迟报"\n', "deductions[1].points", "缺少这一项"),
        ("[[bonuses]]\npoints = 2\n", "bonuses[1].name", "缺少这一项"),
        (ITEMS + ITEMS, "deductions", "“缺席”在同一领域写了两次"),
        ("[score]\ndeductions_most = -1\n", "score.deductions_most", "不小于0"),
        ('[score]\nbounded = "no"\n', "score.bounded", "true 或 false"),
        (rule("flag", 'domain = "村"', rule_id="bonuses"), "rules[1].id", "请换一个"),
    ],
)
def test_items_that_cannot_be_are_refused(rules: str, key: str, expected: str) -> None:
    found = complaints(rules=rules)
    assert any(c.startswith(f"test.toml:{key}:") and expected in c for c in found), found


def test_the_command_takes_deductions_and_bonuses_and_keeps_its_promise(tmp_path: Path) -> None:
    file, facts = tmp_path / "a.toml", tmp_path / "facts.json"
    file.write_text(scheme_text(rules=RULES + ITEMS), "utf-8")
    facts.write_text(
        '{"domain": "村", "scores": {"superior": "92.5"},'
        ' "deductions": {"迟报": 2, "缺席": null}, "bonuses": {"表彰": 0}}',
        "utf-8",
    )
    answer = CliRunner().invoke(scheme_group, ["grade", str(file), "--facts", str(facts)])
    graded = json.loads(answer.stdout)
    assert set(graded) == {"satisfaction", "score", "proposed", "trace"}
    assert (graded["score"], graded["proposed"]) == ("88.5", "较好")
    assert [line["effect"] for line in graded["trace"]][:2] == ["ladder", "deduction"]
