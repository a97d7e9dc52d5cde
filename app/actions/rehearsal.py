"""演练: a practice meeting made of a draft, with slips of its own; it reaches no record."""

from __future__ import annotations

from app.actions.meeting import (
    Settings,
    choose_subjects,
    create_meeting,
    get_meeting,
    open_meeting,
    set_groups,
    set_policy,
)
from app.domain.errors import MeetingFrozen
from app.models import Meeting


def rehearse(meeting_id: int) -> Meeting:
    """Open a rehearsal with the subjects, groups and policy of this draft, which stays as it is.

    Raises MeetingFrozen where it is no draft; MeetingNotReady where the draft could not open
    either, and then the rehearsal stays a draft too.
    """
    draft = get_meeting(meeting_id)
    if draft.state != "draft":
        raise MeetingFrozen
    settings = Settings(draft.title, draft.host, draft.wifi, draft.base_url, rehearsal=True)
    records = [subject.record_id for subject in draft.subjects]
    groups = [(group.name, group.expected) for group in draft.groups]
    made = create_meeting(draft.round_id, settings, draft.organisation_id)
    choose_subjects(made.id, records)
    set_groups(made.id, groups)
    set_policy(made.id, draft.policy, draft.k, draft.entrance)
    return open_meeting(made.id)
