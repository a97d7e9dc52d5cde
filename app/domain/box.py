"""The ballot box as it is published after closing: lists, counts, digest, and their proof."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from app.domain.ballot import TRACKER_BYTES
from app.domain.credential import PROTOCOL
from app.domain.encoding import b64url, canonical_json, from_b64url
from app.domain.errors import BadRequest
from app.domain.meeting import ABSTAIN, K_LEAST

TOGETHER = "*"
"""The group under which marks stand whose own group may not be shown alone."""

CHOICE = re.compile(rf"option[1-9]|{ABSTAIN}")


class GroupCounts(msgspec.Struct, frozen=True):
    """One group's reconciliation: issued = redeemed + voided + unused, cast ≤ redeemed."""

    issued: int
    redeemed: int
    cast: int
    voided: int
    unused: int


class List(msgspec.Struct, frozen=True):
    """All marks of one group in one cell: (tracker in base64url, choice), sorted by tracker."""

    group: str
    cell: str
    marks: list[tuple[str, str]]


class Box(msgspec.Struct, frozen=True):
    """meeting: its code. counts: by group. digest: hex SHA-256 over the other four members."""

    protocol: str
    meeting: str
    counts: dict[str, GroupCounts]
    lists: list[List]
    digest: str


class StoredMark(NamedTuple):
    """A mark as it lay in the store while the meeting was open."""

    group: str
    cell: str
    tracker: bytes
    choice: str


def build_box(
    meeting_code: str,
    counts: Mapping[str, GroupCounts],
    shown: frozenset[str],
    cells: Iterable[str],
    marks: Iterable[StoredMark],
) -> Box:
    """Write the lists anew, ordered by tracker and so by chance.

    shown: groups that may stand alone; the others' marks go together under `*`.
    """
    groups = sorted(shown)
    if any(group not in shown and count.cast for group, count in counts.items()):
        groups = [TOGETHER, *groups]
    lists: dict[tuple[str, str], list[tuple[str, str]]] = {
        (group, cell): [] for group in groups for cell in sorted(cells)
    }
    for mark in marks:
        group = mark.group if mark.group in shown else TOGETHER
        lists[group, mark.cell].append((b64url(mark.tracker), mark.choice))
    written = [List(group, cell, sorted(found)) for (group, cell), found in lists.items()]
    draft = Box(PROTOCOL, meeting_code, dict(sorted(counts.items())), written, digest="")
    return msgspec.structs.replace(draft, digest=box_digest(draft))


def box_digest(box: Box) -> str:
    """The digest that `box` ought to carry."""
    content = msgspec.to_builtins(box)
    del content["digest"]
    return hashlib.sha256(canonical_json(content)).hexdigest()


def box_marks(box: Box) -> Iterator[tuple[str, str]]:
    """(cell id, choice) of every mark: what a tally is computed from, and nothing else is."""
    for entry in box.lists:
        for _, choice in entry.marks:
            yield entry.cell, choice


def marks_by_group(box: Box) -> dict[str, list[tuple[str, str]]]:
    """The same, apart for each group that stands in the lists."""
    found: dict[str, list[tuple[str, str]]] = {}
    for entry in box.lists:
        found.setdefault(entry.group, []).extend((entry.cell, choice) for _, choice in entry.marks)
    return found


def read_box(document: bytes) -> Box:
    """A box from its JSON. Raises BadRequest with a sentence that says where it goes wrong.

    The file must hold what a box holds and nothing else: whatever the digest does not cover could
    be put in unnoticed.
    """
    try:
        value = json.loads(document.decode(), object_pairs_hook=_each_once)
        box = msgspec.convert(value, Box)
        if canonical_json(value) != canonical_json(msgspec.to_builtins(box)):
            raise ValueError("有不认识的项目")
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"这不是完整的票箱文件：{error}。请重新下载。") from error
    return box


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; ValueError where a name stands in it twice, as readers then differ."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("同一个名称写了两次")
    return found


def findings(box: Box, printed_digest: str | None = None) -> tuple[str, ...]:
    """What is wrong with a box, in sentences; none where it stands as it was closed.

    printed_digest: the digest on the signed count sheet. Without it, a forger who also rewrote
    the digest inside the file goes unnoticed.
    """
    found = [*_head_findings(box), *_count_findings(box), *_list_findings(box)]
    expected = box_digest(box)
    if box.digest != expected:
        found.append(
            f"票箱摘要不符：文件写的是 {box.digest}，按内容应为 {expected}。内容或摘要被改动过。"
        )
    if printed_digest is not None and printed_digest.strip().lower() != box.digest:
        found.append("票箱摘要与计票单上的不一致：这不是当时封存的票箱。")
    return tuple(found)


