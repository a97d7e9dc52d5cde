"""Hold meetings, take copies of everything at every moment, and attack them all."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from app.phones.voter import NotCast
from tests.forensics.attacks import Links, link, remains, subtract, with_later_picture
from tests.forensics.capture import Capture, Files, HeldFiles, pieces_of, read_files, take, unpacked
from tests.forensics.instants import Instants, watch
from tests.forensics.meeting import CHANCE, Pattern, Stand, Variant, seeds_in
from tests.forensics.traces import traces, values_of
from tests.postgres import Postgres

Store = Literal["SQLite", "PostgreSQL"]
STORES: tuple[Store, ...] = ("SQLite", "PostgreSQL")

VOTING = "while they vote"
VOTED = "all have voted"
CRASHED = "after a crash"
BACKUP = "backup"
CLOSED = "after closing"
CLOSED_BACKUP = "backup after closing"
MOMENTS = (VOTING, VOTED, CRASHED, BACKUP, CLOSED, CLOSED_BACKUP)


class Outcome(NamedTuple):
    """One attack on one copy."""

    store: Store
    variant: Variant
    pattern: Pattern
    moment: str
    links: Links


class Plan(NamedTuple):
    """How large a meeting is. last: how many vote while the server is killed.

    voters: one more than full batches, the worst moment for a copy that knows the last batch.
    """

    voters: int = 81
    last: int = 14
    crash: bool = True
    subjects: int = 3
    k: int = 5


@contextmanager
def standing(store: Store, variant: Variant) -> Iterator[tuple[Stand, Files]]:
    """A stand for one meeting, and what there is before it is made."""
    folder = Path(tempfile.mkdtemp(prefix="mingce-forensics-"))
    cluster = Postgres() if store == "PostgreSQL" else None
    try:
        stand = Stand(folder, variant, cluster)
        try:
            yield stand, read_files(stand)
        except NotCast as failure:
            # This one goes from process to process as it is, and says why.
            said = f"a vote failed: {failure.code}, {failure}\n{stand.server.log_text()}"
            raise RuntimeError(said) from None
        finally:
            stand.server.kill()
    finally:
        if cluster:
            cluster.remove()
        shutil.rmtree(folder)


def observe(store: Store, voters: int) -> Instants:
    """Copies at moments of chance while people vote at once, at the product."""
    with standing(store, "product") as (stand, _):
        stand.open(voters)
        return watch(stand, voters)


def hold(store: Store, variant: Variant, pattern: Pattern, plan: Plan) -> list[Outcome]:
    """One meeting from its opening to its end, attacked at every moment."""
    found: list[Outcome] = []

    def note(moment: str, links: Sequence[Links]) -> None:
        found.extend(Outcome(store, variant, pattern, moment, one) for one in links)

    with standing(store, variant) as (stand, before):
        stand.open(plan.voters + plan.k - 1 + plan.last + 3, plan.subjects, plan.k)
        during = _while_voting(stand, before, plan.voters, pattern)
        note(VOTING, attack(stand, during))
        stand.settle()
        voted = take(stand, before)
        note(VOTED, attack(stand, voted))
        so_far = list(stand.cast)
        stand.vote(plan.k - 1, "sequential")
        note(VOTED, [with_later_picture(voted, so_far, stand.picture())])
        if variant == "product":
            note(BACKUP, _attack_backup(stand, closed=False))
        if plan.crash:
            note(CRASHED, attack(stand, _crash(stand, before, plan.last)))
        held = HeldFiles(stand.data)
        stand.close()
        stand.settle()
        after = take(stand, before, removed=held.removed())
        note(CLOSED, [*attack(stand, after), _search(stand, after)])
        if variant == "product":
            note(CLOSED_BACKUP, _attack_backup(stand, closed=True))
    return found


def attack(stand: Stand, capture: Capture) -> list[Links]:
    """All attacks that put together what is in one copy."""
    # In an order of chance, so that nothing here can know who came when.
    voters = CHANCE.sample(stand.cast, len(stand.cast))
    number = {id(voter): place for place, voter in enumerate(voters)}
    values = values_of(voters)
    redeemed = tuple(number[id(voter)] for voter in stand.redeemed if id(voter) in number)
    cast = tuple(number[id(voter)] for voter in stand.cast)
    found = traces(capture, values)
    links = link(found, redeemed, cast)
    # A commit that is half written is another matter: see tests.forensics.instants.
    return links if in_a_commit(capture) else [*links, subtract(capture, voters, values, stand.k)]


def in_a_commit(capture: Capture) -> bool:
    """Whether the copy was taken in the very moment of writing."""
    return any(name.endswith("-journal") and file.content for name, file in capture.files.items())


def _while_voting(stand: Stand, before: Files, voters: int, pattern: Pattern) -> Capture:
    """A copy at a moment that has nothing to do with a vote; everybody has voted on return."""
    wanted = CHANCE.randrange(voters // 2, voters - 5)
    with stand.voting(voters, pattern) as done:
        while len(stand.cast) < wanted and not done():
            time.sleep(0.002)
        time.sleep(CHANCE.uniform(0, 0.1))
        copy = take(stand, before)
        # A copy in the middle of a commit is another matter: see tests.forensics.instants.
        while in_a_commit(copy):
            copy = take(stand, before)
    return copy


def _crash(stand: Stand, before: Files, voters: int) -> Capture:
    """Everything dies while people vote; the copy is taken then, and all starts anew."""
    wanted = len(stand.cast) + voters // 2
    with stand.voting(voters, "overlapping") as done:
        while len(stand.cast) < wanted and not done():
            time.sleep(0.002)
        stand.kill()
        copy = take(stand, before, logical=False)
        stand.start()
    return copy


def _attack_backup(stand: Stand, closed: bool) -> list[Links]:
    """A backup by the product's own command holds nothing of a meeting but its published box."""
    with tempfile.TemporaryDirectory(prefix="mingce-backup-") as folder:
        path = Path(folder) / "backup.sqlite"
        stand.backup(path)
        files = unpacked(path.name, path.read_bytes())
    capture = Capture(files, pieces_of(files, {}), {}, "", stand.picture())
    return [*attack(stand, capture), _search(stand, capture, closed)]


def _search(stand: Stand, capture: Capture, closed: bool = True) -> Links:
    seeds = stand.seeds if closed else seeds_in(stand.data)
    return remains(capture, stand.redeemed, seeds, closed)
