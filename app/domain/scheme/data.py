"""The parts of a scheme that are checked, kept and shown, for later stages to work with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from app.domain.scheme.groups import groups_in
from app.domain.scheme.ladder import Ladder
from app.domain.scheme.numbers import rate_text, read_number
from app.domain.scheme.reader import Table
from app.domain.scheme.rules import complain_target, read_bounds, read_target
from app.domain.scheme.values import Domain

TOGETHER = "*"
"""What stands for groups that are published together (app.domain.box)."""

DAYS_MOST = 60
"""The longest notice; what a scheme asks for must be possible."""

MONTHS_MOST = 120

DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def read_data(
    top: Table, domains: Sequence[Domain], in_force: Mapping[str, tuple[Ladder, ...]]
) -> dict[str, Any]:
    """What stands in these sections, as plain values; a section that is lacking is left out.

    Rates and points are Fractions; a bound is `{comparison: Fraction}`.
    """
    reader = _DataReader(domains, in_force)
    sections: dict[str, Any] = {
        "voter_groups": _each(top, "voter_groups", reader.voter_group),
        "deductions": _each(top, "deductions", reader.adjustment),
        "bonuses": _each(top, "bonuses", reader.adjustment),
        "quotas": _each(top, "quotas", reader.quota),
        "quorums": _each(top, "quorums", reader.quorum),
        "validity": _one(top, "validity", _validity),
        "ranking": _one(top, "ranking", _ranking),
        "notice": _one(top, "notice", _notice),
        "rectification": _each(top, "rectification", reader.rectification),
        "steps": _each(top, "steps", _step),
        "forms": _each(top, "forms", _form),
    }
    for key in ("voter_groups", "deductions", "bonuses"):
        _check_names(top, key, domains, sections[key])
    _check_groups(top, domains, sections["voter_groups"])
    return {name: value for name, value in sections.items() if value}


def _check_groups(
    top: Table, domains: Sequence[Domain], written: Sequence[Mapping[str, Any]]
) -> None:
    """In every domain weights are given to all groups or to none, and then they make 100 %."""
    found: dict[str, None] = {}
    for domain in domains:
        groups = groups_in(written, domain.code)
        weights = [group.weight for group in groups if group.weight is not None]
        if weights and len(weights) < len(groups):
            found["比重（weight）应要么各类都写，要么都不写。"] = None
        elif weights and sum(weights) != 1:
            total = rate_text(sum(weights, Fraction(0)))
            found[f"“{domain.name}”各类的比重之和应为100%，现在是{total}。"] = None
    for complaint in found:
        top.complain("voter_groups", complaint)


def _check_names(
    top: Table, key: str, domains: Sequence[Domain], written: Sequence[Mapping[str, Any]]
) -> None:
    """In every domain a name, or another name, stands once."""
    found: dict[str, None] = {}
    for domain in domains:
        inside = [e for e in written if domain.code in e.get("domains", (domain.code,))]
        names = [n for entry in inside for n in (entry.get("name"), *entry.get("aliases", ()))]
        found |= {name: None for name in names if name and names.count(name) > 1}
    everyone = {n for entry in written for n in (entry.get("name"), *entry.get("aliases", ()))}
    if key == "voter_groups" and TOGETHER in everyone:
        top.complain(key, f"类别不能叫“{TOGETHER}”，它表示各类合并公布的票。")
    for name in found:
        top.complain(key, f"“{name}”在同一领域写了两次，名称和别名都不应重复。")


def _each(top: Table, key: str, read: Callable[[Table], dict[str, Any]]) -> list[dict[str, Any]]:
    return [_closed(table, read) for table in top.tables(key)]


def _one(top: Table, key: str, read: Callable[[Table], dict[str, Any]]) -> dict[str, Any]:
    table = top.table(key)
    return {} if table is None else _closed(table, read)


def _closed(table: Table, read: Callable[[Table], dict[str, Any]]) -> dict[str, Any]:
    """The section with its clause, without what was not written."""
    values = {**read(table), "clause": table.text("clause")}
    table.close()
    return {key: value for key, value in values.items() if value not in (None, "", (), {})}


class _DataReader:
    def __init__(
        self, domains: Sequence[Domain], in_force: Mapping[str, tuple[Ladder, ...]]
    ) -> None:
        self._codes = {n: d.code for d in domains for n in (d.code, d.name, *d.aliases)}
        self._in_force = in_force

    def voter_group(self, table: Table) -> dict[str, Any]:
        return {
            "name": table.text("name", required=True),
            "aliases": table.texts("aliases"),
            "weight": self._weight(table),
            "least_share": table.rate("least_share"),
            "domains": self._domains(table),
        }

    @staticmethod
    def _weight(table: Table) -> Fraction | None:
        weight = table.rate("weight")
        if weight == 0:
            table.complain("weight", "应大于0；不计比重的类别不用写在这里。")
        return weight

    def adjustment(self, table: Table) -> dict[str, Any]:
        points = table.number("points", required=True)
        if points == 0:
            table.complain("points", "应大于0。")
        return {
            "name": table.text("name", required=True),
            "points": points,
            "most": table.number("most"),
            "domains": self._domains(table),
        }

    def quota(self, table: Table) -> dict[str, Any]:
        return {
            "grade": self._grade(table),
            "share": _bound(table, "share"),
            "domains": self._domains(table),
        }

    def quorum(self, table: Table) -> dict[str, Any]:
        return {"present": _bound(table, "present"), "domains": self._domains(table)}

    def rectification(self, table: Table) -> dict[str, Any]:
        return {
            "grade": self._grade_or_any(table),
            "months_at_least": table.read(
                "months_at_least", _up_to(MONTHS_MOST), f"应为 1 到 {MONTHS_MOST} 的整数，如 6"
            ),
            "report_to": table.text("report_to"),
            "published": table.flag("published", default=False) or None,
        }

    def _grade_or_any(self, table: Table) -> Any:
        if table.has("grade") and table.values["grade"] == "any":
            return "any"
        return self._grade(table)

    def _domains(self, table: Table) -> tuple[str, ...]:
        names = table.texts("domains")
        for name in names:
            if name not in self._codes:
                known = "、".join(self._in_force)
                table.complain("domains", f"没有“{name}”这个领域；应为领域的代码或名称：{known}。")
        return tuple(self._codes[name] for name in names if name in self._codes)

    def _grade(self, table: Table) -> Any:
        """A grade of at least one ladder in force."""
        target = read_target(table, "grade", required=True)
        ladders = [ladder for found in self._in_force.values() for ladder in found]
        if target and ladders and not any(target.of(ladder) for ladder in ladders):
            complain_target(table, "grade", ladders[0])
        return table.values.get("grade")


def _bound(table: Table, key: str) -> dict[str, Fraction]:
    inner = table.table(key, required=True)
    if inner is None:
        return {}
    return {bound.comparison: bound.value for bound in read_bounds(inner, rate=True)}


def _validity(table: Table) -> dict[str, Any]:
    return {
        "more_ballots_than_slips": table.one_of("more_ballots_than_slips", ("void", "allow")),
        "secret": table.flag("secret", default=True),
    }


def _up_to(most: int) -> Callable[[object], Fraction | None]:
    """Converts whole numbers from 1 on."""

    def convert(value: object) -> Fraction | None:
        number = None if isinstance(value, str) else read_number(value)
        whole = number is not None and number.denominator == 1 and 1 <= number <= most
        return number if whole else None

    return convert


def _ranking(table: Table) -> dict[str, Any]:
    return {
        "by": table.one_of("by", ("score", "grade")),
        "ties": table.one_of("ties", ("shared", "unstated"), required=True),
    }


def _notice(table: Table) -> dict[str, Any]:
    unstated = table.has("days") and table.values["days"] == "unstated"
    return {
        "days": "unstated"
        if unstated
        else table.read(
            "days",
            _up_to(DAYS_MOST),
            f'应为 1 到 {DAYS_MOST} 的整数，原文没写的写 "unstated"',
            required=True,
        ),
        "counted": table.one_of("counted", ("calendar", "working", "unstated")) or "unstated",
        "place": table.text("place"),
    }


def _step(table: Table) -> dict[str, Any]:
    expected = '应为月-日，如 "03-27"'
    return {
        "name": table.text("name", required=True),
        "from": table.read("from", _month_day, expected),
        "to": table.read("to", _month_day, expected),
        "strict": table.flag("strict", default=False) or None,
    }


def _month_day(value: object) -> str | None:
    found = re.fullmatch(r"(\d\d)-(\d\d)", value, re.ASCII) if isinstance(value, str) else None
    if found is None or not 1 <= int(found[1]) <= 12:
        return None
    return found[0] if 1 <= int(found[2]) <= DAYS_IN_MONTH[int(found[1]) - 1] else None


def _form(table: Table) -> dict[str, Any]:
    return {"name": table.text("name", required=True), "to": table.text("to")}
