"""The forms of one organisation: 登记表, 整改方案, 结果告知书, 调查摸底与分类定级表."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.report.figures import UNTESTED, Entry, Figures, rate_words
from app.domain.report.form import (
    SEAL_AND_DAY,
    Document,
    Grid,
    Line,
    Value,
    Wide,
    room_to_sign,
    written_day,
)

Row = tuple[Value | Wide, ...]
_PAIRS = (18, 32, 18, 32)


def register(figures: Figures, entry: Entry) -> Document:
    """基层党组织分类定级登记表: one organisation, with all three views and room for opinions."""
    members = "" if entry.members is None else f"{entry.members}"
    rows: list[Row] = [
        ("党组织名称", Wide(entry.name, 3)),
        ("上级党组织", entry.superior, "类型", entry.kind),
        ("所属领域", figures.domains.get(entry.domain, entry.domain), "党员人数", members),
        ("党组织书记", entry.secretary, "自评得分", entry.self_score),
        ("自我认定等级", entry.self_claim, "上级评定得分", entry.superior_score),
        ("群众测评", Wide(entry.voted if entry.tested else UNTESTED, 3)),
        ("满意率", rate_words(entry), "评定等级", entry.grade),
        ("定级理由", Wide("\n".join((*entry.reasons, *filter(None, (entry.opinion,)))), 3)),
        *([("备注", Wide(entry.remark, 3))] if entry.remark else ()),
        ("党组织意见", Wide(room_to_sign("书记"), 3)),
        ("上级党组织意见", Wide(room_to_sign("负责人"), 3)),
    ]
    grid = Grid("", (), tuple(rows), _PAIRS)
    return _form(figures, entry, "register", (grid,), (("填表人：", "审核人："),))


def plan(figures: Figures, entry: Entry) -> Document:
    """整改方案: what an organisation will put right, until when, and who answers for it."""
    change = entry.improvement
    rows: tuple[Row, ...] = (
        ("党组织名称", Wide(entry.name, 3)),
        ("定级等级", entry.grade, "责任人", change.responsible if change else ""),
        ("开始日期", written_day(change.begun) if change else "",
         "整改时限", written_day(change.deadline) if change else ""),
        ("存在的主要问题", Wide(change.problems if change else "", 3)),
        ("整改措施", Wide(change.measures if change else "", 3)),
        ("上级党组织意见", Wide(room_to_sign("负责人"), 3)),
    )  # fmt: skip
    grid = Grid("", (), rows, _PAIRS)
    return _form(figures, entry, "plan", (grid,), (("党组织书记：", SEAL_AND_DAY),))


def letter(figures: Figures, entry: Entry) -> Document:
    """分类定级结果告知书 (商都县 2012, 四之5: 将分类定级的结果以书面的形式告知基层党组织)."""
    views = [
        f"自评得分 {entry.self_score} 分" if entry.self_score else "",
        f"群众测评满意率 {entry.percent}" if entry.percent else "",
        "" if entry.tested else "没有进行群众测评",
        f"上级评定得分 {entry.superior_score} 分" if entry.superior_score else "",
    ]
    told = "，".join(filter(None, (*views, "经综合评定")))
    result = f"{told}，等级为“{entry.grade}”。" if entry.grade else "的等级还没有确定。"
    blocks = [
        Line(f"{entry.name}：", "address"),
        f"在{figures.title}中，你党组织{result}",
        *([f"{entry.remark}。"] if entry.remark else ()),
        "特此告知。",
    ]
    closing = (f"{figures.holder}（盖章）", written_day(figures.day))
    return figures.document(
        "letter", blocks, closing=closing, writing=True, together=True, about=entry.name
    )


@dataclass(frozen=True)
class Answer:
    """One line of the survey. value: as it is printed; long: words that need a row of their own."""

    part: str
    title: str
    value: str
    long: bool


@dataclass(frozen=True)
class Scored:
    """One indicator. points: or that the document states none; the others empty where not given."""

    name: str
    points: str
    own: str
    superior: str


def survey(
    figures: Figures, entry: Entry, answers: Sequence[Answer], scored: Sequence[Scored]
) -> Document:
    """调查摸底与分类定级表 (四坝学校 2013, 四之1): what was found, and the grading, on one form."""
    members = "" if entry.members is None else f"{entry.members}"
    basics: tuple[Row, ...] = (
        ("党组织名称", Wide(entry.name, 3)),
        ("上级党组织", entry.superior, "类型", entry.kind),
        ("党组织书记", entry.secretary, "党员人数", members),
    )
    marks: tuple[Row, ...] = tuple((s.name, s.points, s.own, s.superior) for s in scored)
    result: tuple[Row, ...] = (
        ("合计", "", entry.self_score, entry.superior_score),
        ("群众测评", Wide(entry.voted if entry.tested else UNTESTED, 3)),
        ("满意率", rate_words(entry), "评定等级", entry.grade),
    )
    opinions: tuple[Row, ...] = (
        ("党组织意见", Wide(room_to_sign("书记"), 3)),
        ("上级党组织意见", Wide(room_to_sign("负责人"), 3)),
    )
    blocks = (
        Grid("一、基本情况", (), basics, _PAIRS),
        Grid("二、调查摸底", (), _answer_rows(answers), _PAIRS),
        Grid(
            "三、分类定级", ("指标", "分值", "自评得分", "上级评定得分"), marks + result,
            (28, 20, 26, 26),
        ),
        Grid("四、意见", (), opinions, _PAIRS),
    )  # fmt: skip
    return _form(figures, entry, "survey", blocks, (("填表人：", "审核人："),))


def _answer_rows(answers: Sequence[Answer]) -> tuple[Row, ...]:
    """Short answers two beside each other, long ones alone; part by part."""
    rows: list[Row] = []
    for part in dict.fromkeys(answer.part for answer in answers):
        mine = [answer for answer in answers if answer.part == part]
        rows.append((Wide(part, 4, centred=True),))
        short = [answer for answer in mine if not answer.long]
        for left, right in zip(short[::2], [*short[1::2], None], strict=False):
            if right is None:
                rows.append((left.title, Wide(left.value, 3)))
            else:
                rows.append((left.title, left.value, right.title, right.value))
        rows += [(answer.title, Wide(answer.value, 3)) for answer in mine if answer.long]
    return tuple(rows)


def _form(
    figures: Figures,
    entry: Entry,
    name: str,
    blocks: Sequence[Grid],
    signatures: tuple[tuple[str, ...], ...],
) -> Document:
    return figures.document(name, blocks, signatures=signatures, together=True, about=entry.name)
