"""What the application writes down when something goes wrong, and what it does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask


def test_an_unforeseen_error_leaves_one_line_that_names_no_visitor_and_no_value(
    app: Flask, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    @app.get("/broken")
    def broken() -> str:
        raise LookupError("what the voter sent")

    app.testing = False
    answer = app.test_client().get("/broken", environ_base={"REMOTE_ADDR": "192.168.1.77"})

    assert answer.status_code == 500
    written = (data_dir / "logs" / "events.log").read_text()
    assert json.loads(written)["event"] == "unforeseen_error"
    assert json.loads(written)["kind"] == "LookupError"
    assert written in capsys.readouterr().err
    for private in ("192.168.1.77", "what the voter sent"):
        assert private not in written
        assert private not in answer.get_data(as_text=True)


def test_a_log_that_cannot_be_written_does_not_break_a_request(app: Flask, data_dir: Path) -> None:
    @app.get("/broken")
    def broken() -> str:
        raise LookupError

    (data_dir / "logs").rmdir()
    app.testing = False
    assert app.test_client().get("/broken").status_code == 500
