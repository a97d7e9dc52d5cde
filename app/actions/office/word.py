"""A form as a Word file on A4: 公文 faces, full borders, heads of tables again on every page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

import docx
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Length, Mm, Pt
from docx.text.paragraph import Paragraph

from app.actions.office.faces import BODY_FACE, HEAD_FACE, TITLE_FACE, printable, titled
from app.domain.report import Block, Document, Grid, Line, Value, Wide

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_CENTRE, _RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT
_CELL_MARGINS = (
    f"<w:tblCellMar {nsdecls('w')}>"
    '<w:top w:w="40" w:type="dxa"/><w:left w:w="85" w:type="dxa"/>'
    '<w:bottom w:w="40" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar>'
)
_SHORT = 12
"""Rows of a table that stays on a page with what follows it: no page shall hold a seal alone."""

_READ_SIZE = 16
"""三号, in which what is read rather than filled in is set."""


def to_word(form: Document) -> bytes:
    """A file that opens in Word and WPS."""
    document = docx.Document()
    _Paper(document, form).write()
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


class _Paper:
    """Fills an empty document from the top."""

    def __init__(self, document: Any, form: Document) -> None:
        self._document, self._form = document, form
        self._size = _READ_SIZE if form.writing else 12

    def write(self) -> None:
        """Title, head, blocks, signatures."""
        self._settle()
        form = self._form
        for text in titled(form).split("\n"):
            title = self._words(text, TITLE_FACE, 22 if form.writing else 20, _CENTRE)
            title.runs[0].font.bold = True
        if any(form.head):
            self._beside(form.head, 11)
        elif form.writing:
            self._words("", BODY_FACE, self._size)
        for block in form.blocks:
            self._block(block)
        if form.closing and isinstance(form.blocks[-1], str):
            self._document.paragraphs[-1].paragraph_format.keep_with_next = True
        for line in form.signatures:
            self._beside(line, 12, above=Pt(18))
        for number, text in enumerate(form.closing):
            paragraph = self._words(text, BODY_FACE, self._size, _RIGHT)
            paragraph.paragraph_format.right_indent = Pt(self._size * 2)
            paragraph.paragraph_format.space_before = Pt(0 if number else self._size * 2)
            paragraph.paragraph_format.keep_with_next = number + 1 < len(form.closing)

    def _settle(self) -> None:
        section = self._document.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        if self._form.landscape:
            section.orientation = WD_ORIENT.LANDSCAPE
            section.page_width, section.page_height = Mm(297), Mm(210)
        section.top_margin, section.bottom_margin = Mm(22), Mm(20)
        section.left_margin = section.right_margin = Mm(20)
        if self._form.writing:
            section.top_margin, section.bottom_margin = Mm(37), Mm(35)
            section.left_margin, section.right_margin = Mm(28), Mm(26)
        self._width = Length(section.page_width - section.left_margin - section.right_margin)
        _page_number(section.footer.paragraphs[0])
        body = self._document.styles["Normal"]
        body.font.size = Pt(12)
        body.paragraph_format.space_after = Pt(0)
        _face(body, BODY_FACE)

    def _block(self, block: Block) -> None:
        if isinstance(block, Grid):
            self._table(block)
            return
        text, kind = (block.text, block.kind) if isinstance(block, Line) else (block, "")
        for part in printable(text).split("\n"):
            if kind == "note":
                self._words(part, BODY_FACE, 10.5)
                continue
            face = HEAD_FACE if kind in ("heading", "strong") else BODY_FACE
            paragraph = self._words(part, face, self._size)
            if kind == "strong":
                paragraph.alignment = _CENTRE
            elif self._form.writing and kind != "address":
                paragraph.paragraph_format.first_line_indent = Pt(2 * self._size)
            paragraph.paragraph_format.keep_with_next = kind == "heading"

    def _table(self, grid: Grid) -> None:
        keep = self._form.writing and len(grid.rows) <= _SHORT
        if grid.heading:
            title = self._words(grid.heading, HEAD_FACE, 12)
            title.paragraph_format.space_before = Pt(6)
            title.paragraph_format.keep_with_next = True
        table = self._document.add_table(rows=0, cols=len(grid.widths), style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        # The order of these matters to Word: what comes after the margins is the look.
        table._tbl.tblPr.find(qn("w:tblLook")).addprevious(parse_xml(_CELL_MARGINS))
        widths = [self._width * share // sum(grid.widths) for share in grid.widths]
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        size = 12.0 if grid.roomy or self._form.writing else 9.0 if len(widths) > 10 else 10.5
        rows = _Rows(table, widths, size, 12 if grid.roomy else 7 if grid.head else 10, keep)
        if grid.head:
            rows.add(grid.head, HEAD_FACE, again=True)
        last = len(grid.rows) - 1
        for number, row in enumerate(grid.rows):
            face = HEAD_FACE if grid.summed and number == last else BODY_FACE
            rows.add(row, face, grid.left)
        if not grid.rows:
            rows.add((Wide("无", len(widths), centred=True),), BODY_FACE)
        self._after_table(keep)

    def _after_table(self, keep: bool) -> None:
        """Two tables in a row would be one, and a file may not end with a table."""
        gap = self._words("", BODY_FACE, 4)
        gap.paragraph_format.keep_with_next = keep
        gap.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        gap.paragraph_format.line_spacing = Pt(6)

    def _words(self, text: str, face: str, size: float, align: Any = None) -> Paragraph:
        paragraph: Paragraph = self._document.add_paragraph()
        paragraph.alignment = align
        paragraph.paragraph_format.space_after = Pt(2 if size < _READ_SIZE else 0)
        if self._form.writing and size >= _READ_SIZE:
            paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
            paragraph.paragraph_format.line_spacing = Pt(28 if size == _READ_SIZE else 34)
        run = paragraph.add_run(printable(text))
        run.font.size = Pt(size)
        _face(run, face)
        return paragraph

    def _beside(self, words: Sequence[str], size: float, above: Any = None) -> None:
        """Several on one line, spread over it: the first at the left, the last at the right."""
        paragraph = self._words("", BODY_FACE, size)
        paragraph.runs[0].text = "\t".join(printable(word) for word in words)
        paragraph.paragraph_format.space_before = above
        paragraph.paragraph_format.space_after = Pt(4)
        for number in range(1, len(words)):
            last = number == len(words) - 1
            paragraph.paragraph_format.tab_stops.add_tab_stop(
                Length(self._width * number // (len(words) - 1 if last else len(words))),
                WD_TAB_ALIGNMENT.RIGHT if last else WD_TAB_ALIGNMENT.LEFT,
            )


class _Rows:
    """Adds rows to a table, written as XML: by way of objects, hundreds of rows take seconds.

    size: of the letters; height: at least, in millimetres; keep: on a page with what follows.
    """

    def __init__(
        self, table: Any, widths: Sequence[int], size: float, height: float, keep: bool
    ) -> None:
        self._table, self._widths = table, [Length(width) for width in widths]
        self._half_points, self._twips = round(size * 2), round(Mm(height).twips)
        self._keep = "<w:keepNext/>" if keep else ""

    def add(
        self,
        row: Sequence[Value | Wide],
        face: str,
        left: frozenset[int] = frozenset(),
        *,
        again: bool = False,
    ) -> None:
        """One row, whole on its page. again: it comes again on each page."""
        cells, column = [], 0
        for value in row:
            if isinstance(value, Wide):
                text, span, from_left = value.text, value.columns, not value.centred
            else:
                text, span, from_left = str(value), 1, column in left
            width = sum(self._widths[column : column + span])
            cells.append(self._cell(text, face, Length(width), span, from_left))
            column += span
        self._table._tbl.append(
            parse_xml(
                f"<w:tr {nsdecls('w')}><w:trPr><w:cantSplit/>"
                f'<w:trHeight w:val="{self._twips}" w:hRule="atLeast"/>'
                f"{'<w:tblHeader/>' if again else ''}</w:trPr>{''.join(cells)}</w:tr>"
            )
        )

    def _cell(self, text: str, face: str, width: Length, span: int, from_left: bool) -> str:
        """Each line of the text in a paragraph of its own."""
        paragraphs = "".join(
            f'<w:p><w:pPr>{self._keep}<w:jc w:val="{"left" if from_left else "center"}"/></w:pPr>'
            f'<w:r><w:rPr><w:rFonts w:ascii="{face}" w:hAnsi="{face}" w:eastAsia="{face}"/>'
            f'<w:sz w:val="{self._half_points}"/></w:rPr>'
            f'<w:t xml:space="preserve">{escape(part)}</w:t></w:r></w:p>'
            for part in printable(text).split("\n")
        )
        spans = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
        return (
            f'<w:tc><w:tcPr><w:tcW w:w="{width.twips}" w:type="dxa"/>{spans}'
            f'<w:vAlign w:val="center"/></w:tcPr>{paragraphs}</w:tc>'
        )


def _face(styled: Any, face: str) -> None:
    """Name the face also for Chinese letters, which Word keeps apart."""
    styled.font.name = face
    styled.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)


def _page_number(paragraph: Paragraph) -> None:
    """第 1 页 共 3 页, which the reader's program counts."""
    paragraph.alignment = _CENTRE
    for text, counted in (("第 ", "PAGE"), (" 页　共 ", "NUMPAGES"), (" 页", "")):
        _small(paragraph, text)
        for kind in ("begin", "", "end") if counted else ():
            run = _small(paragraph, "")
            if kind:
                mark = OxmlElement("w:fldChar")
                mark.set(qn("w:fldCharType"), kind)
            else:
                mark = OxmlElement("w:instrText")
                mark.text = counted
            run._r.append(mark)


def _small(paragraph: Paragraph, text: str) -> Any:
    run = paragraph.add_run(text)
    run.font.size = Pt(10.5)
    _face(run, BODY_FACE)
    return run
