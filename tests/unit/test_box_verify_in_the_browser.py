"""The browser's verifier and `box verify`, written apart, judge every file alike."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.box import Box, box_digest, findings, read_box
from app.domain.errors import BadRequest
from tests.forgeries import (
    BREACHES_OF_FORM,
    CHANGES_OF_MARKS,
    FORGERIES,
    Document,
    Forgery,
    documents,
    forged,
    scribbled,
)
from tools.setup import node_environment

ROOT = Path(__file__).resolve().parents[2]
QUOTED = re.compile(r"'.*'|\".*\"", re.DOTALL)
"""What a sentence quotes; each language writes characters that cannot be printed in its own way."""


class Verifier:
    """The verifier's code in Node, asked one file at a time."""

    def __init__(self) -> None:
        node, env = node_environment()
        self._process = subprocess.Popen(
            [node, "tests/js/verifier_lines.mjs"],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def judge(self, file: bytes, printed: str | None = None) -> dict[str, Any]:
        """`refused`, or `findings`, `digest` and `cells`."""
        assert self._process.stdin
        assert self._process.stdout
        question = {"file": base64.b64encode(file).decode(), "printed": printed}
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()


@pytest.fixture(scope="module")
def verifier() -> Iterator[Verifier]:
    started = Verifier()
    yield started
    started.close()


def agreed(verifier: Verifier, file: bytes, printed: str | None = None) -> dict[str, Any]:
    """The answer of the browser's verifier, after a look whether the other's is the same."""
    answer = verifier.judge(file, printed)
    try:
        box = read_box(file)
    except BadRequest:
        assert "refused" in answer
        return answer
    assert "refused" not in answer
    assert list(map(_unquoted, answer["findings"])) == [
        _unquoted(sentence) for sentence in findings(box, printed)
    ]
    assert answer["digest"] == box_digest(box)
    assert answer["cells"] == _recounted(box)
    return answer


def _unquoted(sentence: str) -> str:
    return QUOTED.sub("…", sentence)


def _recounted(box: Box) -> dict[str, dict[str, int]]:
    cells: dict[str, Counter[str]] = {}
    for entry in box.lists:
        cells.setdefault(entry.cell, Counter()).update(choice for _, choice in entry.marks)
    return {cell: dict(numbers) for cell, numbers in cells.items()}


@given(document=documents())
@settings(max_examples=50)
def test_a_sound_box_is_sound_to_both(verifier: Verifier, document: Document) -> None:
    for indent, plain in ((None, True), (2, False)):
        file = json.dumps(document, indent=indent, ensure_ascii=plain).encode()
        assert agreed(verifier, file)["findings"] == []
        assert agreed(verifier, file, document["digest"])["findings"] == []
        assert agreed(verifier, file, "0" * 64)["findings"]


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
@given(data=st.data())
@settings(max_examples=15)
def test_a_forgery_is_caught_by_both_in_the_same_words(
    verifier: Verifier, forge: Forgery, data: st.DataObject
) -> None:
    document, sound = data.draw(forged(forge))
    answer = agreed(verifier, json.dumps(document).encode(), sound["digest"])
    assert "refused" in answer or answer["findings"]


@given(data=st.data())
@settings(max_examples=300)
def test_a_forgery_with_a_fitting_digest_is_judged_alike(
    verifier: Verifier, data: st.DataObject
) -> None:
    several = st.one_of(
        st.tuples(st.sampled_from(BREACHES_OF_FORM)),
        st.lists(st.sampled_from(CHANGES_OF_MARKS), min_size=1, max_size=3),
        st.tuples(st.sampled_from(CHANGES_OF_MARKS), st.sampled_from(BREACHES_OF_FORM)),
    )
    document, sound = data.draw(forged(*data.draw(several), rewritten=True))
    file = json.dumps(document).encode()
    agreed(verifier, file)
    answer = agreed(verifier, file, sound["digest"])
    assert "refused" in answer or answer["findings"]


@given(files=scribbled())
@settings(max_examples=400)
def test_a_file_whose_bytes_were_changed_is_judged_alike(
    verifier: Verifier, files: tuple[bytes, bytes]
) -> None:
    agreed(verifier, files[0])


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "null", "[]", "{}", "5", '"box"', "[" * 100_000, '{"a":1}x', "\ufeff{}", "{,}",
        "[1,]", '{"a"}', '{"a":01}', '{"a":1.0}', '{"a":1e3}', '{"a":NaN}', '{"a":-}', "'a'",
        '{"a":"\\x41"}', '{"a":"\\u12"}', '{"a":"\n"}', '{"a":"\\ud800"}', '{"a":1,"a":1}', "\x00",
    ],
)  # fmt: skip
def test_what_is_no_box_is_refused_by_both(verifier: Verifier, text: str) -> None:
    assert "refused" in agreed(verifier, text.encode())


def _sound() -> str:
    text = (ROOT / "tests" / "vectors" / "closed_meeting.json").read_text()
    return json.dumps(json.loads(text)["box"])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text + "x",
        lambda text: text + text,
        lambda text: "\ufeff" + text,
        lambda text: text[:-1] + ',"digest":"' + json.loads(text)["digest"] + '"}',
        lambda text: text.replace('"g1": {', '"g1": {"cast": 1, ', 1),
        lambda text: text.replace('"issued": 12', '"issued": 12.0', 1),
        lambda text: text.replace('"issued": 12', '"issued": 12e0', 1),
        lambda text: text.replace('"issued": 12', '"issued": 012', 1),
        lambda text: text.replace('"issued": 12', '"issued": +12', 1),
        lambda text: text.replace('"meeting": "', '"meeting": "\\ud800', 1),
        lambda text: text.replace('"meeting": "', '"meeting": "\\udc00', 1),
        lambda text: text.replace('"meeting": "', '"meeting": "\n', 1),
        lambda text: text.replace('"meeting": "', '"meeting": "\\a', 1),
        lambda text: text.replace("]]}", "],]}", 1),
        lambda text: text.replace('"option1"]', '"option1", "option1"]', 1),
    ],
)
def test_a_sound_box_written_as_no_box_is_written_is_refused_by_both(
    verifier: Verifier, spoil: Callable[[str], str]
) -> None:
    sound = _sound()
    assert agreed(verifier, sound.encode())["findings"] == []
    assert spoil(sound) != sound
    assert "refused" in agreed(verifier, spoil(sound).encode())


def test_names_outside_the_basic_plane_are_put_in_the_same_order(verifier: Verifier) -> None:
    """JavaScript's own order puts U+10000 before U+FFFD, Python's does not."""
    counts = {"issued": 3, "redeemed": 3, "cast": 3, "voided": 0, "unused": 0}
    groups = ["g1", "\ufffd", "\U00010000", "__proto__"]
    lists = [
        {
            "group": group,
            "cell": cell,
            "marks": [[f"{at}{c}AAAAAAAAAAAA", "option1"] for c in "abc"],
        }
        for at, group in enumerate(sorted(groups))
        for cell in ["\ufffd", "\U00010000"]
    ]
    document: Document = {
        "protocol": "mingce/1", "meeting": "7K3M9P", "counts": dict.fromkeys(groups, counts),
        "lists": lists, "digest": "",
    }  # fmt: skip
    answer = agreed(verifier, json.dumps(document).encode())
    document["digest"] = answer["digest"]
    assert agreed(verifier, json.dumps(document).encode())["findings"] == []
