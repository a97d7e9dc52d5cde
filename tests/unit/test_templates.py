"""The check that keeps pages within the Content-Security-Policy."""

from __future__ import annotations

import pytest

from tools.templates import complaints


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        ("<script>start()</script>", "inline script"),
        ("<script type=module>start()</script>", "inline script"),
        ("<style>p { color: red }</style>", "style tag"),
        ('<p style="color: red">', "style attribute on <p>"),
        ('<div {% if wide %}style="width: {{ w }}%"{% endif %}>', "style attribute on <div>"),
        ('<button onclick="start()">', "event attribute onclick on <button>"),
        ('<a href=" JavaScript:start()">', "javascript: address on <a>"),
        ('<script src="https://other.example/x.js"></script>', "<script> loads from another host"),
        ('<img src="//other.example/x.png">', "<img> loads from another host"),
    ],
)
def test_what_the_policy_would_block_is_found(page: str, fault: str) -> None:
    assert list(complaints(page)) == [(1, fault)]


def test_a_fault_is_named_with_its_line_whatever_jinja_stands_before_it() -> None:
    page = "{# two\nlines #}\n{% if a\n   and b %}{{ a\n }}\n<style></style>"
    assert list(complaints(page)) == [(6, "style tag")]


@pytest.mark.parametrize(
    "page",
    [
        "<script src=\"{{ asset('phone.js') }}\" defer></script>",
        '<script type="application/json" id="form">{{ form|tojson }}</script>',
        '<a href="https://other.example/">elsewhere</a>',
        '<p title="style=1">on time</p>',
        "{# <style> in a comment #}",
    ],
)
def test_what_the_policy_allows_passes(page: str) -> None:
    assert list(complaints(page)) == []
