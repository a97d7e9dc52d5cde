"""Every mutation of a published box is caught, and a sound one is recounted."""

from __future__ import annotations

import copy
import json
import random
import secrets
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cli.box import recount, verify
from app.domain.box import (
    TOGETHER,
    Box,
    GroupCounts,
    StoredMark,
    box_digest,
    build_box,
    findings,
    read_box,
)
from app.domain.errors import BadRequest

CELLS = ("s01.q1", "s01.q2", "s02.q1")
CHOICES = ("option1", "option2", "option3", "abstain")

Document = dict[str, Any]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A sound box as its JSON value: two or three groups, at least one ballot each."""
    cast = {f"g{n}": draw(st.integers(1, 6)) for n in range(1, draw(st.integers(2, 4)))}
    shown = frozenset(draw(st.sets(st.sampled_from(sorted(cast)))))
    chance = random.Random(draw(st.integers(0)))  # noqa: S311 - no two trackers alike
    marks = [
        StoredMark(group, cell, chance.randbytes(10), chance.choice(CHOICES))
        for group, ballots in cast.items()
        for cell in CELLS
        for _ in range(ballots)
    ]
    counts = {
        group: GroupCounts(ballots + 3, ballots + 1, ballots, 1, 1)
        for group, ballots in cast.items()
    }
    return _json(build_box("7K3M9P", counts, shown, CELLS, marks))


def _json(box: Box) -> Document:
    value: Document = json.loads(msgspec.json.encode(box))
    return value


def _filled(document: Document) -> list[Document]:
    return [entry for entry in document["lists"] if entry["marks"]]


def flip_a_choice(document: Document, draw: st.DrawFn) -> None:
    mark = draw(st.sampled_from(draw(st.sampled_from(_filled(document)))["marks"]))
    mark[1] = draw(st.sampled_from([choice for choice in CHOICES if choice != mark[1]]))


def drop_a_mark(document: Document, draw: st.DrawFn) -> None:
    marks = draw(st.sampled_from(_filled(document)))["marks"]
    del marks[draw(st.integers(0, len(marks) - 1))]


def add_a_mark(document: Document, draw: st.DrawFn) -> None:
    marks = draw(st.sampled_from(document["lists"]))["marks"]
    tracker = draw(st.text("ABCDefgh0123-_", min_size=13, max_size=13)) + "A"
    marks.append([tracker, draw(st.sampled_from(CHOICES))])
    marks.sort()


def repeat_a_mark(document: Document, draw: st.DrawFn) -> None:
    marks = draw(st.sampled_from(_filled(document)))["marks"]
    marks.append(list(draw(st.sampled_from(marks))))
    marks.sort()


def replace_a_tracker(document: Document, draw: st.DrawFn) -> None:
    marks = draw(st.sampled_from(_filled(document)))["marks"]
    draw(st.sampled_from(marks))[0] = "zzzzzzzzzzzzzA"
    marks.sort()


def swap_two_choices(document: Document, draw: st.DrawFn) -> None:
    """Between two voters, so that every total stays as it was."""
    marks = [mark for entry in document["lists"] for mark in entry["marks"]]
    one = draw(st.sampled_from(marks))
    others = [mark for mark in marks if mark[1] != one[1]]
    if not others:
        flip_a_choice(document, draw)
        return
    other = draw(st.sampled_from(others))
    one[1], other[1] = other[1], one[1]


def move_a_mark(document: Document, draw: st.DrawFn) -> None:
    source = draw(st.sampled_from(_filled(document)))
    target = draw(st.sampled_from([e for e in document["lists"] if e is not source]))
    target["marks"].append(source["marks"].pop())
    target["marks"].sort()


def swap_two_lists(document: Document, draw: st.DrawFn) -> None:
    one = draw(st.sampled_from(_filled(document)))
    other = draw(st.sampled_from([e for e in document["lists"] if e is not one]))
    one["marks"], other["marks"] = other["marks"], one["marks"]


def reverse_the_lists(document: Document, draw: st.DrawFn) -> None:
    document["lists"].reverse()


def reverse_the_marks(document: Document, draw: st.DrawFn) -> None:
    long = [entry for entry in document["lists"] if len(entry["marks"]) > 1]
    if long:
        draw(st.sampled_from(long))["marks"].reverse()
    else:
        document["lists"].reverse()


def drop_a_list(document: Document, draw: st.DrawFn) -> None:
    del document["lists"][draw(st.integers(0, len(document["lists"]) - 1))]


def rename_a_list(document: Document, draw: st.DrawFn) -> None:
    entry = draw(st.sampled_from(document["lists"]))
    entry[draw(st.sampled_from(["group", "cell"]))] += "x"


def change_a_count(document: Document, draw: st.DrawFn) -> None:
    counts = document["counts"][draw(st.sampled_from(sorted(document["counts"])))]
    counts[draw(st.sampled_from(sorted(counts)))] += draw(st.sampled_from([-1, 1, 7]))


def drop_a_group(document: Document, draw: st.DrawFn) -> None:
    del document["counts"][draw(st.sampled_from(sorted(document["counts"])))]


def another_meeting(document: Document, draw: st.DrawFn) -> None:
    document["meeting"] = "AAAAAA"


def another_protocol(document: Document, draw: st.DrawFn) -> None:
    document["protocol"] = "mingce/2"


MUTATIONS = (
    flip_a_choice,
    drop_a_mark,
    add_a_mark,
    repeat_a_mark,
    replace_a_tracker,
    swap_two_choices,
    move_a_mark,
    swap_two_lists,
    reverse_the_lists,
    reverse_the_marks,
    drop_a_list,
    rename_a_list,
    change_a_count,
    drop_a_group,
    another_meeting,
    another_protocol,
)
every_mutation = pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda m: m.__name__)


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


@every_mutation
@given(data=st.data())
@settings(max_examples=25)
def test_a_mutation_that_leaves_the_digest_is_caught(mutate: Any, data: st.DataObject) -> None:
    document = _mutated(mutate, data)
    assert findings(read_box(json.dumps(document).encode()))


@every_mutation
@given(data=st.data())
@settings(max_examples=25)
def test_a_mutation_that_rewrites_the_digest_is_caught_against_the_count_sheet(
    mutate: Any, data: st.DataObject
) -> None:
    document = _mutated(mutate, data)
    printed = document["digest"]
    document["digest"] = box_digest(msgspec.convert(document, Box))
    found = findings(read_box(json.dumps(document).encode()), printed)
    assert any("计票单" in sentence for sentence in found)


@pytest.mark.parametrize(
    "mutate",
    [drop_a_mark, add_a_mark, repeat_a_mark, move_a_mark, reverse_the_marks, another_protocol],
    ids=lambda m: m.__name__,
)
@given(data=st.data())
@settings(max_examples=25)
def test_what_breaks_the_form_of_a_box_is_named_even_without_a_digest_to_compare(
    mutate: Any, data: st.DataObject
) -> None:
    document = _mutated(mutate, data)
    document["digest"] = box_digest(msgspec.convert(document, Box))
    assert findings(read_box(json.dumps(document).encode()))


@given(data=st.data())
@settings(max_examples=25)
def test_a_digest_that_is_not_the_box_s_own_is_caught(data: st.DataObject) -> None:
    document = data.draw(documents())
    document["digest"] = data.draw(st.sampled_from(["", "0" * 64, document["digest"].upper()]))
    assert findings(read_box(json.dumps(document).encode()))


def _mutated(mutate: Any, data: st.DataObject) -> Document:
    document = data.draw(documents())
    before = copy.deepcopy(document)
    mutate(document, data.draw)
    assert document != before
    return document


# What the file may hold


def _sound_document() -> Document:
    marks = [
        StoredMark("g1", cell, secrets.token_bytes(10), choice)
        for cell in CELLS
        for choice in CHOICES
    ]
    counts = {"g1": GroupCounts(5, 4, 4, 0, 1)}
    return _json(build_box("7K3M9P", counts, frozenset({"g1"}), CELLS, marks))


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
