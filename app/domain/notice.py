"""公示: how long a notice stands. Dates in, dates out.

The day of publication does not count (民法典第二百零一条), so that nobody has less than whole days
to object; the documents themselves only say how many days there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from app.domain.errors import BadInput
from app.domain.scheme.data import DAYS_MOST

OBJECTIONS_MOST = 5000
"""Of one version of a notice. Guards the disk only: what is no objection is dismissed at once."""

COUNTED = ("calendar", "working")
COUNTED_WORDS = {"calendar": "日历日", "working": "工作日"}
OUTCOMES = {"upheld": "属实，予以采纳", "partly": "部分属实", "not_upheld": "不属实，不予采纳"}
DISMISSALS = {"duplicate": "重复", "unrelated": "与公示无关"}
"""What may be said of several at once, with one reason: they are no objections of their own."""
SATURDAY = 5


def last_day(
    published: date,
    days: int,
    counted: str,
    off: Collection[date] = (),
    worked: Collection[date] = (),
) -> date:
    """The last day of a notice of `days` days; objections are heard until its end.

    counted: `calendar`, every day; `working`, Monday to Friday without the holidays `off`, and
    with the weekends `worked` instead of them. Raises BadInput.
    """
    if not 1 <= days <= DAYS_MOST:
        raise BadInput(f"公示天数应为 1 到 {DAYS_MOST} 的整数。")
    if counted not in COUNTED:
        raise BadInput("请选择公示天数按日历日还是工作日计算。")
    day, left = published, days
    # Holidays are typed in by hand: a list of them that never ends must not keep us here.
    for _ in range(DAYS_MOST * 10):
        day += timedelta(days=1)
        if counted == "calendar" or _is_working(day, off, worked):
            left -= 1
        if left == 0:
            return day
    raise BadInput("放假日期填得太多，算不出公示的最后一天。请检查。")


def check_exceptions(off: Collection[date], worked: Collection[date]) -> None:
    """Raise BadInput of days that cannot be what they are said to be: then somebody mistyped."""
    both = sorted(set(off) & set(worked))
    if both:
        raise BadInput(f"{both[0]} 既写成放假，又写成调休上班。请核对日期。")
    wrong = sorted(day for day in worked if day.weekday() < SATURDAY)
    if wrong:
        raise BadInput(f"{wrong[0]} 不是周末，不用写成调休上班。请核对日期。")


def is_over(ends: date, today: date) -> bool:
    """Whether the last day has passed."""
    return today > ends


def in_ranges(numbers: Iterable[int]) -> str:
    """The numbers as people write many of them: 2、5—7."""
    ranges: list[list[int]] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return "、".join(f"{a}" if a == b else f"{a}—{b}" for a, b in ranges)


def _is_working(day: date, off: Collection[date], worked: Collection[date]) -> bool:
    return day in worked or (day.weekday() < SATURDAY and day not in off)
