"""Which right each route asks for, and of what: one table, which docs/rights.md repeats.

A route that does not stand here is refused to everybody, and a test fails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flask import request

from admin import blueprint
from app.actions import rights as actions
from app.actions.account import SignedIn
from app.domain.errors import NotAllowed
from app.domain.rights import may


class Right(NamedTuple):
    """of: `own` account, `any`body's, `all` of the tree, or a name of `_CHECKS`.

    write, write_of: the action of a POST, and of what, where they are others.
    """

    action: str
    of: str
    write: str = ""
    write_of: str = ""


RIGHTS = {
    "board": Right("look", "any"),
    "charts": Right("look", "any"),
    "first": Right("", "own"),
    "log_in": Right("", "own"),
    "log_out": Right("", "own"),
    "password": Right("", "own"),
    "log_in_code": Right("", "own"),
    "second_step": Right("", "own"),
    "own_codes": Right("meeting.witness", "any"),
    **dict.fromkeys(
        ("practice", "practice_progress", "open_practice", "see_practice", "clear_practice"),
        Right("meeting.run", "any"),
    ),
    "audit": Right("audit.read", "all"),
    "schemes": Right("look", "any"),
    "scheme": Right("look", "any"),
    "scheme_difference": Right("look", "any"),
    "scheme_file": Right("look", "any"),
    "import_scheme": Right("schemes.edit", "any"),
    "new_scheme": Right("schemes.edit", "any"),
    "copy_scheme": Right("schemes.edit", "any"),
    "edit_scheme": Right("schemes.edit", "scheme"),
    "withdraw_scheme": Right("schemes.edit", "scheme"),
    "restore_scheme": Right("schemes.edit", "scheme"),
    "accounts": Right("accounts.edit", "any"),
    "new_account": Right("accounts.edit", "any"),
    "account": Right("accounts.edit", "any"),
    "reset_password": Right("accounts.edit", "any"),
    # Organisations
    "organisations": Right("look", "any"),
    "roster_template": Right("organisations.edit", "any"),
    "new_organisation": Right("organisations.edit", "any"),
    "roster": Right("organisations.edit", "all"),
    "import_roster": Right("organisations.edit", "all"),
    "export_roster": Right("look", "all"),
    "organisation": Right("look", "organisation"),
    **dict.fromkeys(
        (
            "new_branches", "close_organisation", "delete_organisation", "merge_organisation",
            "rename_organisation", "move_organisation", "change_profile", "reopen_organisation",
        ),
        Right("organisations.edit", "organisation"),
    ),
    # Rounds
    "rounds": Right("look", "any"),
    "choose_scheme": Right("round.edit", "any"),
    "new_round": Right("round.edit", "any"),
    "round_page": Right("look", "part of round"),
    "scheme_of_round": Right("look", "part of round"),
    "round_charts": Right("look", "part of round"),
    "round_steps": Right("look", "part of round", "round.edit", "round"),
    "round_points": Right("look", "part of round", "round.edit", "round"),
    "new_members": Right("round.edit", "round"),
    "round_coverage": Right("look", "round", "round.edit"),
    "progress_board": Right("look", "round"),
    "new_notice": Right("notice.publish", "round"),
    "final_round": Right("look", "round", "round.finalise"),
    "round_forms": Right("report.read", "round"),
    "show_round_form": Right("report.read", "round"),
    "download_round_form": Right("report.read", "round"),
    "new_meeting": Right("meeting.run", "part of round"),
    "notice": Right("look", "notice"),
    "show_notice_form": Right("look", "notice"),
    "download_notice_form": Right("look", "notice"),
    "correct_notice": Right("notice.publish", "notice"),
    "withdraw_notice": Right("notice.publish", "notice"),
    "dismiss_objections": Right("notice.publish", "notice"),
    "objection": Right("notice.publish", "objection"),
    # Records
    "record": Right("look", "record"),
    "assessment": Right("look", "record", "grade.decide"),
    "decide": Right("grade.decide", "record"),
    "save_adjustments": Right("grade.decide", "record"),
    "change_scores": Right("grade.decide", "record"),
    "change_facts": Right("grade.decide", "record"),
    "remove_member": Right("round.edit", "round of record"),
    "survey": Right("look", "record", "survey.write"),
    "new_visit": Right("survey.write", "record"),
    "remove_visit": Right("survey.write", "visit"),
    "self_assessment": Right("look", "record", "self.write"),
    "self_assessment_version": Right("look", "record"),
    "accept_self": Right("self.recheck", "record"),
    "return_self": Right("self.recheck", "record"),
    "attachment": Right("look", "attachment"),
    "final_grade": Right("look", "record", "round.finalise", "round of record"),
    "correction_in_force": Right("round.finalise", "correction"),
    "withdraw_correction": Right("round.finalise", "correction"),
    "show_record_form": Right("report.read", "record"),
    "download_record_form": Right("report.read", "record"),
    # Rectification
    "rectifications": Right("look", "any"),
    "new_rectification": Right("look", "record", "rectification.write"),
    "rectification": Right("look", "rectification"),
    "change_rectification": Right("rectification.accept", "rectification"),
    "add_rectification_entry": Right("look", "rectification"),
    "upgrade": Right("rectification.accept", "rectification"),
    # Meetings
    "meeting": Right("look", "meeting"),
    "meeting_progress": Right("look", "meeting"),
    "meeting_confirm": Right("look", "meeting", "meeting.witness"),
    "meeting_confirmations": Right("look", "meeting"),
    "take_back_confirmation": Right("look", "meeting"),
    "count_sheet": Right("look", "meeting"),
    "show_meeting_form": Right("look", "meeting"),
    "download_meeting_form": Right("look", "meeting"),
    "papers": Right("look", "meeting"),
    "count_papers": Right("paper.count", "meeting"),
    **dict.fromkeys(
        (
            "meeting_attendance", "close_meeting", "revoke_display", "meeting_groups",
            "venue", "change_address", "revoke_entrance", "dismiss_screen",
            "open_meeting", "paper_ballot", "issue_papers", "meeting_policy", "rehearse",
            "confirm_by_code",
            "meeting_review", "meeting_settings", "issue_slips", "slips_again", "void_slip",
            "void_unused_slips", "replace_slip", "simulate_phones", "stop_phones", "extend_closing",
            "discard_papers", "stop_closing", "finish_closing", "meeting_subjects", "void_meeting",
        ),
        Right("meeting.run", "meeting"),
    ),
}  # fmt: skip
"""Endpoint → what it asks for. A plan's entries ask further, by their kind."""


