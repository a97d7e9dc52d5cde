"""Check schemes that people write, and keep them: new ones, versions, copies; withdraw them."""

from __future__ import annotations

import re
from datetime import date

from sqlalchemy.exc import IntegrityError

from app.actions.account import SignedIn
from app.actions.library import Kept, newest_of, state_of, version_of
from app.actions.scheme import BYTES_MOST, shipped_ids
from app.domain.errors import (
    BadInput,
    Problem,
    SchemeChangedMeanwhile,
    SchemeInvalid,
    SchemeShipped,
)
from app.domain.scheme import Scheme, parse_scheme
from app.domain.scheme.lines import key_lines
from app.models import SchemeState, SchemeVersion, db
from app.models.base import writing

ID_MOST = 60
TITLE_MOST = 100
NOTE_MOST = 200
LINES_MOST = 5000
"""Comparing two versions takes longer the more lines there are; a county's document has 300."""

_TAKEN = "方案库里已有编号为“{}”的方案，请换一个编号，或到它的页面修改。"
TAKEN_IDS = ("import", "new")
"""Addresses of pages, which an id would hide."""


def read_upload(content: bytes, name: str) -> str:
    """The text of an uploaded file. Raises SchemeInvalid for what is no text in UTF-8."""
    if len(content) > BYTES_MOST:
        raise SchemeInvalid([Problem(name, "(全文)", f"文件应不超过{BYTES_MOST}字节。")])
    try:
        return tidy(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        hint = "请用记事本打开，“另存为”时编码选 UTF-8，再上传。"
        raise SchemeInvalid([Problem(name, "(全文)", f"应以 UTF-8 编码保存。{hint}")]) from error


def tidy(text: str) -> str:
    """The text with ends of lines as \\n, as a browser does not send them."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def check_text(text: str, source: str, own_id: str = "") -> Scheme:
    """The scheme in a text that is to be kept. Raises SchemeInvalid with everything wrong in it.

    source: what complaints call it. own_id: of the scheme of which it is to be a version; empty
    where it is to be a new scheme.
    """
    if text.count("\n") >= LINES_MOST:
        raise SchemeInvalid([Problem(source, "(全文)", f"应不超过{LINES_MOST}行。")])
    scheme = parse_scheme(text, source)
    found = [Problem(source, key, words) for key, words in _wrong_here(scheme, text, own_id)]
    if found:
        raise SchemeInvalid(found)
    return scheme


def _wrong_here(scheme: Scheme, text: str, own_id: str) -> list[tuple[str, str]]:
    """What a scheme of the library must not have, besides what no scheme must."""
    found = []
    if len(scheme.title) > TITLE_MOST or not scheme.title.isprintable():
        found.append(("title", f"应为一行文字，不超过{TITLE_MOST}字。"))
    if len(scheme.id) > ID_MOST:
        found.append(("id", f"应不超过{ID_MOST}个字符。"))
    if own_id:
        if scheme.id != own_id:
            words = f"应为“{own_id}”：新的一版编号不变。要另立一份方案，请用“复制”。"
            found.append(("id", words))
    elif scheme.id in shipped_ids():
        found.append(("id", f"“{scheme.id}”是随系统提供的方案，请换一个编号。"))
    elif scheme.id in TAKEN_IDS:
        found.append(("id", f"“{scheme.id}”有别的用处，请换一个编号。"))
    elif (newest := newest_of(scheme.id)) is not None and newest.text != text:
        found.append(("id", _TAKEN.format(scheme.id)))
    return found


# Saving


def add_scheme(
    text: str, by: SignedIn, day: date, note: str = "", origin: str = ""
) -> SchemeVersion:
    """Keep a new scheme, of whoever keeps it. Raises SchemeInvalid; BadInput for the note.

    The same text under the same id once more changes nothing.
    """
    scheme, note = check_text(text, "方案"), _line(note, "说明", least=0)
    row = SchemeVersion(
        scheme_id=scheme.id, version=1, title=scheme.title, text=text, note=note,
        origin=origin[:NOTE_MOST], organisation_id=by.organisation_id, made_on=day, made_by=by.name,
    )  # fmt: skip
    try:
        with writing():
            newest = newest_of(scheme.id)
            if newest is not None and newest.text == text:
                return newest
            if newest is not None:
                raise _taken(scheme.id)
            db.session.add(row)
    except IntegrityError as error:
        raise _taken(scheme.id) from error
    return row


def add_version(
    scheme_id: str, base: int, text: str, by: SignedIn, day: date, note: str = ""
) -> SchemeVersion:
    """Keep a new version. base: the version that was edited; the newest where nothing differs.

    Raises SchemeInvalid, SchemeUnknown, SchemeShipped, SchemeChangedMeanwhile, BadInput.
    """
    require_own(scheme_id)
    scheme, note = check_text(text, "方案", scheme_id), _line(note, "说明", least=0)
    try:
        with writing():
            newest = version_of(scheme_id)
            if newest.text == text:
                return newest
            if newest.version != base:
                raise SchemeChangedMeanwhile
            row = SchemeVersion(
                scheme_id=scheme_id, version=base + 1, title=scheme.title, text=text, note=note,
                origin="", organisation_id=newest.organisation_id, made_on=day, made_by=by.name,
            )  # fmt: skip
            db.session.add(row)
    except IntegrityError as error:
        raise SchemeChangedMeanwhile from error
    return row


def copy_scheme(
    source: Kept, new_id: str, new_title: str, by: SignedIn, day: date
) -> SchemeVersion:
    """Keep a copy under another id and title. Raises BadInput."""
    new_id, new_title = _line(new_id, "编号", ID_MOST), _line(new_title, "名称", TITLE_MOST)
    text = _with_head(source.text, new_id, new_title)
    version = "" if source.version is None else f"第{source.version}版"
    origin = f"复制自“{source.scheme.title}”（{source.scheme.id}）{version}"
    try:
        return add_scheme(text, by, day, origin=origin)
    except SchemeInvalid as error:
        what = {"id": "编号", "title": "名称"}
        raise BadInput(
            "".join(f"{what.get(p.key, p.key)}{p.expected}" for p in error.problems)
        ) from error


def withdraw_scheme(scheme_id: str, reason: str, by: SignedIn, day: date) -> None:
    """Offer it for new rounds no more; rounds that apply it go on. Raises BadInput."""
    _set_state(scheme_id, "withdrawn", reason, by, day)


def restore_scheme(scheme_id: str, reason: str, by: SignedIn, day: date) -> None:
    """Offer it again. Raises BadInput."""
    _set_state(scheme_id, "offered", reason, by, day)


def require_own(scheme_id: str) -> None:
    """Raise SchemeShipped for a scheme that nobody can change, SchemeUnknown for none."""
    if scheme_id in shipped_ids():
        raise SchemeShipped
    version_of(scheme_id)


def _set_state(scheme_id: str, state: str, reason: str, by: SignedIn, day: date) -> None:
    require_own(scheme_id)
    reason = _line(reason, "原因")
    already = BadInput(
        "这个方案已经停用。" if state == "withdrawn" else "这个方案没有停用，不用恢复。"
    )
    try:
        with writing():
            before = state_of(scheme_id)
            if (before.state if before else "offered") == state:
                raise already
            number = before.number + 1 if before else 1
            db.session.add(
                SchemeState(
                    scheme_id=scheme_id, number=number, state=state, reason=reason,
                    made_on=day, made_by=by.name,
                )
            )  # fmt: skip
    except IntegrityError as error:
        raise already from error


def _taken(scheme_id: str) -> SchemeInvalid:
    return SchemeInvalid([Problem("方案", "id", _TAKEN.format(scheme_id))])


def _with_head(text: str, new_id: str, new_title: str) -> str:
    """The text under another id and title; these stand in lines of their own."""
    lines, where = text.split("\n"), key_lines(text)
    for key, value in (("id", new_id), ("title", new_title)):
        number = where[key] - 1
        written = value.replace("\\", "\\\\").replace('"', '\\"')
        if not re.fullmatch(rf"\s*{key}\s*=\s*(\"[^\"]*\"|'[^']*')\s*(#.*)?", lines[number]):
            raise BadInput(
                f"原文的 {key} 没有写成一行，不能直接复制。请下载文件，改好编号和名称，再导入。"
            )
        lines[number] = f'{key} = "{written}"'
    return "\n".join(lines)


def _line(text: str, what: str, most: int = NOTE_MOST, least: int = 1) -> str:
    text = " ".join(text.split())
    if not least <= len(text) <= most or not text.isprintable():
        raise BadInput(f"请填写{what}（{most} 字以内）。")
    return text
