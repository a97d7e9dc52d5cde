"""Write a form as an Excel or a Word file, both with the same cells."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from app.domain.report import Document, Grid, Value, Wide

TITLE_FACE, HEAD_FACE, BODY_FACE = "方正小标宋简体", "黑体", "仿宋_GB2312"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DRAFT = "（未定稿）"
_LINE = Side(style="thin")
_BORDER = Border(_LINE, _LINE, _LINE, _LINE)


def to_excel(form: Document) -> bytes:
    """A workbook: a sheet for each table, printed on A4, as wide as the page."""
    book = Workbook()
    book.remove(book.worksheets[0])
    words = [block for block in form.blocks if isinstance(block, str)]
    grids = form.grids or (Grid("", (), (), (80,)),)
    for number, grid in enumerate(grids):
        sheet = book.create_sheet(_sheet_title(grid.title or form.title, book.sheetnames))
        _Sheet(sheet, form, grid).write(words if number == 0 else ())
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def to_word(form: Document) -> bytes:
    """A Word file on A4 with page numbers; heads of tables come again on each page."""
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    if form.landscape:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(22)
    section.top_margin, section.bottom_margin = Mm(25), Mm(20)
    _page_number(section.footer.paragraphs[0])
    body = document.styles["Normal"]
    body.font.size = Pt(12)
    _face(body, BODY_FACE)
    _paragraph(document, _title(form), TITLE_FACE, 20, WD_ALIGN_PARAGRAPH.CENTER)
    _paragraph(document, "　　".join(form.head), BODY_FACE, 11)
    width = section.page_width - section.left_margin - section.right_margin
    for block in form.blocks:
        if isinstance(block, str):
            paragraph = _paragraph(document, block, BODY_FACE, 14)
            paragraph.paragraph_format.first_line_indent = Pt(28)
        else:
            _word_table(document, block, int(width))
    _paragraph(document, "", BODY_FACE, 12)
    _paragraph(document, "　　　　　　".join(form.signatures), BODY_FACE, 12)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


class _Sheet:
    """Fills one sheet of a workbook from the top."""

    def __init__(self, sheet: Worksheet, form: Document, grid: Grid) -> None:
        self._sheet, self._form, self._grid = sheet, form, grid
        self._row, self._columns = 0, len(grid.widths)

    def write(self, words: Iterable[str]) -> None:
        """Title, head, paragraphs, table, signatures."""
        sheet, form, grid = self._sheet, self._form, self._grid
        whole = 130 if form.landscape else 86
        for number, width in enumerate(grid.widths, start=1):
            share = width * whole / sum(grid.widths)
            sheet.column_dimensions[get_column_letter(number)].width = share
        self._line(_title(form), Font(name=TITLE_FACE, size=18), "center", 32)
        self._line("　　".join(form.head), Font(name=BODY_FACE, size=11))
        if grid.title:
            self._line(grid.title, Font(name=HEAD_FACE, size=12))
        if grid.head:
            self._cells(grid.head, Font(name=HEAD_FACE, size=11, bold=True))
            sheet.print_title_rows = f"{self._row}:{self._row}"
        for row in grid.rows:
            self._cells(row, Font(name=BODY_FACE, size=11))
        for text in words:
            self._line(
                text, Font(name=BODY_FACE, size=11), height=16 * (1 + 2 * len(text) // whole)
            )
        self._line("　　　　".join(form.signatures), Font(name=BODY_FACE, size=12), height=36)
        sheet.page_setup.paperSize = 9
        sheet.page_setup.orientation = "landscape" if form.landscape else "portrait"
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_setup.fitToHeight = 0
        sheet.print_area = f"A1:{get_column_letter(self._columns)}{self._row}"
        if sheet.oddFooter is not None:
            sheet.oddFooter.center.text = "第 &P 页 共 &N 页"

    def _line(self, text: str, font: Font, align: str = "left", height: float = 20) -> None:
        self._row += 1
        self._put(1, text, font, align)
        self._sheet.row_dimensions[self._row].height = height
        if self._columns > 1:
            self._sheet.merge_cells(
                start_row=self._row, end_row=self._row, start_column=1, end_column=self._columns
            )

    def _cells(self, row: Iterable[Value | Wide], font: Font) -> None:
        self._row += 1
        column, lines = 1, 1
        for value in row:
            text, span = (value.text, value.columns) if isinstance(value, Wide) else (value, 1)
            self._put(column, text, font, "left" if span > 1 else "center")
            for covered in range(column, column + span):
                self._sheet.cell(self._row, covered).border = _BORDER
            if span > 1:
                self._sheet.merge_cells(
                    start_row=self._row, end_row=self._row,
                    start_column=column, end_column=column + span - 1,
                )  # fmt: skip
            room = sum(self._grid.widths[column - 1 : column - 1 + span])
            lines = max(lines, _lines(str(text), room * 86 // max(1, sum(self._grid.widths))))
            column += span
        self._sheet.row_dimensions[self._row].height = 18 * lines + 2

    def _put(self, column: int, value: Value, font: Font, align: str) -> None:
        cell: Any = self._sheet.cell(self._row, column, value)
        cell.font = font
        cell.alignment = Alignment(horizontal=align, vertical="center", wrap_text=True)
        if isinstance(value, str):
            # A name that begins with = is a name, not a formula.
            cell.data_type = "s"


def _word_table(document: Any, grid: Grid, width: int) -> None:
    if grid.title:
        _paragraph(document, grid.title, HEAD_FACE, 14)
    table = document.add_table(rows=0, cols=len(grid.widths), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, share in zip(table.columns, grid.widths, strict=True):
        column.width = width * share // sum(grid.widths)
    if grid.head:
        _word_row(table, grid.head, HEAD_FACE)
        properties = table.rows[0]._tr.get_or_add_trPr()
        again = OxmlElement("w:tblHeader")
        again.set(qn("w:val"), "true")
        properties.append(again)
    for row in grid.rows:
        _word_row(table, row, BODY_FACE)


def _word_row(table: Any, row: Iterable[Value | Wide], face: str) -> None:
    cells = table.add_row().cells
    column = 0
    for value in row:
        text, span = (value.text, value.columns) if isinstance(value, Wide) else (value, 1)
        cell = cells[column] if span == 1 else cells[column].merge(cells[column + span - 1])
        paragraph = cell.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT if span > 1 else WD_ALIGN_PARAGRAPH.CENTER
        run = paragraph.add_run(str(text))
        run.font.size = Pt(10.5)
        _face(run, face)
        column += span


def _paragraph(document: Any, text: str, face: str, size: float, align: Any = None) -> Paragraph:
    paragraph: Paragraph = document.add_paragraph()
    paragraph.alignment = align
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    _face(run, face)
    return paragraph


def _face(styled: Any, face: str) -> None:
    """Name the face also for Chinese letters, which Word keeps apart."""
    styled.font.name = face
    styled.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)


def _page_number(paragraph: Paragraph) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = paragraph.add_run()
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = text
        run._r.append(mark)


def _title(form: Document) -> str:
    return form.title + (DRAFT if form.draft else "")


def _sheet_title(text: str, taken: list[str]) -> str:
    plain = "".join(letter for letter in text if letter not in "[]:*?/\\'")[:28] or "表"
    return plain if plain not in taken else f"{plain[:25]}{len(taken) + 1}"


def _lines(text: str, letters: float) -> int:
    most = max(4.0, letters / 2)
    return sum(1 + int(len(part) // most) for part in text.split("\n"))
