"""From all that a watcher can record, no two pictures tell fewer than k ballots apart.

A meeting is held in any order of redeeming, casting, voiding, looking; every figure that any page,
stream, command or record shows is written down. What those figures isolate is then worked out
from the ballots themselves, without the product's own idea of a batch.
"""

from __future__ import annotations

import html
import itertools
import json
import os
import re
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, event, example, given, settings
from hypothesis import strategies as st

from app.actions.account import create_account
from app.actions.display import display_link
from app.actions.meeting import (
    Settings,
    choose_subjects,
    create_meeting,
    get_meeting,
    open_meeting,
    revoke_display,
    set_groups,
    set_policy,
    void_meeting,
)
from app.actions.organisation import create_branches, create_organisation
from app.actions.round import Member, RoundWish, create_round
from app.actions.slip import issue_slips, void_slip, void_unused_slips
from app.config import Config
from app.domain.slip import crockford, parse_token
from app.factory import create_app
from app.models import GradingRecord, db
from app.phones.voter import (
    Credential,
    Meeting,
    NotCast,
    Sealed,
    SlipUrl,
    blind,
    fetch_meeting,
    redeem,
    seal_ballot,
    send,
)
from tests.serving import Server
from tests.voters import ClientDoor
from tests.watching import cast_votes, open_demo
from voting.live import Limits

BASE = "http://192.168.1.10:8000"
NAME, PASSWORD = "王秘书", "a long enough password"
PATIENCE = 120.0
THOROUGH = os.environ.get("MINGCE_FORENSICS") == "1"
QUICK = Limits(interval=0.02, heartbeat=0.05, linger=0.05, longest_pause=0.02)
SCHEME, DOMAIN = "huaixiang-2012", "institution"

Json = dict[str, Any]
Counts = Mapping[str, Mapping[str, int]]
"""Cell id → choice → number."""


# What can be seen


class Picture(NamedTuple):
    """Figures that somebody saw. where: on which page; counts: of some cells or of all.

    group: whose marks they are; empty for everybody's.
    """

    where: str
    counts: Counts
    group: str = ""

    @property
    def ballots(self) -> int:
        """How many ballots it is of; AssertionError where its cells do not agree."""
        sums = {sum(counts.values()) for counts in self.counts.values()}
        assert len(sums) == 1, self
        return sums.pop()


class Ballot(NamedTuple):
    """A ballot that the server has taken, in the order in which it took them."""

    group: str
    choices: Mapping[str, str]


def tally(ballots: Iterable[Ballot], cells: Iterable[str]) -> dict[str, Counter[str]]:
    """Cell id → choice → number, of these ballots."""
    found: dict[str, Counter[str]] = {cell: Counter() for cell in cells}
    for ballot in ballots:
        for cell, counter in found.items():
            counter[ballot.choices[cell]] += 1
    return found


# What the figures tell apart


def assert_no_two_pictures_tell_few_apart(
    pictures: Sequence[Picture], k: int, final: int | None
) -> None:
    """Any two pictures are the same, or one holds all of the other and k ballots more.

    Nothing is one of the pictures. final: number of ballots of a closed meeting; where there are
    fewer than k in all, the result itself shows few, and the admin was told so before closing.
    """
    seen = list({_frozen(picture.counts): picture for picture in pictures}.values())
    for one in seen:
        assert one.ballots >= k or one.ballots in (0, final), one
    for one, other in itertools.combinations(seen, 2):
        cells = one.counts.keys() & other.counts.keys()
        few, many = sorted((one, other), key=lambda picture: picture.ballots)
        for cell in cells:
            more = {c: n - few.counts[cell][c] for c, n in many.counts[cell].items()}
            assert min(more.values()) >= 0, (one, other)
            assert sum(more.values()) == 0 or sum(more.values()) >= k, (one, other)


