"""A form as an Excel workbook on A4: a sheet for each table, or all of them on one."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from app.actions.office.faces import BODY_FACE, HEAD_FACE, TITLE_FACE, printable, titled
from app.domain.report import Block, Document, Grid, Line, Value, Wide

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LINE = Side(style="thin")
_BORDER = Border(_LINE, _LINE, _LINE, _LINE)
_PORTRAIT, _LANDSCAPE = 92.0, 138.0
"""The widths of all columns together that A4 takes between these margins, in digits of 11 point."""

_FINE = 48
"""Columns of a sheet that several tables share; each takes as many as are its part."""

_HIGHEST = 409
"""Points that a row may be high."""

_CHINESE, _LATIN = 2.1, 1.15
"""Widths of a letter of 11 point, in digits of Excel's own face."""


def to_excel(form: Document) -> bytes:
    """A workbook whose every sheet is as wide as the page."""
    book = Workbook()
    book.remove(book.worksheets[0])
    if form.together or not form.grids:
        sheet = book.create_sheet(_sheet_title(form.title, book.sheetnames))
        _Sheet(sheet, form, [1] * _FINE).write(form.blocks)
    else:
        words = [block for block in form.blocks if not isinstance(block, Grid)]
        for number, grid in enumerate(form.grids):
            sheet = book.create_sheet(_sheet_title(grid.title or form.title, book.sheetnames))
            _Sheet(sheet, form, grid.widths).write([grid, *(words if number == 0 else ())])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


