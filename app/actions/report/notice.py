"""公示 as it is posted: the text, the list of grades, until when and to whom one objects."""

from __future__ import annotations

from app.actions.objection import dropped_from, versions_of
from app.domain.notice import COUNTED_WORDS
from app.domain.report import Block, Document, Grid, written_day
from app.models import Notice, NoticeLine


def notice_form(notice: Notice, link: str) -> Document:
    """This version of a notice, to be printed, sealed and posted. link: of its page."""
    if notice.state == "withdrawn":
        day = written_day(notice.published_on)
        words: list[Block] = [f"本公示已于{day}撤回。原因：{notice.reason}"]
    else:
        words = [*_corrected(notice), notice.body, _grades(notice), *_period(notice, link)]
    return Document(
        title=notice.title,
        head=(),
        blocks=tuple(words),
        closing=(f"{notice.issuer}（盖章）", written_day(notice.published_on)),
        writing=True,
        together=True,
    )


def _corrected(notice: Notice) -> list[Block]:
    if notice.version == 1:
        return []
    words = f"这是更正后的第{notice.version}版，公示期重新计算。更正原因：{notice.reason}"
    dropped = dropped_from(notice, versions_of(notice.code))
    return [words, f"本版删去：{'、'.join(dropped)}。"] if dropped else [words]


def _grades(notice: Notice) -> Grid:
    rows = tuple(
        (number, line.organisation, line.domain, _grade(line))
        for number, line in enumerate(notice.lines, start=1)
    )
    head = ("序号", "党组织名称", "领域", "等级")
    return Grid("", head, rows, (9, 41, 25, 25), left=frozenset({1}))


def _grade(line: NoticeLine) -> str:
    corrected = line.corrected
    if corrected is None:
        return line.grade
    end = corrected.correction.end
    if end is None:
        return f"{line.grade}（拟更正，原为“{corrected.before}”）"
    if end.outcome == "in_force":
        return f"{line.grade}（已更正，原为“{corrected.before}”）"
    return f"{corrected.before}（更正撤回）"


def _period(notice: Notice, link: str) -> list[Block]:
    counted = COUNTED_WORDS[notice.counted]
    words: list[Block] = [
        (
            f"公示时间：{written_day(notice.published_on)}发布，公示{notice.days}个{counted}，"
            f"发布当天不计入，到{written_day(notice.ends)}为止（含当天）。"
        ),
        (
            f"对公示内容有意见的，请在公示期内反映，可以不署名。联系方式：{notice.contact}；"
            f"也可以在公示页上提：{link}"
        ),
    ]
    pending = [
        line for line in notice.lines if line.corrected and not line.corrected.correction.end
    ]
    if pending:
        words.append("写着“拟更正”的，公示期满、意见都已答复才生效；在此以前仍是原来的等级。")
    return words
