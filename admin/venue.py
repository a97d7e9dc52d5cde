"""会场: how phones get here without the internet, and the devices that stand in the room."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import AddressForm, code_status, text
from admin.guard import me
from admin.limits import limit_failures, own_key
from admin.qr import qr
from app.actions import address as actions
from app.actions.confirmation import witness_by_code
from app.actions.display import display_link
from app.actions.meeting import get_meeting
from app.domain.address import Trouble
from app.domain.errors import MeetingStateChanged
from app.models import Meeting

Answer = str | Response | tuple[str, int]


@blueprint.app_template_global("address_trouble")
def address_trouble(meeting: Meeting) -> Trouble | None:
    """For pages of a meeting: what keeps phones from its address."""
    return actions.address_trouble(meeting, request.host)


blueprint.add_app_template_global(actions.own_addresses)


@blueprint.get("/meetings/<int:meeting_id>/venue")
def venue(meeting_id: int) -> Answer:
    """The address, the Wi-Fi and the links for devices in the room."""
    return _page(meeting_id, AddressForm(formdata=None))


@blueprint.post("/meetings/<int:meeting_id>/venue/address")
@limit_failures("10 per minute", own_key)
def change_address(meeting_id: int) -> Answer:
    """Go on at another address, the old one being gone."""
    form = AddressForm()

    def change() -> Meeting:
        name, code = text(form.name), text(form.code)
        witness = witness_by_code(meeting_id, me(), name, code) if name or code else None
        return actions.change_address(meeting_id, text(form.base_url), witness)

    if form.settle(change) is None:
        return _page(meeting_id, form)
    flash(
        "已改用新的地址。现在要做：重新打开大屏和共用设备；原来发出的票，二维码打不开，"
        "请按页面上写的办法投。",
        "success",
    )
    return redirect(url_for("admin.venue", meeting_id=meeting_id))


def _page(meeting_id: int, form: AddressForm) -> Answer:
    found = get_meeting(meeting_id)
    if found.state not in ("draft", "open"):
        raise MeetingStateChanged
    tablet = f"{found.base_url}/t/{found.code}"
    page = render_template(
        "admin/venue.html",
        meeting=found,
        form=form,
        addresses=actions.own_addresses(),
        door=qr(f"{found.base_url}/"),
        tablet=tablet,
        tablet_code=qr(tablet),
        display=f"{found.base_url}{display_link(found)}",
    )
    return page, code_status(form) if form.errors else 200
