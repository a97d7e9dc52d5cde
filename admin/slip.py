"""测评票: issue (the sheet is the answer, once), void one, void the unused ones."""

from __future__ import annotations

import time
from typing import NamedTuple

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import IssueForm, VoidSlipForm, VoidUnusedForm, number, text
from admin.meeting import open_page
from admin.qr import Picture, qr
from app.actions import slip as actions
from app.actions.meeting import get_meeting
from app.domain.encoding import b64url
from app.domain.errors import BadInput, SlipsIssuedMeanwhile, SlipUnknown, SlipUsed
from app.domain.slip import Token, crockford, in_fours, parse_token
from app.models import Meeting
from app.models.base import done_reading

Answer = str | Response | tuple[str, int]
ROWS, COLUMNS = 7, 3


class Paper(NamedTuple):
    """One slip as printed. typed: the token in fours."""

    picture: Picture
    typed: tuple[str, str]


@blueprint.post("/meetings/<int:meeting_id>/slips")
def issue_slips(meeting_id: int) -> Answer:
    """The printable sheet itself: the tokens are in this answer and nowhere else."""
    form = IssueForm()
    try:
        tokens = form.settle(
            lambda: actions.issue_slips(
                meeting_id, text(form.group), number(form.number), so_far=_so_far(form)
            )
        )
    except SlipsIssuedMeanwhile as error:
        flash(str(error), "danger")
        return open_page(get_meeting(meeting_id)), error.status
    meeting = get_meeting(meeting_id)
    if tokens is None:
        return open_page(meeting, issue=form), 400
    papers = []
    done_reading()
    for token in tokens:
        papers.append(_paper(meeting, token))
        # Drawing a thousand codes takes a second or two: let phones be answered in between.
        time.sleep(0)
    size = ROWS * COLUMNS
    return render_template(
        "admin/slips.html",
        meeting=meeting,
        sheets=[papers[start : start + size] for start in range(0, len(papers), size)],
        number=len(papers),
        check=in_fours(crockford((meeting.key_digest or b"")[:5])),
        group=next(g.name for g in meeting.groups if g.code == form.group.data)
        if len(meeting.groups) > 1
        else "",
    )


@blueprint.get("/meetings/<int:meeting_id>/slips")
def slips_again(meeting_id: int) -> Response:
    """Somebody reloads the address of a sheet: the tokens are gone."""
    flash("测评票的票码只显示一次。没有打印成的，请先作废未用的票，再重新发放。", "warning")
    return redirect(url_for("admin.meeting", meeting_id=meeting_id))


@blueprint.post("/meetings/<int:meeting_id>/slips/void")
def void_slip(meeting_id: int) -> Answer:
    """Void one spoiled slip that is at hand."""
    form = VoidSlipForm()
    try:
        done = form.settle(
            lambda: actions.void_slip(meeting_id, parse_token(typed_token(text(form.token))))
        )
    except (SlipUnknown, SlipUsed) as error:
        form.token.errors = [str(error)]
        done = None
    if done is None:
        return open_page(get_meeting(meeting_id), void_slip=form), 400
    flash("这张票已作废，可以另发一张。", "success")
    return redirect(url_for("admin.meeting", meeting_id=meeting_id))


@blueprint.post("/meetings/<int:meeting_id>/slips/void-unused")
def void_unused_slips(meeting_id: int) -> Answer:
    """Void every slip that nobody has used, of one group or of all."""
    form = VoidUnusedForm()
    voided = form.settle(lambda: actions.void_unused_slips(meeting_id, text(form.group) or None))
    flash(f"已作废 {voided or 0} 张没有用过的票。", "success")
    return redirect(url_for("admin.meeting", meeting_id=meeting_id))


def _paper(meeting: Meeting, token: Token) -> Paper:
    characters = crockford(token)
    link = f"{meeting.base_url}/v/{meeting.code}#{characters}.{b64url(meeting.key_digest or b'')}"
    return Paper(qr(link), (in_fours(characters[:8]), in_fours(characters[8:])))


def _so_far(form: IssueForm) -> int:
    known = text(form.so_far)
    if not (known.isdecimal() and known.isascii() and len(known) < 10):
        raise BadInput("页面不是最新的，请刷新后再发放。")
    return int(known)


def typed_token(code: str) -> str:
    """The token of a whole scanned address, or the text as it is."""
    return code.partition("#")[2].partition(".")[0] if "#" in code else code
