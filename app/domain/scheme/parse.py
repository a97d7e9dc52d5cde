"""From the text of a scheme file to a `Scheme`, or to everything that is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import get_args

from app.domain.errors import Problem, SchemeInvalid
from app.domain.scheme.ballot import read_questions, read_satisfaction
from app.domain.scheme.data import read_data
from app.domain.scheme.ladder import Grade, Ladder, LadderChoice
from app.domain.scheme.reader import Table
from app.domain.scheme.rules import RuleReader
from app.domain.scheme.scoring import read_scoring
from app.domain.scheme.values import (
    OPTIONS_MOST,
    Domain,
    FactField,
    FactType,
    Graded,
    Indicator,
    Item,
    Points,
    Scheme,
)

CHARACTERS_MOST = 200_000
DOTS_MOST = 100
"""On a line: the TOML reader's memory grows with the square of the parts of a dotted key."""
GRADED: tuple[Graded, ...] = get_args(Graded)
FACT_TYPES: tuple[FactType, ...] = get_args(FactType)
CHOOSE = "choose"
"""What stands for a domain's ladder where the document leaves it open."""


def parse_scheme(text: str, source: str) -> Scheme:
    """The scheme in `text` (TOML). `source` is the file's name, for complaints.

    Raises SchemeInvalid with every problem found, each naming file, key and what is expected.
    """
    problems: list[Problem] = []
    top = Table(_load(text, source), source, problems)
    scheme = _read_scheme(top)
    top.close()
    if problems or scheme is None:
        raise SchemeInvalid(problems)
    return scheme


