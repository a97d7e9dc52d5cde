"""Every mutation of a published box is caught, and a sound one is recounted."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.cli.box import recount, verify
from app.domain.box import TOGETHER, GroupCounts, StoredMark, build_box, findings, read_box
from app.domain.errors import BadRequest
from tests.forgeries import (
    BREACHES_OF_FORM,
    CELLS,
    CHANGES_OF_MARKS,
    CHOICES,
    FORGERIES,
    NO_BOXES,
    Document,
    Forgery,
    another_digest,
    as_document,
    documents,
    forged,
    forged_digest,
    scribbled,
)


def each(forgeries: tuple[Forgery, ...]) -> pytest.MarkDecorator:
    """One test for each of them."""
    return pytest.mark.parametrize("forge", forgeries, ids=lambda forge: forge.__name__)


def caught(file: bytes, printed: str | None = None) -> bool:
    """Whether the file is refused, or something is found in it."""
    try:
        box = read_box(file)
    except BadRequest:
        return True
    return bool(findings(box, printed))


def written(document: Document) -> bytes:
    """A file of the document."""
    return json.dumps(document).encode()


@given(documents())
@settings(max_examples=50)
def test_a_sound_box_has_no_findings_and_is_recounted(document: Document) -> None:
    box = read_box(json.dumps(document, indent=2).encode())
    assert findings(box) == ()
    assert findings(box, box.digest.upper() + "\n") == ()
    counted: Counter[tuple[str, str]] = Counter()
    for cells in recount(box).values():
        for cell, choices in cells.items():
            counted.update({(cell, choice): number for choice, number in choices.items()})
    given = Counter(
        (entry["cell"], choice) for entry in document["lists"] for _, choice in entry["marks"]
    )
    assert counted == given


@each(FORGERIES)
@given(data=st.data())
@settings(max_examples=25)
def test_a_forgery_that_leaves_the_digest_is_caught(forge: Forgery, data: st.DataObject) -> None:
    document, _ = data.draw(forged(forge))
    assert caught(written(document))


@each(tuple(forge for forge in FORGERIES if forge is not another_digest))
@given(data=st.data())
@settings(max_examples=25)
def test_a_forgery_that_rewrites_the_digest_is_caught_against_the_count_sheet(
    forge: Forgery, data: st.DataObject
) -> None:
    document, sound = data.draw(forged(forge, rewritten=True))
    assert caught(written(document), sound["digest"])


@each(BREACHES_OF_FORM)
@given(data=st.data())
@settings(max_examples=25)
def test_what_breaks_the_form_of_a_box_is_named_even_without_a_digest_to_compare(
    forge: Forgery, data: st.DataObject
) -> None:
    document, _ = data.draw(forged(forge, rewritten=True))
    assert findings(read_box(written(document)))


@each(NO_BOXES)
@given(data=st.data())
@settings(max_examples=25)
def test_what_is_more_or_less_than_a_box_is_not_read(forge: Forgery, data: st.DataObject) -> None:
    document, _ = data.draw(forged(forge, rewritten=True))
    with pytest.raises(BadRequest):
        read_box(written(document))


@given(data=st.data())
@settings(max_examples=200)
def test_several_forgeries_at_once_are_caught(data: st.DataObject) -> None:
    """One may not hide another, nor may two make each other good."""
    several = data.draw(st.lists(st.sampled_from(CHANGES_OF_MARKS), min_size=2, max_size=4))
    document, sound = data.draw(forged(*several, rewritten=data.draw(st.booleans())))
    assert caught(written(document), sound["digest"])


@given(scribbled())
@settings(max_examples=1000)
def test_a_file_whose_bytes_were_changed_is_caught_or_means_the_same(
    files: tuple[bytes, bytes],
) -> None:
    """A space more between two members, or a letter written as its escape, changes nothing."""
    file, sound = files
    try:
        same = read_box(file) == read_box(sound)
    except BadRequest:
        return
    assert same or findings(read_box(file))


@given(scribbled())
def test_a_box_that_reads_as_sound_has_the_digest_of_the_count_sheet(
    files: tuple[bytes, bytes],
) -> None:
    file, sound = files
    digest = read_box(sound).digest
    assume(not caught(file, digest))
    assert read_box(file).digest == digest


# What the file may hold


def _sound_document() -> Document:
    marks = [
        StoredMark("g1", cell, secrets.token_bytes(10), choice)
        for cell in CELLS
        for choice in CHOICES
    ]
    counts = {"g1": GroupCounts(5, 4, 4, 0, 1)}
    return as_document(build_box("7K3M9P", counts, frozenset({"g1"}), CELLS, marks))


def _hidden_beside_a_list(document: Document) -> str:
    document["lists"][0]["note"] = "x"
    return json.dumps(document)


def _hidden_in_the_counts(document: Document) -> str:
    document["counts"]["g1"]["note"] = 1
    return json.dumps(document)


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda d: json.dumps({**d, "note": "x"}), id="an unknown member"),
        pytest.param(_hidden_beside_a_list, id="an unknown member of a list"),
        pytest.param(_hidden_in_the_counts, id="an unknown count"),
        pytest.param(
            lambda d: json.dumps(d)[:-1] + ',"digest":"' + d["digest"] + '"}', id="a name twice"
        ),
        pytest.param(lambda d: json.dumps(d)[:-2], id="cut short"),
        pytest.param(lambda d: "﻿" + json.dumps(d), id="a byte order mark"),
        pytest.param(lambda d: json.dumps({**d, "meeting": "\ud800"}), id="a lone surrogate"),
        pytest.param(lambda d: json.dumps({**d, "meeting": 5}), id="a wrong type"),
        pytest.param(lambda d: json.dumps([d]), id="a list"),
        pytest.param(lambda _: "[" * 100_000, id="deep nesting"),
        pytest.param(lambda d: json.dumps(d).replace(": 5,", ": 5.0,", 1), id="a float"),
        pytest.param(lambda _: "", id="nothing"),
    ],
)
def test_a_file_that_is_no_box_or_holds_more_than_a_box_is_refused(write: Any) -> None:
    with pytest.raises(BadRequest):
        read_box(write(_sound_document()).encode("utf-8", "surrogatepass"))


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(BadRequest):
        read_box(b'{"protocol": "\xff"}')


# Whose marks stand alone, and whose together


def _of_groups(cast: dict[str, int], *shown: str) -> Document:
    """A box that shows these groups alone, whether it may or not."""
    counts = {group: GroupCounts(n, n, n, 0, 0) for group, n in cast.items()}
    marks = [
        StoredMark(group, cell, secrets.token_bytes(10), "option1")
        for group, number in cast.items()
        for cell in CELLS
        for _ in range(number)
    ]
    return as_document(build_box("7K3M9P", counts, frozenset(shown), CELLS, marks))


def _nobody_together() -> Document:
    document = _of_groups({"g1": 3}, "g1")
    empty: list[Document] = [{"group": TOGETHER, "cell": cell, "marks": []} for cell in CELLS]
    document["lists"] = empty + document["lists"]
    return document


def _nobody_at_all() -> Document:
    return {**_of_groups({}), "counts": {}, "lists": []}


def _named_as_those_together() -> Document:
    document = _of_groups({"g1": 3})
    document["counts"] = {TOGETHER: document["counts"]["g1"]}
    return document


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (_of_groups({"g1": 2, "g2": 5}, "g1", "g2"), "类别 g1 只有 2 张选票，不应单独列出。"),
        (
            _of_groups({"g1": 2, "g2": 5}, "g2"),
            "合并统计的各类别只有 2 张选票，不应与别的类别分开列出。",
        ),
        (_nobody_together(), "没有需要合并的类别，却有合并统计的清单。"),
        (_nobody_at_all(), "没有写明任何类别的张数。"),
        (_named_as_those_together(), "类别不能叫 *。"),
    ],
)
def test_a_box_that_shows_groups_otherwise_than_the_rules_say_is_named(
    document: Document, sentence: str
) -> None:
    document["digest"] = forged_digest(document)
    assert sentence in findings(read_box(written(document)))


@pytest.mark.parametrize(
    ("cast", "shown"),
    [({"g1": 1}, ()), ({"g1": 3, "g2": 0}, ("g1",)), ({"g1": 1, "g2": 2, "g3": 3}, ("g3",))],
)
def test_a_box_that_keeps_the_rules_has_no_findings(
    cast: dict[str, int], shown: tuple[str, ...]
) -> None:
    assert findings(read_box(written(_of_groups(cast, *shown)))) == ()


# The command


@pytest.fixture
def box_file(tmp_path: Path) -> Path:
    file = tmp_path / "box.json"
    file.write_text(json.dumps(_sound_document()))
    return file


def test_a_sound_file_ends_with_0_and_a_recount(box_file: Path) -> None:
    digest = json.loads(box_file.read_text())["digest"]
    spaced = " ".join(digest[start : start + 8] for start in range(0, 64, 8)).upper()
    done = CliRunner().invoke(verify, [str(box_file), "--digest", spaced])
    assert done.exit_code == 0
    assert "票箱完好" in done.output
    assert "与计票单上的摘要一致" in done.output
    assert "票格 s01.q1：option1 1 option2 1 option3 1 弃权 1 合计 4" in done.output


def test_the_recount_is_there_for_programs_too(box_file: Path) -> None:
    done = CliRunner().invoke(verify, [str(box_file), "--json"])
    answer = json.loads(done.output)
    assert answer["sound"]
    assert answer["ballots"] == 4
    assert answer["cells"]["s02.q1"] == {"option1": 1, "option2": 1, "option3": 1, "abstain": 1}
    assert answer["groups"]["g1"] == answer["cells"]
    assert not answer["digest_compared"]


def test_a_forged_file_ends_with_1_and_says_where(box_file: Path) -> None:
    document = json.loads(box_file.read_text())
    document["lists"][1]["marks"].pop()
    box_file.write_text(json.dumps(document))
    done = CliRunner().invoke(verify, [str(box_file)])
    assert done.exit_code == 1
    assert "票格 s01.q2" in done.output
    assert "摘要不符" in done.output
    assert not json.loads(CliRunner().invoke(verify, [str(box_file), "--json"]).output)["sound"]


def test_another_digest_on_the_count_sheet_ends_with_1(box_file: Path) -> None:
    done = CliRunner().invoke(verify, [str(box_file), "--digest", "0" * 64])
    assert done.exit_code == 1
    assert "不是当时封存的票箱" in done.output


@pytest.mark.parametrize(
    "arguments", [["missing.json"], ["."], [], ["missing.json", "--digest", "xyz"], ["--nope"]]
)
def test_what_cannot_be_read_ends_with_2(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(verify, arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.strip()


def test_marks_of_small_groups_are_recounted_together() -> None:
    counts = {"g1": GroupCounts(2, 2, 2, 0, 0), "g2": GroupCounts(1, 1, 1, 0, 0)}
    marks = [
        StoredMark(g, "s01.q1", secrets.token_bytes(10), "option1") for g in ("g1", "g1", "g2")
    ]
    box = build_box("7K3M9P", counts, frozenset(), ["s01.q1"], marks)
    assert recount(box) == {TOGETHER: {"s01.q1": {"option1": 3}}}
