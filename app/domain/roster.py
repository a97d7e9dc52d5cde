"""花名册: what a table of organisations says, row by row, and how it differs from those we have."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

NAME_MOST = 100
SHORT_MOST = 40
ROWS_MOST = 5000
COLUMNS = (
    "党组织名称", "类型", "上级党组织", "领域", "书记", "党员人数", "最近发展党员年份",
)  # fmt: skip
KIND_WORDS = {"committee": "党委", "general_branch": "党总支", "branch": "党支部"}
UNDER: Mapping[str, tuple[str, ...]] = {
    "committee": ("committee",),
    "general_branch": ("committee",),
    "branch": ("committee", "general_branch"),
}
"""Kind → the kinds that it may stand under."""

_KINDS = {word: kind for kind, word in KIND_WORDS.items()}
_SPACES = re.compile(r"\s+")
_SEPARATOR = re.compile(r"\s*[/／>＞]\s*")

Path = tuple[str, ...]
"""The names from the root down to an organisation; no two organisations have the same."""


class Line(NamedTuple):
    """One organisation of the table. row: its number in the file; parent: as written."""

    row: int
    name: str
    kind: str
    parent: str
    domain: str
    secretary: str
    members: int | None
    last_admitted: int | None


class Complaint(NamedTuple):
    """What is wrong in one cell, and what to do."""

    row: int
    column: str
    words: str


class Known(NamedTuple):
    """An organisation that we have."""

    id: int
    path: Path
    kind: str
    domain: str
    secretary: str
    members: int | None
    last_admitted: int | None
    closed: bool = False

    @property
    def name(self) -> str:
        """Its own, without its superiors'."""
        return self.path[-1]


class Item(NamedTuple):
    """What becomes of one line. id: of the one we have, None for a new one; changes: old → new."""

    line: Line
    path: Path
    id: int | None
    changes: tuple[tuple[str, str, str], ...]


class Plan(NamedTuple):
    """new: those over others first. Nothing may be written where there are complaints."""

    new: tuple[Item, ...]
    changed: tuple[Item, ...]
    same: tuple[Item, ...]
    complaints: tuple[Complaint, ...]


def read_table(
    rows: Iterable[Sequence[object]], this_year: int
) -> tuple[list[Line], list[Complaint]]:
    """The lines of a table whose first row that names `党组织名称` is its head.

    rows: the cells of each row, None where empty. Empty rows and the example row (its name begins
    with 例) are passed over.
    """
    head: dict[str, int] | None = None
    lines: list[Line] = []
    complaints: list[Complaint] = []
    for number, cells in enumerate(rows, start=1):
        texts = [_text(cell) for cell in cells]
        if head is None:
            if COLUMNS[0] in (text.rstrip("*＊") for text in texts):
                head = {text.rstrip("*＊"): i for i, text in enumerate(texts) if text}
                missing = [column for column in COLUMNS[:3] if column not in head]
                if missing:
                    words = f"表头缺少“{'”“'.join(missing)}”，请用模板填写。"
                    return [], [Complaint(number, "表头", words)]
            continue
        row = {column: texts[i] if i < len(texts) else "" for column, i in head.items()}
        if not any(row.values()) or row[COLUMNS[0]].startswith(("例：", "例:")):
            continue
        if len(lines) + len(complaints) >= ROWS_MOST:
            words = f"一次最多导入 {ROWS_MOST} 行，请分成几个文件。"
            return [], [Complaint(number, "", words)]
        reader = _Row(number, row, this_year)
        line = reader.line()
        complaints += reader.complaints
        if not reader.complaints:
            lines.append(line)
    if head is None:
        words = f"没有找到表头。请用模板填写，表头一行要有“{COLUMNS[0]}”。"
        return [], [Complaint(1, "表头", words)]
    if not lines and not complaints:
        complaints.append(Complaint(1, "", "表中没有党组织，请在表头下面一行一个地填写。"))
    return lines, complaints


def plan(lines: Sequence[Line], known: Sequence[Known]) -> Plan:
    """What importing these lines would do; an organisation is told by its name and superiors."""
    places = _Places(lines, known)
    by_path = {body.path: body for body in known}
    kinds = {body.path: body.kind for body in known}
    found: dict[Path, Line] = {}
    complaints = list(places.complaints)
    for line in lines:
        path = places.path_of(line)
        if path is None:
            continue
        if path in found:
            words = f"与第 {found[path].row} 行重复，请删去一行。"
            complaints.append(Complaint(line.row, COLUMNS[0], words))
            continue
        found[path] = line
        kinds.setdefault(path, line.kind)
    for path, line in found.items():
        complaints += _misplaced(path, line, kinds, by_path)
    items = [_item(path, line, by_path.get(path)) for path, line in found.items()]
    return Plan(
        new=tuple(sorted((i for i in items if i.id is None), key=lambda i: len(i.path))),
        changed=tuple(i for i in items if i.id is not None and i.changes),
        same=tuple(i for i in items if i.id is not None and not i.changes),
        complaints=tuple(sorted(complaints)),
    )


