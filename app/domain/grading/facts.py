"""What is known of one organisation, and how other programs hand it in (docs/scheme-format.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, NoReturn

from app.domain.errors import FactsInvalid, MingceError, Problem
from app.domain.meeting import ABSTAIN
from app.domain.scheme import (
    SCORE_TITLES,
    AdjustmentKind,
    BallotQuestion,
    FactField,
    Scheme,
    Table,
    number_text,
    read_number,
)
from app.domain.tally import INVALID

COUNT_MOST = 1_000_000_000
TIMES_MOST = 1000
"""Of one deduction or bonus."""

FIXED_CHOICES = {ABSTAIN: ABSTAIN, "弃权": ABSTAIN, INVALID: INVALID, "废票": INVALID}

Tallies = Mapping[str, Mapping[str, Mapping[str, int]]]


@dataclass(frozen=True)
class OrganisationFacts:
    """domain: code or Chinese name. scores: in points, by `self`, `mass`, `superior`.

    tallies: group → question id → choice value → number. facts: by name; numbers or booleans.
    deductions, bonuses: name → number of times. points: of each indicator, where the round has set
    them because the document states none.
    """

    domain: str
    scores: Mapping[str, Fraction]
    tallies: Tallies
    facts: Mapping[str, object]
    deductions: Mapping[str, int] = field(default_factory=dict)
    bonuses: Mapping[str, int] = field(default_factory=dict)
    points: tuple[Fraction, ...] | None = None

    def times(self, kind: AdjustmentKind) -> Mapping[str, int]:
        """How many times each deduction or bonus applied."""
        return self.deductions if kind == "deductions" else self.bonuses


def parse_facts(scheme: Scheme, text: str, source: str) -> tuple[Scheme, OrganisationFacts]:
    """Facts from JSON, and the scheme with the ladder that they choose.

    source: the file's name, for complaints. Raises FactsInvalid with every problem found.
    """
    try:
        document = json.loads(
            text.removeprefix("\ufeff"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_nulls,
        )
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise FactsInvalid([Problem(source, "(全文)", f"应合乎 JSON 写法（{error}）。")]) from error
    if not isinstance(document, dict):
        problem = Problem(source, "(全文)", '应为一个 JSON 对象，如 {"scores": {"superior": 95}}。')
        raise FactsInvalid([problem])
    problems: list[Problem] = []
    reader = _FactsReader(scheme, Table(document, source, problems))
    facts = reader.read()
    if problems:
        raise FactsInvalid(problems)
    return reader.scheme, facts


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"不应出现 {name}")


def _without_nulls(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without its nulls, which say the same as leaving a key out."""
    found = {key: value for key, value in pairs if value is not None}
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("同一个名称写了两次")
    return found


