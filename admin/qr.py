"""QR codes as one SVG path each, quick enough for hundreds on a sheet."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.util import QRData

# Trying all eight masks is most of the time that the library takes, and every one can be read.
MASK = 3


class Picture(NamedTuple):
    """size: modules across, without the quiet zone. path: the dark modules, for `d`."""

    size: int
    path: str


def qr(text: str) -> Picture:
    """The code of a text, error correction M."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=MASK)
    code.add_data(QRData(text.encode()))
    code.make(fit=True)
    return Picture(code.modules_count, "".join(map(_row, range(code.modules_count), code.modules)))


def _row(y: int, modules: list[bool | None]) -> str:
    """The dark runs of one row, each drawn as a bar."""
    x, parts = 0, []
    for dark, run in groupby(modules):
        length = len(list(run))
        if dark:
            parts.append(f"M{x} {y}h{length}v1h-{length}z")
        x += length
    return "".join(parts)