class _Sheet:
    """Fills one sheet of a workbook from the top. widths: of its columns, relative."""

    def __init__(self, sheet: Worksheet, form: Document, widths: Sequence[int]) -> None:
        self._sheet, self._form, self._row = sheet, form, 0
        whole = _LANDSCAPE if form.landscape else _PORTRAIT
        self._widths = [whole * width / sum(widths) for width in widths]

    def write(self, blocks: Iterable[Block]) -> None:
        """Title, head, blocks, signatures."""
        sheet, form = self._sheet, self._form
        for number, width in enumerate(self._widths, start=1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        for text in titled(form).split("\n"):
            self._line(text, Font(name=TITLE_FACE, size=18, bold=True), "center", 32)
        if any(form.head):
            self._beside(form.head, 11)
        for block in blocks:
            if isinstance(block, Grid):
                self._table(block, again=not form.together or len(form.grids) == 1)
            else:
                self._words(block)
        for line in form.signatures:
            self._beside(line, 12, 30)
        for text in form.closing:
            self._line(f"{text}　　", Font(name=BODY_FACE, size=12), "right", 24)
        self._settle()

    def _settle(self) -> None:
        sheet, landscape = self._sheet, self._form.landscape
        sheet.page_setup.paperSize = 9
        sheet.page_setup.orientation = "landscape" if landscape else "portrait"
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
        sheet.print_options.horizontalCentered = True
        sheet.page_margins = PageMargins(0.6, 0.6, 0.75, 0.75, 0.3, 0.4)
        sheet.print_area = f"A1:{get_column_letter(len(self._widths))}{self._row}"
        if sheet.oddFooter is not None:
            sheet.oddFooter.center.text = "第 &P 页　共 &N 页"

    def _words(self, block: Line | str) -> None:
        text, kind = (block.text, block.kind) if isinstance(block, Line) else (block, "")
        strong = kind in ("heading", "strong")
        size = 10 if kind == "note" else 12
        if self._form.writing and kind == "":
            text = "\n".join(f"　　{part}" for part in text.split("\n"))
        font = Font(name=HEAD_FACE if strong else BODY_FACE, size=size)
        height = (size + 5) * _lines(text, sum(self._widths) * 11 / size) + 4
        self._line(text, font, "center" if kind == "strong" else "left", height)

    def _table(self, grid: Grid, *, again: bool) -> None:
        """again: its head comes again on every page, which only one table of a sheet can have."""
        if grid.heading:
            self._line(grid.heading, Font(name=HEAD_FACE, size=12))
        spans = self._spans(grid.widths)
        if grid.head:
            self._cells(grid.head, Font(name=HEAD_FACE, size=11), spans, frozenset())
            if again:
                self._sheet.print_title_rows = f"{self._row}:{self._row}"
        last = len(grid.rows) - 1
        for number, row in enumerate(grid.rows):
            face = HEAD_FACE if grid.summed and number == last else BODY_FACE
            self._cells(row, Font(name=face, size=11), spans, grid.left, 34 if grid.roomy else 22)
        if not grid.rows:
            nothing = (Wide("无", len(grid.widths), centred=True),)
            self._cells(nothing, Font(name=BODY_FACE, size=11), spans, frozenset())

    def _spans(self, widths: Sequence[int]) -> list[tuple[int, int]]:
        """First and last column (from 1) of each column of a table, by their share of the sheet."""
        columns = len(self._widths)
        if len(widths) == columns:
            return [(number, number) for number in range(1, columns + 1)]
        whole, found, begun = sum(widths), [], 0
        for number in range(len(widths)):
            left = len(widths) - number - 1
            end = round(columns * sum(widths[: number + 1]) / whole)
            end = min(max(end, begun + 1), columns - left)
            found.append((begun + 1, end))
            begun = end
        return found

    def _line(self, text: str, font: Font, align: str = "left", height: float = 20) -> None:
        self._row += 1
        self._put(1, len(self._widths), text, font, align)
        self._sheet.row_dimensions[self._row].height = min(_HIGHEST, height)

    def _beside(self, words: Sequence[str], size: float, height: float = 20) -> None:
        """Several on one line: the first at the left, the last at the right."""
        self._row += 1
        shown = [word for word in words if word] if len(words) > len(self._widths) else list(words)
        spans = self._spans([1] * len(shown)) if len(shown) < len(self._widths) else [
            (number, number) for number in range(1, len(shown) + 1)
        ]  # fmt: skip
        for number, (text, (first, last)) in enumerate(zip(shown, spans, strict=True)):
            align = "left" if number == 0 else "right" if number == len(shown) - 1 else "center"
            self._put(first, last, text, Font(name=BODY_FACE, size=size), align)
        self._sheet.row_dimensions[self._row].height = height

    def _cells(
        self,
        row: Iterable[Value | Wide],
        font: Font,
        spans: Sequence[tuple[int, int]],
        left: frozenset[int],
        least: float = 22,
    ) -> None:
        self._row += 1
        column, lines = 0, 1
        for value in row:
            if isinstance(value, Wide):
                text: Value = value.text
                covered, from_left = value.columns, not value.centred
            else:
                text, covered, from_left = value, 1, column in left
            first, last = spans[column][0], spans[column + covered - 1][1]
            for number in range(first, last + 1):
                self._sheet.cell(self._row, number).border = _BORDER
            self._put(first, last, text, font, "left" if from_left else "center")
            lines = max(lines, _lines(str(text), sum(self._widths[first - 1 : last])))
            column += covered
        self._sheet.row_dimensions[self._row].height = min(_HIGHEST, max(least, 16 * lines + 6))

    def _put(self, first: int, last: int, value: Value, font: Font, align: str) -> None:
        value = printable(value) if isinstance(value, str) else value
        cell: Any = self._sheet.cell(self._row, first, value)
        cell.font = font
        bordered = align == "left" and cell.border.left.style is not None
        cell.alignment = Alignment(
            horizontal=align, vertical="center", wrap_text=True, indent=int(bordered)
        )
        if isinstance(value, str):
            # A name that begins with = is a name, not a formula.
            cell.data_type = "s"
        if last > first:
            self._sheet.merge_cells(
                start_row=self._row, end_row=self._row, start_column=first, end_column=last
            )


def _sheet_title(text: str, taken: list[str]) -> str:
    plain = "".join(letter for letter in text if letter not in "[]:*?/\\'\n")[:28] or "表"
    return plain if plain not in taken else f"{plain[:25]}{len(taken) + 1}"


def _lines(text: str, width: float) -> int:
    """How many lines a text takes in a column of this width."""
    room = max(2.5, width - 1.2)
    return sum(max(1, ceil(_length(part) / room)) for part in text.split("\n"))


def _length(text: str) -> float:
    return sum(_CHINESE if ord(letter) > 0x2000 else _LATIN for letter in text)
