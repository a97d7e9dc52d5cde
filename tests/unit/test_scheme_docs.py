"""docs/scheme-format.md says what the code does: its examples run, and it names every key."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.domain.grading import parse_facts, propose
from app.domain.scheme import Scheme, Table, parse_scheme, scheme_json

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "scheme-format.md").read_text("utf-8")


def example(language: str, number: int = 0) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found[number])


def documented() -> Scheme:
    return parse_scheme(example("toml"), "例子")


def test_the_example_is_a_sound_scheme() -> None:
    assert documented().points_stated
    assert [rule.effect for rule in documented().rules] == ["cap", "floor_to", "flag", "veto"]


def test_the_documented_answer_is_what_the_documented_facts_give() -> None:
    scheme, facts = parse_facts(documented(), example("json"), "试算.json")
    given = propose(scheme, facts).to_json()
    told: dict[str, Any] = json.loads(example("json", 1))
    assert given == told
    effects = {line["effect"] for line in given["trace"]}
    assert {"ladder", "computed", "deduction", "bonus", "cap"} <= effects


def test_every_key_that_is_read_stands_in_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    has = Table.has

    def spy(table: Table, key: str) -> bool:
        asked.add(key)
        return has(table, key)

    monkeypatch.setattr(Table, "has", spy)
    documented()
    assert {"ladders", "at_least", "when", "voted", "months_at_least"} <= asked
    assert [key for key in sorted(asked) if not re.search(rf"\b{key}\b", PAGE)] == []


def test_the_example_shows_every_section_that_is_kept_as_data() -> None:
    sections = set(scheme_json(documented())) - {"points_stated"}
    listed = {"deductions", "bonuses", "quotas", "quorums", "validity", "ranking", "notice"}
    assert listed <= sections
    assert documented().scoring.mass_from == "satisfaction"
    assert documented().satisfaction.empty_group == "spread"
    assert documented().weighted_groups("村")[1].aliases == ("群众代表",)
