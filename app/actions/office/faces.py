"""What Excel and Word files have in common: the faces, the sizes, and the title.

The faces are those of GB/T 9704-2012 (党政机关公文格式): 小标宋 for the title, 黑体 for headings,
仿宋 for the rest. They are named, not embedded: an office suite without one takes another.
"""

from __future__ import annotations

import re

from app.domain.report import Document

TITLE_FACE, HEAD_FACE, BODY_FACE = "方正小标宋简体", "黑体", "仿宋_GB2312"
DRAFT = "（未定稿）"
_UNPRINTABLE = re.compile("[^\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def titled(form: Document) -> str:
    """The title, with the warning that its figures may still change."""
    return form.title + (DRAFT if form.draft else "")


def printable(text: str) -> str:
    """Without what no office file may hold; somebody may have pasted it into a text."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\t", " "))
