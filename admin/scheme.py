"""方案: the shipped schemes, explained in words."""

from __future__ import annotations

from flask import render_template

from admin import blueprint
from app.actions.scheme import list_shipped, load_shipped
from app.domain.scheme import Scheme, scheme_json


@blueprint.get("/schemes")
def schemes() -> str:
    """All shipped schemes."""
    return render_template("admin/schemes.html", schemes=list_shipped())


@blueprint.get("/schemes/<scheme_id>")
def scheme(scheme_id: str) -> str:
    """One scheme: what the document says, and what is convention."""
    found = load_shipped(scheme_id)
    return render_template(
        "admin/scheme.html", scheme=found, words=scheme_json(found), formulas=_formulas(found)
    )


def _formulas(scheme: Scheme) -> dict[str, list[str]]:
    """How satisfaction is formed → the domains or ladders for which it is so."""
    found: dict[str, list[str]] = {}
    for domain in scheme.domains:
        if domain.chosen:
            formula = scheme.satisfaction_rule(domain.code).formula
            found.setdefault(formula, []).append(domain.name)
    for choice in scheme.ladder_choices:
        settled = scheme.with_ladder(choice.name)
        formula = settled.satisfaction_rule(settled.domains[0].code).formula
        found.setdefault(formula, []).append(choice.title)
    return found
