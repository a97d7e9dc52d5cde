"""The forms of one meeting: the ballot on paper, and the count sheet to be signed."""

from __future__ import annotations

from collections.abc import Iterable

from app.actions.count_sheet import CountSheet, Turnout, count_sheet
from app.actions.meeting import ballot_form
from app.actions.report.round import names_of
from app.actions.result import Line as Counted
from app.actions.result import Table
from app.domain.meeting import Form
from app.domain.report import BOX, TITLES, Block, Document, Grid, Line, Value, Wide
from app.models import Meeting

MEETING_FORMS = ("ballot", "count-sheet")
REHEARSAL = "演练，不作为定级依据"
_GROUP = 8
Row = tuple[Value | Wide, ...]


def meeting_form(meeting: Meeting, name: str) -> Document:
    """One of MEETING_FORMS; KeyError for another name. Raises CountSheetNotReady."""
    if name == "ballot":
        return _ballot(meeting, ballot_form(meeting))
    if name == "count-sheet":
        return _sheet(count_sheet(meeting.id))
    raise KeyError(name)


def _ballot(meeting: Meeting, form: Form) -> Document:
    """党员群众测评表: the very cells of the phone's ballot (阿坞乡六村 2012, 四之2)."""
    names = {subject.id: subject.name for subject in form.subjects}
    grids: list[Block] = []
    for question in form.questions:
        cells = [cell for cell in form.cells if cell.question == question.id]
        for choices in dict.fromkeys(cell.choices for cell in cells):
            rows: tuple[Row, ...] = tuple(
                (names[cell.subject], *(BOX for _ in choices))
                for cell in cells
                if cell.choices == choices
            )
            head = ("测评对象", *(choice.label for choice in choices))
            widths = (40, *(60 // max(1, len(choices)) for _ in choices))
            grids.append(Grid(question.title, head, rows, widths, frozenset({0}), roomy=True))
    groups = "　".join(f"{BOX}{group.name}" for group in meeting.groups)
    blocks: list[Block] = [
        Line(meeting.title, "strong"),
        *_rehearsed(meeting),
        *([f"参会人员类别：{groups}"] if len(meeting.groups) > 1 else ()),
        Line(
            "无记名。每行选一项，在方框内打“√”；不选计为弃权，选两项以上这一格计为弃权。"
            "不要写名字或作其他记号。",
            "note",
        ),
        *(grids or ["还没有选测评对象。"]),
        Line("填好后投入票箱。", "note"),
    ]
    return Document(
        title=names_of(meeting.round).get("ballot", TITLES["ballot"]),
        head=(f"主持单位：{meeting.host}", "　　　年　　月　　日"),
        blocks=tuple(blocks),
        draft=meeting.state == "draft",
        together=True,
        about=meeting.title,
    )


def _sheet(sheet: CountSheet) -> Document:
    """计票单 (四坝学校 2013, 四之3: 测评表要及时汇总统计,并经参加测评的工作人员签字)."""
    meeting = sheet.meeting
    link = f"{meeting.base_url}/r/{meeting.code}"
    blocks: list[Block] = [
        *_rehearsed(meeting),
        Line("一、参会和收票情况", "heading"),
        _turnout(sheet),
        Line(
            "以上为测评票（手机投出）。发出不含作废的票；扫码未投是扫了码而没有投出选票的。"
            "选票由手机提交，内容不合规定的不予接收，收回的都有效；没有选的票格计为弃权。",
            "note",
        ),
        *(
            Line(
                f"{name}：投票开始前到会 {a.present} 人，迟到 {a.late} 人，提前离开 {a.gone} 人，"
                f"实到 {a.came} 人。",
                "note",
            )
            for name, a in sheet.attendance
        ),
        *_papers(sheet),
        Line(f"对账：{'；'.join(_checks(sheet))}。", "note"),
        Line(f"二、测评结果{'（手机票和纸质票合计）' if sheet.papers else ''}", "heading"),
        *(_result(table) for table in sheet.tables),
        *_channels(sheet),
        *_weighed(sheet),
        *(Line(f"{formula}。", "note") for formula in sheet.formulas),
        *(Line(f"说明：{convention}", "note") for convention in sheet.conventions),
        Line("三、有效性", "heading"),
        *_validity(sheet),
        Line("四、票箱摘要", "heading"),
        " ".join(
            sheet.digest[start : start + _GROUP] for start in range(0, len(sheet.digest), _GROUP)
        ),
        Line(
            f"选票已打乱次序公布在 {link}，投票人可以查到自己的选择已计入，任何人可以重新计票。"
            "公布的票箱与以上摘要不符的，以签名的本单为准追查。",
            "note",
        ),
    ]
    return Document(
        title=f"{meeting.title}\n{TITLES['count-sheet']}",
        head=(f"主持单位：{meeting.host}" if meeting.host else "", f"测评会编号：{meeting.code}"),
        blocks=tuple(blocks),
        signatures=(("主持人：", "监票人：", "计票人："), ("", "", "　　　年　　月　　日")),
        together=True,
        about=meeting.title,
    )


def _rehearsed(meeting: Meeting) -> list[Block]:
    return [Line(REHEARSAL, "strong")] if meeting.rehearsal else []


def _turnout(sheet: CountSheet) -> Grid:
    came = {name: attendance.came for name, attendance in sheet.attendance}
    head = ("", "应到", "实到", "发出", "收回", "有效", "扫码未投", "未用", "作废")
    rows = [
        _turnout_row(group, came.get(group.name))
        for group in (sheet.groups if len(sheet.groups) > 1 else ())
    ]
    rows.append(_turnout_row(sheet.total, sheet.meeting.present))
    return Grid("", head, tuple(rows), (20, 10, 10, 10, 10, 10, 12, 10, 10), summed=True)


def _turnout_row(row: Turnout, came: int | None) -> Row:
    return (
        row.name, row.expected, "—" if came is None else came, row.issued, row.cast, row.cast,
        row.uncast, row.unused, row.voided,
    )  # fmt: skip


def _papers(sheet: CountSheet) -> Iterable[Block]:
    papers = sheet.papers
    if papers is None:
        return
    rows = []
    for group in sheet.meeting.groups:
        issued, entry = papers.issued[group.code], papers.entry[group.code]
        rows.append(
            (
                group.name, issued, entry.returned, entry.valid, entry.invalid, entry.moved,
                issued - entry.returned,
            )
        )  # fmt: skip
    head = ("纸质票", "发出", "收回", "有效", "无效", "代投", "未交回")
    yield Grid("", head, tuple(rows), (28, 12, 12, 12, 12, 12, 12))
    by_phone, spoilt = sheet.total.cast, papers.invalid
    exchanged = (
        f"作废的测评票中有 {papers.exchanged} 张是扫码后手机出了问题、没有投出，经监票人同意作废，"
        "换发了纸质票（在发出的纸质票之内）。"
    )
    yield Line(
        f"纸质票由{'、'.join(papers.tellers)}分别清点，录入一致。有效票：手机 {by_phone} 张，"
        f"纸质 {papers.valid} 张，共 {by_phone + papers.valid} 张。"
        f"{f'无效票 {spoilt} 张。' if spoilt else ''}{exchanged if papers.exchanged else ''}"
        "“代投”的纸质票由监票人见证用测评票在手机上投出，计在手机票内。"
        f"票箱只含手机票，重新计票时另加纸质票 {papers.valid} 张。",
        "note",
    )


def _checks(sheet: CountSheet) -> Iterable[str]:
    for check in sheet.checks:
        wrong = f" ✗ 不符（{'、'.join(check.wrong)}）"
        yield f"{check.figures}{' ✓' if check.holds else wrong}"


def _result(table: Table) -> Grid:
    head = ["测评对象", *table.choices, "弃权"]
    widths = [34, *(46 // max(1, len(table.choices)) for _ in table.choices), 10]
    if table.has_satisfaction:
        head.append("满意率（未加权）" if table.weighted else "满意率")
        widths.append(26)
    rows = tuple(
        (
            line.subject, *line.numbers, line.abstained,
            *((_rate(line),) if table.has_satisfaction else ()),
        )
        for line in table.lines
    )  # fmt: skip
    return Grid(table.title, tuple(head), rows, tuple(widths), left=frozenset({0}))


def _rate(line: Counted) -> str:
    rate = line.satisfaction
    if rate is None:
        return ""
    percent = f"{rate['percent']}{'%' if rate['denominator'] else ''}"
    return f"{percent}（{rate['numerator']}÷{rate['denominator']}）"


def _channels(sheet: CountSheet) -> Iterable[Grid]:
    if not sheet.channels:
        return
    rows = [
        (
            f"{line.subject}：{table.title}" if len(sheet.tables) > 1 else line.subject,
            f"{channel.name} {channel.cast} 张",
            _said(channel.tables[outer], channel.tables[outer].lines[row]),
        )
        for outer, table in enumerate(sheet.tables)
        for row, line in enumerate(table.lines)
        for channel in sheet.channels
    ]
    title = f"其中手机票、纸质票各自的结果（两种都不少于每批 {sheet.meeting.k} 票）"
    widths = (25, 19, 56)
    yield Grid(title, ("测评对象", "票", "结果"), tuple(rows), widths, left=frozenset({0, 2}))


def _said(table: Table, line: Counted) -> str:
    words = [f"{choice} {n}" for choice, n in zip(table.choices, line.numbers, strict=True)]
    rate = line.satisfaction
    told = f"{'，'.join(words)}，弃权 {line.abstained}"
    if rate and rate["denominator"]:
        told += f"；{'未加权' if table.weighted else ''}满意率 {rate['percent']}%"
    return told


def _weighed(sheet: CountSheet) -> Iterable[Grid]:
    if not sheet.weighed:
        return
    rows = tuple(
        (
            one.subject,
            f"{one.rate['percent']}%" if one.rate else "—",
            "".join(
                f"{word}。" for word in (*((one.rate["figures"],) if one.rate else ()), *one.words)
            ),
        )
        for one in sheet.weighed
    )
    title, head = "加权满意率（各类参会人员按比重计算）", ("测评对象", "满意率", "怎样得出")
    yield Grid(title, head, rows, (30, 15, 55), left=frozenset({0, 2}))


def _validity(sheet: CountSheet) -> Iterable[str]:
    """The sentences of the page, each in a paragraph."""
    total, meeting, papers = sheet.total, sheet.meeting, sheet.papers
    if not sheet.reconciled or total.cast > total.issued:
        yield "对账有不符之处（见第一项），本次测评无效，请查明原因后重新测评。"
        return
    if sheet.faults:
        for fault in sheet.faults:
            yield f"{fault.words}{'' if '无效' in fault.words else '本次测评无效。'}{fault.clause}"
        return
    beside = (
        f"（以上为手机票；纸质票发出 {papers.out} 张，收回 {papers.returned} 张）" if papers else ""
    )
    told = (
        f"发出 {total.issued} 张，收回 {total.cast} 张，收回不多于发出，票数相符{beside}，"
        "本次测评有效。"
    )
    back = total.cast + (papers.valid + papers.invalid if papers else 0)
    if meeting.present is not None and total.cast > meeting.present:
        told += f"但收回票数多于实到人数 {meeting.present} 人，请监票人核对。"
    elif papers and meeting.present is not None and back > meeting.present:
        told += (
            f"但手机票和纸质票共收回 {back} 张，多于实到人数 {meeting.present} 人，请监票人核对。"
        )
    if total.issued > total.expected:
        told += (
            f"发出的票比应到人数多 {total.issued - total.expected} 张，"
            f"其中没有用过的 {total.unused} 张应交监票人点清。"
        )
    yield told
