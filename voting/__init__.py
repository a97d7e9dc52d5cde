"""The door without accounts: phone page, voters' API, screen, receipts. No cookie, no log."""

from __future__ import annotations

from flask import Blueprint

from app.extensions import csrf

blueprint = Blueprint("voting", __name__, template_folder="templates")
# Nothing here acts on a cookie, so there is nothing that another site could ride on.
csrf.exempt(blueprint)

from voting import api, entrance, notice, openapi, pages, screen  # noqa: E402, F401 - they add their routes to the blueprint