def isolated(sets: Sequence[frozenset[int]], k: int) -> frozenset[int]:
    """Fewer than k ballots that sums and differences of these sets' tallies tell of, or none.

    Whoever has the tallies of some sets of ballots has that of every combination of them. The
    ballots fall into classes that all sets hold or leave out together; a combination tells of few
    ballots where it vanishes on all classes but small ones.
    """
    everyone = frozenset().union(*sets)
    classes: dict[tuple[bool, ...], set[int]] = {}
    for ballot in everyone:
        classes.setdefault(tuple(ballot in one for one in sets), set()).add(ballot)
    columns = list(classes)
    small = [column for column in columns if len(classes[column]) < k]
    whole = _rank(columns)
    for number in range(1, k):
        for few in itertools.combinations(small, number):
            if sum(len(classes[column]) for column in few) >= k:
                continue
            if _rank([column for column in columns if column not in few]) < whole:
                return frozenset().union(*(classes[column] for column in few))
    return frozenset()


_PRIME = (1 << 61) - 1


def _rank(columns: Iterable[Sequence[int]]) -> int:
    """How many of these are independent; modulo a prime that no meeting's figures reach."""
    found: list[tuple[int, list[int]]] = []
    for column in columns:
        left = [int(value) for value in column]
        for pivot, row in found:
            if left[pivot]:
                factor = left[pivot]
                left = [(a - factor * b) % _PRIME for a, b in zip(left, row, strict=True)]
        lead = next((place for place, value in enumerate(left) if value), None)
        if lead is not None:
            inverse = pow(left[lead], -1, _PRIME)
            found.append((lead, [value * inverse % _PRIME for value in left]))
    return len(found)


def _frozen(counts: Counts) -> frozenset[tuple[str, str, int]]:
    return frozenset((cell, c, n) for cell, choices in counts.items() for c, n in choices.items())


# A meeting that is watched


class House:
    """One installation: a database, an application, an admin who is logged in."""

    def __init__(self, data: Path) -> None:
        config = Config.from_env({"MINGCE_DATA": str(data), "MINGCE_BASE_URL": BASE})
        self.app: Flask = create_app(config)
        self.app.testing = True
        self.app.extensions["mingce_live"].limits = QUICK
        self.admin: FlaskClient = self.app.test_client()
        self._number = itertools.count(1)
        with self.app.app_context():
            create_account(NAME, PASSWORD)
            self._root = create_organisation("怀乡中学党总支", "general_branch", None).id
            names = ["第一党支部", "第二党支部"]
            self._branches = [branch.id for branch in create_branches(self._root, names)]
        self._log_in()

    def stop(self) -> None:
        """Let go of the database."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def _log_in(self) -> None:
        """Send the login form."""
        page = self.admin.get("/admin/login").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token
        fields = {"csrf_token": token[1], "name": NAME, "password": PASSWORD}
        assert self.admin.post("/admin/login", data=fields).status_code == 302

    def make_round(self) -> tuple[int, list[int]]:
        """A round on both branches; its id, and its records' ids."""
        members = tuple(Member(branch, DOMAIN) for branch in self._branches)
        with self.app.app_context():
            wish = RoundWish(f"第{next(self._number)}轮", SCHEME, None, True, members)
            made = create_round(wish)
            return made.id, [record.id for record in made.records]

    def run(self, *words: str) -> str:
        """Standard output of a command that does not fail."""
        done = self.app.test_cli_runner().invoke(args=list(words))
        assert done.exit_code == 0, done.stderr
        return done.stdout


class Plan(NamedTuple):
    """A meeting's settings. groups: how many slips each group gets."""

    k: int
    policy: str
    groups: tuple[int, ...]
    rehearsal: bool = False


