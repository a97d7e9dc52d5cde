"""表和台账 of a whole round: everybody in it, domain by domain.

The source documents name these forms (商都县 2012, 附件 2-5; 怀乡中学 2012, 4月5日) but do not show
their columns; the columns here are those that the documents' own words ask for. What nobody has
entered stays empty, for a pen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from app.domain.report.figures import UNTESTED, Entry, Figures, Improvement, rate_words, share
from app.domain.report.form import (
    SEAL_AND_DAY,
    Block,
    Document,
    Grid,
    Line,
    Value,
    Wide,
    known,
    written_day,
)

NO_NEW_MEMBER_YEARS = 3
Row = tuple[Value | Wide, ...]


def details(figures: Figures) -> Document:
    """各领域基层党组织分类定级明细表: everybody, domain by domain (商都县 2012, 附件 3)."""
    head = (
        "序号", "党组织名称", "上级党组织", "书记", "党员人数", "自评得分", "测评满意率",
        "上级评定得分", "等级", "备注",
    )  # fmt: skip
    grids = [
        Grid(
            name,
            head,
            tuple(
                (
                    number, e.name, e.superior, e.secretary, known(e.members), e.self_score,
                    rate_words(e), e.superior_score, e.grade, e.remark,
                )
                for number, e in enumerate(entries, start=1)
            ),
            (5, 24, 20, 9, 7, 8, 10, 9, 8, 14),
            left=frozenset({1, 2, 9}),
            caption=_caption(name, entries),
        )
        for name, entries in figures.in_domains()
    ]  # fmt: skip
    return figures.document("details", grids, landscape=True)


def summary(figures: Figures) -> Document:
    """基层党组织分类定级情况汇总表: numbers and shares by grade (商都县 2012, 附件 2)."""
    labels = all_labels(figures)
    head = ["领域", "党组织数"]
    for label in labels:
        head += [label, "占比"]
    rows: list[Row] = []
    for name, entries in figures.in_domains():
        lawful = figures.labels[entries[0].domain]
        rows.append((name, len(entries), *_numbers(entries, labels, lawful)))
    everybody = figures.entries
    rows.append(("合计", len(everybody), *_numbers(everybody, labels, labels)))
    widths = (82, 36, *(width for _ in labels for width in (28, 46)))
    grid = Grid("", tuple(head), tuple(rows), widths, left=frozenset({0}), summed=True)
    blocks: list[Block] = [grid]
    without = [e for e in everybody if not e.grade]
    if without:
        blocks.append(Line(f"另有 {len(without)} 个党组织还没有等级，计入党组织数。", "note"))
    note = "占比为该等级的个数除以本行的党组织数；“—”表示这个领域不设这一等级。"
    return figures.document("summary", [*blocks, Line(note, "note")], landscape=True)


def ledger(figures: Figures) -> Document:
    """各领域基层党组织分类定级台账: grade by grade, with what is to be put right."""
    head = (
        "序号", "党组织名称", "书记", "等级", "存在的主要问题", "整改措施", "责任人", "整改时限",
        "进展", "备注",
    )  # fmt: skip
    grids = []
    for name, entries in figures.in_domains():
        order = {label: n for n, label in enumerate(figures.labels[entries[0].domain])}
        ranked = sorted(entries, key=lambda e: order.get(e.grade, len(order)))
        rows: tuple[Row, ...] = tuple(
            (number, e.name, e.secretary, e.grade, *_improvement(e.improvement), _beside(e))
            for number, e in enumerate(ranked, start=1)
        )
        widths = (5, 20, 9, 8, 24, 24, 9, 15, 9, 12)
        left, caption = frozenset({1, 4, 5, 9}), _caption(name, entries)
        grids.append(Grid(name, head, rows, widths, left=left, caption=caption))
    return figures.document("ledger", grids, landscape=True)


def no_new_members(figures: Figures) -> Document:
    """三年未发展党员名单 (商都县 2012, 附件 5: 嘎查村党支部三年未发展党员名单).

    Where the document names a domain in the list's name, the list is of that domain alone.
    """
    named = {
        code for code, name in figures.domains.items()
        if name in figures.names.get("no-new-members", "")
    }  # fmt: skip
    asked = [e for e in figures.entries if not named or e.domain in named]
    found = [e for e in asked if e.years is not None and e.years >= NO_NEW_MEMBER_YEARS]
    rows = tuple(
        (n, e.name, e.superior, e.secretary, known(e.members), e.years or 0, e.grade)
        for n, e in enumerate(found, start=1)
    )
    head = ("序号", "党组织名称", "上级党组织", "书记", "党员人数", "连续未发展年数", "等级")
    grid = Grid("", head, rows, (6, 26, 24, 10, 10, 14, 10), left=frozenset({1, 2}))
    blocks: list[Block] = [grid]
    if not found:
        blocks.append(Line("没有连续三年未发展党员的党组织。", "note"))
    if unknown := sum(e.years is None for e in asked):
        note = f"另有 {unknown} 个党组织没有填最近发展党员的年份，不在本名单中。"
        blocks.append(Line(note, "note"))
    return figures.document("no-new-members", blocks)


def rectifications(figures: Figures) -> Document:
    """整改情况报告 (区委组织部: 上报区委组织部): every plan, what was done, the grade now."""
    plans = [(e, e.improvement) for e in figures.entries if e.improvement]
    states = Counter(plan.state for _, plan in plans)
    told = "".join(f"，{state} {number} 个" for state, number in sorted(states.items()))
    head = (
        "序号", "党组织名称", "定级等级", "存在的主要问题", "整改措施", "责任人", "起止日期",
        "整改情况", "状态", "现等级",
    )  # fmt: skip
    rows: tuple[Row, ...] = tuple(
        (
            number, e.name, plan.before or e.grade, plan.problems, plan.measures,
            plan.responsible, f"{written_day(plan.begun)}至{written_day(plan.deadline)}",
            "\n".join(plan.steps), plan.state, e.grade,
        )
        for number, (e, plan) in enumerate(plans, start=1)
    )  # fmt: skip
    grid = Grid("", head, rows, (5, 18, 8, 22, 22, 9, 17, 24, 8, 8), left=frozenset({1, 3, 4, 7}))
    words = f"{figures.title}已定整改方案 {len(plans)} 个{told}。"
    signatures = (("填表人：", "审核人：", SEAL_AND_DAY),)
    return figures.document(
        "rectifications", (words, grid), signatures=signatures, landscape=True, together=True
    )


def all_labels(figures: Figures) -> tuple[str, ...]:
    """Every grade of the round, those of the first domain first."""
    return tuple(dict.fromkeys(label for labels in figures.labels.values() for label in labels))


def _caption(domain: str, entries: Sequence[Entry]) -> str:
    return f"领域：{domain}（{len(entries)} 个党组织）"


def _numbers(
    entries: Sequence[Entry], labels: Sequence[str], lawful: Sequence[str]
) -> list[Value | Wide]:
    counted = Counter(entry.grade for entry in entries)
    found: list[Value | Wide] = []
    for label in labels:
        if label in lawful:
            found += [counted[label], share(counted[label], len(entries))]
        else:
            found += ["—", "—"]
    return found


def _improvement(change: Improvement | None) -> tuple[str, ...]:
    if change is None:
        return ("",) * 5
    deadline = written_day(change.deadline)
    return (change.problems, change.measures, change.responsible, deadline, change.state)


def _beside(entry: Entry) -> str:
    return "；".join(filter(None, ("" if entry.tested else UNTESTED, entry.remark)))