def _head_findings(box: Box) -> Iterator[str]:
    if box.protocol != PROTOCOL:
        yield f"协议应为 {PROTOCOL}，文件写的是 {box.protocol!r}。"
    if not box.meeting:
        yield "没有写明是哪个测评会。"
    if not box.counts:
        yield "没有写明任何类别的张数。"


def _count_findings(box: Box) -> Iterator[str]:
    for group, count in box.counts.items():
        if group == TOGETHER:
            yield f"类别不能叫 {TOGETHER}。"
        if min(msgspec.structs.astuple(count)) < 0:
            yield f"类别 {group} 的张数出现负数。"
        if count.issued != count.redeemed + count.voided + count.unused:
            yield f"类别 {group} 的张数对不上：发出 {count.issued} ≠ 已用+作废+未用。"
        if count.cast > count.redeemed:
            yield f"类别 {group} 投出的选票多于使用的测评票。"


def _list_findings(box: Box) -> Iterator[str]:
    places = [(entry.group, entry.cell) for entry in box.lists]
    if places != sorted(set(places)):
        yield "票格清单的次序不对或有重复。"
    groups = {entry.group for entry in box.lists}
    if unknown := groups - set(box.counts) - {TOGETHER}:
        yield f"清单中出现了没有登记的类别：{'、'.join(sorted(unknown))}。"
    cells = {entry.cell for entry in box.lists}
    for group in sorted(groups):
        if missing := cells - {entry.cell for entry in box.lists if entry.group == group}:
            yield f"类别 {group} 缺少票格：{'、'.join(sorted(missing))}。"
    yield from _group_findings(box, groups)
    for entry in box.lists:
        yield from _entry_findings(entry, _ballots(box, entry.group))
    yield from _repeat_findings(box)


def _group_findings(box: Box, groups: set[str]) -> Iterator[str]:
    """Whose marks stand alone, and whose together; groups: those of the lists."""
    for group, count in box.counts.items():
        if count.cast > 0 and not groups & {group, TOGETHER}:
            yield f"类别 {group} 投出了 {count.cast} 张选票，但清单中没有。"
        if group in groups - {TOGETHER} and count.cast < K_LEAST:
            yield f"类别 {group} 只有 {count.cast} 张选票，不应单独列出。"
    if TOGETHER in groups:
        ballots = _ballots(box, TOGETHER)
        if ballots <= 0:
            yield "没有需要合并的类别，却有合并统计的清单。"
        elif len(groups) > 1 and ballots < K_LEAST:
            yield f"合并统计的各类别只有 {ballots} 张选票，不应与别的类别分开列出。"


def _ballots(box: Box, group: str) -> int:
    """How many marks each list of `group` must hold."""
    if group == TOGETHER:
        alone = {entry.group for entry in box.lists}
        return sum(c.cast for g, c in box.counts.items() if g not in alone)
    return box.counts[group].cast if group in box.counts else 0


def _entry_findings(entry: List, ballots: int) -> Iterator[str]:
    place = f"票格 {entry.cell}（类别 {entry.group}）"
    if len(entry.marks) != ballots:
        yield f"{place}有 {len(entry.marks)} 条记录，应为 {ballots} 条：有增删。"
    if entry.marks != sorted(entry.marks):
        yield f"{place}的次序不对：有替换或移动。"
    repeated = [t for t, times in Counter(t for t, _ in entry.marks).items() if times > 1]
    if repeated:
        yield f"{place}的查验号 {repeated[0]} 出现了不止一次。"
    for tracker, choice in entry.marks:
        if not _is_tracker(tracker):
            yield f"{place}的查验号 {tracker!r} 不成形。"
        if not choice:
            yield f"{place}有一条记录没有选项。"
        elif not CHOICE.fullmatch(choice):
            yield f"{place}的选项 {choice!r} 不成形。"


def _repeat_findings(box: Box) -> Iterator[str]:
    """A tracker is drawn for one ballot, and a ballot stands in one group."""
    found: dict[str, str] = {}
    holders: dict[tuple[str, str], str] = {}
    for entry in box.lists:
        for tracker, _ in entry.marks:
            if holders.setdefault((entry.cell, tracker), entry.group) != entry.group:
                sentence = f"票格 {entry.cell} 的查验号 {tracker} 在不止一个类别中出现。"
                found.setdefault(entry.cell, sentence)
    yield from found.values()


def _is_tracker(text: str) -> bool:
    try:
        from_b64url(text, TRACKER_BYTES)
    except BadRequest:
        return False
    return True
