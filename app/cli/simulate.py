"""`flask simulate`: cast the votes of many slips at a real server, as phones would."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from app.cli.refusal import PlainCommand, Refusal
from app.config import ConfigError, base_url
from app.domain.meeting import ABSTAIN
from app.domain.slip import crockford, in_fours
from app.phones.crowd import Choices, Outcome, planned_choices, random_choices, report, vote_all
from app.phones.voter import (
    PATIENCE_SECONDS,
    Door,
    Meeting,
    NotCast,
    SlipUrl,
    fetch_meeting,
    read_slip_url,
)

CONCURRENCY_MOST = 500


@click.command("simulate", cls=PlainCommand)
@click.option("--base", required=True, help="服务器的访问地址，如 http://192.168.1.10:8000")
@click.option(
    "--slips",
    "slips_file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="demo 的 JSON 输出，或每行一个测评票网址的文本文件",
)
@click.option("--voters", type=click.IntRange(1), help="投票人数，用前面的测评票（默认：全部）")
@click.option(
    "--concurrency",
    type=click.IntRange(1, CONCURRENCY_MOST),
    default=8,
    show_default=True,
    help="同时投票的人数",
)
@click.option("--seed", type=int, help="随机选择的种子：同一种子投出同样的票")
@click.option(
    "--marks",
    "marks_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="照此投出：JSON {票格或测评对象: {选项: 票数}}，其余弃权",
)
@click.option(
    "--receipts",
    "receipts_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="把每人的回执和所投写入这个文件（JSON）",
)
@click.option(
    "--patience",
    type=click.FloatRange(0, 3600),
    default=PATIENCE_SECONDS,
    show_default=True,
    help="每个请求最多重试多少秒",
)
def simulate(
    base: str,
    slips_file: Path,
    voters: int | None,
    concurrency: int,
    seed: int | None,
    marks_file: Path | None,
    receipts_file: Path | None,
    patience: float,
) -> None:
    """按协议 mingce/1 模拟投票，把投出的结果以 JSON 写到标准输出。

    不需要数据库，可在另一台机器上运行。有人没有投成时退出状态为 1，参数不对时为 2。
    """
    address = _address(base)
    if receipts_file is not None:
        _write_receipts(receipts_file, [])
    slips = _read_slips(slips_file, voters)
    meeting = _fetch(Door(address, patience), slips[0])
    chance = random.Random(seed)  # noqa: S311 - made-up choices; no secret comes of them
    if marks_file is None:
        choices = random_choices(meeting, len(slips), chance)
    else:
        choices = _planned(meeting, marks_file, len(slips), chance)
    started = time.monotonic()
    outcomes = _vote(address, patience, meeting, slips, choices, concurrency)
    if receipts_file is not None:
        _write_receipts(receipts_file, outcomes)
    answer = report(meeting, outcomes)
    click.echo(json.dumps({**answer, **_speed(answer["cast"], started)}, ensure_ascii=False))
    if answer["failed"]:
        click.echo(f"有 {answer['failed']} 人没有投成：{_reasons(outcomes)}", err=True)
        raise SystemExit(1)


def _address(base: str) -> str:
    try:
        return base_url(base)
    except ConfigError as error:
        raise Refusal("--base 应为 http://192.168.1.10:8000 这样的地址，后面不带路径。") from error


def _fetch(door: Door, slip: SlipUrl) -> Meeting:
    try:
        meeting = fetch_meeting(door, slip)
    except NotCast as error:
        raise Refusal(str(error)) from error
    finally:
        door.close()
    if meeting.face["state"] != "open":
        raise Refusal(f"测评会 {meeting.code} 现在不能投票（状态：{meeting.face['state']}）。")
    return meeting


def _vote(
    address: str,
    patience: float,
    meeting: Meeting,
    slips: Sequence[SlipUrl],
    choices: Sequence[Choices],
    concurrency: int,
) -> list[Outcome]:
    # Standard output is for the JSON alone.
    with click.progressbar(length=len(slips), label="投票", file=sys.stderr) as bar:

        def advance() -> None:
            bar.update(1)

        return vote_all(
            lambda: Door(address, patience), meeting, slips, choices, concurrency, advance
        )


def _speed(cast: int, started: float) -> dict[str, float]:
    seconds = time.monotonic() - started
    return {"seconds": round(seconds, 3), "voters_per_second": round(cast / seconds, 1)}


def _reasons(outcomes: Sequence[Outcome]) -> str:
    return " ".join(sorted({str(o.failure) for o in outcomes if o.failure is not None}))


def _read_slips(file: Path, voters: int | None) -> list[SlipUrl]:
    """The first `voters` slips of a demo's JSON or of a list with one address a line."""
    text = _read(file, "--slips")
    try:
        value = json.loads(text)
        urls = value["slips"] if isinstance(value, dict) else value
    except (ValueError, KeyError):
        urls = text.split()
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls) or not urls:
        raise Refusal(f"{file} 里没有测评票。应为 demo 的 JSON 输出，或每行一个测评票网址。")
    if voters is not None and voters > len(urls):
        raise Refusal(f"--voters 为 {voters}，但 {file} 里只有 {len(urls)} 张测评票。")
    try:
        slips = [read_slip_url(url) for url in urls[:voters]]
    except NotCast as error:
        raise Refusal(f"{file} 读不懂：{error}") from error
    if len({slip.meeting for slip in slips}) > 1:
        raise Refusal(f"{file} 里有几个测评会的测评票，请分开。")
    return slips


