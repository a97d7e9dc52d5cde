"""Take organisations in from an Excel roster, all of them or none, and give them out again."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import select

from app.actions.library import offered
from app.actions.organisation import organisation_tree
from app.domain.errors import BadInput
from app.domain.roster import COLUMNS, KIND_WORDS, Known, Line, Plan, plan, read_table
from app.models import Organisation, db
from app.models.base import writing

FILE_MOST = 2 * 1024 * 1024
UNPACKED_MOST = 40 * 1024 * 1024
SHEET = "党组织"
_WIDTHS = (32, 10, 36, 16, 12, 12, 18)
_ROWS_READ = 6000
_CHOICES_MOST = 255
_COLUMNS_READ = 40
_NOTES = (
    "一行填一个党组织，标 * 的必须填。",
    "类型：党委、党总支、党支部。党支部可以设在党委或党总支下，党总支设在党委下。",
    "上级党组织：写上级的名称；最上面的党组织空着。有几个同名的，写全，如 县委/教育局党委。",
    "上级可以也在本表里，先后次序不限。",
    "领域：按方案的写法，如 村、嘎查村、机关事业单位。没有领域的党组织看不出是否应定级。",
    "最近发展党员年份：如 2011，用来列三年未发展党员的名单。",
    "再次导入：名称和上级都相同的算同一个党组织，填了的内容会更新，空着的不变。",
)


def read_roster(content: bytes, today: date) -> Plan:
    """What importing this file would do; nothing is written. Raises BadInput for no Excel file."""
    lines, complaints = read_table(_rows(content), today.year)
    found = plan(lines, known_bodies())
    return found._replace(complaints=(*complaints, *found.complaints))


def plan_of(lines: Sequence[Line]) -> Plan:
    """The same for lines that have been read before."""
    return plan(lines, known_bodies())


def fingerprint(found: Plan) -> str:
    """Changes whenever the plan does: what has been shown is what will be written."""
    return hashlib.sha256(repr(found).encode()).hexdigest()


def import_roster(lines: Sequence[Line], shown: str) -> Plan:
    """Write all lines, or none. shown: the fingerprint of the plan that was shown.

    Raises BadInput where something is wrong or has changed since.
    """
    with writing():
        found = plan_of(lines)
        if found.complaints:
            raise BadInput("表中还有错误，没有导入。请改好后重新上传。")
        if fingerprint(found) != shown:
            raise BadInput("预览以后组织有了变化，没有导入。请重新上传，再看一遍预览。")
        bodies: dict[tuple[str, ...], Organisation] = {}
        ids = {body.path: body.id for body in known_bodies()}
        for item in found.new:
            above = item.path[:-1]
            body = Organisation(
                name=item.line.name, kind=item.line.kind, domain=item.line.domain,
                secretary=item.line.secretary, members=item.line.members,
                last_admitted=item.line.last_admitted,
            )  # fmt: skip
            if above in bodies:
                body.parent = bodies[above]
            else:
                body.parent_id = ids.get(above)
            bodies[item.path] = body
        db.session.add_all(bodies.values())
        changed = {item.id: item.line for item in found.changed}
        for body in db.session.scalars(
            select(Organisation).where(Organisation.id.in_(list(changed)))
        ):
            line = changed[body.id]
            body.domain = line.domain or body.domain
            body.secretary = line.secretary or body.secretary
            if line.members is not None:
                body.members = line.members
            if line.last_admitted is not None:
                body.last_admitted = line.last_admitted
    return found


def known_bodies() -> list[Known]:
    """Every organisation with its path, superiors first."""
    paths: dict[int, tuple[str, ...]] = {}
    found = []
    for node in organisation_tree():
        body = node.organisation
        paths[body.id] = (*paths.get(body.parent_id or 0, ()), body.name)
        found.append(
            Known(
                body.id, paths[body.id], body.kind, body.domain, body.secretary, body.members,
                body.last_admitted, body.closed_on is not None,
            )
        )  # fmt: skip
    return found


def roster_template() -> bytes:
    """An empty roster with its explanations, as an Excel file."""
    return _workbook(
        [("例：中共某某县某某镇委员会", "党委", "中共某某县委员会", "", "", None, None)]
    )


def export_roster() -> bytes:
    """All organisations that are not closed, in the columns of the template."""
    return _workbook(
        [
            (
                b.path[-1], KIND_WORDS[b.kind], "/".join(b.path[:-1]), b.domain, b.secretary,
                b.members, b.last_admitted,
            )
            for b in known_bodies()
            if not b.closed
        ]
    )  # fmt: skip


def domain_words() -> list[str]:
    """The domains of the schemes on offer, to choose from; others may be written."""
    return list(dict.fromkeys(d.name for kept in offered() for d in kept.scheme.domains))


def _workbook(rows: Sequence[Sequence[str | int | None]]) -> bytes:
    book = Workbook()
    sheet: Worksheet = book.worksheets[0]
    sheet.title = SHEET
    line = Side(style="thin")
    for column, title in enumerate(COLUMNS, start=1):
        cell = sheet.cell(1, column, title + ("*" if column <= 2 else ""))
        cell.font = Font(name="黑体", bold=True)
        cell.alignment = Alignment(horizontal="center")
        cell.border = Border(line, line, line, line)
        sheet.column_dimensions[get_column_letter(column)].width = _WIDTHS[column - 1]
    for number, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            if value in (None, ""):
                continue
            cell = sheet.cell(number, column, value)
            cell.font = Font(name="仿宋_GB2312")
            if isinstance(value, str):
                # A name that begins with = is a name, not a formula.
                cell.data_type = "s"
                cell.number_format = "@"
    sheet.freeze_panes = "A2"
    _choices(sheet, "B", list(KIND_WORDS.values()), strict=True)
    _choices(sheet, "D", domain_words(), strict=False)
    notes = book.create_sheet("填写说明")
    notes.column_dimensions["A"].width = 90
    for number, text in enumerate(_NOTES, start=1):
        notes.cell(number, 1, f"{number}. {text}")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _choices(sheet: Worksheet, column: str, words: Sequence[str], *, strict: bool) -> None:
    rule = DataValidation(type="list", formula1=f'"{_listed(words)}"', allow_blank=True)
    rule.showErrorMessage = strict
    sheet.add_data_validation(rule)
    rule.add(f"{column}2:{column}{_ROWS_READ}")


def _listed(words: Sequence[str]) -> str:
    """The words as Excel lists them: it takes so many characters, and no commas or quotes."""
    listed = ""
    for word in words:
        longer = f"{listed},{word}" if listed else word
        if not {",", '"'} & set(word) and len(longer) <= _CHOICES_MOST:
            listed = longer
    return listed


def _rows(content: bytes) -> Iterator[list[object]]:
    """The cells of the first sheet; values only, formulas are never worked out."""
    if len(content) > FILE_MOST:
        raise BadInput("文件太大（超过 2 MB）。请只留下党组织一张表，去掉图片和格式。")
    _check_package(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book[SHEET] if SHEET in book.sheetnames else book.worksheets[0]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_row=_ROWS_READ, max_col=_COLUMNS_READ, values_only=True)
        return iter([list(row) for row in rows])
    except BadInput:
        raise
    except Exception as error:  # a broken file breaks in any of many ways
        raise BadInput(
            "这个文件打不开，可能已损坏。请用 Excel 或 WPS 另存为 .xlsx 再上传。"
        ) from error


def _check_package(content: bytes) -> None:
    """Refuse what is no workbook, unpacks to too much, or declares entities."""
    sentence = "这不是 .xlsx 文件。请用 Excel 或 WPS 另存为 .xlsx（不是 .xls 或 .csv）再上传。"
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            names = package.infolist()
            if "[Content_Types].xml" not in package.namelist():
                raise BadInput(sentence)
            if len(names) > 500 or sum(i.file_size for i in names) > UNPACKED_MOST:
                raise BadInput("文件展开后太大，没有导入。请只留下党组织一张表。")
            for info in names:
                if info.filename.endswith((".xml", ".rels")):
                    start = package.read(info)
                    if b"<!DOCTYPE" in start or b"<!ENTITY" in start or b"\x00" in start[:64]:
                        raise BadInput(sentence)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise BadInput(sentence) from error
