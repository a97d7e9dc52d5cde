"""Which of the forms serves the name that a scheme's document gives to one."""

from __future__ import annotations

from typing import Literal, NamedTuple

Place = Literal["round", "record", "meeting", "notice"]


class Kind(NamedTuple):
    """A form that can be produced. place: of what; name: in its address; title: as usual."""

    place: Place
    name: str
    title: str


KINDS = (
    Kind("round", "summary", "基层党组织分类定级情况汇总表"),
    Kind("round", "details", "各领域基层党组织分类定级明细表"),
    Kind("round", "ledger", "各领域基层党组织分类定级台账"),
    Kind("round", "no-new-members", "党组织三年未发展党员名单"),
    Kind("round", "standard", "基层党组织分类定级评分参考标准"),
    Kind("round", "rectifications", "基层党组织整改情况报告"),
    Kind("round", "analysis", "分析报告"),
    Kind("record", "register", "基层党组织分类定级登记表"),
    Kind("record", "survey", "基层党组织调查摸底与分类定级表"),
    Kind("record", "visit", "基层党组织分类定级入户走访调查表"),
    Kind("record", "visits", "基层党组织分类定级入户走访调查汇总表"),
    Kind("record", "plan", "基层党组织整改方案"),
    Kind("record", "letter", "分类定级结果告知书"),
    Kind("meeting", "ballot", "基层党组织分类定级党员群众测评表"),
    Kind("meeting", "count-sheet", "计票单"),
    Kind("notice", "notice", "公示"),
)
TITLES = {kind.name: kind.title for kind in KINDS}

_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("visits", ("走访调查汇总", "走访汇总")),
    ("visit", ("走访",)),
    ("survey", ("摸底",)),
    ("standard", ("参考标准", "评分标准", "评分细则")),
    ("ballot", ("测评表", "测评票")),
    ("count-sheet", ("计票",)),
    ("no-new-members", ("未发展党员",)),
    ("register", ("登记表",)),
    ("details", ("明细表",)),
    ("summary", ("汇总表",)),
    ("ledger", ("台账",)),
    ("rectifications", ("整改情况", "整改报告", "整改台账")),
    ("plan", ("整改方案", "整改计划")),
    ("letter", ("告知",)),
    ("notice", ("公示",)),
    ("analysis", ("分析",)),
)
"""What a form's name has in it, the telling words first: 整改情况汇总表 is a 汇总表."""


def serving(name: str) -> Kind | None:
    """The form that serves this name; None where nothing here does. 台帐 is 台账."""
    written = name.replace("台帐", "台账")
    for found, words in _WORDS:
        if any(word in written for word in words):
            return next(kind for kind in KINDS if kind.name == found)
    return None