class Watched:
    """An open meeting with people who vote, and somebody who writes down every figure."""

    def __init__(self, house: House, plan: Plan, place: tuple[int, list[int]]) -> None:
        self.house, self.plan = house, plan
        self.round, self.records = place
        self.slips: dict[str, list[SlipUrl]] = {}
        self.ballots: list[Ballot] = []
        self.pictures: list[Picture] = []
        self._held: list[Credential] = []
        self._sent: list[Sealed] = []
        self._rates: dict[object, object] = {}
        with house.app.app_context():
            draft = create_meeting(
                self.round, Settings("测评会", "党总支", "", BASE, plan.rehearsal)
            )
            self.id: int = draft.id
            choose_subjects(self.id, self.records)
            names = ("党员", "群众代表", "服务对象", "村民代表")
            groups = [(n, max(s, plan.k)) for n, s in zip(names, plan.groups, strict=False)]
            set_groups(self.id, groups)
            set_policy(self.id, plan.policy, plan.k)
            opened = open_meeting(self.id)
            self.code: str = opened.code
            self._digest: bytes = opened.key_digest or b""
            db.session.commit()
        self.door = ClientDoor(house.app.test_client())
        for number, slips in enumerate(plan.groups, start=1):
            self.issue(number - 1, slips)
        self.form: Meeting = fetch_meeting(self.door, self.slips["g1"][0])
        self.follower = Follower(house.app, f"/api/v1/meetings/{self.code}/events")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.follower.close()

    @property
    def cells(self) -> dict[str, list[str]]:
        """Cell id → choices in the order of every table, `abstain` last."""
        return {cell: [*lawful, "abstain"] for cell, lawful in self.form.cells.items()}

    # What people do

    def issue(self, group: int, number: int) -> None:
        """Give a group more slips."""
        code = f"g{group % len(self.plan.groups) + 1}"
        with self.house.app.app_context():
            tokens = issue_slips(self.id, code, number)
        slips = [SlipUrl(self.code, crockford(token), self._digest) for token in tokens]
        self.slips.setdefault(code, []).extend(slips)

    def redeem(self, group: int) -> None:
        """Somebody of this group scans a slip, if the group has one left."""
        waiting = self.slips[f"g{group % len(self.plan.groups) + 1}"]
        if waiting:
            self._held.append(redeem(self.door, self.form, waiting.pop(), blind()))

    def cast(self, which: int, marks: Sequence[int]) -> None:
        """One of those who have scanned casts their ballot."""
        if not self._held:
            return
        credential = self._held.pop(which % len(self._held))
        choices = {
            cell: known[mark % len(known)]
            for mark, (cell, known) in zip(itertools.cycle(marks), self.cells.items(), strict=False)
        }
        ballot = seal_ballot(self.form, credential, choices)
        send(self.door, self.form, ballot)
        self._sent.append(ballot)
        self.ballots.append(Ballot(credential.group, choices))
        self._glance()

    def vote(self, group: int, number: int, marks: Sequence[int]) -> None:
        """So many of a group scan and cast, one after another."""
        for shift in range(number):
            held = len(self._held)
            self.redeem(group)
            if len(self._held) > held:
                self.cast(held, [mark + shift for mark in marks])

    def cast_again(self, which: int) -> None:
        """A phone repeats what it sent, or sends another ballot with the same credential."""
        if not self._sent:
            return
        sent = self._sent[which % len(self._sent)]
        if which % 2:
            send(self.door, self.form, sent)
        else:
            altered = dict(sent.body, sealed=sent.body["sealed"][::-1])
            with pytest.raises(NotCast):
                send(self.door, self.form, sent._replace(body=altered))
        self._glance()

    def void_slip(self, group: int) -> None:
        """One unused slip of this group is spoiled."""
        waiting = self.slips[f"g{group % len(self.plan.groups) + 1}"]
        if waiting:
            with self.house.app.app_context():
                void_slip(self.id, parse_token(waiting.pop().token))

    def void_unused(self) -> None:
        """All unused slips are voided, and as many new ones issued."""
        with self.house.app.app_context():
            void_unused_slips(self.id)
        left = [len(waiting) for waiting in self.slips.values()]
        self.slips = {code: [] for code in self.slips}
        for group, number in enumerate(left):
            if number:
                self.issue(group, number)

    def revoke_display(self) -> None:
        """The screen's link is made useless; a new one takes its place."""
        with self.house.app.app_context():
            revoke_display(self.id)

    def close(self) -> None:
        """The end; every page is looked at before and after."""
        self.look()
        self.house.run("meeting", "close", self.code)
        self._end()

    def void(self) -> None:
        """The end without a result."""
        self.look()
        with self.house.app.app_context():
            void_meeting(self.id, "签到不符")
        self._end()

    def _end(self) -> None:
        for data in self.follower.until_the_end():
            self._note_live("events", data)
        self.look()

    # What the watcher does

    def look(self) -> None:
        """Look at everything."""
        for place in self._places():
            place()

    def _glance(self) -> None:
        """Look at the live answer and at one other place, each time another."""
        first, *others = self._places()
        first()
        others[len(self.pictures) % len(others)]()

    def _places(self) -> list[Callable[[], None]]:
        """Everywhere that figures may stand."""
        here = f"/admin/meetings/{self.id}"
        names = ("progress", "close", "confirm", "papers", "replacements", "count-sheet")
        pages = (here, *(f"{here}/{name}" for name in names))
        return [
            self._note_answer,
            *(partial(self._note_tables, page) for page in pages),
            *(partial(self._note_bars, place) for place in enumerate(self.records, start=1)),
            self._note_streams,
            self._note_command,
            self._note_records,
            self._note_box,
        ]

    def _note_answer(self) -> None:
        live = self._live()
        assert live["cast"] == (0 if live["state"] == "voided" else len(self.ballots))
        self._note_live("live", live)

    def _note_streams(self) -> None:
        cast = self._live()["cast"]
        for stream in (f"/api/v1/meetings/{self.code}/events", f"{self._screen()}/events"):
            shown = first_event(self.house.app, stream, cast)
            self._note_live(stream, shown.get("live", shown))

    def _note_command(self) -> None:
        shown = json.loads(self.house.run("meeting", "show", self.code, "--json"))
        self._note_live("meeting show --json", shown)
        text = self.house.run("meeting", "show", self.code)
        lines = re.findall(r"^.+：(.+)；满意率", text, re.MULTILINE)
        self._note_numbers("meeting show", [re.findall(r" (\d+)", f" {line}") for line in lines])

    def _note_live(self, where: str, live: Json) -> None:
        released = live["released"]
        if released is None:
            return
        picture = Picture(where, released["cells"])
        assert picture.ballots == released["at"]
        self.pictures.append(picture)
        # A rate that did not follow from the figures beside it would be a figure of its own.
        known = self._rates.setdefault(_frozen(picture.counts), released["satisfaction"])
        assert known == released["satisfaction"]

    def _note_tables(self, path: str) -> None:
        page = self._page(path)
        rows = []
        for table in re.findall(r"<table.*?</table>", page, re.DOTALL):
            if "<th>测评对象</th>" in table:
                lines = re.findall(r"<tr>(.*?)</tr>", table.split("<tbody>")[1], re.DOTALL)
                rows += [re.findall(r"<td[^>]*>(\d+)</td>", line) for line in lines]
        self._note_numbers(path, rows)

    def _note_numbers(self, where: str, rows: Sequence[Sequence[str]]) -> None:
        """rows: one for each subject in order, a number for each choice."""
        if not rows:
            return
        counts = {
            cell: dict(zip(known, map(int, row), strict=True))
            for (cell, known), row in zip(self.cells.items(), rows, strict=True)
        }
        self.pictures.append(Picture(where, counts))

    def _note_bars(self, place: tuple[int, int]) -> None:
        number, record = place
        path, cell = f"/admin/records/{record}", f"s{number:02d}.q1"
        for section in re.findall(
            r'<section[^>]* id="mass-.*?</section>', self._page(path), re.DOTALL
        ):
            # An earlier meeting's result may stand beside this one's picture.
            if f'href="/admin/meetings/{self.id}"' not in section:
                continue
            numbers = re.findall(r">(\d+) 票[^<]*</td>", section)
            if numbers:
                counts = {cell: dict(zip(self.cells[cell], map(int, numbers), strict=True))}
                self.pictures.append(Picture(path, counts))

    def _note_records(self) -> None:
        with self.house.app.app_context():
            for subject, record_id in enumerate(self.records, start=1):
                record = db.session.get(GradingRecord, record_id)
                mass = (record and record.mass) or {}
                if mass.get("meeting") != self.code:
                    continue
                for group, questions in mass["tallies"].items():
                    counts = {f"s{subject:02d}.{q}": counts for q, counts in questions.items()}
                    self.pictures.append(Picture("grading record", counts, group))

    def _note_box(self) -> None:
        answer = self.house.app.test_client().get(f"/api/v1/meetings/{self.code}/box")
        if answer.status_code != 200:
            return
        assert answer.json is not None
        lists: dict[str, dict[str, Counter[str]]] = {}
        for entry in answer.json["lists"]:
            counts = Counter(dict.fromkeys(self.cells[entry["cell"]], 0))
            counts.update(choice for _, choice in entry["marks"])
            lists.setdefault(entry["group"], {})[entry["cell"]] = counts
        self.pictures += [Picture("box", counts, group) for group, counts in lists.items()]
        if len(lists) > 0:
            sums = {c: sum((lists[g][c] for g in lists), Counter()) for c in self.cells}
            every = {c: {choice: n[choice] for choice in self.cells[c]} for c, n in sums.items()}
            self.pictures.append(Picture("box", every))

    def _live(self) -> Json:
        answer = self.house.app.test_client().get(f"/api/v1/meetings/{self.code}/live")
        live: Json | None = answer.json
        assert live is not None
        return live

    def _screen(self) -> str:
        with self.house.app.app_context():
            return display_link(get_meeting(self.id))

    def _page(self, path: str) -> str:
        """The page, or nothing where the meeting's state does not have it."""
        answer = self.house.admin.get(path)
        assert answer.status_code in (200, 302, 404, 409), (path, answer.status_code)
        return html.unescape(answer.text) if answer.status_code == 200 else ""

    # What must hold

    def check(self) -> None:
        """Nothing that was seen tells of fewer than k ballots."""
        final = self._final()
        everybody = [picture for picture in self.pictures if not picture.group]
        assert_no_two_pictures_tell_few_apart(everybody, self.plan.k, final)
        sets = {self.ballots_of(picture) for picture in everybody}
        groups = {picture.group: self.members(picture) for picture in self.by_group()}
        if final is None or final >= self.plan.k:
            assert not isolated(list(sets), self.plan.k)
            assert not isolated(list(groups.values()), self.plan.k)
            assert not isolated([*sets, *groups.values()], self.plan.k)

    def by_group(self) -> list[Picture]:
        """What was published for each group; `*` is what stands together."""
        return [picture for picture in self.pictures if picture.group]

    def _final(self) -> int | None:
        return len(self.ballots) if any(p.where == "box" for p in self.pictures) else None

    def ballots_of(self, picture: Picture) -> frozenset[int]:
        """Which ballots a picture is of: the oldest; AssertionError where it is not so."""
        first = self.ballots[: picture.ballots]
        for cell, counts in tally(first, picture.counts).items():
            assert counts == +Counter(picture.counts[cell]), picture
        return frozenset(range(len(first)))

    def members(self, picture: Picture) -> frozenset[int]:
        alone = {one.group for one in self.by_group()}
        members = {
            number: ballot
            for number, ballot in enumerate(self.ballots)
            if ballot.group == picture.group or (picture.group == "*" and ballot.group not in alone)
        }
        for cell, counts in tally(members.values(), picture.counts).items():
            assert counts == +Counter(picture.counts[cell]), picture
        return frozenset(members)


