"""How values are written for other programs: base64url without padding, canonical JSON."""

from __future__ import annotations

import base64
import binascii
import json

from app.domain.errors import BadRequest


def b64url(data: bytes) -> str:
    """`data` in base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64url(text: str, length: int | None = None) -> bytes:
    """The bytes of a base64url text without padding.

    Only the one canonical spelling of each value is accepted; `length` is the number of bytes
    expected. Raises BadRequest.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest from error
    if b64url(data) != text or (length is not None and len(data) != length):
        raise BadRequest
    return data


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: the form over which digests are taken."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()
