"""A complaint about a scheme file names the line; two versions are compared line by line."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.actions.scheme import list_shipped, shipped_text
from app.domain.errors import SchemeInvalid
from app.domain.scheme.difference import difference
from app.domain.scheme.lines import key_lines, line_of, located
from app.domain.scheme.parse import parse_scheme
from tests.schemes import rule, scheme_text

WRITTEN = '''
# a comment [[not.a.table]]
id = "a"  # id = "b"
notes = ["一", """
x = 1
[[rules]]
""", '[y]']
"quoted key" = 1
a.b = 2

[[ladders]]
name = "four"
grades = [
  { label = "好", at_least = 90 },
  # { label = "no" },
  { label = "差" },
]

[[ladders]]
name = 'three'
[[ladders.grades]]
label = "先进"

[satisfaction]
satisfied = { three = ["先进"], four = ["好"] }
[satisfaction.more]
text = """a\\"""b""""
last = true
'''


def test_every_key_is_found_on_its_line() -> None:
    lines = key_lines(WRITTEN)
    for key, start in {
        "id": 'id = "a"',
        "notes": "notes =",
        "quoted key": '"quoted key"',
        "a.b": "a.b =",
        "ladders[1]": "[[ladders]]",
        "ladders[1].grades[1].at_least": '  { label = "好"',
        "ladders[1].grades[2]": '  { label = "差"',
        "ladders[2].name": "name = 'three'",
        "ladders[2].grades[1].label": 'label = "先进"',
        "satisfaction.satisfied.four": "satisfied =",
        "satisfaction.more.last": "last",
    }.items():
        assert WRITTEN.splitlines()[lines[key] - 1].startswith(start), key
    assert "x" not in lines
    assert "rules[1]" not in lines


def test_what_is_lacking_is_told_by_the_table_in_which_it_lacks() -> None:
    lines = key_lines(WRITTEN)
    assert line_of(lines, "ladders[2].title") == lines["ladders[2]"]
    assert line_of(lines, "ladders[2].grades[1].at_least") == lines["ladders[2].grades[1]"]
    assert line_of(lines, "rules[1].id") is None
    assert line_of(lines, "(全文)") is None
    assert line_of(lines, "第7行第3列") == 7


def test_problems_come_in_the_order_of_the_lines() -> None:
    text = scheme_text(rules=rule("cap", "nonsense = 1", grade='"好好"')) + 'lost = "x"\n'
    text = text.replace('id = "test-2012"', 'id = "Test 2012"')
    with pytest.raises(SchemeInvalid) as refused:
        parse_scheme(text, "a.toml")
    found = located(text, refused.value.problems)
    told = [(text.splitlines()[line - 1], p.key) for line, p in found if line]
    assert told[0] == ('id = "Test 2012"', "id")
    assert ("when = { nonsense = 1 }", "rules[1].when.nonsense") in told
    assert ('lost = "x"', "rules[1].lost") in told


@pytest.mark.parametrize("scheme_id", [scheme.id for scheme in list_shipped()])
def test_every_key_of_a_shipped_scheme_stands_where_it_says(scheme_id: str) -> None:
    text = shipped_text(scheme_id)
    lines = key_lines(text)

    def walk(value: object, path: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                here = f"{path}.{key}" if path else key
                assert key in text.splitlines()[lines[here] - 1], here
                walk(inner, here)
        elif isinstance(value, list):
            for number, inner in enumerate(value, 1):
                assert f"{path}[{number}]" in lines
                walk(inner, f"{path}[{number}]")

    walk(tomllib.loads(text), "")


@given(st.text(alphabet="ab=[]{},.\"'#\n \\1中", max_size=80))
def test_no_text_is_too_strange_to_look_at(text: str) -> None:
    lines = text.count("\n") + 1
    assert all(1 <= line <= lines for line in key_lines(text).values())


def test_a_difference_shows_what_came_and_what_went() -> None:
    old = "\n".join(f"第{n}行" for n in range(1, 21))
    new = old.replace("第10行", "改了\n加了")
    shown = [(line.kind, line.old, line.new, line.text) for line in difference(old, new)]
    assert shown == [
        ("gap", None, None, ""),
        ("same", 7, 7, "第7行"),
        ("same", 8, 8, "第8行"),
        ("same", 9, 9, "第9行"),
        ("out", 10, None, "第10行"),
        ("in", None, 10, "改了"),
        ("in", None, 11, "加了"),
        ("same", 11, 12, "第11行"),
        ("same", 12, 13, "第12行"),
        ("same", 13, 14, "第13行"),
    ]
    assert difference(old, old) == []