class Follower:
    """Follows a public stream from beginning to end, as a screen does."""

    def __init__(self, app: Flask, path: str) -> None:
        self._seen: list[Json] = []
        self._ended = threading.Event()
        self._answer = app.test_client().get(path, buffered=False)
        assert self._answer.status_code == 200
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def until_the_end(self) -> list[Json]:
        """All events, once the last has come."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        self._answer.close()
        return self._seen

    def close(self) -> None:
        """Hang up."""
        self._ended.set()
        self.until_the_end()

    def _follow(self) -> None:
        for chunk in self._answer.response:
            self._seen += events(chunk)
            if self._ended.is_set():
                break


def first_event(app: Flask, path: str, cast: int) -> Json:
    """What a watcher who comes now is shown first that counts so many ballots."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = app.test_client().get(path, buffered=False)
        assert answer.status_code == 200
        with closing(answer):
            # A stream may end at once whose link is newer than what the server last read.
            for shown in itertools.chain.from_iterable(map(events, answer.response)):
                if shown.get("live", shown)["cast"] == cast:
                    return shown
                if time.monotonic() > deadline:
                    break
    raise AssertionError(f"nothing came from {path}")


def events(chunk: bytes | str) -> Iterator[Json]:
    """The data of the unnamed events in a piece of a stream."""
    text = chunk.decode() if isinstance(chunk, bytes) else chunk
    for part in text.split("\n\n"):
        data = re.search(r"^data: (.*)$", part, re.MULTILINE)
        if data and not part.startswith("event: "):
            yield json.loads(data[1])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> Iterator[House]:
    """One installation for all examples; each has a round and meetings of its own."""
    data = tmp_path_factory.mktemp("differencing")
    (data / migrated_database.name).write_bytes(migrated_database.read_bytes())
    house = House(data)
    yield house
    house.stop()


