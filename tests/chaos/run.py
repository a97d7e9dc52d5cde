"""Break things while people vote, close the meeting, and reconcile its box."""

from __future__ import annotations

import random
import socket
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

from tests.chaos.crowd import Crowd
from tests.chaos.ledger import Counts, Expected, reconcile
from tests.chaos.phone import KNOWN, NEW, Phone
from tests.chaos.stand import Hall, Kind, Stand, Store, standing

KINDS: dict[Store, Sequence[Kind]] = {
    "SQLite": ("worker", "worker", "arbiter", "worker"),
    "PostgreSQL": ("worker", "database", "arbiter", "worker", "database"),
}
KILLS = 100
TRIES = 10
RESENDS = 12_000
SLIPS_A_ROUND = 500
SLIPS = 150
FEWER_SLIPS = 50
SOCKETS = 300
UNANSWERED = 25


class Outcome(NamedTuple):
    """One kind of fault on one store. detail: what exactly was done, and how often."""

    fault: str
    store: Store
    counts: Counts
    detail: Counter[str]


def everything(store: Store, seed: int, number: int = KILLS) -> list[Outcome]:
    """Every fault on one store; says so as it goes on."""
    found = []
    started = time.monotonic()
    for outcome in _each(store, seed, number):
        found.append(outcome)
        said = "as it should be" if not outcome.counts.wrong else outcome.counts.wrong
        passed = time.monotonic() - started
        print(f"{passed:4.0f} s  {store}, {outcome.fault}: {said}", flush=True)
    return found


