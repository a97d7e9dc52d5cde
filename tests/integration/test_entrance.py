"""Screens at the entrance: one code at a time, none twice, none too many, none for strangers."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

import pytest
from flask import Flask

from app.actions.closing import close_meeting
from app.actions.credential import redeem_slip
from app.actions.entrance import dismiss_screen, screens_of
from app.actions.meeting import get_meeting, revoke_entrance, void_meeting
from app.actions.paper import issue_papers
from app.actions.replacement import replace_slip, take_back_replacement
from app.actions.slip import issue_slips, slip_totals, void_unused_slips
from app.domain.encoding import b64url
from app.domain.entrance import SCREENS_MOST, label
from app.domain.errors import SlipUnknown, SlipUsed
from app.domain.slip import Token, token_hash
from app.models import entrance_screens
from app.models.urn_file import urn_path, urn_reading, urn_writing
from app.phones.voter import blind
from tests.doors import EXPECTED, DoorScreen, digest_of, meeting_with_screens
from tests.urns import all_rows


@pytest.fixture
def meeting_id(app: Flask) -> int:
    """An open meeting with screens at its entrance."""
    return meeting_with_screens(app)


@pytest.fixture
def screen(app: Flask, meeting_id: int) -> DoorScreen:
    """One screen, on its first code."""
    screen = DoorScreen(app, meeting_id)
    assert screen.next()["standing"] == "shown"
    return screen


def scan(app: Flask, meeting_id: int, token: Token | None) -> str:
    """A phone redeems a code; its group."""
    assert token is not None
    with app.app_context():
        return redeem_slip(get_meeting(meeting_id).code, token, blind().blinded).group


def totals(app: Flask, meeting_id: int) -> dict[str, tuple[int, ...]]:
    """Group → issued, redeemed, voided."""
    with app.app_context(), urn_reading(get_meeting(meeting_id).code) as urn:
        return {group: tuple(found) for group, found in slip_totals(urn).items()}


def test_the_next_code_comes_once_the_last_was_scanned(
    app: Flask, meeting_id: int, screen: DoorScreen
) -> None:
    assert screen.look()["standing"] == "shown"
    first = screen.token
    assert scan(app, meeting_id, first) == "g1"
    told = screen.look()
    assert (told["standing"], told["expected"], told["out"], told["used"]) == ("used", 6, 1, 1)
    assert told["came"] is None
    assert screen.next()["out"] == 2
    assert screen.token != first
    assert screen.look()["standing"] == "shown"
    with pytest.raises(SlipUsed):
        scan(app, meeting_id, first)
    assert scan(app, meeting_id, screen.token) == "g1"


def test_the_same_wish_again_shows_the_same_code(
    app: Flask, meeting_id: int, screen: DoorScreen
) -> None:
    before = all_rows(app)
    assert screen.client.post(f"{screen.path}/next", json=screen.last).get_json()[
        "standing"
    ] == "shown"  # fmt: skip
    assert all_rows(app) == before
    scan(app, meeting_id, screen.token)


def test_a_reload_voids_the_code_that_nobody_used_and_shows_another(
    app: Flask, meeting_id: int, screen: DoorScreen
) -> None:
    lost = screen.token
    # The page has forgotten the token, and counted its wishes.
    assert screen.next()["standing"] == "shown"
    with pytest.raises(SlipUnknown):
        scan(app, meeting_id, lost)
    assert totals(app, meeting_id)["g1"] == (2, 0, 1)
    # Reloaded again before an answer came: what it wished for then is taken back as well.
    screen.token = None
    assert screen.next()["standing"] == "shown"
    assert totals(app, meeting_id)["g1"] == (3, 0, 2)


def test_no_more_codes_than_are_expected_whoever_handed_them_out(
    app: Flask, meeting_id: int, screen: DoorScreen
) -> None:
    with app.app_context():
        issue_slips(meeting_id, "g1", EXPECTED["g1"] - 2)
    scan(app, meeting_id, screen.token)
    assert screen.next()["standing"] == "shown"
    other = DoorScreen(app, meeting_id)
    before = all_rows(app)
    assert other.next()["standing"] == "full"
    assert all_rows(app) == before
    # Its own unused code makes room for another of the same group, and for no other group.
    assert screen.next()["standing"] == "shown"
    scan(app, meeting_id, screen.token)
    assert screen.next()["standing"] == "full"
    assert screen.look()["standing"] == "used"
    with app.app_context():
        assert void_unused_slips(meeting_id, "g1") == EXPECTED["g1"] - 2
    assert screen.next()["standing"] == "shown"


def test_whoever_has_a_paper_is_no_one_for_a_code(
    app: Flask, meeting_id: int, screen: DoorScreen
) -> None:
    scan(app, meeting_id, screen.token)
    with app.app_context():
        issue_papers(meeting_id, {"g1": EXPECTED["g1"] - 2, "g2": 0})
    assert screen.next()["standing"] == "shown"
    scan(app, meeting_id, screen.token)
    assert screen.next()["standing"] == "full"
    with app.app_context():
        issue_papers(meeting_id, {"g1": EXPECTED["g1"] - 3, "g2": 0})
    assert screen.next()["standing"] == "shown"


def test_who_was_given_a_paper_for_a_lost_phone_leaves_no_room_for_another_code(
    app: Flask, meeting_id: int, screen: DoorScreen
) -> None:
    with app.app_context():
        printed = issue_slips(meeting_id, "g1", EXPECTED["g1"] - 1)
    for token in (*printed, screen.token):
        scan(app, meeting_id, token)
    assert screen.next()["standing"] == "full"
    with app.app_context():
        replace_slip(meeting_id, printed[0], None)
    # A code now would make one more vote than people: the paper is that person's.
    assert screen.next()["standing"] == "full"
    with app.app_context():
        take_back_replacement(meeting_id, printed[0], None)
    assert screen.next()["standing"] == "full"


def test_another_group_takes_the_code_back_unless_it_is_full(
    app: Flask, meeting_id: int, screen: DoorScreen
) -> None:
    with app.app_context():
        issue_slips(meeting_id, "g2", EXPECTED["g2"])
    screen.group, before = "g2", all_rows(app)
    assert screen.next()["standing"] == "full"
    assert all_rows(app) == before
    with app.app_context():
        void_unused_slips(meeting_id, "g2")
    assert screen.next()["standing"] == "shown"
    assert totals(app, meeting_id)["g1"] == (1, 0, 1)
    assert scan(app, meeting_id, screen.token) == "g2"


def test_two_screens_for_the_last_code_get_one(app: Flask, meeting_id: int) -> None:
    with app.app_context():
        issue_slips(meeting_id, "g2", EXPECTED["g2"] - 1)
    screens = [DoorScreen(app, meeting_id) for _ in range(4)]
    told: list[str] = []
    start = threading.Barrier(len(screens))

    def run(one: DoorScreen) -> None:
        one.group = "g2"
        start.wait()
        told.append(one.next()["standing"])

    threads = [threading.Thread(target=run, args=(one,)) for one in screens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["full", "full", "full", "shown"]


def test_whoever_repeats_what_he_heard_changes_nothing(
    app: Flask, meeting_id: int, screen: DoorScreen
) -> None:
    heard = screen.last
    scan(app, meeting_id, screen.token)
    screen.next()
    before = all_rows(app)
    answer = screen.client.post(f"{screen.path}/next", json=heard)
    assert answer.get_json()["standing"] == "gone"
    assert all_rows(app) == before
    assert screen.look()["standing"] == "shown"


@pytest.mark.parametrize("what", ["next", "look"])
def test_without_the_links_key_nothing_can_be_asked(
    app: Flask, meeting_id: int, screen: DoorScreen, what: str
) -> None:
    before = all_rows(app)
    fields: list[tuple[str, object]] = [("screen", b64url(screen.screen)), ("group", "g1")]
    if what == "next":
        fields += [("turn", 2), ("next", digest_of(b"mine"))]
    else:
        fields += [("shown", screen.shown)]
    assert screen.ask(what, *fields, key=secrets.token_bytes(16)).status_code == 403
    # A mark is good for what it was made for only.
    good = screen.ask(what, *fields)
    assert good.status_code == 200
    before = all_rows(app)
    for name, value in (("group", "g2"), ("screen", b64url(secrets.token_bytes(16)))):
        answer = screen.client.post(f"{screen.path}/{what}", json={**screen.last, name: value})
        assert answer.status_code == 403
    other = "look" if what == "next" else "next"
    assert screen.client.post(f"{screen.path}/{other}", json=screen.last).status_code in (400, 403)
    assert all_rows(app) == before


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"screen": 1}', b"\xff", b"{" + b" " * 3000 + b"}"]
)
def test_whatever_else_is_sent_is_refused(
    app: Flask, screen: DoorScreen, body: bytes, unchanged: Callable[[], None]
) -> None:
    unchanged()
    for what in ("next", "look"):
        answer = screen.client.post(f"{screen.path}/{what}", data=body)
        assert answer.status_code in (400, 413)


@pytest.fixture
def unchanged(app: Flask) -> object:
    """Fails at the end unless every table is as it was when the test called it."""
    before: list[object] = []
    yield lambda: before.append(all_rows(app))
    assert before
    assert all_rows(app) == before[-1]


def test_a_link_is_good_for_its_meeting_until_it_is_revoked(
    app: Flask, meeting_id: int, screen: DoorScreen
) -> None:
    client = screen.client
    assert client.get(screen.path).status_code == 200
    assert client.get(f"{screen.path}x").status_code == 403
    assert client.get(screen.path.replace("/entrance/", "/screen/")).status_code == 403
    with app.app_context():
        revoke_entrance(meeting_id)
    assert client.get(screen.path).status_code == 403
    answer = client.post(f"{screen.path}/look", json=screen.last)
    assert answer.status_code == 403
    # What stood on it can still be scanned by whoever stands before it.
    assert scan(app, meeting_id, screen.token) == "g1"
    assert DoorScreen(app, meeting_id).next()["standing"] == "shown"


def test_a_screen_learns_of_no_code_but_its_own(
    app: Flask, meeting_id: int, screen: DoorScreen
) -> None:
    with app.app_context():
        [printed] = issue_slips(meeting_id, "g1", 1)
    other = DoorScreen(app, meeting_id)
    other.next()
    for foreign in (b64url(token_hash(printed)), other.shown, digest_of(b"nothing")):
        assert screen.look(foreign)["standing"] == "gone"
    # Nor by showing it as its own.
    wish = ("screen", b64url(screen.screen)), ("group", "g1"), ("turn", 2)
    for foreign in (b64url(token_hash(printed)), other.shown):
        answer = screen.ask("next", *wish, ("next", foreign))
        assert answer.status_code == 400
    scan(app, meeting_id, printed)
    assert screen.look()["standing"] == "shown"


def test_the_host_dismisses_a_screen_and_its_code_with_it(
    app: Flask, meeting_id: int, screen: DoorScreen
) -> None:
    with app.app_context():
        [found] = screens_of(get_meeting(meeting_id))
        assert (found.label, found.group) == (label(screen.screen), "党员")
        dismiss_screen(meeting_id, screen.screen)
        assert screens_of(get_meeting(meeting_id)) == []
        dismiss_screen(meeting_id, screen.screen)
    with pytest.raises(SlipUnknown):
        scan(app, meeting_id, screen.token)
    assert screen.look()["standing"] == "gone"
    assert screen.next()["standing"] == "shown"


def test_there_are_not_endlessly_many_screens(app: Flask, meeting_id: int) -> None:
    with app.app_context(), urn_writing(get_meeting(meeting_id).code) as urn:
        urn.execute(
            entrance_screens.insert(),
            [
                {
                    "screen": secrets.token_bytes(16),
                    "group_code": "g1",
                    "token_hash": bytes(32),
                    "turn": 1,
                }
                for _ in range(SCREENS_MOST)
            ],
        )
    assert DoorScreen(app, meeting_id).next()["standing"] == "full"


def test_a_meeting_that_is_not_open_says_how_it_stands(app: Flask) -> None:
    draft = meeting_with_screens(app, is_open=False)
    screen = DoorScreen(app, draft)
    facts = screen.client.get(f"{screen.path}/meeting").get_json()
    assert (facts["state"], facts["digest"]) == ("draft", None)
    assert facts["title"] == "【演练】党员群众测评会"
    assert [group["name"] for group in facts["groups"]] == ["党员", "群众代表"]
    assert screen.next() == {"meeting": "draft"}
    with app.app_context():
        void_meeting(draft, "不开了")
    assert screen.next() == screen.look(digest_of(b"x")) == {"meeting": "voided"}


def test_codes_on_screens_are_void_at_the_end_so_that_what_is_unused_can_be_counted(
    app: Flask, meeting_id: int, screen: DoorScreen
) -> None:
    with app.app_context():
        issue_slips(meeting_id, "g1", 2)
    scan(app, meeting_id, screen.token)
    screen.next()
    DoorScreen(app, meeting_id).next()
    with app.app_context():
        box = close_meeting(meeting_id)
    counts = box.counts["g1"]
    assert (counts.issued, counts.redeemed, counts.voided, counts.unused) == (5, 1, 2, 2)
    assert screen.look() == {"meeting": "closed"}


def test_a_meeting_opened_before_there_were_screens_has_none_and_closes(
    app: Flask, meeting_id: int
) -> None:
    with app.app_context():
        code = get_meeting(meeting_id).code
        with urn_writing(code) as urn:
            entrance_screens.drop(urn)
        assert screens_of(get_meeting(meeting_id)) == []
        close_meeting(meeting_id)


def test_the_file_does_not_show_in_which_order_codes_came(app: Flask, meeting_id: int) -> None:
    screen, hashes = DoorScreen(app, meeting_id), []
    for _ in range(EXPECTED["g1"]):
        assert screen.next()["standing"] == "shown"
        assert screen.token is not None
        hashes.append(token_hash(screen.token))
        scan(app, meeting_id, screen.token)
    with app.app_context():
        content = urn_path(get_meeting(meeting_id).code).read_bytes()
    # The last one stands in the table of screens, too.
    places = {
        one: [at for at in range(len(content)) if content.startswith(one, at)] for one in hashes
    }
    assert [len(places[one]) for one in hashes] == [1] * (len(hashes) - 1) + [2]
    in_file = sorted(hashes[:-1], key=lambda one: places[one][0])
    assert in_file in (sorted(hashes[:-1]), sorted(hashes[:-1], reverse=True))


def test_numbers_for_operators_do_not_tell_of_single_scans(
    app: Flask, meeting_id: int, screen: DoorScreen
) -> None:
    def numbers() -> set[str]:
        text = screen.client.get("/metrics").text.splitlines()
        return {line for line in text if "memory" not in line and 'endpoint="other"' not in line
                and "resident" not in line}  # fmt: skip

    for _ in range(20):
        before = numbers()
        if scan(app, meeting_id, screen.token) and screen.next()["standing"] != "shown":
            break
        changed = {line for line in numbers() ^ before if "_bucket" not in line}
        tens = [line for line in changed if float(line.split()[-1]) % 10 != 0]
        assert tens == []
