"""`flask box verify`: recount a published box, or say what was tampered with."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click

from app.cli.refusal import PlainCommand, Refusal, refusing
from app.domain.box import TOGETHER, Box, box_marks, findings, marks_by_group, read_box
from app.domain.meeting import ABSTAIN

BYTES_MOST = 512 * 1024 * 1024


@click.group("box")
def box_group() -> None:
    """票箱：核对已公布的票箱文件。"""


@box_group.command("verify", cls=PlainCommand)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--digest", metavar="HEX", help="计票单上的票箱摘要（64 位十六进制，空格不论）")
@click.option("--json", "wants_json", is_flag=True, help="以 JSON 输出")
def verify(file: Path, digest: str | None, wants_json: bool) -> None:
    """核对票箱文件 FILE 并重新计票；不需要数据库。

    完好时退出状态为 0，被改动过为 1，文件读不懂为 2。
    不写 --digest 时，连摘要一起重写的改动看不出来。
    """
    printed = None if digest is None else _printed(digest)
    with refusing():
        box = read_box(_read(file))
        found = findings(box, printed)
    if wants_json:
        click.echo(json.dumps(_answer(box, found, printed), ensure_ascii=False))
    elif found:
        click.echo(f"票箱有问题，共 {len(found)} 处：")
        for sentence in found:
            click.echo(f"  · {sentence}")
    else:
        click.echo(_sound(box, printed))
    if found:
        raise SystemExit(1)


def recount(box: Box) -> dict[str, dict[str, dict[str, int]]]:
    """Group of the lists → cell id → choice → number, from the lists and nothing else.

    A box does not say which choices a cell offers: one that nobody chose does not appear.
    """
    return {group: _count(marks) for group, marks in marks_by_group(box).items()}


def _count(marks: list[tuple[str, str]]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for cell, choice in sorted(marks, key=lambda mark: (mark[0], mark[1] == ABSTAIN, mark[1])):
        counts.setdefault(cell, {}).setdefault(choice, 0)
        counts[cell][choice] += 1
    return counts


def _answer(box: Box, found: tuple[str, ...], printed: str | None) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "sound": not found,
        "meeting": box.meeting,
        "digest": box.digest,
        "digest_compared": printed is not None,
        "findings": list(found),
    }
    if not found:
        answer["ballots"] = sum(count.cast for count in box.counts.values())
        answer["cells"] = _count(list(box_marks(box)))
        answer["groups"] = recount(box)
    return answer


def _sound(box: Box, printed: str | None) -> str:
    lines = [
        f"票箱完好：测评会 {box.meeting}，摘要 {box.digest}",
        "与计票单上的摘要一致。"
        if printed
        else "请与计票单上的摘要核对（或用 --digest 写明，由程序核对）。",
    ]
    for group, count in box.counts.items():
        lines.append(
            f"类别 {group}：发出 {count.issued} 使用 {count.redeemed} 投出 {count.cast} "
            f"作废 {count.voided} 未用 {count.unused}"
        )
    for cell, counts in _count(list(box_marks(box))).items():
        lines.append(f"票格 {cell}：{_in_words(counts)}")
    groups = recount(box)
    for group in groups if len(groups) > 1 else ():
        name = "合并统计的各类别" if group == TOGETHER else f"类别 {group}"
        lines += [f"{name} 票格 {cell}：{_in_words(c)}" for cell, c in groups[group].items()]
    return "\n".join(lines)


def _in_words(counts: dict[str, int]) -> str:
    words = (
        f"{'弃权' if choice == ABSTAIN else choice} {number}" for choice, number in counts.items()
    )
    return " ".join((*words, f"合计 {sum(counts.values())}"))


def _printed(text: str) -> str:
    digest = re.sub(r"[\s-]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise Refusal("--digest 应为计票单上的 64 位十六进制摘要。")
    return digest


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > BYTES_MOST:
            raise Refusal(f"文件过大，不会是票箱：{file}")
        return file.read_bytes()
    except OSError as error:
        raise Refusal(f"票箱文件读不了：{file}（{error.strerror}）。") from error
