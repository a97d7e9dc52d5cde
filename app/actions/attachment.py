"""Files that come with a self-assessment: what they really are, kept and handed out again."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

from sqlalchemy import select

from app.domain.errors import AttachmentUnknown, BadInput
from app.models import Attachment, AttachmentContent, db

FILE_BYTES_MOST = 10 * 1024 * 1024
REQUEST_BYTES_MOST = 21 * 1024 * 1024
"""Of a whole form: about two files of the largest size."""

FILES_MOST = 40
NAME_MOST = 120
ZIP_ENTRIES_MOST = 5000

MIME_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jpg": "image/jpeg",
    "png": "image/png",
}
_HEADS = {"pdf": b"%PDF-", "jpg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
_PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}


class Upload(NamedTuple):
    """A file as it was sent. position: of the indicator, 0 for the whole."""

    position: int
    name: str
    content: bytes


def kind_of(name: str, content: bytes) -> str:
    """Which of the kinds a file is, by its name's ending and by what is in it. Raises BadInput."""
    ending = name.rpartition(".")[2].lower()
    kind = {"jpeg": "jpg"}.get(ending, ending)
    if kind not in MIME_TYPES:
        raise BadInput(f"“{name}”的类型不收。只收 pdf、docx、xlsx、jpg、png，请转换后再上传。")
    if not content:
        raise BadInput(f"“{name}”是空文件，请检查后重新选择。")
    if len(content) > FILE_BYTES_MOST:
        raise BadInput(f"“{name}”超过 10 MB，请压缩或拆开后再上传。")
    fits = _is_office(content, _PARTS[kind]) if kind in _PARTS else content[:8].startswith(
        _HEADS[kind]
    )  # fmt: skip
    if not fits:
        raise BadInput(f"“{name}”的内容不是 {kind}，可能改过扩展名。请用原来的程序另存后再上传。")
    return kind


def _is_office(content: bytes, part: str) -> bool:
    """Whether this is an office document with this part, and without macros."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            names = packed.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False
    macros = any(name.lower().endswith("vbaproject.bin") for name in names)
    lawful = len(names) <= ZIP_ENTRIES_MOST and not macros
    return lawful and "[Content_Types].xml" in names and part in names


def checked(uploads: Sequence[Upload]) -> list[Attachment]:
    """New attachments for these files, not yet of any self-assessment. Raises BadInput."""
    return [
        Attachment(
            position=upload.position,
            name=_name(upload.name, kind),
            kind=kind,
            size=len(upload.content),
            content=AttachmentContent(content=upload.content),
        )
        for upload in uploads
        for kind in (kind_of(upload.name, upload.content),)
    ]


def _name(name: str, kind: str) -> str:
    """The name without folders and without what does not print, of bearable length."""
    plain = name.replace("\\", "/").rpartition("/")[2]
    stem = "".join(c for c in plain.rpartition(".")[0] if c.isprintable() and c not in '"<>:|?*')
    return f"{stem.strip()[: NAME_MOST - 5] or '附件'}.{kind}"


def copies(attachments: Sequence[Attachment]) -> list[Attachment]:
    """The same files for another version of the self-assessment; their content is kept once."""
    return [
        Attachment(
            position=a.position, name=a.name, kind=a.kind, size=a.size, content_id=a.content_id
        )
        for a in attachments
    ]


def get_attachment(attachment_id: int) -> Attachment:
    """The attachment of this id; raises AttachmentUnknown."""
    found = db.session.get(Attachment, attachment_id)
    if found is None:
        raise AttachmentUnknown
    return found


def content_of(attachment: Attachment) -> bytes:
    """What was uploaded."""
    return db.session.scalars(
        select(AttachmentContent.content).where(AttachmentContent.id == attachment.content_id)
    ).one()


def drop_orphans(content_ids: Sequence[int]) -> None:
    """Delete those of these contents that no attachment carries any more. The caller commits."""
    carried = set(
        db.session.scalars(
            select(Attachment.content_id).where(Attachment.content_id.in_(content_ids))
        )
    )
    for content_id in set(content_ids) - carried:
        db.session.delete(db.session.get_one(AttachmentContent, content_id))
