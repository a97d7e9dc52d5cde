"""Reading rules and their conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import get_args

from app.domain.scheme.condition import (
    AllOf,
    AnyOf,
    Bound,
    Compare,
    Comparison,
    Condition,
    FactIs,
    InDomain,
    Measure,
    Not,
    Voted,
)
from app.domain.scheme.ladder import GradeTarget, Ladder, Place
from app.domain.scheme.numbers import read_number
from app.domain.scheme.reader import Table, shown
from app.domain.scheme.values import SCORE_TITLES, Domain, Effect, FactField, QuestionForm, Rule

DEPTH_MOST = 5
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
EFFECTS: tuple[Effect, ...] = get_args(Effect)
RESERVED = ("ladder", "score", "mass", "deductions", "bonuses", "voter_groups")
"""Lines of the trace that come from no rule are named so."""
PLACES: tuple[Place, ...] = get_args(Place)
SCORE_NAMES = (*SCORE_TITLES, "final")
"""`final` is the score that decides the grade."""


class RuleReader:
    """Reads `[[rules]]` against what the rest of the scheme says.

    in_force: domain code → the ladders that may come to be in force there.
    """

    def __init__(
        self,
        domains: Sequence[Domain],
        in_force: Mapping[str, tuple[Ladder, ...]],
        facts: Sequence[FactField],
        questions: Sequence[QuestionForm],
    ) -> None:
        self._codes = {n: d.code for d in domains for n in (d.code, d.name, *d.aliases)}
        self._in_force = in_force
        self._facts = {fact.name: fact for fact in facts}
        self._grade_asked = any(question.kind == "grade" for question in questions)

    def read(self, top: Table) -> tuple[Rule, ...]:
        """All rules, in the order of the file."""
        found: list[Rule] = []
        for table in top.tables("rules"):
            rule = self._read_rule(table)
            table.close()
            if rule and rule.id in (*RESERVED, *(earlier.id for earlier in found)):
                table.complain("id", f"“{rule.id}”已有别的用处或写了两次，请换一个。")
            if rule:
                found.append(rule)
        return tuple(found)

    def _read_rule(self, table: Table) -> Rule | None:
        rule_id, clause = table.text("id", required=True), table.text("clause", required=True)
        effect = table.one_of("effect", EFFECTS, required=True)
        when_table = table.table("when", required=True)
        when = None if when_table is None else self._read_condition(when_table, 1)
        if effect is None or when is None:
            table.has("grade")
            return None
        return Rule(rule_id, effect, when, self._read_target(table, effect, when), clause)

    def _read_target(self, table: Table, effect: Effect, when: Condition) -> GradeTarget | None:
        if effect in ("flag", "veto"):
            if table.has("grade"):
                table.complain("grade", f"{effect} 不应写等级。")
            return GradeTarget(place="bottom") if effect == "veto" else None
        target = read_target(table, "grade", required=True)
        for ladder in self._ladders_under(when) if table.has("grade") else ():
            if target and target.of(ladder) is None:
                complain_target(table, "grade", ladder)
        return target

    def _ladders_under(self, when: Condition) -> tuple[Ladder, ...]:
        """The ladders that the rule may meet: of the domains that it names, else of all."""
        parts = when.parts if isinstance(when, AllOf) else (when,)
        named = [part.codes for part in parts if isinstance(part, InDomain)]
        codes = named[0] if named else tuple(self._in_force)
        found = {ladder.name: ladder for code in codes for ladder in self._in_force[code]}
        return tuple(found.values())

    # Conditions

    def _read_condition(self, table: Table, depth: int) -> Condition | None:
        """Every key of the table is a condition, and all of them must hold."""
        if depth > DEPTH_MOST:
            table.complain("", f"条件套得太深，应不超过{DEPTH_MOST}层。")
            return None
        parts = [
            *self._read_compare(table, "satisfaction"),
            *self._read_compare(table, "score"),
            *self._read_compare(table, "fact"),
            *self._read_domains(table),
            *self._read_voted(table),
            *self._read_combined(table, depth),
        ]
        table.close()
        if not table.values:
            table.complain("", '条件是空的，应至少写一样，如 satisfaction = { below = "90%" }。')
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _read_compare(self, table: Table, measure: Measure) -> list[Condition]:
        if measure == "satisfaction":
            inner = table.table("satisfaction")
            return [] if inner is None else [Compare(measure, "", read_bounds(inner, rate=True))]
        inner = table.table(f"{measure}s")
        if inner is None:
            return []
        known: Sequence[str] = SCORE_NAMES if measure == "score" else tuple(self._facts)
        found: list[Condition] = []
        for name in inner.values:
            if not inner.has(name) or name not in known:
                listed = "、".join(known) or "还没有写任何事实项（[[facts]]）"
                inner.complain(name, f"没有这个名称；应为：{listed}。")
            elif measure == "fact" and self._facts[name].type == "yes_no":
                found.append(FactIs(name, inner.flag(name, default=True)))
            elif (bounds := inner.table(name)) is not None:
                found.append(Compare(measure, name, read_bounds(bounds, rate=False)))
        return found

    def _read_domains(self, table: Table) -> list[Condition]:
        names = table.texts("domain")
        codes = [self._codes[name] for name in names if name in self._codes]
        if len(codes) < len(names):
            unknown = "、".join(name for name in names if name not in self._codes)
            known = "、".join(self._in_force)
            table.complain("domain", f"没有“{unknown}”这个领域；应为领域的代码或名称：{known}。")
        return [InDomain(tuple(dict.fromkeys(codes)))] if codes else []

    def _read_voted(self, table: Table) -> list[Condition]:
        grades = table.texts("voted")
        if not grades:
            return []
        if not self._grade_asked:
            table.complain("voted", '测评票上没有评等级的题目（kind = "grade"），不应使用 voted。')
        labels = {g for found in self._in_force.values() for ladder in found for g in ladder.labels}
        for grade in grades:
            if grade not in (*labels, "top", "bottom"):
                known = "、".join(sorted(labels))
                table.complain("voted", f"没有“{grade}”这个等级；应为 top、bottom 或：{known}。")
        return [Voted(grades)]

    def _read_combined(self, table: Table, depth: int) -> list[Condition]:
        found: list[Condition] = []
        if table.has("all"):
            found.append(AllOf(self._read_parts(table, "all", depth)))
        if table.has("any"):
            found.append(AnyOf(self._read_parts(table, "any", depth)))
        if (inner := table.table("not")) is not None:
            part = self._read_condition(inner, depth + 1)
            found += [Not(part)] if part else []
        return found

    def _read_parts(self, table: Table, key: str, depth: int) -> tuple[Condition, ...]:
        tables = table.tables(key, required=True)
        parts = (self._read_condition(inner, depth + 1) for inner in tables)
        return tuple(part for part in parts if part is not None)


def read_bounds(table: Table, rate: bool) -> tuple[Bound, ...]:
    """`{ at_least = …, below = … }`: comparisons that must all hold, with rates or numbers."""
    found: list[Bound] = []
    for comparison in COMPARISONS:
        value = table.rate(comparison) if rate else table.read(comparison, _number, "应为数，如 3")
        if value is not None:
            found.append(Bound(comparison, value, rate))
    if not table.values:
        table.complain("", f"应写一种比较：{'、'.join(COMPARISONS)}。")
    table.close()
    return tuple(found)


def _number(value: object) -> Fraction | None:
    return None if isinstance(value, str) else read_number(value)


def read_target(table: Table, key: str, required: bool = False) -> GradeTarget | None:
    """A grade: a label, `top`, `below_top`, `bottom`, or `{ ladder name = label }`."""
    value = table.values.get(key)
    if isinstance(value, dict):
        table.has(key)
        labels = {str(name): str(label) for name, label in value.items()}
        return GradeTarget(by_ladder=labels)
    if value in PLACES:
        return GradeTarget(place=table.one_of(key, PLACES))
    label = table.text(key, required)
    return GradeTarget(label=label) if label else None


def complain_target(table: Table, key: str, ladder: Ladder) -> None:
    """Say that `key` names no grade of this ladder."""
    table.complain(
        key,
        f"{shown(table.values[key])}不是档次“{ladder.name}”的等级；应为 top、below_top、bottom，"
        f"或取自：{'、'.join(ladder.labels)}"
        f'(几种档次的叫法不同时写成表，如 {{ {ladder.name} = "{ladder.labels[0]}" }})。',
    )