def _each(store: Store, seed: int, number: int) -> Iterator[Outcome]:
    with standing(store) as stand:
        yield kills(stand, seed, number)
        yield broken_off(stand, seed, TRIES)
        yield half_open(stand, seed)
        yield resends(stand, seed, RESENDS)
    with standing(store, faulty=True) as stand:
        yield kills(stand, seed + 1, number // 5, sync=0.02)
        yield broken_off(stand, seed + 2, TRIES, ("close",), sync=0.02)
        yield full_disk(stand, seed)
        yield clock_set(stand, seed)
        yield slow_disk(stand, seed, seconds=0.2, ballots=40)


def kills(
    stand: Stand, seed: int, number: int, slips: int = SLIPS_A_ROUND, sync: float = 0.0
) -> Outcome:
    """Kill processes at random moments under load, in as many meetings as that takes.

    sync: seconds that every fsync takes longer, so that most moments are in the middle of a commit.
    """
    chance = random.Random(seed)  # noqa: S311
    total, detail = Counts(), Counter[str]()
    kinds = KINDS[stand.store]
    while detail.total() < number and not total.wrong:
        hall = stand.hall(slips)
        with _crowd(stand, hall, seed + total.meetings) as crowd:
            stand.be_faulty(sync=sync)
            while crowd.busy and detail.total() < number and not crowd.wrong:
                # In turn, so that every form has kills of every kind.
                kind = kinds[detail.total() % len(kinds)]
                time.sleep(chance.uniform(0.02, 0.5))
                stand.kill(kind, chance)
                detail[kind] += 1
                # Sometimes the next one comes before all is well.
                if chance.random() < 0.8:
                    crowd.go_on(or_end=True)
            stand.be_faulty()
        total.add(_settled(stand, hall, crowd))
    total.kills = detail.total()
    return Outcome("kill -9, slow disk" if sync else "kill -9", stand.store, total, detail)


def broken_off(
    stand: Stand, seed: int, tries: int, acts: Sequence[str] = (), sync: float = 0.0
) -> Outcome:
    """Kill the process that opens, issues, closes or voids, at any step or moment of it."""
    stand.be_faulty(sync=sync)
    chance = random.Random(seed)  # noqa: S311
    total, detail = Counts(), Counter[str]()
    for act in acts or tuple(BREAKS):
        executioner = Executioner(stand, chance, detail)
        for _ in range(tries + 1):
            if not total.wrong:
                try:
                    total.add(BREAKS[act](stand, executioner))
                except Exception as error:
                    total.wrong.append(f"{act}: {error!r}\n{traceback.format_exc()}")
    total.kills = sum(n for what, n in detail.items() if what.endswith("killed"))
    stand.be_faulty()
    fault = "kill -9 of the host, slow disk" if sync else "kill -9 of the host"
    return Outcome(fault, stand.store, total, detail)


def full_disk(stand: Stand, seed: int) -> Outcome:
    """No room for SQLite, then for no file at all; an fsync that fails; then all is well again."""
    detail = Counter[str]()
    hall = stand.hall(SLIPS)
    with _crowd(stand, hall, seed) as crowd:
        crowd.go_on(5)
        for what, full, free in (
            ("SQLite finds no room", lambda: stand.be_faulty(full=1), stand.be_faulty),
            ("no fsync succeeds", lambda: stand.be_faulty(broken=1), stand.be_faulty),
            ("no file grows", lambda: stand.limit_files(0), lambda: stand.limit_files(-1)),
        ):
            full()
            _nothing_comes_in(crowd, what)
            free()
            crowd.go_on(5)
            detail[what] += 1
    return Outcome("disk full", stand.store, _settled(stand, hall, crowd), detail)


def clock_set(stand: Stand, seed: int, shifts: Sequence[float] = (-7200, 86400, -1e6)) -> Outcome:
    """Set the clock of the wall back and forth."""
    detail = Counter[str]()
    hall = stand.hall(SLIPS)
    with _crowd(stand, hall, seed) as crowd:
        crowd.go_on(5)
        for shift in shifts:
            stand.be_faulty(clock=shift)
            crowd.go_on(5)
            detail["set"] += 1
    counts = _settled(stand, hall, crowd)
    stand.be_faulty()
    return Outcome("clock set", stand.store, counts, detail)


def slow_disk(stand: Stand, seed: int, seconds: float = 0.05, ballots: int = 15) -> Outcome:
    """Let every fsync take long."""
    hall = stand.hall(SLIPS)
    with _crowd(stand, hall, seed) as crowd:
        crowd.go_on(5)
        stand.be_faulty(sync=seconds)
        crowd.go_on(ballots)
        stand.be_faulty()
    counts = _settled(stand, hall, crowd)
    return Outcome("slow disk", stand.store, counts, Counter({"ballots meanwhile": ballots}))


def half_open(stand: Stand, seed: int, number: int = SOCKETS) -> Outcome:
    """Sockets that send half a request, or never read their answer, while others vote."""
    hall = stand.hall(FEWER_SLIPS)
    path = f"/api/v1/meetings/{hall.code}"
    body = b'{"token":"'
    begun = (
        f"POST {path}/credentials HTTP/1.1\r\nHost: ".encode(),
        f"POST {path}/ballots HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Content-Length: 500\r\n\r\n".encode()
        + body,
        f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 40,
    )
    sockets = []
    try:
        for place in range(number):
            sockets.append(socket.create_connection(("127.0.0.1", stand.server.port), 20))
            sockets[-1].sendall(begun[place % len(begun)])
        with _crowd(stand, hall, seed) as crowd:
            crowd.until(lambda: not crowd.busy, "everybody to vote beside half-open sockets")
    finally:
        for one in sockets:
            one.close()
    counts = _settled(stand, hall, crowd)
    return Outcome("half-open connections", stand.store, counts, Counter({"sockets": number}))


def resends(stand: Stand, seed: int, times: int, connections: int = 8) -> Outcome:
    """One phone sends the same ballot over and over, on several connections at once."""
    hall = stand.hall(FEWER_SLIPS)
    stubborn = hall.voters[0]
    chance = random.Random(seed)  # noqa: S311
    phones = [
        Phone(stand.server.base, hall.meeting, chance, hangs_up=0) for _ in range(connections)
    ]
    phones[0].redeem(stubborn)
    ballot = phones[0].seal(stubborn)
    with _crowd(stand, hall, seed, hall.voters[1:]) as crowd:

        def insist(phone: Phone) -> None:
            for _ in range(times):
                answer = phone.ask("ballots", ballot.body)
                if answer.done:
                    stubborn.answers.append(answer.status)
                elif answer.passes:
                    stubborn.unanswered += 1
                else:
                    crowd.wrong.append(f"a resent ballot met {answer}")
                stubborn.resent += 1

        threads = [threading.Thread(target=insist, args=(phone,)) for phone in phones]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    crowd.voters.append(stubborn)
    counts = _settled(stand, hall, crowd)
    seen = Counter(stubborn.answers)
    if seen[NEW] != 1 or seen[KNOWN] != times * connections - 1 - stubborn.unanswered:
        counts.wrong.append(f"one ballot sent {times * connections} times: {seen}")
    for phone in phones:
        phone.close()
    detail = Counter({"201": seen[NEW], "200": seen[KNOWN], "busy": stubborn.unanswered})
    return Outcome("one ballot resent", stand.store, counts, detail)


@contextmanager
def _crowd(
    stand: Stand, hall: Hall, seed: int, voters: Sequence[object] | None = None
) -> Iterator[Crowd]:
    crowd = Crowd(stand.server.base, hall.meeting, seed)
    with crowd.voting(hall.voters if voters is None else voters):  # type: ignore[arg-type]
        yield crowd


def _settled(stand: Stand, hall: Hall, crowd: Crowd) -> Counts:
    """Close the meeting and reconcile; nothing of the urn may be left."""
    box = stand.close(hall)
    counts = reconcile(box, crowd.voters, Expected(frozenset({len(hall.voters)})))
    return _with_crowd(stand, hall, crowd, counts)


def _with_crowd(stand: Stand, hall: Hall, crowd: Crowd, counts: Counts) -> Counts:
    counts.duplicates_refused = crowd.duplicates_refused
    counts.wrong += crowd.wrong
    if left := [name for name in stand.urns() if name.startswith(hall.code)]:
        counts.wrong.append(f"left of the urn: {left}")
    if counts.wrong:
        counts.wrong.append(f"log of the server:\n{stand.server.log_text()[-3000:]}")
    return counts


def _nothing_comes_in(crowd: Crowd, what: str) -> None:
    """Wait until it shows, and see that nothing is called new that is not durable."""
    for _ in range(2):
        seen, before = crowd.unanswered + UNANSWERED, _new(crowd)
        crowd.until(lambda seen=seen: crowd.unanswered >= seen, f"phones to notice: {what}")
    if _new(crowd) > before:
        crowd.wrong.append(f"{_new(crowd) - before} ballots answered as new while {what}")


def _new(crowd: Crowd) -> int:
    # One that came in before may be confirmed at any time.
    return sum(voter.answers.count(NEW) for voter in crowd.voters)


class Executioner:
    """Kills the process of one action: the first goes on to its end, to see how long it takes."""

    def __init__(self, stand: Stand, chance: random.Random, detail: Counter[str]) -> None:
        self.chance = chance
        self.detail = detail
        self._stand = stand
        self._steps = 0
        self._seconds = 0.0

    def asks(self, act: str, *arguments: object) -> bool:
        """Whether the process came to the end of an action before it was killed."""
        host, chance = self._stand.host, self.chance
        if not self._steps:
            done = host.ask(act, *arguments)
            self._steps, self._seconds = max(done.steps, 1), done.seconds
        elif self._stand.cluster and chance.random() < 0.3:
            return self._asks_without_database(act, *arguments)
        elif chance.random() < 0.6:
            done = host.ask(act, *arguments, die_at=chance.randint(1, self._steps))
        else:
            done = host.ask(act, *arguments, kill_after=chance.uniform(0.001, self._seconds))
        if done.answer is None and done.error != "killed":
            raise RuntimeError(f"{act}: {done.error}")
        self.detail[f"{act} {done.error or 'done'}"] += 1
        return done.answer is not None

    def _asks_without_database(self, act: str, *arguments: object) -> bool:
        """The same, where PostgreSQL is killed meanwhile and the action fails."""
        moment = self.chance.uniform(0, self._seconds)
        with ThreadPoolExecutor(1) as beside:
            asked = beside.submit(self._stand.host.ask, act, *arguments)
            time.sleep(moment)
            self._stand.kill("database", self.chance)
        done = asked.result()
        self.detail[f"{act} {'without' if done.error else 'before'} database killed"] += 1
        return done.answer is not None

    def sweeps(self) -> bool:
        """Mostly the service is started anew; else the voters themselves find out."""
        if self.chance.random() < 0.15:
            return False
        self._stand.host.done("sweep")
        return True


def _opening(stand: Stand, executioner: Executioner) -> Counts:
    """A meeting whose opening was killed is open, or opens at the second try."""
    draft = stand.draft(SLIPS)
    meeting_id = draft["meeting_id"]
    done = executioner.asks("open", meeting_id)
    if executioner.chance.random() < 0.5:
        stand.knock(draft["meeting"])
    executioner.sweeps()
    if stand.host.done("state", meeting_id)["state"] != "open":
        assert not done
        stand.host.done("open", meeting_id)
    hall = stand.enter(draft, 12)
    with _crowd(stand, hall, executioner.chance.randrange(10**6)) as crowd:
        crowd.until(lambda: not crowd.busy, "everybody to vote after an opening was killed")
    return _settled(stand, hall, crowd)


def _issuing(stand: Stand, executioner: Executioner) -> Counts:
    """Slips of a killed process are all issued, and nobody has them, or none is."""
    hall = stand.hall(20)
    number = 30
    with _crowd(stand, hall, executioner.chance.randrange(10**6)) as crowd:
        done = executioner.asks("issue", hall.meeting_id, "g1", number)
        crowd.until(lambda: not crowd.busy, "everybody to vote after an issuing was killed")
    box = stand.close(hall)
    issued = {len(hall.voters) + number} | (set() if done else {len(hall.voters)})
    counts = reconcile(box, crowd.voters, Expected(frozenset(issued)))
    return _with_crowd(stand, hall, crowd, counts)


def _voiding_slips(stand: Stand, executioner: Executioner) -> Counts:
    """All unused slips are voided by a process that is killed, or none is."""
    hall = stand.hall(30)
    with _crowd(stand, hall, executioner.chance.randrange(10**6), hall.voters[:20]) as crowd:
        crowd.until(lambda: not crowd.busy, "everybody to vote")
    done = executioner.asks("void_unused", hall.meeting_id)
    executioner.sweeps()
    box = stand.close(hall)
    unused = len(hall.voters) - sum(voter.begun for voter in crowd.voters)
    voided = frozenset({unused} if done else {0, unused})
    counts = reconcile(box, crowd.voters, Expected(frozenset({len(hall.voters)}), voided))
    return _with_crowd(stand, hall, crowd, counts)


def _closing(stand: Stand, executioner: Executioner) -> Counts:
    """Whoever was acknowledged before a closing was killed is in the box of the next one."""
    hall = stand.hall(40)
    crowd = Crowd(stand.server.base, hall.meeting, executioner.chance.randrange(10**6))
    crowd.ending = True
    with crowd.voting(hall.voters):
        crowd.go_on(executioner.chance.randint(1, 25))
        done = executioner.asks("close", hall.meeting_id)
        swept = executioner.sweeps()
        if not done and stand.host.done("state", hall.meeting_id)["state"] == "open":
            executioner.detail["was open again"] += 1
            if swept:
                crowd.go_on(or_end=True)
            stand.host.done("close", hall.meeting_id)
    if not swept:
        stand.host.done("sweep")
    box = stand.box(hall)
    issued = frozenset({len(hall.voters)})
    counts = reconcile(box, crowd.voters, Expected(issued, ended_early=True))
    return _with_crowd(stand, hall, crowd, counts)


def _voiding(stand: Stand, executioner: Executioner) -> Counts:
    """A meeting whose voiding was killed is voided, or goes on with every ballot that it had."""
    hall = stand.hall(30)
    with _crowd(stand, hall, executioner.chance.randrange(10**6), hall.voters[:20]) as crowd:
        crowd.until(lambda: not crowd.busy, "everybody to vote")
    executioner.asks("void", hall.meeting_id)
    stand.host.done("sweep")
    if stand.host.done("state", hall.meeting_id)["state"] == "open":
        executioner.detail["was open again"] += 1
        with crowd.voting(hall.voters[20:]):
            crowd.until(lambda: not crowd.busy, "everybody to vote after a voiding was killed")
        return _settled(stand, hall, crowd)
    counts = Counts(meetings=1, slips=len(hall.voters))
    return _with_crowd(stand, hall, crowd, counts)


BREAKS: dict[str, Callable[[Stand, Executioner], Counts]] = {
    "open": _opening,
    "issue": _issuing,
    "void_unused": _voiding_slips,
    "close": _closing,
    "void": _voiding,
}
