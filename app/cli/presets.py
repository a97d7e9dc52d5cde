"""What an example of each shipped scheme is called, in the words of its document."""

from __future__ import annotations

from collections.abc import Container, Iterable
from itertools import chain, count
from typing import NamedTuple

from app.domain.scheme import Domain

DIGITS = "零一二三四五六七八九十"
SUPERIOR_SCORES = (95, 88, 84, 76, 91, 82)
"""Made up: so that an example's records come to different grades."""


class Preset(NamedTuple):
    """root: name and kind of the organisation above. names: branches by domain code."""

    root: tuple[str, str]
    domain: str
    names: dict[str, tuple[str, ...]]


PRESETS = {
    "huaixiang-2012": Preset(("怀乡中学党总支", "general_branch"), "institution", {}),
    "district-2012": Preset(
        ("XX区东城街道党工委", "committee"),
        "community",
        {
            "community": tuple(
                f"{name}社区党支部" for name in ("东街", "西街", "南关", "北关", "河滨", "新华")
            ),
            "village": tuple(f"{name}村党支部" for name in ("上沟", "下沟", "柳树", "石桥")),
            "school": ("第一小学党支部", "第二小学党支部", "第一初级中学党支部"),
        },
    ),
    "shangdu-2012": Preset(
        ("商都县直属机关党委", "committee"),
        "institution",
        {
            "institution": tuple(
                f"商都县{name}局党支部"
                for name in ("教育", "农牧业", "民政", "水利", "财政", "卫生", "林业", "交通运输")
            ),
            "village": tuple(f"{name}嘎查村党支部" for name in ("东坊", "西坊", "南滩", "北梁")),
            "community": tuple(f"{name}社区党支部" for name in ("一街", "二街", "三街", "四街")),
        },
    ),
    "awu-villages-2012": Preset(
        ("阿坞乡党委", "committee"),
        "village",
        {
            "village": tuple(
                f"{name}村党支部" for name in ("金布川", "金木", "下罗", "聂仁", "大卦", "力藏")
            )
        },
    ),
    "siba-school-2013": Preset(
        ("四坝镇党委", "committee"),
        "school",
        {"school": ("四坝镇九年制学校党支部", "四坝镇中心小学党支部", "四坝镇幼儿园党支部")},
    ),
}


def preset(scheme_id: str, domains: Iterable[Domain]) -> Preset:
    """The scheme's own example, or a plain one for a scheme that is not shipped."""
    plain = Preset(("示范单位党委", "committee"), next(iter(domains)).code, {})
    return PRESETS.get(scheme_id, plain)


def branch_name(example: Preset, domain: str, taken: Container[str]) -> str:
    """The first name for a branch of this domain that is not taken."""
    stem = example.root[0]
    for ending in ("党总支", "党委", "党工委"):
        stem = stem.removesuffix(ending)
    numbered = (f"{stem}第{chinese_number(n)}党支部" for n in count(1))
    names = chain(example.names.get(domain, ()), numbered)
    return next(name for name in names if name not in taken)


def chinese_number(number: int) -> str:
    """1 to 99 in Chinese: 三, 十, 十二, 四十."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("十" if tens == 1 else f"{DIGITS[tens]}十")
    return head + (DIGITS[ones] if ones else "")
