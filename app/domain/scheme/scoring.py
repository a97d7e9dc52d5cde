"""Reading `[score]`: which scores decide, and of what the mass score is formed."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import get_args

from app.domain.scheme.numbers import number_text
from app.domain.scheme.reader import Table
from app.domain.scheme.satisfaction import SatisfactionForm
from app.domain.scheme.values import SCORE_TITLES, MassFrom, QuestionForm, Scoring

MASS_FROM: tuple[MassFrom, ...] = get_args(MassFrom)


def read_scoring(
    top: Table,
    questions: Sequence[QuestionForm],
    satisfaction: SatisfactionForm | None,
    total: Fraction,
) -> Scoring:
    """`[score]`, and the points of the ballot's options (`weight`), which form the mass score."""
    scored = _scored_kinds(top, questions, satisfaction.left_out if satisfaction else (), total)
    table = top.table("score")
    if table is None:
        return Scoring(mass_from=_only(top, "score.mass_from", scored))
    weights = _read_weights(table)
    decided_by = table.one_of("decided_by", ("superior",))
    if weights and decided_by:
        table.complain("weights", "decided_by 与 weights 只应写一样。")
    scoring = Scoring(
        weights,
        table.text("clause"),
        table.text("convention") or None,
        _read_mass_from(table, scored),
        table.flag("bounded", default=True),
        table.number("deductions_most"),
        table.number("bonuses_most"),
    )
    table.close()
    return scoring


def _scored_kinds(
    top: Table, questions: Sequence[QuestionForm], left_out: tuple[str, ...], total: Fraction
) -> tuple[MassFrom, ...]:
    """The kinds of question all of whose options have points; `left_out` need none."""
    found: dict[MassFrom, None] = {}
    for number, question in enumerate(questions, 1):
        counted = [option for option in question.options if option.label not in left_out]
        points = [option.weight for option in counted if option.weight is not None]
        key = f"questions[{number}].options"
        if points and len(points) < len(counted):
            top.complain(
                key, "分（weight）应要么每个选项都写，要么都不写；不计入满意率的选项除外。"
            )
        elif any(point > total for point in points):
            top.complain(key, f"选项的分（weight）应不超过总分{number_text(total)}。")
        elif points and question.kind != "grade":
            found[question.kind] = None
    return tuple(found)


def _read_mass_from(table: Table, scored: tuple[MassFrom, ...]) -> MassFrom | None:
    chosen = table.one_of("mass_from", MASS_FROM)
    if chosen is None:
        return None if table.has("mass_from") else _only(table, "mass_from", scored)
    if chosen != "rate" and chosen not in scored:
        table.complain("mass_from", f'kind = "{chosen}" 的题目，选项没有写分（weight）。')
    return chosen


def _only(table: Table, key: str, scored: tuple[MassFrom, ...]) -> MassFrom | None:
    if len(scored) > 1:
        kinds = "、".join(scored)
        table.complain(key, f"几类题目的选项都写了分，应写明由哪一类得出：{kinds}。")
    return scored[0] if scored else None


def _read_weights(table: Table) -> dict[str, Fraction]:
    inner = table.table("weights")
    if inner is None:
        return {}
    rates = {name: inner.rate(name) for name in SCORE_TITLES}
    inner.close()
    found = {name: rate for name, rate in rates.items() if rate}
    if sum(found.values()) != 1:
        table.complain("weights", "各项权重之和应为100%。")
    return found
