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
from app.actions import entrance as screens
from app.actions import meeting as meetings
from app.actions.display import display_link
from app.actions.progress import progress
from app.actions.quorum import attendance_of
from app.actions.witness import witness_by_code
from app.domain.address import Trouble
from app.domain.encoding import from_b64url
from app.domain.entrance import SCREEN_BYTES
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


@blueprint.post("/meetings/<int:meeting_id>/venue/entrance/revoke")
def revoke_entrance(meeting_id: int) -> Response:
    """Make the link of the screens at the entrance useless."""
    meetings.revoke_entrance(meeting_id)
    flash("原来的门口屏链接已失效。要接着用的屏，请扫下面新的二维码。", "success")
    return redirect(url_for("admin.venue", meeting_id=meeting_id))


@blueprint.post("/meetings/<int:meeting_id>/venue/entrance/<screen>/dismiss")
def dismiss_screen(meeting_id: int, screen: str) -> Response:
    """Take the code back that a lost screen shows."""
    screens.dismiss_screen(meeting_id, from_b64url(screen, SCREEN_BYTES))
    flash("这块屏已收回。它正显示的码如果还没有人用，就作废了。", "success")
    return redirect(url_for("admin.venue", meeting_id=meeting_id))


def _page(meeting_id: int, form: AddressForm) -> Answer:
    found = meetings.get_meeting(meeting_id)
    if found.state not in ("draft", "open"):
        raise MeetingStateChanged
    tablet = f"{found.base_url}/t/{found.code}"
    # On the host that has the urn, where there are several; it is known by what it refuses here.
    stand = progress(found) if found.entrance and found.state == "open" else None
    entrance = f"{found.base_url}{screens.entrance_link(found)}" if found.entrance else ""
    page = render_template(
        "admin/venue.html",
        meeting=found,
        form=form,
        addresses=actions.own_addresses(),
        door=qr(f"{found.base_url}/"),
        tablet=tablet,
        tablet_code=qr(tablet),
        display=f"{found.base_url}{display_link(found)}",
        entrance=entrance,
        entrance_code=qr(entrance) if entrance else None,
        screens=screens.screens_of(found) if stand else [],
        progress=stand,
        attendance=attendance_of(found),
    )
    return page, code_status(form) if form.errors else 200