class _FactsReader:
    """Reads one document. scheme: the scheme, with the ladder chosen once that has been read."""

    def __init__(self, scheme: Scheme, top: Table) -> None:
        self.scheme, self._top = scheme, top

    def read(self) -> OrganisationFacts:
        """The facts; harmless values stand where something was wrong."""
        self._choose_ladder()
        domain = self._read_domain()
        tallies = self._read_tallies(domain)
        facts = OrganisationFacts(
            domain,
            self._read_scores(),
            tallies,
            self._read_facts(),
            self._read_times("deductions", domain),
            self._read_times("bonuses", domain),
        )
        self._top.close()
        return facts

    def _choose_ladder(self) -> None:
        name = self._top.text("ladder")
        if not name and not self.scheme.ladder_chosen:
            names = "、".join(f'"{c.name}"({c.title})' for c in self.scheme.ladder_choices)
            self._top.complain("ladder", f"方案没有写明分几档，应写明选用哪一种：{names}。")
        if name:
            try:
                self.scheme = self.scheme.with_ladder(name)
            except MingceError as error:
                self._top.complain("ladder", str(error))

    def _read_domain(self) -> str:
        """The domain's code; empty where it is unknown."""
        name = self._top.text("domain")
        if not self._top.has("domain") and len(self.scheme.domains) == 1:
            return self.scheme.domains[0].code
        if not self._top.has("domain"):
            names = "、".join(f"{d.name}（{d.code}）" for d in self.scheme.domains)
            self._top.complain("domain", f"应写明领域，为以下之一：{names}。")
        if not name:
            return ""
        try:
            return self.scheme.domain(name).code
        except MingceError as error:
            self._top.complain("domain", str(error))
            return ""

    def _read_scores(self) -> dict[str, Fraction]:
        table = self._table(self._top, "scores", '如 {"self": 95, "superior": "89.5"}')
        if table is None:
            return {}
        expected = f"应为0到{number_text(self.scheme.total)}之间的分数，如 89.5"
        read = {name: table.read(name, self._score, expected) for name in SCORE_TITLES}
        table.close()
        return {name: score for name, score in read.items() if score is not None}

    def _score(self, value: object) -> Fraction | None:
        score = read_number(value)
        return score if score is not None and 0 <= score <= self.scheme.total else None

    def _read_facts(self) -> dict[str, object]:
        table = self._table(self._top, "facts", "由事实项的名称和值组成")
        if table is None:
            return {}
        found: dict[str, object] = {}
        for asked in self.scheme.facts:
            for key in {asked.name, asked.title}:
                value = table.read(key, partial(_fact, asked), _expected(asked))
                if value is not None:
                    found[asked.name] = value
            if asked.name in table.values and asked.title in table.values:
                table.complain(asked.title, f"与 {asked.name} 是同一项，只应写一次。")
        table.close()
        return found

    def _read_times(self, kind: AdjustmentKind, domain: str) -> dict[str, int]:
        table = self._table(self._top, kind, '由项目名称和次数组成，如 {"材料迟报": 2}')
        if table is None or not domain:
            return {}
        names = [item.name for item in self.scheme.adjustments(kind, domain)]
        expected = f"应为0到{TIMES_MOST}的整数（次数）"
        read = {name: table.read(name, _times, expected) for name in names}
        table.close()
        return {name: times for name, times in read.items() if times}

    # Tallies

    def _read_tallies(self, domain: str) -> dict[str, dict[str, dict[str, int]]]:
        groups = self._table(self._top, "tallies", '如 {"党员": {"q1": {"满意": 18, "弃权": 2}}}')
        if groups is None or not domain or not self.scheme.ladder_chosen:
            return {}
        questions = {q.id: q for q in self.scheme.ballot_questions(domain)}
        found: dict[str, dict[str, dict[str, int]]] = {}
        subjects: set[str] = set()
        for name, group in self._tables(groups):
            found[name] = {}
            for cell_id, cell in self._tables(group):
                subject, _, question_id = cell_id.rpartition(".")
                subjects.add(subject)
                if question_id not in questions:
                    known = "、".join(questions)
                    group.complain(cell_id, f"应为题目编号（{known}）或票格编号（如 s01.q1）。")
                elif question_id in found[name]:
                    group.complain(cell_id, f"题目 {question_id} 的票数写了两次。")
                else:
                    found[name][question_id] = _read_counts(cell, questions[question_id])
        if len(subjects - {""}) > 1:
            groups.complain("", "一次只应给出一个党组织的票数，现在有几个测评对象的票格。")
        return found

    def _tables(self, outer: Table) -> Iterator[tuple[str, Table]]:
        for name in outer.values:
            if (inner := self._table(outer, name, "由名称和票数组成")) is not None:
                yield name, inner

    @staticmethod
    def _table(outer: Table, key: str, example: str) -> Table | None:
        return outer.table(key, expected=f"应为 JSON 对象，{example}")


def _read_counts(cell: Table, question: BallotQuestion) -> dict[str, int]:
    values = {choice.label: choice.value for choice in question.choices}
    values |= {choice.value: choice.value for choice in question.choices} | FIXED_CHOICES
    found: dict[str, int] = {}
    for key in cell.values:
        if key not in values:
            labels = "、".join([*(choice.label for choice in question.choices), "弃权", "废票"])
            cell.complain(key, f"没有这个选项；应为：{labels}。")
        elif values[key] in found:
            cell.complain(key, "这个选项的票数写了两次。")
        else:
            count = cell.read(key, _count, "应为票数（不小于0的整数）")
            found[values[key]] = count or 0
    return found


def _count(value: object) -> int | None:
    lawful = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= COUNT_MOST
    return value if lawful and isinstance(value, int) else None


def _times(value: object) -> int | None:
    count = _count(value)
    return count if count is not None and count <= TIMES_MOST else None


def _expected(field: FactField) -> str:
    return {
        "integer": "应为不小于0的整数",
        "number": "应为不小于0的数字",
        "yes_no": "应为 true 或 false（是、否）",
    }[field.type]


def _fact(field: FactField, value: object) -> Fraction | int | bool | None:
    if field.type == "yes_no":
        return value if isinstance(value, bool) else {"是": True, "否": False}.get(str(value))
    number = read_number(value)
    if number is None or number < 0:
        return None
    if field.type == "integer":
        return number.numerator if number.denominator == 1 else None
    return number
