"""入户走访调查表 (阿坞乡六村 2012, 四之2): one for a pen, and what was found.

Of a household no name is printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.report.figures import Entry, Figures
from app.domain.report.form import (
    BOX,
    SEAL_AND_DAY,
    Document,
    Grid,
    Line,
    Value,
    Wide,
    written_day,
)
from app.domain.survey import INTERVIEWED, RATINGS, VisitSummary

Row = tuple[Value | Wide, ...]


@dataclass(frozen=True)
class Visited:
    """One household, as far as it may be told. ratings: by indicator; not asked where missing."""

    day: date | None
    visitor: str
    interviewed: str
    ratings: dict[str, str]
    opinion: str


def blank_visit(figures: Figures, entry: Entry, indicators: Sequence[str]) -> Document:
    """The form to take along: tick boxes, and lines for what people say."""
    who = "　".join(f"{BOX}{word}" for word in INTERVIEWED)
    top: tuple[Row, ...] = (
        ("走访的党组织", Wide(entry.name, 3)),
        ("走访日期", "　　年　　月　　日", "走访人", ""),
        ("走访对象", Wide(who, 3)),
    )
    ratings = tuple((name, *(BOX for _ in RATINGS)) for name in indicators)
    blocks = (
        Grid("", (), top, (20, 30, 20, 30), roomy=True),
        Line("请在每行选一项打“√”；没有问到的不填。", "note"),
        Grid("", ("评价内容", *RATINGS), ratings, (40, 15, 15, 15, 15), frozenset({0}), roomy=True),
        Grid("", (), (("意见和建议", Wide("\n\n\n\n\n\n", 1)),), (20, 80)),
        Line("本表不写户主姓名。填好后由走访人录入系统，或交党组织汇总。", "note"),
    )
    return figures.document(
        "visit", blocks, signatures=(("走访人（签名）：", "　　　　年　　月　　日"),),
        together=True, about=entry.name, draft=False,
    )  # fmt: skip


def visits(
    figures: Figures, entry: Entry, summary: VisitSummary, found: Sequence[Visited]
) -> Document:
    """All visits of one organisation: how often each answer was given, and every household's."""
    indicators = list(summary.ratings)
    counted: tuple[Row, ...] = tuple(
        (name, *(counts[rating] for rating in RATINGS)) for name, counts in summary.ratings.items()
    )
    rows: tuple[Row, ...] = tuple(
        (
            number, written_day(v.day) if v.day else "", v.visitor, v.interviewed,
            *(v.ratings.get(name, "") for name in indicators), v.opinion,
        )
        for number, v in enumerate(found, start=1)
    )  # fmt: skip
    head = ("序号", "走访日期", "走访人", "走访对象", *indicators, "意见和建议")
    widths = (5, 14, 10, 9, *(9 for _ in indicators), 26)
    words = f"{entry.name}共走访 {summary.visits} 户（不记户名）。各项评价的户数："
    blocks = (
        words,
        Grid("", ("评价内容", *RATINGS), counted, (40, 15, 15, 15, 15), left=frozenset({0})),
        Grid("各户情况", head, rows, widths, left=frozenset({len(head) - 1})),
    )
    return figures.document(
        "visits", blocks, signatures=(("填表人：", "审核人：", SEAL_AND_DAY),),
        landscape=True, together=True, about=entry.name,
    )  # fmt: skip
