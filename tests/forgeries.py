"""Sound boxes, and every way we could think of to tamper with one: strategies for Hypothesis.

The same forgeries are put before `box verify` and before the verifier of the browser.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import assume
from hypothesis import strategies as st

from app.domain.box import TOGETHER, Box, GroupCounts, StoredMark, build_box
from app.domain.encoding import canonical_json
from app.domain.meeting import groups_shown

CELLS = ("s01.q1", "s01.q2", "s02.q1")
CHOICES = ("option1", "option2", "option3", "abstain")
COUNTS = ("issued", "redeemed", "cast", "voided", "unused")
EXACT_MOST = 2**53 - 1
"""JavaScript's numbers are exact up to here; the browser's verifier refuses larger ones."""

Document = dict[str, Any]
Forgery = Callable[[Document, st.DrawFn], None]


def forged_digest(document: Document) -> str:
    """The digest that a forger would write, over whatever the document holds now."""
    content = {name: value for name, value in document.items() if name != "digest"}
    return hashlib.sha256(canonical_json(content)).hexdigest()


def as_document(box: Box) -> Document:
    """A box as its JSON value."""
    value: Document = json.loads(msgspec.json.encode(box))
    return value


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A sound box as its JSON value: one to four groups, some alone and some together."""
    cast = {f"g{n}": draw(st.integers(1, 6)) for n in range(1, draw(st.integers(1, 4)) + 1)}
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
    return as_document(build_box("7K3M9P", counts, groups_shown(cast, 3), CELLS, marks))


@st.composite
def forged(
    draw: st.DrawFn, *forgeries: Forgery, rewritten: bool = False
) -> tuple[Document, Document]:
    """A box tampered with by each of `forgeries` in turn, and the sound one that it was.

    rewritten: the forger wrote a digest that fits.
    """
    document = draw(documents())
    before = copy.deepcopy(document)
    for forge in forgeries:
        forge(document, draw)
    if rewritten and isinstance(document.get("digest"), str):
        document["digest"] = forged_digest(document)
    assume(document != before)
    return document, before


# Marks


def flip_a_choice(document: Document, draw: st.DrawFn) -> None:
    mark = draw(st.sampled_from(_marks(document)))
    mark[1] = draw(st.sampled_from([choice for choice in CHOICES if choice != mark[1]]))


def drop_a_mark(document: Document, draw: st.DrawFn) -> None:
    marks = draw(st.sampled_from(_filled(document)))["marks"]
    del marks[draw(st.integers(0, len(marks) - 1))]


def add_a_mark(document: Document, draw: st.DrawFn) -> None:
    marks = draw(st.sampled_from(document["lists"]))["marks"]
    marks.append([draw(_trackers()), draw(st.sampled_from(CHOICES))])
    marks.sort()


def repeat_a_mark(document: Document, draw: st.DrawFn) -> None:
    marks = draw(st.sampled_from(_filled(document)))["marks"]
    marks.append(list(draw(st.sampled_from(marks))))
    marks.sort()


def put_one_mark_over_another(document: Document, draw: st.DrawFn) -> None:
    """In one list, so that its length stays: two voters find the same mark and think it theirs."""
    marks = draw(st.sampled_from(_long(document)))["marks"]
    to, source = draw(st.permutations(range(len(marks))))[:2]
    marks[to] = list(marks[source])
    marks.sort()


def put_one_group_s_mark_over_another_s(document: Document, draw: st.DrawFn) -> None:
    first = draw(st.sampled_from(document["lists"]))
    others = [
        e for e in document["lists"] if e["cell"] == first["cell"] and e["group"] != first["group"]
    ]
    if not others:
        put_one_mark_over_another(document, draw)
        return
    marks = draw(st.sampled_from(others))["marks"]
    marks[draw(st.integers(0, len(marks) - 1))] = list(draw(st.sampled_from(first["marks"])))
    marks.sort()


