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
from app.domain.validity import MORE_BALLOTS

PAPERS_MOST = 20_000
CORRECTIONS_MOST = 3
"""Of one's own entry beside another's: whoever could try on would find the other's numbers."""

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
    """A place at which two tellers differ; place: in words, such as `党员 · 第一党支部 · 好`.

    What the other has found is not in it: whoever entered anything at all could read it off.
    """

    place: str
    mine: int


def entry_problems(form: Form, names: Mapping[str, str], entry: Entry, k: int) -> tuple[str, ...]:
    """What keeps an entry from being taken, in sentences. names: group code → name."""
    found = []
    subjects = {subject.id: subject.name for subject in form.subjects}
    questions = {question.id: question.title for question in form.questions}
    for code, papers in entry.items():
        if 0 < papers.valid < k:
            found.append(
                f"“{names[code]}”有效纸质票只有 {papers.valid} 张，少于每批 {k} 票，"
                "与公布的票箱一减就知道这几张投了什么。请这几位用没有用过的测评票在共用设备上自己再投，"
                "原来的纸质票不打开、当众销毁；人已离场的，由监票人见证代投。张数填在“代投”一栏。"
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
    found: list[tuple[str, int, int]] = []
    for code, name in names.items():
        ours, theirs = mine[code], other[code]
        found += [
            (f"{name} · {word}", getattr(ours, field), getattr(theirs, field))
            for field, word in (("valid", "有效"), ("invalid", "无效"), ("moved", "代投"))
        ]
        for cell in form.cells:
            place = f"{name} · {subjects[cell.subject]} · {questions[cell.question]}"
            labels = [(c.value, c.label) for c in cell.choices] + [(ABSTAIN, "弃权")]
            found += [
                (f"{place} · {label}", ours.counts[cell.id][value], theirs.counts[cell.id][value])
                for value, label in labels
            ]
    return tuple(Difference(place, a) for place, a, b in found if a != b)


def excess(
    names: Mapping[str, str], issued: Mapping[str, int], entry: Entry, clause: str | None
) -> str | None:
    """Why the papers void the meeting, in a sentence with the rule; None where they do not.

    clause: of the rule by which more than went out void it; None where the scheme lets them count.
    """
    if clause is None:
        return None
    over = [
        f"“{names[code]}”发出纸质票 {issued.get(code, 0)} 张，收回 {papers.returned} 张"
        for code, papers in entry.items()
        if papers.returned > issued.get(code, 0)
    ]
    if not over:
        return None
    return f"{'；'.join(over)[:90]}。{MORE_BALLOTS}，须重新测评。依据：{clause[:60]}"


def channel_problem(phones: int, papers: int, k: int) -> str | None:
    """Why phones and papers may not be counted together yet; None where they may.

    phones: ballots cast by phone; papers: valid papers. The box gives the phones' marks, and the
    result less the box is the papers': each must be k ballots at least, or none. Too few papers
    are cast by phone, see `entry_problems`; so are some where the phones are too few.
    """
    if not papers or not 0 < phones < k:
        return None
    return (
        f"手机票只有 {phones} 张，少于每批 {k} 票；手机票单独公布在票箱里，"
        "和纸质票放在一起也看得出这几张投了什么。"
        f"请监票人当众从纸质票中再抽出至少 {k - phones} 张，用没有用过的测评票在手机上代投，"
        "两名计票人再更正纸质票的张数。"
    )


def channels_shown(phones: int, papers: int, k: int) -> bool:
    """Whether the results of phones and papers may stand side by side; else only together."""
    return phones >= k and papers >= k


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