# Any meeting


class Course(NamedTuple):
    """One meeting from opening to end; each step is the name of what `Watched` does, and how."""

    plan: Plan
    steps: list[tuple[Any, ...]]
    end: str


marks = st.lists(st.integers(0, 4), min_size=2, max_size=2)
some_group = st.integers(0, 3)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """One group or several, of which some may be too small to be shown alone."""
    k = draw(st.integers(3, 7))
    alone = st.sampled_from([5 * k, 4 * k, 3 * k + 1, 2 * k, k])
    one_of_several = st.sampled_from([2 * k, 3 * k, k + 2, k, k - 1, 1])
    several = st.lists(one_of_several, min_size=2, max_size=4).map(tuple)
    return Plan(
        k=k,
        policy=draw(st.sampled_from(["batched", "batched", "batched", "turnout"])),
        groups=draw(st.one_of(st.tuples(alone), several)),
        rehearsal=draw(st.sampled_from([False, False, False, True])),
    )


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """Many vote, for there is nothing to see before two batches are in."""
    plan = draw(plans())
    numbers = st.sampled_from([3 * plan.k - 1, 2 * plan.k, plan.k + 1, plan.k, 2, 1])
    votes = st.tuples(st.just("vote"), some_group, numbers, marks)
    steps = st.one_of(
        *[votes] * 4,
        st.tuples(st.just("redeem"), some_group),
        st.tuples(st.just("cast"), st.integers(0, 9), marks),
        st.tuples(st.just("cast_again"), st.integers(0, 99)),
        st.tuples(st.just("void_slip"), some_group),
        st.tuples(st.just("issue"), some_group, st.integers(1, 3)),
        st.sampled_from([("look",), ("look",), ("revoke_display",), ("void_unused",)]),
    )
    many = st.lists(steps, min_size=4, max_size=14)
    return Course(plan, draw(many), draw(st.sampled_from(["close", "close", "close", "void"])))


