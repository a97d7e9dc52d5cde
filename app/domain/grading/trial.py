"""试算: what a scheme would propose for figures that somebody types in, by the one engine.

Nothing is kept. Where ballots are not at hand choice by choice, two numbers do: how many were
satisfied, of how many.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.errors import FactsInvalid, MingceError, Problem
from app.domain.grading.facts import parse_facts
from app.domain.grading.proposal import Proposal, propose
from app.domain.meeting import ABSTAIN
from app.domain.scheme import SCORE_TITLES, Scheme, Voted

SOURCE = "试算"
ALL_TOGETHER = "全部参会人员"
DIGITS_MOST = 9

Counts = Mapping[str, Mapping[str, Mapping[str, str]]]


@dataclass(frozen=True)
class Typed:
    """The form as it came; texts, empty where nothing was typed.

    scores: by name. facts: by name, `yes` or `no` for a yes-or-no. satisfied, valid: the two
    numbers. counts: group → question id → choice value. deductions, bonuses: name → how many times.
    """

    domain: str = ""
    ladder: str = ""
    scores: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    satisfied: str = ""
    valid: str = ""
    counts: Counts = field(default_factory=dict)
    deductions: Mapping[str, str] = field(default_factory=dict)
    bonuses: Mapping[str, str] = field(default_factory=dict)


def groups_of(scheme: Scheme, domain: str) -> tuple[str, ...]:
    """The voter groups whose ballots are to be typed apart: those with weights, else all as one."""
    return tuple(g.name for g in scheme.weighted_groups(domain)) or (ALL_TOGETHER,)


def two_numbers_do(scheme: Scheme, domain: str) -> bool:
    """Whether the grade follows from how many were satisfied, whatever the single choices were."""
    by_vote = any(isinstance(c, Voted) for rule in scheme.rules for c in rule.when.walk())
    by_points = scheme.scoring.mass_from not in (None, "rate")
    return groups_of(scheme, domain) == (ALL_TOGETHER,) and not by_vote and not by_points


def try_out(scheme: Scheme, typed: Typed) -> Proposal:
    """The proposal with its trace. Raises FactsInvalid; its keys are what the form calls them."""
    problems: list[Problem] = []
    document: dict[str, object] = {
        "domain": typed.domain,
        "ladder": typed.ladder,
        "scores": {name: text for name, text in typed.scores.items() if text.strip()},
        "facts": {name: _fact(text) for name, text in typed.facts.items() if text.strip()},
        "tallies": _tallies(scheme, typed, problems),
        "deductions": _times(typed.deductions),
        "bonuses": _times(typed.bonuses),
    }
    if problems:
        raise FactsInvalid(problems)
    written = {key: value for key, value in document.items() if value}
    try:
        return propose(*parse_facts(scheme, json.dumps(written, ensure_ascii=False), SOURCE))
    except FactsInvalid as error:
        raise FactsInvalid(_named(scheme, problem) for problem in error.problems) from error


def _tallies(scheme: Scheme, typed: Typed, problems: list[Problem]) -> dict[str, object]:
    counts = {
        group: {
            question: {choice: _number(text) for choice, text in choices.items() if text.strip()}
            for question, choices in questions.items()
            if any(text.strip() for text in choices.values())
        }
        for group, questions in typed.counts.items()
        if any(text.strip() for choices in questions.values() for text in choices.values())
    }
    if not (typed.satisfied.strip() or typed.valid.strip()):
        return dict(counts)
    if counts:
        words = "满意票数和各选项的票数，只应填写一样。"
        problems.append(Problem(SOURCE, "测评票数", words))
        return {}
    return _from_two(scheme, typed, problems)


def _from_two(scheme: Scheme, typed: Typed, problems: list[Problem]) -> dict[str, object]:
    """A tally that has this satisfaction: one satisfied choice and one that is not."""
    satisfied, valid = _number(typed.satisfied), _number(typed.valid)
    if not isinstance(satisfied, int) or not isinstance(valid, int) or satisfied > valid:
        words = "满意票数和计入的票数都应为不小于0的整数，满意的不多于计入的。"
        problems.append(Problem(SOURCE, "测评票数", words))
        return {}
    try:
        settled = scheme.with_ladder(typed.ladder) if typed.ladder else scheme
        rule = settled.satisfaction_rule(typed.domain)
        questions = {q.id: q for q in settled.ballot_questions(typed.domain)}
    except MingceError:
        return {}  # the domain or the ladder is wrong, which will be said
    question = questions[rule.question_ids[0]]
    values = [choice.value for choice in question.choices]
    best = next(value for value in values if value in rule.satisfied)
    others = [v for v in values if v not in rule.satisfied and v not in rule.left_out]
    other = next(iter(others), ABSTAIN)
    return {ALL_TOGETHER: {question.id: {best: satisfied, other: valid - satisfied}}}


def _number(text: str) -> int | str:
    """A whole number, or the text itself, which will be complained of."""
    text = text.strip()
    plain = text.isascii() and text.isdecimal() and len(text) <= DIGITS_MOST
    return int(text) if plain else text


def _times(typed: Mapping[str, str]) -> dict[str, int | str]:
    return {name: _number(text) for name, text in typed.items() if text.strip()}


def _fact(text: str) -> bool | str:
    return {"yes": True, "no": False}.get(text, text)


def _named(scheme: Scheme, problem: Problem) -> Problem:
    first, _, rest = problem.key.partition(".")
    titles: dict[str, str] = {f.name: f.title for f in scheme.facts}
    if first == "scores":
        return problem._replace(key=SCORE_TITLES.get(rest, rest))
    if first == "facts":
        return problem._replace(key=titles.get(rest, rest))
    if first in ("deductions", "bonuses"):
        return problem._replace(key=rest)
    if first == "tallies":
        return problem._replace(key="测评票数")
    return problem._replace(key={"domain": "领域", "ladder": "档次"}.get(first, problem.key))
