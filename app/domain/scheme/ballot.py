"""Reading the ballot's questions and how satisfaction is formed from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from app.domain.scheme.groups import EmptyGroup, MergedGroups
from app.domain.scheme.ladder import Ladder
from app.domain.scheme.reader import Table
from app.domain.scheme.satisfaction import QuestionKind, SatisfactionForm
from app.domain.scheme.values import OPTIONS_MOST, Choice, Indicator, QuestionForm

KINDS: tuple[QuestionKind, ...] = get_args(QuestionKind)
EMPTY_GROUP: tuple[EmptyGroup, ...] = get_args(EmptyGroup)
MERGED_GROUPS: tuple[MergedGroups, ...] = get_args(MergedGroups)


def read_questions(top: Table, indicators: Sequence[Indicator]) -> tuple[QuestionForm, ...]:
    """`[[questions]]`: what the ballot asks, as the file has it."""
    found = tuple(_read_question(table) for table in top.tables("questions", required=True))
    by_indicator = [question for question in found if question.kind == "indicator"]
    if len(by_indicator) > 1:
        top.complain("questions", "按指标测评的题目（indicator）只应写一个，系统按指标逐项出题。")
    if by_indicator and not indicators:
        top.complain("questions", "写了按指标测评的题目，还应写出指标（[[indicators]]）。")
    return found


def _read_question(table: Table) -> QuestionForm:
    kind = table.one_of("kind", KINDS, required=True) or "satisfaction"
    title = table.text("title", required=kind != "indicator")
    clause, convention = table.text("clause"), table.text("convention") or None
    options = _read_options(table)
    table.close()
    if kind == "grade" and table.has("options"):
        table.complain("options", "评等级的题目不用写选项，选项就是该领域的等级。")
    if kind != "grade" and not table.has("options"):
        table.complain("options", '缺少这一项，应为一列选项，好的在前，如 ["满意", "不满意"]。')
    return QuestionForm(kind, title, options, clause, convention)


def _read_options(table: Table) -> tuple[Choice, ...]:
    """A list of labels, or of `{label, weight}`."""
    listed = table.values.get("options")
    if isinstance(listed, list) and listed and all(isinstance(item, dict) for item in listed):
        parts = table.tables("options")
        pairs = [(part.text("label", required=True), part.number("weight")) for part in parts]
        for part in parts:
            part.close()
    else:
        pairs = [(label, None) for label in table.texts("options")]
    labels = [label for label, _ in pairs]
    if pairs and not 2 <= len(pairs) <= OPTIONS_MOST:
        table.complain("options", f"应有2到{OPTIONS_MOST}个选项。")
    if len(set(labels)) < len(labels) or "弃权" in labels:
        table.complain("options", "选项不应重复，也不应写“弃权”（系统总是允许弃权）。")
    return tuple(Choice(f"option{n}", label, weight) for n, (label, weight) in enumerate(pairs, 1))


def read_satisfaction(
    top: Table, questions: Sequence[QuestionForm], in_force: Mapping[str, tuple[Ladder, ...]]
) -> SatisfactionForm | None:
    """`[satisfaction]`; in_force: domain code → the ladders that may come to be in force there."""
    table = top.table("satisfaction", required=True)
    if table is None or not questions:
        return None
    kind = table.one_of("kind", KINDS, required=True) or questions[0].kind
    satisfied = _read_satisfied(table)
    left_out = table.texts("left_out")
    form = SatisfactionForm(
        kind=kind,
        satisfied=satisfied,
        left_out=left_out,
        abstain_counts=table.flag("abstain_counts", default=True),
        invalid_counts=table.one_of("denominator", ("valid", "cast")) == "cast",
        clause=table.text("clause"),
        convention=table.text("convention") or None,
        empty_group=table.one_of("empty_group", EMPTY_GROUP),
        merged_groups=table.one_of("merged_groups", MERGED_GROUPS),
    )
    table.close()
    asked = [question for question in questions if question.kind == kind]
    if not asked:
        table.complain("kind", f'测评票上没有 kind = "{kind}" 的题目，满意率无从算起。')
    elif len({question.options for question in asked}) > 1:
        table.complain("kind", "用来算满意率的各题，选项应相同。")
    elif asked:
        _check_satisfied(table, form, asked[0], in_force)
    return form


def _read_satisfied(table: Table) -> dict[str, tuple[str, ...]]:
    if table.has("satisfied") and isinstance(table.values["satisfied"], dict):
        inner = table.table("satisfied", required=True)
        return {} if inner is None else {name: inner.texts(name) for name in inner.values}
    return {"*": table.texts("satisfied", required=True)}


def _check_satisfied(
    table: Table,
    form: SatisfactionForm,
    question: QuestionForm,
    in_force: Mapping[str, tuple[Ladder, ...]],
) -> None:
    ladders = {ladder.name: ladder for found in in_force.values() for ladder in found}
    for name in form.satisfied:
        if name != "*" and name not in ladders:
            table.complain(
                f"satisfied.{name}", f"没有用到名为“{name}”的档次；应为：{'、'.join(ladders)}。"
            )
    for ladder in ladders.values():
        labels = ladder.labels if form.kind == "grade" else tuple(c.label for c in question.options)
        listed, lawful = form.satisfied_for(ladder), "、".join(labels)
        if not listed:
            table.complain(
                "satisfied", f"没有写明档次“{ladder.name}”中哪些算满意；应取自：{lawful}。"
            )
        for label in (*listed, *form.left_out):
            if label not in labels:
                table.complain("satisfied", f"“{label}”不是选项，应取自：{lawful}。")
        if set(listed) & set(form.left_out):
            table.complain("left_out", "同一选项不应既算满意又不计入。")
