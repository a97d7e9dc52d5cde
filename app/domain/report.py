"""表和台账: the forms of a round, each as a title, tables of plain cells, and lines to sign.

The source documents name these forms (商都县 2012, 附件 1-5; 怀乡中学 2012, 4月5日; 四坝学校 2013,
附件) but do not show their columns; the columns here are those that the documents' own words ask
for. What nobody has entered stays empty, for a pen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from app.domain.tally import percent_text

Value = str | int


@dataclass(frozen=True)
class Wide:
    """A cell over several columns."""

    text: str
    columns: int


@dataclass(frozen=True)
class Grid:
    """A table. head: empty for a form of labels and values. widths: of the columns, relative."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Value | Wide, ...], ...]
    widths: tuple[int, ...]


@dataclass(frozen=True)
class Document:
    """A form on A4. head: the line under the title; draft: its figures may still change."""

    title: str
    head: tuple[str, ...]
    blocks: tuple[Grid | str, ...]
    signatures: tuple[str, ...]
    landscape: bool = False
    draft: bool = False

    @property
    def grids(self) -> tuple[Grid, ...]:
        """Its tables alone."""
        return tuple(block for block in self.blocks if isinstance(block, Grid))


@dataclass(frozen=True)
class Improvement:
    """What an organisation has to put right. state: in a word."""

    problems: str
    measures: str
    responsible: str
    begun: date
    deadline: date
    state: str


@dataclass(frozen=True)
class Entry:
    """One organisation of a round. domain: its code; grade: final, decided or proposed, or empty.

    Scores and percentages are texts as the product prints them. rate: satisfied, and of how many;
    where voter groups are weighed, the rate in lowest terms, and `marks` are the plain numbers.
    voted: the marks of the testing meeting in words; tested: whether there was one. years: since a
    member was last admitted. remark: what is to be known beside, such as a correction under way.
    """

    name: str
    kind: str
    superior: str
    secretary: str
    members: int | None
    domain: str
    self_score: str
    self_claim: str
    percent: str
    rate: tuple[int, int] | None
    voted: str
    superior_score: str
    grade: str
    reasons: tuple[str, ...]
    opinion: str
    years: int | None
    improvement: Improvement | None = None
    tested: bool = True
    remark: str = ""
    marks: tuple[int, int] | None = None

    @property
    def counted(self) -> tuple[int, int] | None:
        """Satisfied marks, and of how many: what may be added up over organisations."""
        return self.marks or self.rate


@dataclass(frozen=True)
class Gatherings:
    """The testing meetings of a round that were counted. cast: valid ballots, on paper too."""

    held: int
    expected: int
    cast: int


@dataclass(frozen=True)
class Figures:
    """All that the forms of a round are made from. labels: grades of each domain, best first.

    why_untested: the reason why some became final without a testing meeting.
    """

    title: str
    source: str
    holder: str
    day: date
    final: bool
    domains: Mapping[str, str]
    labels: Mapping[str, tuple[str, ...]]
    entries: tuple[Entry, ...]
    gatherings: Gatherings
    why_untested: str = ""


UNTESTED = "未测评"
FILLED_IN = ("填表人：", "审核人：", "（盖章）", "年　月　日")
NO_NEW_MEMBER_YEARS = 3


def register(figures: Figures, entry: Entry) -> Document:
    """基层党组织分类定级登记表: one organisation, with all three views and room for opinions."""
    members = "" if entry.members is None else f"{entry.members}"
    rows: list[tuple[Value | Wide, ...]] = [
        ("党组织名称", Wide(entry.name, 3)),
        ("上级党组织", entry.superior, "类型", entry.kind),
        ("所属领域", figures.domains.get(entry.domain, entry.domain), "党员人数", members),
        ("党组织书记", entry.secretary, "自评得分", entry.self_score),
        ("自我认定等级", entry.self_claim, "上级评定得分", entry.superior_score),
        ("群众测评", Wide(entry.voted if entry.tested else UNTESTED, 3)),
        ("满意率", _rate(entry), "评定等级", entry.grade),
        ("定级理由", Wide("\n".join((*entry.reasons, *filter(None, (entry.opinion,)))), 3)),
        *([("备注", Wide(entry.remark, 3))] if entry.remark else ()),
        ("党组织意见", Wide("\n\n书记（签名）：　　　　　　（盖章）　　年　月　日", 3)),
        ("上级党组织意见", Wide("\n\n负责人（签名）：　　　　　（盖章）　　年　月　日", 3)),
    ]
    grid = Grid("", (), tuple(rows), (18, 32, 18, 32))
    return _document(figures, "基层党组织分类定级登记表", (grid,), ("填表人：", "审核人："))


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
                    number, e.name, e.superior, e.secretary, _known(e.members), e.self_score,
                    _rate(e), e.superior_score, e.grade, e.remark,
                )
                for number, e in enumerate(entries, start=1)
            ),
            (5, 24, 20, 9, 8, 9, 10, 10, 8, 10),
        )
        for name, entries in _by_domain(figures)
    ]  # fmt: skip
    title = "各领域基层党组织分类定级明细表"
    return _document(figures, title, grids, FILLED_IN, landscape=True)


