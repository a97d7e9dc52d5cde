"""A small scheme in the form of a file, for tests to bend."""

from __future__ import annotations

from fractions import Fraction

from app.domain.errors import SchemeInvalid
from app.domain.grading import OrganisationFacts
from app.domain.scheme import Scheme, parse_scheme

HEAD = """
id = "test-2012"
title = "试行方案"
source = "《试行方案》(2012年)"
"""

LADDERS = """
[[ladders]]
name = "four"
title = "四个等级"
clause = "90分以上为好"
grades = [
  { label = "好", at_least = 90 },
  { label = "较好", at_least = 80 },
  { label = "一般", at_least = 60 },
  { label = "较差" },
]
"""

DOMAINS = """
[[domains]]
code = "village"
name = "村"
ladder = "four"
graded = "self"

[[domains]]
code = "school"
name = "学校"
ladder = "four"
graded = "every_level"
"""

INDICATORS = """
[[indicators]]
name = "领导班子"
points = "unstated"
"""

QUESTIONS = """
[[questions]]
kind = "grade"
title = "应评为哪个等级?"

[[questions]]
kind = "satisfaction"
title = "是否满意?"
options = ["满意", "基本满意", "不满意", "不了解"]
"""

SATISFACTION = """
[satisfaction]
kind = "satisfaction"
satisfied = ["满意", "基本满意"]
left_out = ["不了解"]
"""

FACTS = """
[[facts]]
name = "years"
title = "未发展党员年数"
type = "integer"

[[facts]]
name = "complete"
title = "班子健全"
type = "yes_no"
"""

PARTS = {
    "head": HEAD,
    "ladders": LADDERS,
    "domains": DOMAINS,
    "indicators": INDICATORS,
    "questions": QUESTIONS,
    "satisfaction": SATISFACTION,
    "facts": FACTS,
    "rules": "",
}


def scheme_text(**parts: str) -> str:
    """The whole file, with some of its PARTS replaced."""
    return "\n".join({**PARTS, **parts}.values())


def scheme_of(**parts: str) -> Scheme:
    """The scheme of `scheme_text`."""
    return parse_scheme(scheme_text(**parts), "test.toml")


def complaints(**parts: str) -> list[str]:
    """What the validator says of `scheme_text`, one sentence each."""
    try:
        scheme_of(**parts)
    except SchemeInvalid as invalid:
        return [str(problem) for problem in invalid.problems]
    return []


def rule(effect: str, when: str, grade: str = "", rule_id: str = "r1") -> str:
    """One rule as the file has it; `when` is the inside of the braces."""
    target = f"grade = {grade}\n" if grade else ""
    return (
        f'[[rules]]\nid = "{rule_id}"\neffect = "{effect}"\n{target}'
        f'when = {{ {when} }}\nclause = "第{rule_id}条"\n'
    )


def organisation(
    superior: Fraction | int | str | None = None,
    domain: str = "village",
    satisfied: tuple[int, int] | None = None,
    question: str = "q2",
    **facts: object,
) -> OrganisationFacts:
    """An organisation. satisfied: how many marked the best choice, of how many."""
    tallies = {}
    if satisfied is not None:
        best, ballots = satisfied
        tallies = {"g1": {question: {"option1": best, "abstain": ballots - best}}}
    return OrganisationFacts(
        domain=domain,
        scores={} if superior is None else {"superior": Fraction(superior)},
        tallies=tallies,
        facts=facts,
    )
