"""The door with accounts: organisations, rounds, records, meetings, slips, count sheets."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("admin", __name__, url_prefix="/admin", template_folder="templates")
