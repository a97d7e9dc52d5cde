"""扣分和加分: enter how many times each item of the scheme applied to a record, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from app.actions.grading import reassess, scheme_of
from app.actions.record import get_open_record
from app.actions.step import require_open
from app.domain.errors import BadInput
from app.domain.grading import TIMES_MOST
from app.domain.scheme import ADJUSTMENT_WORDS, number_text
from app.domain.scheme import Adjustment as Item
from app.models import Adjustment, GradingRecord, db

REASON_LEAST, REASON_MOST = 2, 500
_TIMES = re.compile(r"\d{1,4}", re.ASCII)


class AdjustmentWish(NamedTuple):
    """One item as typed."""

    times: str
    reason: str


class Line(NamedTuple):
    """One item and what stands of it in a record; kept: None where it did not apply."""

    item: Item
    kept: Adjustment | None

    @property
    def key(self) -> str:
        """What names the item's fields in a form."""
        return f"{self.item.kind}-{self.item.position}"

    @property
    def words(self) -> str:
        """Such as `材料迟报2次，扣4分（一月、三月报表）`; empty where it did not apply."""
        if self.kept is None:
            return ""
        amount = number_text(self.item.amount(self.kept.times))
        verb = ADJUSTMENT_WORDS[self.item.kind]
        return f"{self.item.name}{self.kept.times}次，{verb}{amount}分（{self.kept.reason}）"


def adjustments_of(record: GradingRecord) -> list[Line]:
    """Every item of the record's domain, deductions first; empty where the scheme has none."""
    scheme = scheme_of(record.round)
    items = [i for kind in ADJUSTMENT_WORDS for i in scheme.adjustments(kind, record.domain)]
    if not items:
        return []
    kept = {(a.kind, a.position): a for a in record.adjustments}
    return [Line(item, kept.get((item.kind, item.position))) for item in items]


def save_adjustments(
    record_id: int, wishes: Mapping[str, AdjustmentWish], day: date
) -> GradingRecord:
    """Enter all items of a record anew; the proposal follows. wishes: by the lines' keys.

    An item that did not apply has no times and no reason. Raises BadInput, StepOver.
    """
    record = get_open_record(record_id)
    lines = adjustments_of(record)
    if not lines:
        raise BadInput("这个方案没有扣分和加分的规定。")
    read = [(line, *_read(line.item, wishes.get(line.key))) for line in lines]
    require_open(record, "superior", day)
    for line, times, reason in read:
        _keep(record, line, times, reason)
    reassess(record)
    db.session.commit()
    return record


def _read(item: Item, wish: AdjustmentWish | None) -> tuple[int, str]:
    if wish is None:
        raise BadInput("扣分和加分的项目有变化，请刷新页面重新填写。")
    typed, reason = wish.times.strip(), " ".join(wish.reason.split())
    if typed and (not _TIMES.fullmatch(typed) or int(typed) > TIMES_MOST):
        raise BadInput(f"“{item.name}”的次数应为 0 到 {TIMES_MOST} 的整数；没有发生就空着。")
    times = int(typed or 0)
    if times and not REASON_LEAST <= len(reason) <= REASON_MOST:
        raise BadInput(f"“{item.name}”发生了 {times} 次，请写明事由（{REASON_MOST} 字以内）。")
    if reason and not times:
        raise BadInput(f"“{item.name}”写了事由，请填次数；没有发生的，事由也请空着。")
    return times, reason


def _keep(record: GradingRecord, line: Line, times: int, reason: str) -> None:
    kept = line.kept
    if kept is None and times:
        record.adjustments.append(
            Adjustment(
                record_id=record.id,
                kind=line.item.kind,
                position=line.item.position,
                times=times,
                reason=reason,
            )
        )
    elif kept is not None and times:
        kept.times, kept.reason = times, reason
    elif kept is not None:
        record.adjustments.remove(kept)
        db.session.delete(kept)
