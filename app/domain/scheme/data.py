"""The parts of a scheme that are checked, kept and shown, for later stages to work with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from app.domain.scheme.reader import Table
from app.domain.scheme.rules import complain_target, read_bounds, read_target
from app.domain.scheme.values import Domain, Ladder

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
        "deductions": _each(top, "deductions", _adjustment),
        "bonuses": _each(top, "bonuses", _adjustment),
        "quotas": _each(top, "quotas", reader.quota),
        "quorums": _each(top, "quorums", reader.quorum),
        "validity": _one(top, "validity", _validity),
        "ranking": _one(top, "ranking", _ranking),
        "notice": _one(top, "notice", _notice),
        "rectification": _each(top, "rectification", reader.rectification),
        "steps": _each(top, "steps", _step),
        "forms": _each(top, "forms", _form),
    }
    return {name: value for name, value in sections.items() if value}


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
            "weight": table.rate("weight"),
            "least_share": table.rate("least_share"),
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
            "grade": self._grade(table),
            "months_at_least": table.number("months_at_least"),
            "report_to": table.text("report_to"),
            "published": table.flag("published", default=False) or None,
        }

    def _domains(self, table: Table) -> tuple[str, ...]:
        names = table.texts("domains")
        for name in names:
            if name not in self._codes:
                known = "、".join(self._in_force)
                table.complain("domains", f"没有“{name}”这个领域；应为领域的代码或名称：{known}。")
        return tuple(self._codes[name] for name in names if name in self._codes)

    def _grade(self, table: Table) -> Any:
        """A grade of at least one ladder in force, or `any` for every grade."""
        if table.has("grade") and table.values["grade"] == "any":
            return "any"
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


def _adjustment(table: Table) -> dict[str, Any]:
    return {
        "name": table.text("name", required=True),
        "points": table.number("points", required=True),
        "most": table.number("most"),
    }


def _validity(table: Table) -> dict[str, Any]:
    return {
        "more_ballots_than_slips": table.one_of("more_ballots_than_slips", ("void", "allow")),
        "secret": table.flag("secret", default=True),
    }


def _ranking(table: Table) -> dict[str, Any]:
    return {"ties": table.one_of("ties", ("shared", "unstated"), required=True)}


def _notice(table: Table) -> dict[str, Any]:
    unstated = table.has("days") and table.values["days"] == "unstated"
    return {
        "days": "unstated" if unstated else table.number("days", required=True),
        "counted": table.one_of("counted", ("calendar", "working", "unstated")) or "unstated",
        "place": table.text("place"),
    }


def _step(table: Table) -> dict[str, Any]:
    expected = '应为月-日，如 "03-27"'
    return {
        "name": table.text("name", required=True),
        "from": table.read("from", _month_day, expected),
        "to": table.read("to", _month_day, expected),
    }


def _month_day(value: object) -> str | None:
    found = re.fullmatch(r"(\d\d)-(\d\d)", value, re.ASCII) if isinstance(value, str) else None
    if found is None or not 1 <= int(found[1]) <= 12:
        return None
    return found[0] if 1 <= int(found[2]) <= DAYS_IN_MONTH[int(found[1]) - 1] else None


def _form(table: Table) -> dict[str, Any]:
    return {"name": table.text("name", required=True), "to": table.text("to")}
