"""What lies in the urn of an open meeting, for tests that look behind the doors."""

from __future__ import annotations

from typing import Any

from flask import Flask

from app.domain.urn import entries
from app.models import Base, db
from app.models.urn import metadata
from app.models.urn_file import urn_codes, urn_exists, urn_reading

Rows = dict[str, list[Any]]


def all_rows(app: Flask) -> Rows:
    """Every row of every table of the main database and of all urns; tuples."""
    found: Rows = {}
    with app.app_context():
        for table in Base.metadata.sorted_tables:
            found[table.name] = [tuple(row) for row in db.session.execute(table.select())]
        db.session.rollback()
        codes = urn_codes()
    for code in codes:
        for name, rows in urn_rows(app, code).items():
            found.setdefault(name, []).extend(tuple(row) for row in rows)
    return found


def urn_rows(app: Flask, code: str) -> Rows:
    """Every row of every table of an urn, and under `marks` every mark; empty where there is none.

    A mark is (cell, tracker, choice, group).
    """
    with app.app_context():
        if not urn_exists(code):
            return {}
        with urn_reading(code) as connection:
            found: Rows = {
                table.name: list(connection.execute(table.select()))
                for table in metadata.sorted_tables
            }
    found["marks"] = [
        (row.cell_id, *entry) for row in found.pop("urn_blocks") for entry in entries(row.marks)
    ]
    return found