def replace_a_tracker(document: Document, draw: st.DrawFn) -> None:
    marks = draw(st.sampled_from(_filled(document)))["marks"]
    draw(st.sampled_from(marks))[0] = draw(_trackers())
    marks.sort()


def misspell_a_tracker(document: Document, draw: st.DrawFn) -> None:
    """Too short, too long, padded, another alphabet, a second spelling of the same bytes."""
    marks = draw(st.sampled_from(_filled(document)))["marks"]
    mark = draw(st.sampled_from(marks))
    wrong = ["", mark[0][:-1], mark[0] + "A", mark[0] + "==", "+" + mark[0][1:], mark[0][:-1] + "B"]
    mark[0] = draw(st.sampled_from(wrong))
    marks.sort()


def misspell_a_choice(document: Document, draw: st.DrawFn) -> None:
    mark = draw(st.sampled_from(_marks(document)))
    mark[1] = draw(st.sampled_from(["", "option0", "option10", "Option1", "弃权", "option1\n"]))


def swap_two_choices(document: Document, draw: st.DrawFn) -> None:
    """Between two voters, so that every total stays as it was."""
    marks = _marks(document)
    one = draw(st.sampled_from(marks))
    others = [mark for mark in marks if mark[1] != one[1]]
    if not others:
        flip_a_choice(document, draw)
        return
    other = draw(st.sampled_from(others))
    one[1], other[1] = other[1], one[1]


def swap_two_trackers(document: Document, draw: st.DrawFn) -> None:
    """Between two lists."""
    lists = draw(st.permutations(_filled(document)))[:2]
    one, other = (draw(st.sampled_from(entry["marks"])) for entry in lists)
    one[0], other[0] = other[0], one[0]
    for entry in lists:
        entry["marks"].sort()


def move_a_mark(document: Document, draw: st.DrawFn) -> None:
    source = draw(st.sampled_from(_filled(document)))
    target = draw(st.sampled_from([e for e in document["lists"] if e is not source]))
    target["marks"].append(source["marks"].pop())
    target["marks"].sort()


def swap_two_neighbours(document: Document, draw: st.DrawFn) -> None:
    marks = draw(st.sampled_from(_long(document)))["marks"]
    at = draw(st.integers(0, len(marks) - 2))
    marks[at], marks[at + 1] = marks[at + 1], marks[at]


def reverse_the_marks(document: Document, draw: st.DrawFn) -> None:
    draw(st.sampled_from(_long(document)))["marks"].reverse()


# Whole ballots, with the counts mended


def take_out_a_ballot(document: Document, draw: st.DrawFn) -> None:
    group = draw(st.sampled_from(sorted(document["counts"])))
    counts = document["counts"][group]
    # Somebody who takes out one ballot after another leaves one in.
    if counts["cast"] == 1:
        stuff_a_ballot(document, draw)
        return
    for entry in _lists_with(document, group):
        del entry["marks"][draw(st.integers(0, len(entry["marks"]) - 1))]
    counts["cast"] -= 1
    if draw(st.booleans()):
        counts["redeemed"] -= 1
        counts["unused"] += 1


def stuff_a_ballot(document: Document, draw: st.DrawFn) -> None:
    group = draw(st.sampled_from(sorted(document["counts"])))
    counts = document["counts"][group]
    for entry in _lists_with(document, group):
        entry["marks"].append([draw(_trackers()), draw(st.sampled_from(CHOICES))])
        entry["marks"].sort()
    counts["cast"] += 1
    if draw(st.booleans()):
        counts["redeemed"] += 1
        counts["unused"] -= 1


# Lists


def swap_two_lists(document: Document, draw: st.DrawFn) -> None:
    one = draw(st.sampled_from(_filled(document)))
    other = draw(st.sampled_from([e for e in document["lists"] if e is not one]))
    one["marks"], other["marks"] = other["marks"], one["marks"]


def move_a_list(document: Document, draw: st.DrawFn) -> None:
    lists = document["lists"]
    source = draw(st.integers(0, len(lists) - 1))
    target = draw(st.integers(0, len(lists) - 1).filter(lambda at: at != source))
    lists.insert(target, lists.pop(source))


