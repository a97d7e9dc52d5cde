"""A county like 商都县 2012: 38 committees and 533 organisations under them, in six domains."""

from __future__ import annotations

from typing import Any

COUNTY = "中共商都县委员会"
VILLAGE, OFFICE = "七台镇第1村党支部", "县直机关第1党委第1支部"
DOMAINS = ("机关事业单位", "国有企业和国有金融机构", "非公有制经济组织", "社会组织")


def roster() -> list[list[Any]]:
    """10 townships with villages and communities, 28 committees of the other domains."""
    rows: list[list[Any]] = [[COUNTY, "党委", ""]]
    towns = ["七台镇", "八台镇", *(f"第{n}乡" for n in range(3, 11))]
    for town in towns:
        committee = f"{town}党委"
        rows.append([committee, "党委", COUNTY, "机关事业单位"])
        rows += [
            [
                f"{town}第{n}村党支部",
                "党支部",
                committee,
                "嘎查村",
                f"书记{n}",
                20 + n,
                2000 + n % 26,
            ]
            for n in range(1, 29)
        ]
        rows += [[f"{town}第{n}社区党支部", "党支部", committee, "社区"] for n in range(1, 6)]
    for number in range(28):
        domain = DOMAINS[number % 4]
        committee = f"县直{'机关' if domain == DOMAINS[0] else domain}第{number // 4 + 1}党委"
        rows.append([committee, "党委", COUNTY, domain])
        rows += [[f"{committee}第{n}支部", "党支部", committee, domain] for n in range(1, 8)]
    rows += [
        [f"县直机关第1党委第{n}支部", "党支部", "县直机关第1党委", DOMAINS[0]]
        for n in (8, 9, 10, 11, 12, 13, 14)
    ]
    return rows
