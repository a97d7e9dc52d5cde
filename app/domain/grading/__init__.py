"""定级: from what is known of an organisation (`facts`) to its proposed grade (`proposal`).

`verdict` decides the conditions of the scheme's rules.
"""

from app.domain.grading.facts import OrganisationFacts, parse_facts
from app.domain.grading.proposal import Proposal, TraceLine, propose
from app.domain.grading.verdict import Case, Verdict

__all__ = [
    "Case",
    "OrganisationFacts",
    "Proposal",
    "TraceLine",
    "Verdict",
    "parse_facts",
    "propose",
]