def reverse_the_lists(document: Document, draw: st.DrawFn) -> None:
    document["lists"].reverse()


def drop_a_list(document: Document, draw: st.DrawFn) -> None:
    del document["lists"][draw(st.integers(0, len(document["lists"]) - 1))]


def empty_a_list(document: Document, draw: st.DrawFn) -> None:
    draw(st.sampled_from(_filled(document)))["marks"].clear()


def repeat_a_list(document: Document, draw: st.DrawFn) -> None:
    at = draw(st.integers(0, len(document["lists"]) - 1))
    document["lists"].insert(at, copy.deepcopy(document["lists"][at]))


def split_a_list(document: Document, draw: st.DrawFn) -> None:
    lists = document["lists"]
    at = draw(st.integers(0, len(lists) - 1))
    half = len(lists[at]["marks"]) // 2
    rest = {**lists[at], "marks": lists[at]["marks"][half:]}
    lists[at]["marks"] = lists[at]["marks"][:half]
    lists.insert(at + 1, rest)


def rename_a_list(document: Document, draw: st.DrawFn) -> None:
    entry = draw(st.sampled_from(document["lists"]))
    entry[draw(st.sampled_from(["group", "cell"]))] += draw(
        st.sampled_from(["x", " ", "\U00010000", "\ufffd"])
    )


def drop_a_cell(document: Document, draw: st.DrawFn) -> None:
    cell = draw(st.sampled_from(CELLS))
    document["lists"] = [entry for entry in document["lists"] if entry["cell"] != cell]


def rename_a_cell(document: Document, draw: st.DrawFn) -> None:
    cell = draw(st.sampled_from(CELLS))
    for entry in document["lists"]:
        if entry["cell"] == cell:
            entry["cell"] = cell + "0"
    _in_order(document)


def add_a_cell(document: Document, draw: st.DrawFn) -> None:
    entry = copy.deepcopy(draw(st.sampled_from(document["lists"])))
    document["lists"].append({**entry, "cell": "s03.q1"})
    _in_order(document)


def drop_every_list(document: Document, draw: st.DrawFn) -> None:
    document["lists"].clear()


# Groups


def drop_a_group(document: Document, draw: st.DrawFn) -> None:
    del document["counts"][draw(st.sampled_from(sorted(document["counts"])))]


def drop_a_group_and_its_lists(document: Document, draw: st.DrawFn) -> None:
    group = draw(st.sampled_from(sorted(document["counts"])))
    del document["counts"][group]
    document["lists"] = [entry for entry in document["lists"] if entry["group"] != group]


def add_a_group(document: Document, draw: st.DrawFn) -> None:
    document["counts"]["g9"] = {
        "issued": 5, "redeemed": 5, "cast": draw(st.integers(0, 5)), "voided": 0, "unused": 0,
    }  # fmt: skip


def rename_a_group(document: Document, draw: st.DrawFn) -> None:
    group = draw(st.sampled_from(sorted(document["counts"])))
    document["counts"]["g0"] = document["counts"].pop(group)
    for entry in document["lists"]:
        if entry["group"] == group:
            entry["group"] = "g0"
    _in_order(document)


def name_a_group_as_those_together(document: Document, draw: st.DrawFn) -> None:
    group = draw(st.sampled_from(sorted(document["counts"])))
    document["counts"][TOGETHER] = document["counts"].pop(group)
    for entry in document["lists"]:
        if entry["group"] == group:
            entry["group"] = TOGETHER
    _in_order(document)


def exchange_two_groups(document: Document, draw: st.DrawFn) -> None:
    """The counts of one for those of another."""
    counts = document["counts"]
    if len(counts) < 2 or len({json.dumps(c, sort_keys=True) for c in counts.values()}) < 2:
        change_a_count(document, draw)
        return
    one = draw(st.sampled_from(sorted(counts)))
    other = draw(st.sampled_from([g for g in sorted(counts) if counts[g] != counts[one]]))
    counts[one], counts[other] = counts[other], counts[one]


