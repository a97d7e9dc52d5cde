"""Scores as people type them, and the points that an admin gives the indicators of a round."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from app.domain.errors import BadInput
from app.domain.scheme import Scheme, number_text

_SCORE = re.compile(r"\d{1,4}(\.\d{1,6})?", re.ASCII)


def read_points(scheme: Scheme, typed: Sequence[str]) -> tuple[Decimal, ...]:
    """The points of each indicator; together they make the scheme's total. Raises BadInput."""
    if len(typed) != len(scheme.indicators):
        raise BadInput("指标有变化，请刷新页面重新填写。")
    found = []
    for indicator, text in zip(scheme.indicators, map(str.strip, typed), strict=True):
        if not _SCORE.fullmatch(text) or not Decimal(text):
            raise BadInput(f"请填写“{indicator.name}”的分值，应为大于 0 的数，如 15。")
        found.append(Decimal(text))
    if sum(found) != scheme.total:
        raise BadInput(
            f"各项分值合计 {sum(found):f} 分，应为 {number_text(scheme.total)} 分，请调整。"
        )
    return tuple(found)


def read_score(title: str, text: str, most: Decimal | Fraction) -> Decimal | None:
    """A score from 0 to `most` points; None of an empty text. Raises BadInput."""
    text = text.strip()
    if not text:
        return None
    if not _SCORE.fullmatch(text) or Decimal(text) > most:
        raise BadInput(f"“{title}”应为 0 到 {number_text(Fraction(most))} 的数，如 8.5。")
    return Decimal(text)


def total_of(scores: Sequence[Decimal | None]) -> Decimal | None:
    """The sum; None while one is missing."""
    known = [score for score in scores if score is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(scores) else None
