"""The yardstick: a bare Flask application that echoes a JSON POST."""

from __future__ import annotations

from flask import Flask, Response, jsonify, request

app = Flask(__name__)


@app.post("/echo")
def echo() -> Response:
    """What came."""
    return jsonify(request.get_json())


@app.get("/healthz")
def healthz() -> str:
    """Tell that it runs."""
    return "ok"