def put_nobody_s_lists_together(document: Document, draw: st.DrawFn) -> None:
    """Empty lists of `*` where every group stands alone; else one group's lists twice."""
    if any(entry["group"] == TOGETHER for entry in document["lists"]):
        repeat_a_list(document, draw)
        return
    for cell in CELLS:
        document["lists"].append({"group": TOGETHER, "cell": cell, "marks": []})
    _in_order(document)


def set_a_small_group_apart(document: Document, draw: st.DrawFn) -> None:
    """Lists of a group's own, with fewer ballots than may be shown; so its voters are seen."""
    group = draw(st.sampled_from(sorted(document["counts"])))
    small = draw(st.integers(1, 2))
    document["counts"][group]["cast"] = small
    if _alone(document, group):
        for entry in _lists_with(document, group):
            del entry["marks"][small:]
        return
    for entry in _lists_with(document, group):
        document["lists"].append({**entry, "group": group, "marks": entry["marks"][:small]})
        del entry["marks"][:small]
    document["lists"] = [e for e in document["lists"] if e["marks"]]
    _in_order(document)


# Counts, head, digest


def change_a_count(document: Document, draw: st.DrawFn) -> None:
    counts = document["counts"][draw(st.sampled_from(sorted(document["counts"])))]
    counts[draw(st.sampled_from(COUNTS))] += draw(st.sampled_from([-9, -1, 1, 7]))


def shift_a_count(document: Document, draw: st.DrawFn) -> None:
    """From one column to another, so that the slips still add up."""
    counts = document["counts"][draw(st.sampled_from(sorted(document["counts"])))]
    one, other = draw(st.permutations(["redeemed", "voided", "unused"]))[:2]
    counts[one] += 1
    counts[other] -= 1


def another_meeting(document: Document, draw: st.DrawFn) -> None:
    document["meeting"] = draw(st.sampled_from(["AAAAAA", "", "7K3M9P ", "7k3m9p"]))


def another_protocol(document: Document, draw: st.DrawFn) -> None:
    document["protocol"] = draw(st.sampled_from(["mingce/2", "", "mingce/1 "]))


def another_digest(document: Document, draw: st.DrawFn) -> None:
    digest = document["digest"]
    at = draw(st.integers(0, 63))
    changed = digest[:at] + ("0" if digest[at] != "0" else "1") + digest[at + 1 :]
    document["digest"] = draw(st.sampled_from(["", "0" * 64, digest.upper() + " ", changed]))


# What is no box, or more than a box


def add_an_unknown_member(document: Document, draw: st.DrawFn) -> None:
    places = [document, *document["lists"], *document["counts"].values()]
    draw(st.sampled_from(places))[draw(st.sampled_from(["note", "Digest", "", "__proto__"]))] = 1


def drop_a_member(document: Document, draw: st.DrawFn) -> None:
    place = draw(st.sampled_from([document, *document["lists"], *document["counts"].values()]))
    del place[draw(st.sampled_from(sorted(place)))]


def lengthen_a_mark(document: Document, draw: st.DrawFn) -> None:
    mark = draw(st.sampled_from(_marks(document)))
    mark.append(draw(st.sampled_from(["option1", 1, None])))


def shorten_a_mark(document: Document, draw: st.DrawFn) -> None:
    draw(st.sampled_from(_marks(document))).pop()


def another_kind_of_value(document: Document, draw: st.DrawFn) -> None:
    """Any one place of the document holds something else, of any kind."""
    place, name = draw(st.sampled_from(list(_places(document))))
    before = place[name]
    same = json.dumps(before, sort_keys=True)
    place[name] = draw(_values().filter(lambda value: json.dumps(value, sort_keys=True) != same))


CHANGES_OF_MARKS: tuple[Forgery, ...] = (
    flip_a_choice,
    replace_a_tracker,
    swap_two_choices,
    swap_two_trackers,
    take_out_a_ballot,
    stuff_a_ballot,
)
"""After which a box may be as lawful as before: only a digest tells."""