def summary(figures: Figures) -> Document:
    """基层党组织分类定级情况汇总表: numbers and shares by grade (商都县 2012, 附件 2)."""
    labels = _all_labels(figures)
    head = ["领域", "党组织数"]
    for label in labels:
        head += [label, "占比"]
    rows: list[tuple[Value | Wide, ...]] = []
    for name, entries in _by_domain(figures):
        code = entries[0].domain
        rows.append((name, len(entries), *_numbers(entries, labels, figures.labels[code])))
    everybody = figures.entries
    rows.append(("合计", len(everybody), *_numbers(everybody, labels, labels)))
    blocks: list[Grid | str] = [
        Grid("", tuple(head), tuple(rows), (18, 10, *(9 for _ in labels for _ in "ab")))
    ]
    without = [e for e in everybody if not e.grade]
    if without:
        blocks.append(f"另有 {len(without)} 个党组织还没有等级，计入党组织数。")
    blocks.append("占比为该等级的个数除以本行的党组织数；“—”表示这个领域不设这一等级。")
    title = "基层党组织分类定级情况汇总表"
    return _document(figures, title, blocks, FILLED_IN, landscape=True)


def ledger(figures: Figures) -> Document:
    """各领域基层党组织分类定级台账: grade by grade, with what is to be put right."""
    head = (
        "序号", "党组织名称", "书记", "等级", "存在的主要问题", "整改措施", "责任人", "整改时限",
        "进展", "备注",
    )  # fmt: skip
    grids = []
    for name, entries in _by_domain(figures):
        order = {label: n for n, label in enumerate(figures.labels[entries[0].domain])}
        ranked = sorted(entries, key=lambda e: order.get(e.grade, len(order)))
        rows: tuple[tuple[Value | Wide, ...], ...] = tuple(
            (number, e.name, e.secretary, e.grade, *_improvement(e.improvement), _beside(e))
            for number, e in enumerate(ranked, start=1)
        )
        grids.append(Grid(name, head, rows, (5, 20, 9, 8, 24, 24, 9, 12, 9, 10)))
    title = "各领域基层党组织分类定级台账"
    return _document(figures, title, grids, FILLED_IN, landscape=True)


def no_new_members(figures: Figures) -> Document:
    """三年未发展党员名单 (商都县 2012, 附件 5: 嘎查村党支部三年未发展党员名单)."""
    found = [e for e in figures.entries if e.years is not None and e.years >= NO_NEW_MEMBER_YEARS]
    rows = tuple(
        (n, e.name, e.superior, e.secretary, _known(e.members), e.years or 0, e.grade)
        for n, e in enumerate(found, start=1)
    )
    head = ("序号", "党组织名称", "上级党组织", "书记", "党员人数", "连续未发展年数", "等级")
    unknown = sum(e.years is None for e in figures.entries)
    blocks: list[Grid | str] = [Grid("", head, rows, (6, 26, 24, 10, 10, 14, 10))]
    if not found:
        blocks.append("没有连续三年未发展党员的党组织。")
    if unknown:
        blocks.append(f"另有 {unknown} 个党组织没有填最近发展党员的年份，不在本名单中。")
    return _document(figures, "党组织三年未发展党员名单", blocks, FILLED_IN)


def plan(figures: Figures, entry: Entry) -> Document:
    """整改方案: what an organisation will put right, until when, and who answers for it."""
    change = entry.improvement
    rows: tuple[tuple[Value | Wide, ...], ...] = (
        ("党组织名称", Wide(entry.name, 3)),
        ("定级等级", entry.grade, "责任人", change.responsible if change else ""),
        ("开始日期", _day(change.begun) if change else "", "整改时限",
         _day(change.deadline) if change else ""),
        ("存在的主要问题", Wide(change.problems if change else "", 3)),
        ("整改措施", Wide(change.measures if change else "", 3)),
        ("上级党组织意见", Wide("\n\n负责人（签名）：　　　　　（盖章）　　年　月　日", 3)),
    )  # fmt: skip
    grid = Grid("", (), rows, (18, 32, 18, 32))
    signatures = ("党组织书记：", "（盖章）", "年　月　日")
    return _document(figures, "基层党组织整改方案", (grid,), signatures)


