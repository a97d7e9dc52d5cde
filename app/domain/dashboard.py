"""统计图 of a round or of everything that somebody sees: which charts, and what stands in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from app.domain.chart import BLANK, CROSSED, Chart, Column, Mark, Part, Row, looks, share
from app.domain.roster import KIND_WORDS
from app.domain.tally import percent_text

FEW = 20
"""So many organisations or fewer are shown one by one."""

ENDS = 10
"""Of more, so many of the highest and of the lowest."""

LINES_MOST = 50

NOT_YET = "还没有等级"
Settled = Literal["final", "decided", "proposed", "none"]
SETTLED_WORDS: Mapping[Settled, str] = {
    "final": "已定稿",
    "decided": "上级已评定",
    "proposed": "系统建议",
    "none": NOT_YET,
}
DONE, WAITING, LATE = 1, BLANK, CROSSED


@dataclass(frozen=True)
class Rate:
    """Satisfaction as the record shows it. percent: as printed; figures: how it was formed.

    note: 暂定 and the like; empty where it is final.
    """

    numerator: int
    denominator: int
    percent: str
    figures: str
    note: str = ""

    @property
    def fraction(self) -> Fraction:
        """The exact rate."""
        return Fraction(self.numerator, self.denominator)


@dataclass(frozen=True)
class StepDone:
    """How far an organisation is with a step that each goes through by itself."""

    name: str
    done: bool
    late: bool


@dataclass(frozen=True)
class Body:
    """One organisation in one round. domain: its name. labels: its grades, best first.

    grade: final, or else decided, or else proposed, as `settled` says; None without.
    """

    record_id: int
    name: str
    superior_id: int
    superior: str
    domain: str
    kind: str
    ladder: str
    labels: tuple[str, ...]
    grade: str | None
    settled: Settled
    rate: Rate | None
    steps: tuple[StepDone, ...]


@dataclass(frozen=True)
class Gathering:
    """A testing meeting that was counted. present: who came, None where nobody has noted it."""

    meeting_id: int
    title: str
    round: str
    expected: int
    present: int | None
    ballots: int


# Grades


def grade_charts(bodies: Sequence[Body], by: Literal["domain", "kind"]) -> list[Chart]:
    """How the grades are spread over domains or levels; one chart for each set of grades."""
    groups: dict[tuple[str, ...], list[Body]] = {}
    for body in bodies:
        groups.setdefault(body.labels, []).append(body)
    title = "各领域的等级" if by == "domain" else "各层级的等级"
    return [
        _grades(f"{title}（{found[0].ladder}）" if len(groups) > 1 else title, found, by)
        for found in groups.values()
    ]


def _grades(title: str, bodies: Sequence[Body], by: Literal["domain", "kind"]) -> Chart:
    labels = looks(bodies[0].labels)
    without = any(body.grade is None for body in bodies)
    columns = [Column("党组织"), *(Column(label, look) for label, look in labels.items())]
    if without:
        columns.append(Column(NOT_YET, BLANK))
    rows = [
        _grade_row(name, found, labels, without)
        for name, found in _grouped(bodies, by).items()
    ]  # fmt: skip
    if len(rows) > 1:
        rows.append(_grade_row("合计", bodies, labels, without))
    return Chart(title, "领域" if by == "domain" else "层级", tuple(columns), tuple(rows))


def _grade_row(name: str, bodies: Sequence[Body], labels: Mapping[str, int], without: bool) -> Row:
    counted = Counter(body.grade for body in bodies)
    parts = [Part(label, counted[label], look) for label, look in labels.items()]
    if without:
        parts.append(Part(NOT_YET, counted[None], BLANK))
    whole = len(bodies)
    cells = (str(whole), *(share(part.number, whole) for part in parts))
    return Row(name, tuple(parts), whole, cells)


def _grouped(bodies: Iterable[Body], by: Literal["domain", "kind"]) -> dict[str, list[Body]]:
    """Domains in the order in which they come, levels from above."""
    kinds = list(KIND_WORDS)
    ordered = bodies if by == "domain" else sorted(bodies, key=lambda b: kinds.index(b.kind))
    found: dict[str, list[Body]] = {}
    for body in ordered:
        found.setdefault(body.domain if by == "domain" else KIND_WORDS[body.kind], []).append(body)
    return found


def settled_words(bodies: Iterable[Body]) -> str:
    """Such as `已定稿 30 个、系统建议 5 个、还没有等级 2 个`."""
    counted = Counter(body.settled for body in bodies)
    return "、".join(
        f"{words} {counted[settled]} 个" for settled, words in SETTLED_WORDS.items()
        if counted[settled]
    )  # fmt: skip


# Progress


def step_chart(bodies: Sequence[Body]) -> Chart:
    """For each step how many have done it, and who is late."""
    columns = (Column("已完成", DONE), Column("没有完成", WAITING), Column("其中逾期", LATE))
    names = list(dict.fromkeys(step.name for body in bodies for step in body.steps))
    return Chart("各步骤完成情况", "步骤", columns, tuple(_step_row(n, bodies) for n in names))


def _step_row(name: str, bodies: Sequence[Body]) -> Row:
    steps = [step for body in bodies for step in body.steps if step.name == name]
    done, late = sum(s.done for s in steps), sum(s.late for s in steps)
    return _progress_row(name, done, late, len(steps), key=None)


def _progress_row(
    label: str, done: int, late: int, whole: int, key: int | None, cells: Sequence[str] = ()
) -> Row:
    parts = (
        Part("已完成", done, DONE),
        Part("逾期", late, LATE),
        Part("没有到期", whole - done - late, WAITING),
    )
    written = (share(done, whole), str(whole - done), str(late))
    return Row(label, parts, whole, tuple(cells) or written, key)


def body_chart(bodies: Sequence[Body]) -> Chart:
    """Steps × organisations: each by itself where they are few, else those under one superior."""
    few = len(bodies) <= FEW
    names = list(dict.fromkeys(step.name for body in bodies for step in body.steps))
    groups: dict[tuple[str, int | None], list[Body]] = {}
    for body in bodies:
        under = (body.superior or "没有上级的", None)
        groups.setdefault((body.name, body.record_id) if few else under, []).append(body)
    rows = [_body_row(label, key, found, names, few) for (label, key), found in groups.items()]
    rows.sort(key=lambda row: Fraction(row.parts[0].number, row.whole or 1))
    foot = "深色是已完成的，空白是没有完成的，交叉线是逾期的；完成最少的在前。"
    if not few:
        foot += "右边是完成的党组织数和应完成的党组织数。"
    if len(rows) > LINES_MOST:
        foot += f"只列出最少的 {LINES_MOST} 个，共 {len(rows)} 个。"
    return Chart(
        "各党组织进度" if few else "各上级党组织所属的进度",
        "党组织" if few else "上级党组织",
        tuple(Column(name) for name in names),
        tuple(rows[:LINES_MOST]),
        foot=foot,
    )


def _body_row(
    label: str, key: int | None, bodies: Sequence[Body], names: Sequence[str], few: bool
) -> Row:
    steps = [step for body in bodies for step in body.steps]
    done, late = sum(s.done for s in steps), sum(s.late for s in steps)
    cells = []
    for name in names:
        mine = [step for step in steps if step.name == name]
        finished = sum(step.done for step in mine)
        word = "已完成" if finished else "逾期" if any(s.late for s in mine) else "没有完成"
        cells.append(word if few else f"{finished}/{len(mine)}")
    return _progress_row(label, done, late, len(steps), key, cells)


def round_chart(rounds: Sequence[tuple[int, str, Sequence[Body]]]) -> Chart:
    """How far each round is; rounds by id and title."""
    columns = (Column("已完成", DONE), Column("没有完成", WAITING), Column("其中逾期", LATE))
    rows = []
    for round_id, title, bodies in rounds:
        steps = [step for body in bodies for step in body.steps]
        done, late = sum(s.done for s in steps), sum(s.late for s in steps)
        rows.append(_progress_row(title, done, late, len(steps), round_id))
    foot = "按步骤和党组织计数：一个党组织的一步算一项。"
    return Chart("各轮次完成情况", "轮次", columns, tuple(rows[:LINES_MOST]), foot=foot)


# Satisfaction


def ranked(bodies: Iterable[Body]) -> list[Body]:
    """Those with a satisfaction, the highest first; equals by name."""
    rated = [body for body in bodies if body.rate is not None]
    return sorted(rated, key=lambda b: (-(b.rate.fraction if b.rate else Fraction(0)), b.name))


def satisfaction_chart(title: str, bodies: Sequence[Body], marks: tuple[Mark, ...]) -> Chart:
    """One bar for each organisation, in the order given. marks: the bounds of the rules."""
    columns = (Column("满意率", 1), Column("满意 ÷ 计入"))
    rows = tuple(
        Row(
            body.name,
            (Part("满意", rate.numerator, 1, written=False),),
            rate.denominator,
            (f"{rate.percent}%", rate.figures),
            body.record_id,
            rate.note,
        )
        for body in bodies
        if (rate := body.rate) is not None
    )
    foot = "虚线是方案规则里比较的界线。" if marks else ""
    return Chart(title, "党组织", columns, rows, marks, foot)


def ends(bodies: Sequence[Body]) -> tuple[list[Body], list[Body]]:
    """The lowest and the highest of many; all and nobody where they are few."""
    rated = ranked(bodies)
    if len(rated) <= FEW:
        return rated, []
    return rated[-ENDS:][::-1], rated[:ENDS]


# Participation


def gathering_chart(gatherings: Sequence[Gathering]) -> Chart:
    """One bar for each meeting, those with the fewest ballots for those expected first."""
    several = len({g.round for g in gatherings}) > 1
    ordered = sorted(gatherings, key=lambda g: (Fraction(g.ballots, g.expected or 1), g.title))
    rows = [
        _gathering_row(f"{g.title}（{g.round}）" if several else g.title, [g], g.meeting_id)
        for g in ordered[:FEW]
    ]
    if len(ordered) > 1:
        rows.append(_gathering_row("合计", ordered, None))
    foot = (
        f"只列出占应到最少的 {FEW} 次，共 {len(ordered)} 次；合计是全部的。"
        if len(ordered) > FEW
        else ""
    )
    columns = (Column("应到"), Column("实到"), Column("有效选票", 1), Column("占应到"))
    return Chart("各次测评会的参加情况", "测评会", columns, tuple(rows), foot=foot)


def _gathering_row(label: str, gatherings: Sequence[Gathering], key: int | None) -> Row:
    expected, ballots = sum(g.expected for g in gatherings), sum(g.ballots for g in gatherings)
    came = [g.present for g in gatherings]
    present = "—" if None in came else str(sum(n for n in came if n is not None))
    turnout = f"{percent_text(Fraction(ballots, expected))}%" if expected else "—"
    parts = (Part("有效选票", min(ballots, expected), 1, written=False),)
    return Row(label, parts, expected, (str(expected), present, str(ballots), turnout), key)
