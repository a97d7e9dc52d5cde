"""Numbers as people write them, read and written exactly."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

DIGITS_MOST = 12
"""Digits before and after the point; without a limit `1e999999999` would fill the memory."""

# \uff05 is the full-width percent sign of a Chinese keyboard.
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,12})?)\s*[%\uff05]", re.ASCII)
_RATIO = re.compile(r"(\d{1,6})\s*/\s*(\d{1,6})", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,12})?", re.ASCII)


def read_number(value: object) -> Fraction | None:
    """An integer, a decimal, or either as text; None for anything else (never from a float)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Fraction(value) if abs(value) < 10**DIGITS_MOST else None
    if isinstance(value, Decimal):
        return _read_decimal(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Fraction(value.strip())
    return None


def _read_decimal(value: Decimal) -> Fraction | None:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -DIGITS_MOST or value.adjusted() >= DIGITS_MOST:
        return None
    return Fraction(value)


def read_rate(value: object) -> Fraction | None:
    """A rate between 0 and 1 from `"90%"` or `"2/3"`; None for anything else."""
    if not isinstance(value, str):
        return None
    if percent := _PERCENT.fullmatch(value.strip()):
        rate = Fraction(percent[1]) / 100
    elif (ratio := _RATIO.fullmatch(value.strip())) and int(ratio[2]):
        rate = Fraction(int(ratio[1]), int(ratio[2]))
    else:
        return None
    return rate if rate <= 1 else None


def number_text(value: Fraction) -> str:
    """The exact number: `95`, `89.5`; as a fraction where its decimals never end."""
    digits = _decimal_places(value.denominator)
    if digits is None:
        return str(value)
    if digits == 0:
        return str(value.numerator)
    scaled = abs(value.numerator) * 10**digits // value.denominator
    whole, rest = divmod(scaled, 10**digits)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{digits}d}"


def rate_text(rate: Fraction) -> str:
    """The exact rate: `90%`, `2/3`."""
    percent = rate * 100
    return str(rate) if _decimal_places(percent.denominator) is None else f"{number_text(percent)}%"


def _decimal_places(denominator: int) -> int | None:
    """How many decimals 1/denominator has; None where they never end."""
    twos = fives = 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    return max(twos, fives) if denominator == 1 else None
