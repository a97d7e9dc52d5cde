"""测评结果 as tables: one for each question, a line for each subject."""

from __future__ import annotations

from typing import Any, NamedTuple

from app.domain.meeting import ABSTAIN, Form


class Line(NamedTuple):
    """One subject in one question. numbers: in the order of the table's choices.

    position: of the subject on the ballot, from 1.
    """

    position: int
    subject: str
    numbers: tuple[int, ...]
    abstained: int
    satisfaction: dict[str, Any] | None


class Table(NamedTuple):
    """One question. choices: labels. Satisfaction stands where the question decides it.

    weighted: the scheme weighs voter groups, and these satisfactions are without the weights.
    """

    title: str
    choices: tuple[str, ...]
    lines: tuple[Line, ...]
    has_satisfaction: bool
    weighted: bool = False


def result_tables(
    form: Form, counts: dict[str, dict[str, int]], satisfaction: dict[str, Any]
) -> tuple[Table, ...]:
    """counts: cell id → choice → number. satisfaction: subject id → its figures.

    Subjects whose choices differ (each domain has its own ladder) stand in tables of their own.
    """
    found = []
    for question in form.questions:
        cells = [cell for cell in form.cells if cell.question == question.id]
        for choices in dict.fromkeys(cell.choices for cell in cells):
            lines = tuple(
                Line(
                    position=position,
                    subject=subject.name,
                    numbers=tuple(counts[cell.id][choice.value] for choice in choices),
                    abstained=counts[cell.id][ABSTAIN],
                    satisfaction=satisfaction[subject.id]
                    if question.id in form.rule(subject.id).question_ids
                    else None,
                )
                for position, subject in enumerate(form.subjects, start=1)
                for cell in cells
                if cell.subject == subject.id and cell.choices == choices
            )
            labels = tuple(choice.label for choice in choices)
            decides = any(line.satisfaction is not None for line in lines)
            weighted = decides and any(
                form.rule(cell.subject).weighted for cell in cells if cell.choices == choices
            )
            found.append(Table(question.title, labels, lines, decides, weighted))
    return tuple(found)
