"""Tables, with the constraints that settle races."""

from app.models.account import Account
from app.models.ballot import boxes, snapshots, spent_nonces, urn_blocks
from app.models.base import Base, db
from app.models.meeting import Meeting, MeetingSubject, VoterGroup
from app.models.organisation import Organisation
from app.models.round import GradingRecord, Round
from app.models.slip import slips

__all__ = [
    "Account",
    "Base",
    "GradingRecord",
    "Meeting",
    "MeetingSubject",
    "Organisation",
    "Round",
    "VoterGroup",
    "boxes",
    "db",
    "slips",
    "snapshots",
    "spent_nonces",
    "urn_blocks",
]
