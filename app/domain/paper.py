"""纸质票: what two tellers have counted, and how it is checked before it may join the tally.

Nobody can tell a paper from the next one once it lies in the box, so only numbers are entered.
The phones' marks are published mark by mark; whoever takes them from the result has the papers
alone. So a group's valid papers are none or at least k; fewer are cast by phone (代投).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from app.domain.meeting import ABSTAIN, Form
from app.domain.tally import INVALID

PAPERS_MOST = 20_000

Counts = dict[str, dict[str, int]]
"""Cell id → choice (`abstain` among them) → number."""


class PaperGroup(msgspec.Struct, frozen=True):
    """The papers of one group. moved: cast by phone before witnesses instead of being counted."""

    valid: int
    invalid: int
    moved: int
    counts: Counts

    @property
    def returned(self) -> int:
        """收回: everything that came out of the box."""
        return self.valid + self.invalid + self.moved


Entry = dict[str, PaperGroup]
"""Group code → its papers."""


class Difference(NamedTuple):
    """A place at which two tellers differ; place: in words, such as `党员 · 第一党支部 · 好`."""

    place: str
    mine: int
    other: int


def entry_problems(form: Form, names: Mapping[str, str], entry: Entry, k: int) -> tuple[str, ...]:
    """What keeps an entry from being taken, in sentences. names: group code → name."""
    found = []
    subjects = {subject.id: subject.name for subject in form.subjects}
    questions = {question.id: question.title for question in form.questions}
    for code, papers in entry.items():
        if 0 < papers.valid < k:
            found.append(
                f"“{names[code]}”有效纸质票只有 {papers.valid} 张，少于每批 {k} 票，"
                "与公布的票箱一减就知道这几张投了什么。请监票人当众用没有用过的测评票在手机上逐张代投，"
                "并把张数填在“代投”一栏。"
            )
        for cell in form.cells:
            total = sum(papers.counts[cell.id].values())
            if total != papers.valid:
                found.append(
                    f"“{names[code]}”对“{subjects[cell.subject]}”的“{questions[cell.question]}”"
                    f"合计 {total} 张，应等于有效票 {papers.valid} 张"
                    "（没有选的计入弃权）。请重新清点。"
                )
    return tuple(found)


def differences(
    form: Form, names: Mapping[str, str], mine: Entry, other: Entry
) -> tuple[Difference, ...]:
    """Every number in which two entries differ, in the order of the page."""
    subjects = {subject.id: subject.name for subject in form.subjects}
    questions = {question.id: question.title for question in form.questions}
    found = []
    for code, name in names.items():
        ours, theirs = mine[code], other[code]
        found += [
            Difference(f"{name} · {word}", getattr(ours, field), getattr(theirs, field))
            for field, word in (("valid", "有效"), ("invalid", "无效"), ("moved", "代投"))
        ]
        for cell in form.cells:
            place = f"{name} · {subjects[cell.subject]} · {questions[cell.question]}"
            labels = [(c.value, c.label) for c in cell.choices] + [(ABSTAIN, "弃权")]
            found += [
                Difference(
                    f"{place} · {label}",
                    ours.counts[cell.id][value],
                    theirs.counts[cell.id][value],
                )
                for value, label in labels
            ]
    return tuple(d for d in found if d.mine != d.other)


def excess(names: Mapping[str, str], issued: Mapping[str, int], entry: Entry) -> str | None:
    """Why the papers void the meeting, in a sentence with the rule; None where they do not."""
    over = [
        f"“{names[code]}”发出纸质票 {issued.get(code, 0)} 张，收回 {papers.returned} 张"
        for code, papers in entry.items()
        if papers.returned > issued.get(code, 0)
    ]
    if not over:
        return None
    return (
        f"{'；'.join(over)[:120]}。收回的票多于发出的票，测评无效"
        "（测评规则：收回票数不多于发出票数方为有效），须重新测评。"
    )


def added(counts: Mapping[str, Mapping[str, int]], groups: Iterable[PaperGroup]) -> Counts:
    """Phones' counts and those of these papers; spoilt ones stand under `invalid` if any."""
    groups = tuple(groups)
    spoilt = sum(papers.invalid for papers in groups)
    total = {
        cell: {
            choice: number + sum(papers.counts[cell][choice] for papers in groups)
            for choice, number in choices.items()
        }
        for cell, choices in counts.items()
    }
    if spoilt:
        for choices in total.values():
            choices[INVALID] = spoilt
    return total


def valid_and_invalid(entry: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """How many papers joined the tally and how many were spoilt, of an entry in JSON terms."""
    return {
        "valid": sum(papers["valid"] for papers in entry.values()),
        "invalid": sum(papers["invalid"] for papers in entry.values()),
    }
