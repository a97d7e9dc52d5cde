"""Voters who vote at once while something breaks, and come back until they are answered."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from app.phones.voter import Meeting, NotCast
from tests.chaos.phone import GaveUp, Phone, Refused, Voter

AT_ONCE = 14
THINKING_SECONDS = 0.4
PATIENCE_SECONDS = 180.0
"""How long voters who have begun may take to be answered once nothing breaks any more."""

WALKS_AWAY, RESENDS, CHEATS = 0.03, 0.1, 0.1
"""How often somebody redeems and never casts, sends a ballot again that is in, or tries to use a
slip or a credential twice."""


class Crowd:
    """wrong: what no voter may meet. acknowledged: how many ballots are. ending: whether the
    meeting may end while they vote. duplicates_refused: tries to use a slip or a credential twice.
    """

    def __init__(self, base: str, meeting: Meeting, seed: int) -> None:
        self.base = base
        self.meeting = meeting
        self.seed = seed
        self.voters: list[Voter] = []
        self.wrong: list[str] = []
        self.acknowledged = 0
        self.duplicates_refused = 0
        self.ending = False
        self._line: deque[Voter] = deque()
        self._busy = 0
        self._lock = threading.Lock()
        self._last_orders = threading.Event()
        self._stop = threading.Event()

    @contextmanager
    def voting(
        self, voters: Sequence[Voter], at_once: int = AT_ONCE, last_orders: bool = True
    ) -> Iterator[Crowd]:
        """Let them vote meanwhile. At the end of the block nobody new begins where these are the
        `last_orders`, and everybody who has begun is waited for.
        """
        self.voters += voters
        self._line.extend(voters)
        self._last_orders.clear()
        self._stop.clear()
        threads = [
            threading.Thread(target=self._hold, args=(self.seed * 1000 + number,), daemon=True)
            for number in range(at_once)
        ]
        for thread in threads:
            thread.start()
        try:
            yield self
            if last_orders:
                self._last_orders.set()
            deadline = time.monotonic() + PATIENCE_SECONDS
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        finally:
            self._last_orders.set()
            self._stop.set()
            for thread in threads:
                thread.join()

    @property
    def busy(self) -> bool:
        """Whether anybody is still to vote."""
        with self._lock:
            return bool(self._line) or self._busy > 0

    @property
    def unanswered(self) -> int:
        """How often a phone had no answer, or was told to wait."""
        return sum(voter.unanswered for voter in self.voters)

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait until something has happened; blame where nobody is left by whom it may."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not happened():
            busy = self.busy
            if time.monotonic() > deadline or not (busy or happened()):
                self.wrong.append(f"waited in vain for {what}; anybody left: {busy}")
                return
            time.sleep(0.005)

    def go_on(self, more: int = 1, or_end: bool = False) -> None:
        """Wait until so many more ballots are acknowledged, `or_end` where nobody is left."""
        wanted = self.acknowledged + more
        self.until(
            lambda: self.acknowledged >= wanted or (or_end and not self.busy), "votes to go on"
        )

    def _hold(self, seed: int) -> None:
        """One phone that voters share one after another."""
        chance = random.Random(seed)  # noqa: S311 - made-up choices
        phone = Phone(self.base, self.meeting, chance)
        try:
            while (voter := self._next()) is not None:
                try:
                    self._vote(phone, chance, voter)
                except GaveUp:
                    with self._lock:
                        self._line.append(voter)
                except Exception as error:
                    self._blame(voter, error)
                finally:
                    with self._lock:
                        self._busy -= 1
        finally:
            phone.close()

    def _next(self) -> Voter | None:
        while not self._stop.is_set():
            with self._lock:
                for _ in range(len(self._line)):
                    voter = self._line.popleft()
                    if voter.begun or not self._last_orders.is_set():
                        self._busy += 1
                        return voter
                if not self._busy:
                    return None
            time.sleep(0.02)
        return None

    def _vote(self, phone: Phone, chance: random.Random, voter: Voter) -> None:
        if voter.credential is None:
            phone.redeem(voter)
            if chance.random() < WALKS_AWAY:
                return
            time.sleep(chance.uniform(0, THINKING_SECONDS))
        if not voter.acknowledged:
            phone.cast(voter)
            with self._lock:
                self.acknowledged += 1
        if chance.random() < RESENDS:
            phone.cast_again(voter)
        if chance.random() < CHEATS:
            self._cheat(phone, chance, voter)

    def _cheat(self, phone: Phone, chance: random.Random, voter: Voter) -> None:
        trick, code = chance.choice(
            [(phone.redeem_again, "slip_used"), (phone.cast_otherwise, "already_cast")]
        )
        try:
            trick(voter)
        except GaveUp:
            return
        except Refused as refusal:
            if refusal.code != code:
                raise
            with self._lock:
                self.duplicates_refused += 1
        else:
            self._blame(voter, AssertionError(f"{trick.__name__} was let through"))

    def _blame(self, voter: Voter, error: Exception) -> None:
        if isinstance(error, Refused):
            voter.refused = str(error.code)
            if self.ending and error.code in ("meeting_closed", "meeting_not_open"):
                return
        with self._lock:
            said = f"{error.code}, {error}" if isinstance(error, NotCast) else repr(error)
            self.wrong.append(f"a voter met {said}; answers so far {voter.answers}")