any_course = settings(
    max_examples=40 if THOROUGH else 16,
    deadline=None,
    # Looking for a smaller example would take minutes of meetings, as long as a test that hangs.
    phases=set(Phase) - {Phase.shrink, Phase.explain},
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def hold(house: House, course: Course, place: tuple[int, list[int]]) -> Watched:
    """A meeting from its opening to its end, watched all the time."""
    with Watched(house, course.plan, place) as meeting:
        for name, *how in course.steps:
            getattr(meeting, name)(*how)
        getattr(meeting, course.end)()
    meeting.check()
    seen = {picture.ballots for picture in meeting.pictures if not picture.group}
    event(f"{len(seen)} pictures, {course.plan.policy}, {course.end}")
    event(f"groups that stand alone: {len({one.group for one in meeting.by_group()} - {'*'})}")
    return meeting


@pytest.mark.parametrize("part", range(4 if THOROUGH else 1))
@any_course
@given(st.lists(courses(), min_size=1, max_size=2))
@example(
    [
        Course(Plan(3, "batched", (12,)), [("vote", 0, 12, [0, 1])], "void"),
        Course(Plan(3, "batched", (13,)), [("vote", 0, 13, [1, 2])], "close"),
    ]
)
@example(
    [Course(Plan(5, "batched", (30,)), [("vote", 0, 9, [0, 3]), ("vote", 0, 2, [0, 0])], "close")]
)
@example(
    [
        Course(
            Plan(4, "batched", (12, 2)), [("vote", 0, 12, [0, 0]), ("vote", 1, 2, [3, 3])], "close"
        )
    ]
)
@example(
    [Course(Plan(7, "turnout", (9, 8)), [("vote", 0, 9, [0, 0]), ("vote", 1, 8, [3, 3])], "close")]
)
@example([Course(Plan(3, "batched", (3,)), [("vote", 0, 2, [0, 0])], "close")])
def test_no_two_pictures_of_anything_tell_fewer_than_k_ballots_apart(
    house: House, part: int, held: list[Course]
) -> None:
    """One meeting, or one after another on the same records, as when the first was voided."""
    place = house.make_round()
    meetings = [hold(house, course, place) for course in held]
    # While the next one runs and afterwards, nobody is shown more of the one before.
    for meeting in meetings:
        meeting.look()
        meeting.check()


def test_the_watcher_reads_figures_in_every_place_that_has_them(house: House) -> None:
    with Watched(house, Plan(3, "batched", (9, 6)), house.make_round()) as meeting:
        meeting.vote(0, 9, [0, 1])
        meeting.look()
        here, records = f"/admin/meetings/{meeting.id}", meeting.records
        always = {"live", "meeting show --json", "meeting show", here}
        always |= {f"/admin/records/{record}" for record in records}
        shown = {picture.where for picture in meeting.pictures if picture.ballots == 6}
        streams = {where for where in shown if where.endswith("/events")}
        assert len(streams) == 2
        assert shown - streams == {*always, f"{here}/progress"}
        meeting.vote(1, 6, [2, 3])
        meeting.close()
    last = [picture for picture in meeting.pictures if not picture.group]
    assert {p.where for p in last if p.ballots == 15} - streams == {
        *always, "events", f"{here}/count-sheet", "box",
    }  # fmt: skip
    groups = {(picture.where, picture.group, picture.ballots) for picture in meeting.by_group()}
    assert groups == {
        (where, *group)
        for where in ("box", "grading record")
        for group in (("g1", 9), ("g2", 6))
    }  # fmt: skip


def test_a_server_killed_between_two_pictures_shows_nothing_in_between(server: Server) -> None:
    """A picture may be left out then; none comes too early, and none is of other ballots."""
    demo = open_demo(server, "--k", "3", slips=20)
    live = f"{server.base}/api/v1/meetings/{demo['meeting']}/live"
    choices = ["option1", "option2", "option3", "abstain", "option2", "option2", "option1"] * 3
    # The picture of three is lost in the first kill, that of twelve in the second.
    seen: dict[int, Counts] = {}
    for number, choice in enumerate(choices[:17], start=1):
        cast_votes(demo, 1, first=number - 1, choice=choice)
        if number in (4, 13):
            server.kill()
            server.start()
        shown = _get(live)
        assert shown["cast"] == number
        if shown["released"]:
            seen[shown["released"]["at"]] = shown["released"]["cells"]
    closed = json.loads(server.flask("meeting", "close", demo["meeting"], "--json"))
    seen[17] = closed["cells"]
    assert {6, 9, 17} <= seen.keys()
    for at, counts in seen.items():
        ballots = [Ballot("g1", dict.fromkeys(counts, choice)) for choice in choices[:at]]
        assert tally(ballots, counts) == {cell: +Counter(found) for cell, found in counts.items()}
    pictures = [Picture("live", counts) for counts in seen.values()]
    assert_no_two_pictures_tell_few_apart(pictures, 3, 17)


def _get(url: str) -> Json:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 - loopback
        value: Json = json.load(answer)
        return value


def test_a_group_in_the_end_and_a_picture_before_do_not_tell_of_one_ballot(house: House) -> None:
    """Seven ballots, k = 3: three members vote, then one more, then the three others.

    Everybody in the hall sees who votes first, and the admin's page counts slips by group. The
    picture of three ballots, taken from the members' result of four, would be the fourth member's.
    """
    with Watched(house, Plan(3, "batched", (4, 3)), house.make_round()) as meeting:
        meeting.vote(0, 4, [0, 1])
        meeting.vote(1, 3, [2, 3])
        meeting.close()
    sets = {meeting.ballots_of(p) for p in meeting.pictures if not p.group}
    groups = {meeting.members(p) for p in meeting.by_group()}
    assert not isolated([*sets, *groups], 3)


# Nothing but released pictures reaches any page

VARIES = re.compile(
    r'name="csrf_token"[^>]*value="[^"]*"|/screen/[\w.%-]+|"public_key":\s*"[^"]*"|nonce-[\w+/=-]+'
)


def everything_shown(meeting: Watched) -> dict[str, str]:
    """Every page and answer there is on an open meeting, without what chance alone makes differ."""
    house = meeting.house
    api = f"/api/v1/meetings/{meeting.code}"
    public = [api, f"{api}/live", f"{api}/box", f"/v/{meeting.code}", f"/r/{meeting.code}"]
    screen = meeting._screen()
    public += [screen, f"{screen}/meeting"]
    admin = ["/admin/", "/admin/rounds", f"/admin/rounds/{meeting.round}", "/admin/organisations"]
    admin += [f"/admin/records/{record}" for record in meeting.records]
    here = f"/admin/meetings/{meeting.id}"
    admin += [here, *(f"{here}/{page}" for page in ("progress", "close", "void", "count-sheet"))]
    shown = {path: house.app.test_client().get(path).text for path in public}
    shown |= {path: house.admin.get(path).text for path in admin}
    for stream in (f"{api}/events", f"{screen}/events"):
        shown[stream] = json.dumps(first_event(house.app, stream, len(meeting.ballots)))
    for words in (("list",), ("list", "--json"), ("show", meeting.code, "--json")):
        shown[" ".join(words)] = house.run("meeting", *words)
    names = {meeting.code: "CODE", **dict.fromkeys(_screens(shown), "SCREEN")}
    return {_without(names, where): _without(names, text) for where, text in shown.items()}


def _screens(shown: Mapping[str, str]) -> set[str]:
    return {found[0] for path in shown if (found := re.search(r"/screen/[^/]+", path))}


def _without(names: Mapping[str, str], text: str) -> str:
    for name, word in names.items():
        text = text.replace(name, word)
    return VARIES.sub("…", text)


@pytest.mark.parametrize(("policy", "shared"), [("batched", 5), ("turnout", 0)])
def test_choices_that_are_not_released_change_no_byte_of_any_page(
    tmp_path: Path, migrated_database: Path, policy: str, shared: int
) -> None:
    """Two meetings, the same but for the choices of ballots that no picture may be of yet."""
    pages = []
    for number, last in enumerate(([0, 0], [3, 4])):
        data = tmp_path / str(number)
        data.mkdir(mode=0o700)
        (data / migrated_database.name).write_bytes(migrated_database.read_bytes())
        house = House(data)
        with Watched(house, Plan(5, policy, (20, 9)), house.make_round()) as meeting:
            stages = [everything_shown(meeting)]
            if shared:
                meeting.vote(0, shared, [1, 2])
            for more in (1, 3, 1, 4):
                meeting.vote(0, more, last)
                stages.append(everything_shown(meeting))
            meeting.void()
        house.stop()
        pages.append(stages)
    for one, other in zip(*pages, strict=True):
        for path in one:
            assert one[path] == other[path], path


# The oracle itself


def test_the_oracle_sees_what_sums_and_differences_tell() -> None:
    def sets(*found: Iterable[int]) -> list[frozenset[int]]:
        return [frozenset(one) for one in found]

    first, second = range(10), range(10, 20)
    assert not isolated(sets(first, range(20)), 5)
    assert isolated(sets(first, range(11)), 5) == {10}
    assert isolated(sets(first, range(11)), 1) == frozenset()
    # Neither set holds the other, and yet their difference tells of two ballots.
    assert isolated(sets(first, range(1, 11)), 5) == {0, 10}
    # Three sets of which no two are near each other.
    assert isolated(sets(first, second, range(21)), 5) == {20}
    assert not isolated(sets(first, second, range(20)), 5)


def test_the_pairs_that_must_not_be_seen_are_refused() -> None:
    def picture(good: int, bad: int) -> Picture:
        return Picture("somewhere", {"s01.q1": {"good": good, "bad": bad}})

    assert_no_two_pictures_tell_few_apart([picture(3, 2), picture(5, 5)], 5, None)
    assert_no_two_pictures_tell_few_apart([picture(1, 1)], 5, 2)
    for pair in ([(3, 2), (4, 5)], [(3, 2), (2, 8)], [(3, 2), (2, 3)], [(1, 1)]):
        seen = [picture(*numbers) for numbers in pair]
        with pytest.raises(AssertionError):
            assert_no_two_pictures_tell_few_apart(seen, 5, None)
