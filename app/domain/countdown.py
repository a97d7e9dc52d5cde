"""倒计时: voting ends by itself after so many seconds, or once all who have scanned have cast."""

from __future__ import annotations

from typing import NamedTuple

CHOICES = (60, 120, 300)
"""Seconds that a host may choose."""

WAIT = 0
"""Chosen instead: no time is set, and voting ends when everybody who has scanned has cast."""

EXTRA = 60
"""Seconds that are added where somebody asks for more time."""

GRACE = 15
"""Seconds that phones get at least where nobody has kept a countdown, as the server was down."""


class Countdown(NamedTuple):
    """ends: seconds since 1970; None: it waits for those who have scanned. seconds: that it lasts.

    present: 实到, for the count sheet. who: those who have agreed. problem: why voting did not end
    when the time was up; such a countdown has stopped.
    """

    ends: int | None
    seconds: int
    present: int | None
    who: str
    problem: str = ""

    @property
    def runs(self) -> bool:
        """Whether it will end the voting."""
        return not self.problem

    def left(self, now: float) -> int | None:
        """Seconds that are left, whatever becomes of the machine's clock; None where it waits."""
        if self.ends is None:
            return None
        return max(0, min(self.ends - int(now), self.seconds))


def is_choice(seconds: int) -> bool:
    """Whether a host may choose so many seconds, or to wait."""
    return seconds == WAIT or seconds in CHOICES
