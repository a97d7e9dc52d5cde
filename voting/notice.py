"""The public page of a notice, and the objections to it; of rectification, the plan's page.

What a sender does not write is not kept: no address, no time of day, nothing of the browser. An
address counts, under a key that a restart forgets, only towards how often it may send.
"""

from __future__ import annotations

from flask import current_app, redirect, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer
from limits import parse
from werkzeug.wrappers import Response

from app.actions.objection import (
    CONTACT_MOST,
    SIGNED_MOST,
    TEXT_MOST,
    NoticeUnknown,
    answered_to,
    dismissed_of,
    dropped_from,
    file_objection,
    public_plan,
    takes_objections,
    today,
    versions_of,
    waiting_for,
)
from app.domain.errors import BadInput, TooMany
from app.domain.notice import DISMISSALS, OUTCOMES
from app.extensions import limiter
from app.security import address_key, is_address_hidden
from voting import blueprint

FORM_SECONDS_MOST = 24 * 3600
SENT = parse("30 per hour")
"""Taken in from one address, behind which a household or a village hall may stand.

Where a proxy hides addresses this would be one number for everybody, and whoever used it up would
silence them all: there the proxy counts (deploy/nginx.conf).
"""

FIELDS = ("about", "text", "signed", "contact")


@blueprint.get("/n/<code>")
def notice(code: str) -> str:
    """The newest version of a notice, with the answers given so far."""
    return _page(code, None, {}, "")


@blueprint.get("/n/<code>/<int:version>")
def notice_version(code: str, version: int) -> str:
    """An earlier version, as it was."""
    return _page(code, version, {}, "")


@blueprint.post("/n/<code>/objections")
def object_to(code: str) -> str | Response | tuple[str, int]:
    """Take in an objection; what was typed stays in the form where it is refused."""
    typed = {name: request.form.get(name, "") for name in FIELDS}
    versions_of(code)
    # People cannot see this field; programs fill in what they find, and shall believe it worked.
    if request.form.get("homepage"):
        return redirect(url_for("voting.notice", code=code, received="1"))
    try:
        _check_form(code)
        _check_address()
        made = file_objection(
            code, typed["about"], typed["text"], typed["signed"], typed["contact"], today()
        )
    except (BadInput, TooMany) as error:
        return _page(code, None, typed, str(error)), error.status
    _count_address()
    return redirect(url_for("voting.notice", code=code, received=made.number) + "#received")


@blueprint.get("/z/<code>")
def rectification(code: str) -> str:
    """A plan of rectification, where it is to be public; what was done about it is not."""
    return render_template("voting/rectification.html", plan=public_plan(code))


def _page(code: str, version: int | None, typed: dict[str, str], wrong: str) -> str:
    versions = versions_of(code)
    shown = next((n for n in versions if version in (None, n.version)), None)
    if shown is None:
        raise NoticeUnknown
    day = today()
    received = request.args.get("received", "")
    return render_template(
        "voting/notice.html",
        notice=shown, newest=versions[0], versions=versions, today=day,
        dropped=dropped_from(shown, versions),
        is_open=shown is versions[0] and takes_objections(shown, day),
        answered=answered_to(code), dismissed=dismissed_of(code), waiting=waiting_for(code),
        outcomes=OUTCOMES | DISMISSALS, typed=typed, wrong=wrong, stamp=_stamps().dumps(code),
        received=received if received.isdecimal() and len(received) < 5 else "",
        most={"text": TEXT_MOST, "signed": SIGNED_MOST, "contact": CONTACT_MOST},
    )  # fmt: skip


def _check_form(code: str) -> None:
    """Only a form that this page gave out, for this notice and not long ago; raises BadInput."""
    try:
        stamped = _stamps().loads(request.form.get("stamp", ""), max_age=FORM_SECONDS_MOST)
    except BadSignature as error:
        raise BadInput("页面打开太久，已经过期。内容还在，请再提交一次。") from error
    if stamped != code:
        raise BadInput("页面打开太久，已经过期。内容还在，请再提交一次。")


def _check_address() -> None:
    """Raise TooMany where enough was taken in from here; what was refused does not count."""
    if not is_address_hidden() and not limiter.limiter.test(SENT, "objection", address_key()):
        raise TooMany("从这里提交的次数过多，请一小时后再试，或按公示上写的联系方式反映。")


def _count_address() -> None:
    if not is_address_hidden():
        limiter.limiter.hit(SENT, "objection", address_key())


def _stamps() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        str(current_app.config["SECRET_KEY"]), salt="mingce/objection-form"
    )