def analysis(figures: Figures) -> Document:
    """分析报告: the round in words, every figure counted from the records."""
    held, entries = figures.gatherings, figures.entries
    domains = _listed(f"{name}{len(found)}个" for name, found in _by_domain(figures))
    share = f"，占应到 {_share(held.cast, held.expected)}" if held.expected else ""
    turnout = f"应到 {held.expected} 人，收回有效选票 {held.cast} 张{share}"
    words = [
        f"{figures.title}依据{figures.source}，对 {len(entries)} 个党组织分类定级，涉及{domains}。",
        f"一、测评。共召开党员群众测评会 {held.held} 次，{turnout}。",
        _satisfaction_words(entries) + _untested_words(figures),
        "二、定级。" + _grade_words(entries, _all_labels(figures)),
    ]
    words += [
        f"{name}：" + _grade_words(found, figures.labels[found[0].domain])
        for name, found in _by_domain(figures)
    ]
    plans = [e.improvement for e in entries if e.improvement]
    states = Counter(plan.state for plan in plans)
    words.append(
        f"三、整改。已定整改方案 {len(plans)} 个"
        + "".join(f"，{state} {number} 个" for state, number in sorted(states.items()))
        + "。"
    )
    late = sum(e.years is not None and e.years >= NO_NEW_MEMBER_YEARS for e in entries)
    words.append(f"四、发展党员。连续三年以上未发展党员的党组织 {late} 个。")
    head = ("领域", "党组织数", "已定级", "测评过", "满意率合计")
    rows = tuple(
        (name, len(found), sum(bool(e.grade) for e in found),
         sum(e.rate is not None for e in found), _together(found))
        for name, found in _by_domain(figures)
    )  # fmt: skip
    grid = Grid("附表", head, rows, (26, 16, 16, 16, 26))
    title = f"{figures.title}分析报告"
    return _document(figures, title, (*filter(None, words), grid), ("（盖章）", "年　月　日"))


def _document(
    figures: Figures,
    title: str,
    blocks: Iterable[Grid | str],
    signatures: tuple[str, ...],
    *,
    landscape: bool = False,
) -> Document:
    found = tuple(blocks) or ("本轮还没有党组织。",)
    head = (f"填报单位：{figures.holder}", figures.title, _day(figures.day))
    return Document(title, head, found, signatures, landscape, draft=not figures.final)


def _by_domain(figures: Figures) -> list[tuple[str, list[Entry]]]:
    """The domains that have somebody in them, in the order of the scheme."""
    found: dict[str, list[Entry]] = {code: [] for code in figures.domains}
    for entry in figures.entries:
        found.setdefault(entry.domain, []).append(entry)
    return [(figures.domains.get(code, code), some) for code, some in found.items() if some]


def _all_labels(figures: Figures) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for labels in figures.labels.values() for label in labels))


def _numbers(
    entries: Sequence[Entry], labels: Sequence[str], lawful: Sequence[str]
) -> list[Value | Wide]:
    counted = Counter(entry.grade for entry in entries)
    found: list[Value | Wide] = []
    for label in labels:
        if label in lawful:
            found += [counted[label], _share(counted[label], len(entries))]
        else:
            found += ["—", "—"]
    return found


def _grade_words(entries: Sequence[Entry], labels: Sequence[str]) -> str:
    counted = Counter(entry.grade for entry in entries)
    parts = [
        f"“{label}”{counted[label]}个（{_share(counted[label], len(entries))}）"
        for label in labels
        if counted[label]
    ]
    if counted[""]:
        parts.append(f"还没有等级的{counted['']}个（{_share(counted[''], len(entries))}）")
    return f"{len(entries)} 个党组织中，{_listed(parts)}。" if parts else ""


def _satisfaction_words(entries: Sequence[Entry]) -> str:
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


def _untested_words(figures: Figures) -> str:
    lacking = sum(not entry.tested for entry in figures.entries)
    if not lacking:
        return ""
    why = f"，原因：{figures.why_untested.rstrip('。')}" if figures.why_untested else ""
    return f"没有测评的 {lacking} 个{why}。"


def _rate(entry: Entry) -> str:
    return entry.percent if entry.tested else UNTESTED


def _beside(entry: Entry) -> str:
    return "；".join(filter(None, ("" if entry.tested else UNTESTED, entry.remark)))


def _together(entries: Iterable[Entry]) -> str:
    rates = [entry.counted for entry in entries if entry.counted]
    return _share(sum(n for n, _ in rates), sum(d for _, d in rates)) if rates else ""


def _share(number: int, whole: int) -> str:
    return f"{percent_text(Fraction(number, whole))}%" if whole else "—"


def _improvement(change: Improvement | None) -> tuple[str, ...]:
    if change is None:
        return ("",) * 5
    return (
        change.problems, change.measures, change.responsible, _day(change.deadline), change.state,
    )  # fmt: skip


def _known(number: int | None) -> Value:
    return "" if number is None else number


def _listed(parts: Iterable[str]) -> str:
    return "、".join(parts)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
