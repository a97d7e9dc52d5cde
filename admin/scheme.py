"""方案: the shipped schemes, explained in words."""

from __future__ import annotations

from flask import render_template

from admin import blueprint
from app.actions.scheme import list_shipped, load_shipped
from app.domain.scheme import scheme_json


@blueprint.get("/schemes")
def schemes() -> str:
    """All shipped schemes."""
    return render_template("admin/schemes.html", schemes=list_shipped())


@blueprint.get("/schemes/<scheme_id>")
def scheme(scheme_id: str) -> str:
    """One scheme: what the document says, and what is convention."""
    found = load_shipped(scheme_id)
    return render_template("admin/scheme.html", scheme=found, words=scheme_json(found))
