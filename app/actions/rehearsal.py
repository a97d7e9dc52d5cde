"""演练: a practice meeting made of a draft, with slips of its own; it reaches no record."""

from __future__ import annotations

from app.actions.meeting import Settings, begin_voting, get_meeting, new_draft, voting_began
from app.domain.errors import MeetingFrozen
from app.models import Meeting, MeetingSubject, VoterGroup, db
from app.models.base import writing


def rehearse(meeting_id: int) -> Meeting:
    """Open a rehearsal with the subjects, groups and policy of this draft, which stays as it is.

    In one transaction: where it cannot open, there is no rehearsal. Raises MeetingFrozen where it
    is no draft; MeetingNotReady where the draft could not open either.
    """
    with writing():
        draft = get_meeting(meeting_id)
        if draft.state != "draft":
            raise MeetingFrozen
        settings = Settings(draft.title, draft.host, draft.wifi, draft.base_url, rehearsal=True)
        made = new_draft(draft.round_id, settings, draft.organisation_id)
        made.subjects = [
            MeetingSubject(position=subject.position, record_id=subject.record_id)
            for subject in draft.subjects
        ]
        made.groups = [
            VoterGroup(code=group.code, name=group.name, expected=group.expected)
            for group in draft.groups
        ]
        made.policy, made.k, made.entrance = draft.policy, draft.k, draft.entrance
        db.session.flush()
        stop = begin_voting(made)
    voting_began(made, stop)
    return made
