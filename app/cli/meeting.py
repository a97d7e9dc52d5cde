"""`flask meeting …`: list, show and close testing meetings; `flask sweep`."""

from __future__ import annotations

import json
from typing import Any

import click
import msgspec
from flask.cli import with_appcontext
from sqlalchemy import select

from app.actions.closing import close_meeting
from app.actions.live import live_picture, turnout
from app.actions.meeting import leaves_traces, meeting_by_code
from app.actions.sweep import sweep
from app.cli.refusal import PlainCommand, Refusal, refusing
from app.domain.box import Box
from app.domain.errors import MeetingUnknown
from app.domain.meeting import Form
from app.models import Meeting, db

STATE_WORDS = {"draft": "准备中", "open": "进行中", "closed": "已结束", "voided": "已作废"}

UNSWEPT = (
    "票箱文件没有销毁成功，结果不受影响。"
    "请检查数据目录里 urns 目录的权限，再运行 flask --app wsgi sweep。"
)

as_json = click.option("--json", "wants_json", is_flag=True, help="以 JSON 输出")


@click.group("meeting")
def meeting_group() -> None:
    """测评会：列出、查看、结束。"""


@meeting_group.command("list", cls=PlainCommand)
@as_json
@with_appcontext
def list_meetings(wants_json: bool) -> None:
    """列出全部测评会，新的在前。"""
    with refusing():
        meetings = db.session.scalars(select(Meeting).order_by(Meeting.id.desc())).all()
        heads = [_head(meeting) for meeting in meetings]
    if wants_json:
        click.echo(json.dumps(heads, ensure_ascii=False))
        return
    for head in heads:
        rehearsal = "【演练】" if head["rehearsal"] else ""
        click.echo(f"{head['meeting']}  {STATE_WORDS[head['state']]}  {rehearsal}{head['title']}")


@meeting_group.command("show", cls=PlainCommand)
@click.argument("code", metavar="CODE")
@as_json
@with_appcontext
def show_meeting(code: str, wants_json: bool) -> None:
    """查看一个测评会：人数，以及已公布的（不会更多）计票。"""
    with refusing():
        meeting = meeting_by_code(_typed(code))
        answer = _head(meeting)
        if meeting.state != "draft":
            figures = turnout(meeting.code)
            answer |= {"turnout": figures._asdict(), **live_picture(meeting.code)}
    if wants_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    click.echo(f"{answer['title']}（{answer['meeting']}）：{STATE_WORDS[answer['state']]}")
    if "turnout" in answer:
        click.echo(
            f"应到 {figures.expected} 发出 {figures.issued} "
            f"已扫码 {figures.redeemed} 已投 {figures.cast}"
        )
    if answer.get("released"):
        form = msgspec.convert(meeting.form, Form)
        click.echo(f"已公布的计票（前 {answer['released']['at']} 张选票）：")
        for line in tally_lines(form, answer["released"]):
            click.echo(line)


@meeting_group.command("close", cls=PlainCommand)
@click.argument("code", metavar="CODE")
@click.option("--present", type=click.IntRange(0, 100_000), help="实到人数")
@as_json
@with_appcontext
def close(code: str, present: int | None, wants_json: bool) -> None:
    """结束测评会并计票：之后不再收票，投票过程的数据随即清除，不能恢复。"""
    with refusing():
        meeting = meeting_by_code(_typed(code))
        if meeting.state != "open":
            raise Refusal(
                f"测评会 {meeting.code} {STATE_WORDS[meeting.state]}，不能结束。没有改动任何内容。"
            )
        box = close_meeting(meeting.id, present)
        db.session.refresh(meeting)
        answer = final_tally(meeting, box)
        left = leaves_traces(meeting)
    if left:
        click.echo(UNSWEPT, err=True)
    if wants_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    click.echo(f"{meeting.title}（{meeting.code}）已结束。票箱摘要：{box.digest}")
    for line in tally_lines(msgspec.convert(meeting.form, Form), answer):
        click.echo(line)
    for record in answer["records"]:
        click.echo(f"{record['organisation']}：拟定等级 {record['proposed'] or '（尚不能确定）'}")
        for reason in record["trace"]:
            click.echo(f"  · {reason['because']}")


@click.command("sweep", cls=PlainCommand)
@with_appcontext
def sweep_command() -> None:
    """销毁已结束的测评会留下的票箱文件（结束时没有做完的，在此补做）；中断的会议恢复收票。"""
    with refusing():
        done = sweep()
    if not done:
        click.echo(UNSWEPT, err=True)
        raise SystemExit(1)
    click.echo("已清扫干净。")


def final_tally(meeting: Meeting, box: Box) -> dict[str, Any]:
    """The result of a closed meeting: {"meeting", "state", "digest", "counts", "cells",
    "satisfaction", "records"}, and "paper" where papers are in it; a rehearsal has no records.
    """
    form = msgspec.convert(meeting.form, Form)
    shown = live_picture(meeting.code)
    return {
        "meeting": meeting.code,
        "state": meeting.state,
        "digest": box.digest,
        "counts": msgspec.to_builtins(box.counts),
        "cells": shown["released"]["cells"],
        "satisfaction": shown["released"]["satisfaction"],
        **({"paper": shown["paper"]} if "paper" in shown else {}),
        "records": [] if meeting.rehearsal else _records(meeting, form),
    }


def tally_lines(form: Form, shown: dict[str, Any]) -> list[str]:
    """The tally of a picture, one subject and question a line."""
    names = {subject.id: subject.name for subject in form.subjects}
    lines = []
    for cell in form.cells:
        labels = {choice.value: choice.label for choice in cell.choices} | {"abstain": "弃权"}
        counts = shown["cells"][cell.id]
        marks = " ".join(f"{label} {counts[value]}" for value, label in labels.items())
        rate = shown["satisfaction"][cell.subject]
        percent = f"{rate['percent']}%" if rate["denominator"] else "—"
        title = "未加权满意率" if form.rule(cell.subject).weighted else "满意率"
        lines.append(
            f"{names[cell.subject]}：{marks}；{title} {percent}"
            f"（{rate['numerator']}/{rate['denominator']}）"
        )
    return lines


def _records(meeting: Meeting, form: Form) -> list[dict[str, Any]]:
    return [
        {
            "subject": subject.id,
            "organisation": row.record.organisation.name,
            "satisfaction": row.record.mass["satisfaction"] if row.record.mass else None,
            "proposed": row.record.proposed,
            "trace": row.record.trace,
        }
        for subject, row in zip(form.subjects, meeting.subjects, strict=True)
    ]


def _head(meeting: Meeting) -> dict[str, Any]:
    return {
        "meeting": meeting.code,
        "meeting_id": meeting.id,
        "title": meeting.title,
        "state": meeting.state,
        "rehearsal": meeting.rehearsal,
        "round": meeting.round.title,
    }


def _typed(code: str) -> str:
    if not code.isascii():
        raise MeetingUnknown
    return code.strip().upper().replace("-", "")
