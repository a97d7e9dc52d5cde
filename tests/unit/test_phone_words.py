"""Every refusal of the voters' API has a sentence of its own on the phone."""

from __future__ import annotations

import re
from pathlib import Path

from voting.openapi import voter_errors

WORDS = Path(__file__).resolve().parents[2] / "static" / "src" / "phone" / "words.js"

GENERAL = {
    "not_found",  # the page asks for no address that is not there
    "method_not_allowed",
    "server_error",  # any 5xx is waited out in the words of `server_busy`
    "too_many_watchers",  # the phone watches no stream
}


def test_each_error_of_the_api_is_put_into_words() -> None:
    found = re.findall(
        r'^  (\w+): \{\n    title: _\("(.+)"\),\n    text: _\("(.+)"\),\n  \},$',
        WORDS.read_text(),
        re.MULTILINE,
    )
    codes = [code for code, _, _ in found]
    assert {error.code for error in voter_errors()} - GENERAL <= set(codes)
    assert len(set(codes)) == len(codes)


def test_each_sentence_says_what_to_do() -> None:
    texts = re.findall(r'^    text: _\("(.+)"\),$', WORDS.read_text(), re.MULTILINE)
    assert len(texts) > 20
    for text in texts:
        assert any(word in text for word in ("请", "不用", "等")), text
        assert text.endswith("。")