class _Row:
    """Reads one row and says what is wrong in it."""

    def __init__(self, number: int, cells: Mapping[str, str], this_year: int) -> None:
        self.number, self._cells, self._year = number, cells, this_year
        self.complaints: list[Complaint] = []

    def line(self) -> Line:
        """The line; harmless values stand where there is a complaint."""
        return Line(
            self.number,
            self._words(COLUMNS[0], NAME_MOST, required=True),
            self._kind(),
            self._words(COLUMNS[2], 10 * NAME_MOST),
            self._words(COLUMNS[3], SHORT_MOST),
            self._words(COLUMNS[4], SHORT_MOST),
            self._number(COLUMNS[5], 0, 100_000, "应为党员人数（整数），如 35；没有就空着。"),
            self._number(COLUMNS[6], 1921, self._year, "应为年份，如 2011；没有就空着。"),
        )

    def _complain(self, column: str, words: str) -> None:
        self.complaints.append(Complaint(self.number, column, words))

    def _words(self, column: str, most: int, required: bool = False) -> str:
        text = self._cells.get(column, "")
        if required and not text:
            self._complain(column, f"请填写{column}。")
        elif len(text) > most or not text.isprintable():
            self._complain(column, f"太长或有看不见的字符，请改到 {most} 字以内。")
        elif column == COLUMNS[0] and _SEPARATOR.search(text):
            self._complain(column, "名称里不能有“/”“>”，上级请写在“上级党组织”一栏。")
        return text

    def _kind(self) -> str:
        text = self._cells.get(COLUMNS[1], "")
        if text not in _KINDS:
            self._complain(COLUMNS[1], "应为“党委”“党总支”或“党支部”。")
        return _KINDS.get(text, "branch")

    def _number(self, column: str, least: int, most: int, words: str) -> int | None:
        text = self._cells.get(column, "")
        if not text:
            return None
        text = text.removesuffix(".0")
        if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or not least <= int(text) <= most:
            self._complain(column, words)
            return None
        return int(text)


class _Places:
    """Works out under whom each line stands, by the names of the table and of those we have."""

    def __init__(self, lines: Sequence[Line], known: Sequence[Known]) -> None:
        self.complaints: list[Complaint] = []
        self._paths: dict[int, Path | None] = {}
        self._known = {body.path for body in known}
        self._known_named: dict[str, set[Path]] = defaultdict(set)
        for body in known:
            self._known_named[body.path[-1]].add(body.path)
        self._named: dict[str, list[Line]] = defaultdict(list)
        for line in lines:
            self._named[line.name].append(line)
        for line in lines:
            self._settle(line, ())
        every = self._known | {path for path in self._paths.values() if path}
        for line in lines:
            path = self._paths[line.row]
            if path and len(path) > 1 and path[:-1] not in every:
                self._refuse(line, f"没有找到上级“{line.parent}”，请核对名称，或把它也填进表里。")

    def path_of(self, line: Line) -> Path | None:
        """None where a complaint has been made."""
        return self._paths[line.row]

    def _refuse(self, line: Line, words: str) -> None:
        self.complaints.append(Complaint(line.row, COLUMNS[2], words))
        self._paths[line.row] = None

    def _settle(self, line: Line, trail: tuple[int, ...]) -> Path | None:
        if line.row in self._paths:
            return self._paths[line.row]
        parts = tuple(part for part in _SEPARATOR.split(line.parent) if part)
        if line.row in trail:
            self._refuse(line, "上级绕了一圈又回到它自己，请核对。")
        elif len(parts) != 1:
            self._paths[line.row] = (*parts, line.name)
        else:
            self._under_name(line, parts[0], (*trail, line.row))
        return self._paths[line.row]

    def _under_name(self, line: Line, parent: str, trail: tuple[int, ...]) -> None:
        above = {self._settle(other, trail) for other in self._named[parent]}
        candidates = {path for path in above if path} | self._known_named[parent]
        if line.row in self._paths:
            return
        if len(candidates) == 1:
            self._paths[line.row] = (*candidates.pop(), line.name)
        elif candidates:
            shown = "、".join("/".join(path) for path in sorted(candidates)[:3])
            self._refuse(line, f"有几个叫“{parent}”的上级，请写全，如 {shown}。")
        else:
            self._refuse(line, f"没有找到上级“{parent}”，请核对名称，或把它也填进表里。")


def _misplaced(
    path: Path, line: Line, kinds: Mapping[Path, str], known: Mapping[Path, Known]
) -> list[Complaint]:
    found = []
    above = kinds.get(path[:-1])
    if above and above not in UNDER[line.kind]:
        words = f"{KIND_WORDS[line.kind]}不能设在{KIND_WORDS[above]}下面，请改上级或类型。"
        found.append(Complaint(line.row, COLUMNS[2], words))
    over = known.get(path[:-1])
    if over and over.closed:
        words = f"上级“{over.name}”已撤销，下面不能再设党组织，请改上级。"
        found.append(Complaint(line.row, COLUMNS[2], words))
    body = known.get(path)
    if body and body.closed:
        words = "这个党组织已撤销。要恢复，请先在它的页面上恢复；不是同一个的，请换名称。"
        found.append(Complaint(line.row, COLUMNS[0], words))
    elif body and body.kind != line.kind:
        words = f"系统里它是{KIND_WORDS[body.kind]}，不能用导入改类型。"
        found.append(Complaint(line.row, COLUMNS[1], words))
    return found


def _item(path: Path, line: Line, body: Known | None) -> Item:
    """An empty cell changes nothing."""
    if body is None:
        return Item(line, path, None, ())
    pairs = (
        (COLUMNS[3], body.domain, line.domain),
        (COLUMNS[4], body.secretary, line.secretary),
        (COLUMNS[5], body.members, line.members),
        (COLUMNS[6], body.last_admitted, line.last_admitted),
    )
    changes = tuple(
        (column, "" if old is None else str(old), str(new))
        for column, old, new in pairs
        if new not in (None, "", old)
    )
    return Item(line, path, body.id, changes)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return _SPACES.sub(" ", str(cell)).strip()
