"""表和台账 as what is on the paper: `form` says what that is, `asked` which form a scheme means.

Of a whole round: `ledgers`, `analysis`, `standard`; of one organisation: `single`, `visits`. All
are made from `figures`. Forms of a meeting and of a notice are made where their figures are
gathered (app.actions.report).
"""

from app.domain.report.analysis import analysis
from app.domain.report.asked import KINDS, TITLES, Kind, serving
from app.domain.report.figures import Entry, Figures, Gatherings, Improvement
from app.domain.report.form import (
    BOX,
    SEAL_AND_DAY,
    Block,
    Document,
    Grid,
    Line,
    Value,
    Wide,
    written_day,
)
from app.domain.report.ledgers import details, ledger, no_new_members, rectifications, summary
from app.domain.report.single import Answer, Scored, letter, plan, register, survey
from app.domain.report.standard import UNSTATED, standard
from app.domain.report.visits import Visited, blank_visit, visits

__all__ = [
    "BOX",
    "KINDS",
    "SEAL_AND_DAY",
    "TITLES",
    "UNSTATED",
    "Answer",
    "Block",
    "Document",
    "Entry",
    "Figures",
    "Gatherings",
    "Grid",
    "Improvement",
    "Kind",
    "Line",
    "Scored",
    "Value",
    "Visited",
    "Wide",
    "analysis",
    "blank_visit",
    "details",
    "ledger",
    "letter",
    "no_new_members",
    "plan",
    "rectifications",
    "register",
    "serving",
    "standard",
    "summary",
    "survey",
    "visits",
    "written_day",
]
