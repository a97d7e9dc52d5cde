"""Read QR codes off a page as a phone's camera would: from its picture."""

from __future__ import annotations

import base64
import io
import json

from PIL import Image
from playwright.sync_api import Browser, Locator

from tests.serving import ROOT

DIST = ROOT / "static" / "dist"
READ = """
([width, height, pixels]) => mingceDecode({
  width, height, data: Uint8ClampedArray.from(atob(pixels), (one) => one.charCodeAt(0)),
})
"""


def read_code(browser: Browser, shown: Locator) -> str:
    """The text of the QR code in an element; AssertionError where none can be read."""
    picture = Image.open(io.BytesIO(shown.screenshot())).convert("RGBA")
    decoder = json.loads((DIST / "manifest.json").read_text())["decoder.js"]
    page = browser.new_page()
    try:
        page.add_script_tag(content=(DIST / decoder).read_text())
        pixels = base64.b64encode(picture.tobytes()).decode()
        text = page.evaluate(READ, [picture.width, picture.height, pixels])
    finally:
        page.close()
    assert isinstance(text, str), "no code to be read"
    return text
