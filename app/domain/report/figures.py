"""What the forms of a round are made from: everybody in it, with all that is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from app.domain.report.asked import TITLES
from app.domain.report.form import FILLED_IN, Block, Document, written_day
from app.domain.tally import percent_text

UNTESTED = "未测评"


@dataclass(frozen=True)
class Improvement:
    """What an organisation has to put right. state: in a word.

    before: the grade with which it began; steps: what was reported and said since, in words.
    """

    problems: str
    measures: str
    responsible: str
    begun: date
    deadline: date
    state: str
    before: str = ""
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One organisation of a round. domain: its code; grade: final, decided or proposed, or empty.

    Scores and percentages are texts as the product prints them. rate: satisfied, and of how many;
    where voter groups are weighed, the rate in lowest terms, and `marks` are the plain numbers.
    voted: the marks of the testing meeting in words; tested: whether there was one. years: since a
    member was last admitted. remark: what is to be known beside, such as a correction under way.
    """

    name: str
    kind: str
    superior: str
    secretary: str
    members: int | None
    domain: str
    self_score: str
    self_claim: str
    percent: str
    rate: tuple[int, int] | None
    voted: str
    superior_score: str
    grade: str
    reasons: tuple[str, ...]
    opinion: str
    years: int | None
    improvement: Improvement | None = None
    tested: bool = True
    remark: str = ""
    marks: tuple[int, int] | None = None

    @property
    def counted(self) -> tuple[int, int] | None:
        """Satisfied marks, and of how many: what may be added up over organisations."""
        return self.marks or self.rate


@dataclass(frozen=True)
class Gatherings:
    """The testing meetings of a round that were counted. cast: valid ballots, on paper too."""

    held: int
    expected: int
    cast: int


@dataclass(frozen=True)
class Figures:
    """All that the forms of a round are made from. labels: grades of each domain, best first.

    why_untested: the reason why some became final without a testing meeting. names: what the
    scheme's document calls a form.
    """

    title: str
    source: str
    holder: str
    day: date
    final: bool
    domains: Mapping[str, str]
    labels: Mapping[str, tuple[str, ...]]
    entries: tuple[Entry, ...]
    gatherings: Gatherings
    why_untested: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def in_domains(self) -> list[tuple[str, list[Entry]]]:
        """The domains that have somebody in them, in the order of the scheme, by their names."""
        found: dict[str, list[Entry]] = {code: [] for code in self.domains}
        for entry in self.entries:
            found.setdefault(entry.domain, []).append(entry)
        return [(self.domains.get(code, code), some) for code, some in found.items() if some]

    def document(self, name: str, blocks: Iterable[Block], **parts: Any) -> Document:
        """A form of this round, under the name that the scheme gives it. parts: of `Document`."""
        parts.setdefault("title", self.names.get(name, TITLES[name]))
        parts.setdefault("signatures", () if "closing" in parts else FILLED_IN)
        head: tuple[str, ...] = (f"填报单位：{self.holder}", self.title, written_day(self.day))
        if parts.get("writing"):
            head = ()  # what is read says at its end who writes, and when
        found = tuple(blocks) or ("本轮还没有党组织。",)
        parts.setdefault("draft", not self.final)
        return Document(head=head, blocks=found, **parts)


def rate_words(entry: Entry) -> str:
    """The satisfaction, or that there was no meeting."""
    return entry.percent if entry.tested else UNTESTED


def share(number: int, whole: int) -> str:
    """A part of the whole in percent."""
    return f"{percent_text(Fraction(number, whole))}%" if whole else "—"