def _load(text: str, source: str) -> Mapping[str, object]:
    if len(text) > CHARACTERS_MOST:
        raise SchemeInvalid([Problem(source, "(全文)", f"应不超过{CHARACTERS_MOST}字。")])
    for number, line in enumerate(text.splitlines(), 1):
        if line.count(".") > DOTS_MOST:
            raise SchemeInvalid([Problem(source, f"第{number}行", f"点号应不超过{DOTS_MOST}个。")])
    try:
        return tomllib.loads(text.removeprefix("\ufeff"), parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise SchemeInvalid([_syntax_problem(str(error), source)]) from error


def _syntax_problem(message: str, source: str) -> Problem:
    place = re.search(r"at line (\d+), column (\d+)", message)
    key = f"第{place[1]}行第{place[2]}列" if place else "(全文)"
    hint = "常见原因：引号、括号没有成对，用了中文引号作定界，同一项写了两遍"
    return Problem(source, key, f"应合乎 TOML 写法。{hint}。({message})")


def _read_scheme(top: Table) -> Scheme | None:
    """None only where problems have been put down that leave nothing to build on."""
    scheme_id = top.text("id", required=True)
    if scheme_id and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", scheme_id):
        top.complain("id", "应由小写英文字母、数字和连字符组成，如 huaixiang-2012。")
    title, origin = top.text("title", required=True), top.text("source", required=True)
    notes = top.texts("notes")
    total = top.number("total") or Fraction(100)
    ladders = _read_ladders(top, total)
    choices = _read_ladder_choices(top, ladders)
    domains = _read_domains(top, ladders, choices)
    indicators = _read_indicators(top, total)
    questions = read_questions(top, indicators)
    in_force = _in_force(domains, choices)
    satisfaction = read_satisfaction(top, questions, in_force)
    scoring = read_scoring(top, questions, satisfaction, total)
    facts = _read_facts(top)
    rules = RuleReader(domains, in_force, facts, questions).read(top)
    data = read_data(top, domains, in_force)
    if satisfaction is None:
        return None
    return Scheme(
        id=scheme_id,
        title=title,
        source=origin,
        notes=notes,
        total=total,
        ladders=tuple(ladders.values()),
        ladder_choices=choices,
        domains=domains,
        indicators=indicators,
        questions=questions,
        satisfaction=satisfaction,
        scoring=scoring,
        facts=facts,
        rules=rules,
        data=data,
    )


# Grades


def _read_ladders(top: Table, total: Fraction) -> dict[str, Ladder]:
    found: dict[str, Ladder] = {}
    for table in top.tables("ladders", required=True):
        ladder = Ladder(
            name=table.text("name", required=True),
            title=table.text("title", required=True),
            grades=_read_grades(table, total),
            clause=table.text("clause"),
        )
        table.close()
        if ladder.name in (CHOOSE, *found):
            table.complain("name", f"“{ladder.name}”已有别的用处，请换一个名字。")
        elif ladder.grades:
            found[ladder.name] = ladder
    return found


def _read_grades(ladder: Table, total: Fraction) -> tuple[Grade, ...]:
    tables = ladder.tables("grades", required=True)
    if tables and not 2 <= len(tables) <= OPTIONS_MOST:
        ladder.complain("grades", f"应有2到{OPTIONS_MOST}个等级，从高到低排列。")
    found: list[Grade] = []
    before = total
    for number, table in enumerate(tables, 1):
        grade = Grade(table.text("label", required=True), table.number("at_least"))
        table.close()
        if grade.label and grade.label in [earlier.label for earlier in found]:
            table.complain("label", f"等级“{grade.label}”写了两次。")
        if number == len(tables):
            if table.has("at_least"):
                table.complain("at_least", "最后一个等级不应写下限：达不到上一等级的都归入它。")
        elif not table.has("at_least"):
            table.complain("at_least", "缺少这一项，应为该等级的最低分（含），如 80。")
        elif grade.at_least is not None:
            highest = "不高于总分" if not found else "低于上一等级的下限"
            if grade.at_least > before or (found and grade.at_least == before):
                table.complain("at_least", f"应{highest}：等级从高到低排列，下限依次降低。")
            if grade.at_least == 0:
                table.complain("at_least", "应大于0，否则下面的等级没有人能得到。")
            before = grade.at_least
        found.append(grade)
    return tuple(found)


def _read_ladder_choices(top: Table, ladders: Mapping[str, Ladder]) -> tuple[LadderChoice, ...]:
    names = top.texts("ladder_choices")
    for name in names:
        if name not in ladders:
            top.complain("ladder_choices", f"没有名为“{name}”的档次；{_names(ladders)}。")
    if len(names) == 1:
        top.complain("ladder_choices", "应至少有两种档次可选；只有一种时请直接写在领域里。")
    return tuple(LadderChoice(n, ladders[n].title, ladders[n]) for n in names if n in ladders)


def _read_domains(
    top: Table, ladders: Mapping[str, Ladder], choices: Sequence[LadderChoice]
) -> tuple[Domain, ...]:
    found: list[Domain] = []
    taken: set[str] = set()
    open_choice = False
    for table in top.tables("domains", required=True):
        ladder = table.text("ladder", required=True)
        open_choice = open_choice or ladder == CHOOSE
        if ladder == CHOOSE and not choices:
            table.complain(
                "ladder", '写了 "choose"，还应在文件开头用 ladder_choices 列出可选的档次。'
            )
        elif ladder and ladder != CHOOSE and ladder not in ladders:
            table.complain("ladder", f"没有名为“{ladder}”的档次；{_names(ladders)}。")
        graded = table.one_of("graded", GRADED, required=True)
        domain = Domain(
            code=table.text("code", required=True),
            name=table.text("name", required=True),
            graded=graded or "self",
            chosen=ladders.get(ladder),
            aliases=table.texts("aliases"),
            clause=table.text("clause"),
        )
        table.close()
        for name in {domain.code, domain.name, *domain.aliases} & taken:
            table.complain("name", f"“{name}”在别的领域用过了，代码、名称和别名都不应重复。")
        taken |= {domain.code, domain.name, *domain.aliases}
        found.append(domain)
    if choices and not open_choice:
        top.complain("ladder_choices", '没有一个领域写着 ladder = "choose"，不应再列可选的档次。')
    return tuple(found)


def _in_force(
    domains: Iterable[Domain], choices: Sequence[LadderChoice]
) -> dict[str, tuple[Ladder, ...]]:
    """Domain code → the ladders that may come to be in force there."""
    offered = tuple(choice.ladder for choice in choices)
    return {d.code: (d.chosen,) if d.chosen else offered for d in domains}


def _names(ladders: Iterable[str]) -> str:
    return f"应为：{'、'.join(ladders)}" if ladders else "还没有写好任何档次（[[ladders]]）"


# Indicators


def _read_indicators(top: Table, total: Fraction) -> tuple[Indicator, ...]:
    found: list[Indicator] = []
    for table in top.tables("indicators", required=True):
        points = _read_points(table)
        indicator = Indicator(
            name=table.text("name", required=True),
            points=points,
            reference=table.text("reference"),
            items=_read_items(table, points),
            clause=table.text("clause"),
        )
        table.close()
        if indicator.name in [earlier.name for earlier in found]:
            table.complain("name", f"指标“{indicator.name}”写了两次。")
        found.append(indicator)
    _check_sum(top, "indicators", [i.points for i in found], total, "总分")
    return tuple(found)


def _read_points(table: Table) -> Points:
    if table.has("points") and table.values["points"] == "unstated":
        return "unstated"
    expected = '应为不小于0的数字，文件没有写分值的写 "unstated"'
    if table.has("points") and isinstance(table.values["points"], str):
        table.complain("points", f"{expected}。")
        return "unstated"
    found = table.number("points", required=True)
    return "unstated" if found is None else found


def _read_items(indicator: Table, points: Points) -> tuple[Item, ...]:
    found: list[Item] = []
    for table in indicator.tables("items"):
        name = table.text("name", required=True)
        found.append(Item(name, _read_points(table), clause=table.text("clause")))
        table.close()
    if found and points != "unstated":
        _check_sum(indicator, "items", [item.points for item in found], points, "该指标的分值")
    return tuple(found)


def _check_sum(
    table: Table, key: str, points: Sequence[Points], whole: Fraction, whole_name: str
) -> None:
    stated = [value for value in points if isinstance(value, Fraction)]
    if stated and len(stated) < len(points):
        table.complain(key, '分值应要么都写数字，要么都写 "unstated"。')
    elif stated and sum(stated) != whole:
        table.complain(key, f"各项分值之和应为{whole_name}{whole}，现在是{sum(stated)}。")


# Facts


def _read_facts(top: Table) -> tuple[FactField, ...]:
    found: list[FactField] = []
    taken: set[str] = set()
    for table in top.tables("facts"):
        name, title = table.text("name", required=True), table.text("title", required=True)
        kind = table.one_of("type", FACT_TYPES, required=True)
        clause = table.text("clause")
        table.close()
        if {name, title} & taken:
            table.complain("name", f"“{name}”（或其名称“{title}”）写了两次。")
        taken |= {name, title}
        if kind is not None:
            found.append(FactField(name, title, kind, clause))
    return tuple(found)
