"""Tables, with the constraints that settle races."""

from app.models.account import Account
from app.models.audit import AuditEntry
from app.models.base import Base, db
from app.models.box import boxes
from app.models.confirmation import AccountCode, Confirmation
from app.models.meeting import Meeting, MeetingSubject, VoterGroup
from app.models.notice import (
    CorrectedLine,
    Correction,
    CorrectionEnd,
    FinalGrade,
    Finalisation,
    Notice,
    NoticeLine,
    Objection,
)
from app.models.organisation import Organisation, OrganisationChange
from app.models.paper import attendance, paper_entries, paper_issues, paper_results
from app.models.practice import Practice, Simulation
from app.models.process import (
    Attachment,
    AttachmentContent,
    Decision,
    RoundPoints,
    RoundStep,
    SelfAssessment,
    SelfLine,
    SuperiorLine,
    Survey,
    Visit,
)
from app.models.rectification import (
    Rectification,
    RectificationChange,
    RectificationEntry,
    Upgrade,
)
from app.models.round import Adjustment, GradingRecord, Round
from app.models.scheme import SchemeState, SchemeVersion
from app.models.urn import (
    countdowns,
    entrance_screens,
    pictures,
    replacements,
    slips,
    spent_nonces,
    urn_blocks,
    urn_groups,
    urn_meeting,
)

__all__ = [
    "Account",
    "AccountCode",
    "Adjustment",
    "Attachment",
    "AttachmentContent",
    "AuditEntry",
    "Base",
    "Confirmation",
    "CorrectedLine",
    "Correction",
    "CorrectionEnd",
    "Decision",
    "FinalGrade",
    "Finalisation",
    "GradingRecord",
    "Meeting",
    "MeetingSubject",
    "Notice",
    "NoticeLine",
    "Objection",
    "Organisation",
    "OrganisationChange",
    "Practice",
    "Rectification",
    "RectificationChange",
    "RectificationEntry",
    "Round",
    "RoundPoints",
    "RoundStep",
    "SchemeState",
    "SchemeVersion",
    "SelfAssessment",
    "SelfLine",
    "Simulation",
    "SuperiorLine",
    "Survey",
    "Upgrade",
    "Visit",
    "VoterGroup",
    "attendance",
    "boxes",
    "countdowns",
    "db",
    "entrance_screens",
    "paper_entries",
    "paper_issues",
    "paper_results",
    "pictures",
    "replacements",
    "slips",
    "spent_nonces",
    "urn_blocks",
    "urn_groups",
    "urn_meeting",
]
