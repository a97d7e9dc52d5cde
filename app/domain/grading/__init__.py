"""定级: from what is known of an organisation (`facts`) to its proposed grade (`proposal`).

`weighing` says what each voter group counts, `mass` what the meeting comes to, `score` which score
decides, and `verdict` decides the conditions of the scheme's rules.
"""

from app.domain.grading.facts import TIMES_MOST, OrganisationFacts, Tallies, parse_facts
from app.domain.grading.mass import MassResult, mass_result
from app.domain.grading.proposal import Proposal, TraceLine, decides, propose, rate_json
from app.domain.grading.score import Adjusted, Applied, DecidingScore
from app.domain.grading.verdict import Case, Verdict

__all__ = [
    "TIMES_MOST",
    "Adjusted",
    "Applied",
    "Case",
    "DecidingScore",
    "MassResult",
    "OrganisationFacts",
    "Proposal",
    "Tallies",
    "TraceLine",
    "Verdict",
    "decides",
    "mass_result",
    "parse_facts",
    "propose",
    "rate_json",
]
