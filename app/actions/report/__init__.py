"""表和台账: gather what each form is made from. Of a round, a record, a meeting, a notice."""

from app.actions.report.meeting import MEETING_FORMS, meeting_form
from app.actions.report.notice import notice_form
from app.actions.report.record import RECORD_FORMS, record_form
from app.actions.report.round import ROUND_FORMS, figures_of, names_of, round_form

__all__ = [
    "MEETING_FORMS",
    "RECORD_FORMS",
    "ROUND_FORMS",
    "figures_of",
    "meeting_form",
    "names_of",
    "notice_form",
    "record_form",
    "round_form",
]