def check_right(account: SignedIn) -> None:
    """Raise NotAllowed unless the account may do what this request asks for."""
    if request.endpoint is not None:
        _check(account, request.endpoint, request.method, request.view_args or {})


def permits(account: SignedIn, endpoint: str, method: str, values: Mapping[str, Any]) -> bool:
    """Whether `check_right` would let this account through: for what a page offers."""
    try:
        _check(account, endpoint, method, values)
    except NotAllowed:
        return False
    return True


def _check(account: SignedIn, endpoint: str, method: str, values: Mapping[str, Any]) -> None:
    right = RIGHTS.get(endpoint.removeprefix(f"{blueprint.name}."))
    if right is None:
        raise NotAllowed
    action, of = right.action, right.of
    if method == "POST":
        action, of = right.write or action, right.write_of or of
    if of == "own":
        return
    if of == "any":
        if not may(account.role, action):
            raise NotAllowed
    elif of == "all":
        actions.require(account, action, (None,))
    else:
        _CHECKS[of](account, action, values)


_CHECKS: dict[str, Callable[[SignedIn, str, Mapping[str, Any]], None]] = {
    "organisation": lambda a, do, v: actions.require(a, do, (v["organisation_id"],)),
    "round": lambda a, do, v: actions.require_round(a, do, v["round_id"]),
    "part of round": lambda a, do, v: actions.require_round(a, do, v["round_id"], touch=True),
    "record": lambda a, do, v: actions.require_record(a, do, v["record_id"]),
    "round of record": lambda a, do, v: actions.require_round_of_record(a, do, v["record_id"]),
    "correction": lambda a, do, v: actions.require_correction(a, do, v["correction_id"]),
    "visit": lambda a, do, v: actions.require_record_of(a, do, "visit", v["visit_id"]),
    "attachment": lambda a, do, v: actions.require_record_of(
        a, do, "attachment", v["attachment_id"]
    ),
    "rectification": lambda a, do, v: actions.require_record_of(
        a, do, "rectification", v["rectification_id"]
    ),
    "notice": lambda a, do, v: actions.require_notice(a, do, v["code"]),
    "objection": lambda a, do, v: actions.require_objection(a, do, v["objection_id"]),
    "scheme": lambda a, do, v: actions.require_scheme(a, do, v["scheme_id"]),
    "meeting": lambda a, do, v: actions.require_meeting(a, do, v["meeting_id"]),
}


@blueprint.app_template_global("may")
def _may(action: str) -> bool:
    """For templates: whether whoever looks at the page has this right anywhere."""
    from flask_login import current_user

    return bool(current_user.is_authenticated and may(current_user.account.role, action))


@blueprint.app_template_global("allowed")
def _allowed(endpoint: str, method: str = "GET", **values: object) -> bool:
    """For templates: whether the guard would let whoever looks at the page do this very thing.

    A link or a form whose answer would be a refusal is not to be offered.
    """
    from flask_login import current_user

    return bool(
        current_user.is_authenticated and permits(current_user.account, endpoint, method, values)
    )