CHANGES_OF_THE_WHOLE: tuple[Forgery, ...] = (
    drop_a_cell,
    rename_a_cell,
    add_a_cell,
    drop_a_list,
    swap_two_lists,
    drop_a_group_and_its_lists,
    rename_a_group,
    exchange_two_groups,
    change_a_count,
    shift_a_count,
    add_a_group,
    another_meeting,
    drop_a_group,
    rename_a_list,
)
"""The same, but for those that a box of this shape happens to betray."""

BREACHES_OF_FORM: tuple[Forgery, ...] = (
    drop_a_mark,
    add_a_mark,
    repeat_a_mark,
    put_one_mark_over_another,
    put_one_group_s_mark_over_another_s,
    misspell_a_tracker,
    misspell_a_choice,
    move_a_mark,
    swap_two_neighbours,
    reverse_the_marks,
    move_a_list,
    reverse_the_lists,
    empty_a_list,
    repeat_a_list,
    split_a_list,
    drop_every_list,
    name_a_group_as_those_together,
    put_nobody_s_lists_together,
    set_a_small_group_apart,
    another_protocol,
)
"""What no digest can make good."""

NO_BOXES: tuple[Forgery, ...] = (
    add_an_unknown_member,
    drop_a_member,
    lengthen_a_mark,
    shorten_a_mark,
)

FORGERIES: tuple[Forgery, ...] = (
    *CHANGES_OF_MARKS,
    *CHANGES_OF_THE_WHOLE,
    *BREACHES_OF_FORM,
    *NO_BOXES,
    another_digest,
    another_kind_of_value,
)


@st.composite
def scribbled(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """The bytes of a box file with some of them changed, taken out or put in; and as they were."""
    document = draw(documents())
    whole = json.dumps(document, ensure_ascii=draw(st.booleans())).encode()
    at = draw(st.integers(0, len(whole) - 1))
    length = draw(st.integers(0, 3))
    written = draw(
        st.one_of(
            st.binary(max_size=3),
            st.sampled_from(
                [b'"', b"\\", b",", b"0", b" ", b"{}", b"[]", b"\\u0000", b"\xed\xa0\x80"]
            ),
        )
    )
    return whole[:at] + written + whole[at + length :], whole


def _trackers() -> st.SearchStrategy[str]:
    return st.text("ABCDefgh0123-_", min_size=13, max_size=13).map(lambda text: text + "A")


def _values() -> st.SearchStrategy[Any]:
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-EXACT_MOST, EXACT_MOST),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=8),
        st.sampled_from(["*", "g1", "abstain", "s01.q1"]),
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=4,
    )


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    keys = range(len(value)) if isinstance(value, list) else list(value)
    found = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], list | dict):
            found += _places(value[key])
    return found


def _filled(document: Document) -> list[Document]:
    return [entry for entry in document["lists"] if entry["marks"]]


def _long(document: Document) -> list[Document]:
    """Lists of two marks at least; where there is none, one is made by a further mark."""
    found = [entry for entry in document["lists"] if len(entry["marks"]) > 1]
    if found:
        return found
    entry: Document = document["lists"][0]
    entry["marks"] = sorted(
        [*entry["marks"], ["zzzzzzzzzzzzzA", "option1"], ["zzzzzzzzzzzzzQ", "option2"]]
    )
    return [entry]


def _marks(document: Document) -> list[list[str]]:
    return [mark for entry in document["lists"] for mark in entry["marks"]]


def _alone(document: Document, group: str) -> bool:
    return any(entry["group"] == group for entry in document["lists"])


def _lists_with(document: Document, group: str) -> list[Document]:
    """The lists in which a group's marks stand."""
    place = group if _alone(document, group) else TOGETHER
    return [entry for entry in document["lists"] if entry["group"] == place]


def _in_order(document: Document) -> None:
    document["lists"].sort(key=lambda entry: (entry["group"], entry["cell"]))