def _planned(meeting: Meeting, file: Path, voters: int, chance: random.Random) -> list[Choices]:
    try:
        value = json.loads(_read(file, "--marks"))
    except ValueError as error:
        raise Refusal(f"--marks 的文件 {file} 不是 JSON。") from error
    marks = _read_marks(meeting, value)
    try:
        return planned_choices(meeting, marks, voters, chance)
    except ValueError as error:
        raise Refusal(f"--marks：票格 {error} 的票数多于投票人数 {voters}。") from error


def _read_marks(meeting: Meeting, value: Any) -> dict[str, dict[str, int]]:
    """Cell id → choice value → number, from cell ids or names and from values or labels."""
    if not isinstance(value, dict):
        raise Refusal("--marks 应为 {票格或测评对象: {选项: 票数}}。")
    marks: dict[str, dict[str, int]] = {}
    for place, wanted in value.items():
        cell = _cell(meeting, place)
        labels = {c["label"]: c["value"] for c in cell["choices"]} | {"弃权": ABSTAIN}
        values = {*labels.values()}
        if cell["id"] in marks:
            raise Refusal(f"--marks：票格 {cell['id']} 写了两次。")
        if not isinstance(wanted, dict):
            raise Refusal(f"--marks：“{place}”应为 {{选项: 票数}}。")
        counted = marks.setdefault(cell["id"], {})
        for choice, number in wanted.items():
            chosen = choice if choice in values else labels.get(choice)
            if chosen is None:
                raise Refusal(f"--marks：“{place}”没有“{choice}”，可选：{'、'.join(labels)}。")
            if type(number) is not int or number < 0:
                raise Refusal(f"--marks：“{place}”的“{choice}”应为不小于 0 的整数。")
            counted[chosen] = counted.get(chosen, 0) + number
    return marks


def _cell(meeting: Meeting, place: str) -> dict[str, Any]:
    """The cell of this id, or the only cell of the subject with this id or name."""
    cells: list[dict[str, Any]] = meeting.face["cells"]
    subjects = {s["id"] for s in meeting.face["subjects"] if place in (s["id"], s["name"])}
    found = [c for c in cells if c["id"] == place] or [c for c in cells if c["subject"] in subjects]
    if not found:
        raise Refusal(f"--marks：没有“{place}”这个票格或测评对象。")
    if len(found) > 1:
        ids = "、".join(cell["id"] for cell in found)
        raise Refusal(f"--marks：“{place}”有几道题，请写明票格：{ids}。")
    return found[0]


def _read(file: Path, option: str) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "不是 UTF-8 文本"
        raise Refusal(f"{option} 的文件读不了：{file}（{reason}）。") from error


def _write_receipts(file: Path, outcomes: Sequence[Outcome]) -> None:
    """Every ballot that was sealed: its receipt as the phone shows it, and its choices."""
    written = [
        {
            "receipt": in_fours(crockford(outcome.ballot.secret)),
            "group": outcome.group,
            "confirmed": outcome.failure is None,
            "choices": outcome.choices,
        }
        for outcome in outcomes
        if outcome.ballot is not None
    ]
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise Refusal(f"--receipts 的文件写不了：{file}（{error.strerror}）。") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(written, stream, ensure_ascii=False)
