"""会场: how phones get here without the internet, and the devices that stand in the room."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from admin import blueprint
from admin.forms import AddressForm, text
from admin.qr import qr
from app.actions import address as actions
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
def change_address(meeting_id: int) -> Answer:
    """Go on at another address, the old one being gone."""
    form = AddressForm()
    if form.settle(lambda: actions.change_address(meeting_id, text(form.base_url))) is None:
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
    return page, 400 if form.errors else 200
