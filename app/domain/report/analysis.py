"""分析报告: a round in words, every figure counted from the records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction

from app.domain.report.figures import Entry, Figures, share
from app.domain.report.form import Block, Document, Grid, Line, listed, written_day
from app.domain.report.ledgers import NO_NEW_MEMBER_YEARS, all_labels


def analysis(figures: Figures) -> Document:
    """What was tested, graded and is being put right (商都县 2012, 四之6: 汇总上报)."""
    held, entries = figures.gatherings, figures.entries
    domains = listed(f"{name}{len(found)}个" for name, found in figures.in_domains())
    part = f"，占应到 {share(held.cast, held.expected)}" if held.expected else ""
    turnout = f"应到 {held.expected} 人，收回有效选票 {held.cast} 张{part}"
    blocks: list[Block] = [
        f"{figures.title}依据{figures.source}，对 {len(entries)} 个党组织分类定级，涉及{domains}。",
        Line("一、测评", "heading"),
        f"共召开党员群众测评会 {held.held} 次，{turnout}。",
        _satisfaction(entries) + _untested(figures),
        Line("二、定级", "heading"),
        _grades(entries, all_labels(figures)),
        *(
            f"{name}：" + _grades(found, figures.labels[found[0].domain])
            for name, found in figures.in_domains()
            if len(found) < len(entries)
        ),
        Line("三、整改", "heading"),
        _plans(entries),
        Line("四、发展党员", "heading"),
        f"连续三年以上未发展党员的党组织 {_without_new_members(entries)} 个。",
    ]
    head = ("领域", "党组织数", "已定级", "测评过", "满意率合计")
    rows = tuple(
        (name, len(found), sum(bool(e.grade) for e in found),
         sum(e.rate is not None for e in found), _together(found))
        for name, found in figures.in_domains()
    )  # fmt: skip
    if rows:
        blocks.append(Grid("附表", head, rows, (26, 16, 16, 16, 26), left=frozenset({0})))
    closing = (f"{figures.holder}（盖章）", written_day(figures.day))
    return figures.document(
        "analysis", filter(None, blocks), title=f"{figures.title}分析报告", closing=closing,
        writing=True, together=True,
    )  # fmt: skip


def _grades(entries: Sequence[Entry], labels: Sequence[str]) -> str:
    counted = Counter(entry.grade for entry in entries)
    parts = [
        f"“{label}”{counted[label]}个（{share(counted[label], len(entries))}）"
        for label in labels
        if counted[label]
    ]
    if counted[""]:
        parts.append(f"还没有等级的{counted['']}个（{share(counted[''], len(entries))}）")
    return f"{len(entries)} 个党组织中，{listed(parts)}。" if parts else ""


def _satisfaction(entries: Sequence[Entry]) -> str:
    tested = [entry for entry in entries if entry.rate]
    if not tested:
        return "还没有测评结果。"
    ordered = sorted(tested, key=lambda e: Fraction(*(e.rate or (0, 1))))
    low, high = ordered[0], ordered[-1]
    plain = "（按票数，未加权）" if any(entry.marks for entry in tested) else ""
    return (
        f"有测评结果的 {len(tested)} 个，满意率合计 {_together(tested)}{plain}；"
        f"最高的是{high.name}（{high.percent}），最低的是{low.name}（{low.percent}）。"
    )


def _untested(figures: Figures) -> str:
    lacking = sum(not entry.tested for entry in figures.entries)
    if not lacking:
        return ""
    why = f"，原因：{figures.why_untested.rstrip('。')}" if figures.why_untested else ""
    return f"没有测评的 {lacking} 个{why}。"


def _plans(entries: Sequence[Entry]) -> str:
    plans = [e.improvement for e in entries if e.improvement]
    states = Counter(plan.state for plan in plans)
    told = "".join(f"，{state} {number} 个" for state, number in sorted(states.items()))
    return f"已定整改方案 {len(plans)} 个{told}。"


def _without_new_members(entries: Sequence[Entry]) -> int:
    return sum(e.years is not None and e.years >= NO_NEW_MEMBER_YEARS for e in entries)


def _together(entries: Iterable[Entry]) -> str:
    rates = [entry.counted for entry in entries if entry.counted]
    return share(sum(n for n, _ in rates), sum(d for _, d in rates)) if rates else ""
