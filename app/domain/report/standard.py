"""评分参考标准 (商都县 2012, 附件 1; 四坝学校 2013, 四之1): what is scored, and what grade follows.

Points that neither the document nor the round states are not made up: 未写明分值.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from app.domain.report.figures import Figures
from app.domain.report.form import Block, Document, Grid, Line, Value, Wide
from app.domain.scheme import ADJUSTMENT_WORDS, Scheme, number_text, rule_words
from app.domain.scheme.values import Points

UNSTATED = "未写明分值"
Row = tuple[Value | Wide, ...]


def standard(figures: Figures, scheme: Scheme, points: Sequence[Fraction] | None) -> Document:
    """points: of the indicators in the round; None where the round has totals only."""
    blocks: list[Block] = [
        Line(f"依据：{scheme.source}。总分 {number_text(scheme.total)} 分。", "note"),
        _ladders(scheme),
        _indicators(scheme, points),
        *_adjustments(scheme),
        *_rules(scheme),
        *(Line(f"说明：{note}", "note") for note in scheme.notes),
    ]
    return figures.document("standard", blocks, signatures=(), together=True, draft=False)


def _ladders(scheme: Scheme) -> Grid:
    rows: list[Row] = []
    for ladder in dict.fromkeys(domain.ladder for domain in scheme.domains):
        names = "、".join(d.name for d in scheme.domains if d.ladder == ladder)
        bounds = "；".join(f"“{grade.label}”{ladder.span(grade)}" for grade in ladder.grades)
        rows.append((names, bounds))
    head = ("领域", "等级和分数")
    return Grid("一、等级和分数", head, tuple(rows), (35, 65), left=frozenset({0, 1}))


def _indicators(scheme: Scheme, points: Sequence[Fraction] | None) -> Grid:
    rows: list[Row] = []
    for number, indicator in enumerate(scheme.indicators, start=1):
        worth = indicator.points if points is None else points[number - 1]
        rows.append((number, indicator.name, _points(worth), indicator.reference))
        rows += [("", f"其中：{i.name}", _points(i.points), i.clause) for i in indicator.items]
    head = ("序号", "指标", "分值", "参考标准")
    return Grid("二、指标", head, tuple(rows), (7, 25, 18, 50), left=frozenset({1, 3}))


def _adjustments(scheme: Scheme) -> list[Grid]:
    found = {
        (a.name, a.words): a.clause
        for domain in scheme.domains
        for kind in ADJUSTMENT_WORDS
        for a in scheme.adjustments(kind, domain.code)
    }
    rows = tuple((name, words, clause) for (name, words), clause in found.items())
    head = ("事项", "加分或扣分", "依据")
    return [Grid("三、加分和扣分", head, rows, (30, 30, 40), frozenset({0, 2}))] if rows else []


def _rules(scheme: Scheme) -> list[Grid]:
    rows = tuple((rule_words(scheme, rule), rule.clause) for rule in scheme.rules)
    title = "直接影响等级的规定"
    return [Grid(title, ("规定", "依据"), rows, (45, 55), frozenset({0, 1}))] if rows else []


def _points(points: Points) -> str:
    return UNSTATED if points == "unstated" else f"{number_text(points)}分"
