"""The built front-end files: from a plain name to the hashed one."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Flask


def use_assets(app: Flask, dist: Path) -> None:
    """Give templates `asset('phone.js')`, the address of the built file.

    The manifest is read once; without a build the start goes on, and a page that asks for a file
    says what to run.
    """
    manifest = dist / "manifest.json"
    names: dict[str, str] = json.loads(manifest.read_text()) if manifest.is_file() else {}

    def asset(name: str) -> str:
        if name not in names:
            raise RuntimeError(f"static/dist lacks {name}: run `make build`")
        return f"/static/dist/{names[name]}"

    app.jinja_env.globals["asset"] = asset
