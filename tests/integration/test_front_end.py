"""The built front end: what the manifest names is there, compressed, and cached for good."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.serving import ROOT

DIST = ROOT / "static" / "dist"
MANIFEST: dict[str, str] = json.loads((DIST / "manifest.json").read_text())


@pytest.mark.parametrize("name", sorted(MANIFEST))
@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_every_built_file_is_served_compressed_and_cached_for_good(
    client: FlaskClient, name: str, encoding: str
) -> None:
    answer = client.get(f"/static/dist/{MANIFEST[name]}", headers={"Accept-Encoding": encoding})
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == encoding
    assert "immutable" in answer.headers["Cache-Control"]
    answer.close()


def test_templates_reach_a_built_file_by_its_plain_name(app: Flask) -> None:
    with app.test_request_context():
        asset = app.jinja_env.globals["asset"]
        assert callable(asset)
        assert asset("phone.js") == f"/static/dist/{MANIFEST['phone.js']}"


def test_the_licences_of_what_is_bundled_stand_beside_it() -> None:
    text = (DIST / "LICENSES.txt").read_text()
    for package in ("@noble/curves", "weui"):
        assert f"\n{package} " in text
    assert "licence not stated" not in text


def test_a_second_set_up_runs_nothing_and_needs_no_network() -> None:
    # Whatever asked a registry would run into this and fail.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "tools.setup", "test"],
        cwd=ROOT,
        env={**os.environ, **nowhere},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert "$" not in done.stdout
    assert done.stdout.splitlines()[-1] == "已就绪。"
