"""调查摸底: what is asked of an organisation and of a household, and which facts follow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from app.domain.errors import BadInput
from app.domain.scheme import Scheme

FieldType = Literal["integer", "number", "yes_no", "text"]
Answers = dict[str, Any]
"""Field name → whole number, True or False, another number as its text, or words."""

TEXT_MOST = 1000
RATINGS = ("满意", "基本满意", "不满意", "不了解")
VISIT_FACTS = ("household_visits", "household_satisfaction")
INTERVIEWED = ("党员", "村民代表", "群众", "服务对象", "其他")

_INTEGER = re.compile(r"\d{1,6}", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,4})?", re.ASCII)


@dataclass(frozen=True)
class Field:
    """One line of the survey. source: the document's words from which it is taken.

    required: before the survey counts as done.
    """

    name: str
    title: str
    type: FieldType
    part: str
    source: str = ""
    unit: str = ""
    required: bool = False


_AWU = "对班子建设、队伍建设、制度建设以及经费场所保障、发挥作用、社会评价等方面的基本情况摸透"
_AWU_CAUSES = "把问题找准,把原因搞清,做到底数清楚、情况明了、心中有数"
_AWU_WAYS = "通过召开座谈会、个别谈话、实地查看、查看资料等形式"
_SHANGDU = "对班子不健全的,同时要邀请部分党员代表参加。"
_THREE_YEARS = "嘎查村党支部三年未发展党员名单;连续3年未发展新党员"

FIELDS = (
    Field("leaders", "班子成员", "integer", "班子建设", _AWU, "人"),
    Field("leadership_complete", "班子是否健全", "yes_no", "班子建设", _SHANGDU, required=True),
    Field("members", "党员", "integer", "队伍建设", _AWU, "人", required=True),
    Field("members_developed", "近三年发展党员", "integer", "队伍建设", _THREE_YEARS, "人"),
    Field(
        "years_without_new_member", "连续未发展新党员的年数", "integer", "队伍建设",
        _THREE_YEARS, "年", required=True,
    ),
    Field("systems", "制度建设情况", "text", "制度建设", _AWU),
    Field("income", "集体经济（或单位）年收入", "number", "经费场所保障", _AWU, "万元"),
    Field("funds", "党建工作经费", "number", "经费场所保障", _AWU, "元/年"),
    Field("place", "有没有活动场所", "yes_no", "经费场所保障", _AWU),
    Field("role", "发挥作用情况", "text", "发挥作用", _AWU),
    Field("reputation", "社会评价（群众反映）", "text", "社会评价", _AWU),
    Field("problems", "存在的主要问题", "text", "问题和原因", _AWU_CAUSES, required=True),
    Field("causes", "原因", "text", "问题和原因", _AWU_CAUSES),
    Field("ways", "通过哪些形式了解（座谈会、个别谈话、实地查看、查看资料等）", "text",
          "问题和原因", _AWU_WAYS),
)  # fmt: skip


def fields_for(scheme: Scheme) -> tuple[Field, ...]:
    """The survey of a round: what the documents name, and what else the scheme's rules ask for."""
    known = {field.name for field in FIELDS}
    return FIELDS + tuple(
        Field(fact.name, fact.title, fact.type, "方案要看的其他情况", fact.clause)
        for fact in scheme.facts
        if fact.name not in known
    )


def read_answers(fields: Iterable[Field], typed: Mapping[str, str]) -> Answers:
    """What was typed, by field; what is empty is left out. Raises BadInput."""
    found = {field.name: _answer(field, typed.get(field.name, "").strip()) for field in fields}
    answers = {name: value for name, value in found.items() if value is not None}
    if answers.get("members_developed") and answers.get("years_without_new_member", 0) >= 3:
        raise BadInput("近三年发展过党员，就不会连续三年未发展新党员。请核对这两项。")
    if answers.get("leaders", 0) > answers.get("members", 1_000_000):
        raise BadInput("班子成员比党员还多。请核对这两项。")
    return answers


def require_whole(fields: Iterable[Field], answers: Answers) -> None:
    """Raise BadInput naming what is still to be filled in."""
    lacking = [f.title for f in fields if f.required and f.name not in answers]
    if lacking:
        raise BadInput(f"还缺：{'、'.join(lacking)}。请补填，或先点“保存”，以后再填完。")


def _answer(field: Field, text: str) -> Any:
    if not text:
        return None
    if field.type == "text":
        if len(text) > TEXT_MOST:
            raise BadInput(f"“{field.title}”不能超过 {TEXT_MOST} 字。")
        return text
    if field.type == "yes_no":
        if text not in ("yes", "no"):
            raise BadInput(f"“{field.title}”请选择是或否。")
        return text == "yes"
    if field.type == "integer":
        if not _INTEGER.fullmatch(text):
            raise BadInput(f"“{field.title}”应为不小于 0 的整数；不清楚就空着。")
        return int(text)
    if not _NUMBER.fullmatch(text):
        raise BadInput(f"“{field.title}”应为不小于 0 的数字，如 12.5；不清楚就空着。")
    return text


class VisitSummary(NamedTuple):
    """All household visits of one organisation. ratings: indicator → rating → number.

    satisfied, rated: answers 满意 or 基本满意, and all but 不了解, of all indicators together.
    """

    visits: int
    ratings: dict[str, dict[str, int]]
    satisfied: int
    rated: int


def sum_up(indicators: Sequence[str], visits: Sequence[Mapping[str, str]]) -> VisitSummary:
    """visits: of each household, indicator → rating."""
    ratings = {
        indicator: {r: sum(visit.get(indicator) == r for visit in visits) for r in RATINGS}
        for indicator in indicators
    }
    satisfied = sum(counts[r] for counts in ratings.values() for r in RATINGS[:2])
    rated = sum(counts[r] for counts in ratings.values() for r in RATINGS[:3])
    return VisitSummary(len(visits), ratings, satisfied, rated)


def read_ratings(indicators: Sequence[str], typed: Sequence[str]) -> dict[str, str]:
    """Indicator → rating, as typed; what was not asked is left out. Raises BadInput."""
    if len(typed) != len(indicators) or any(text and text not in RATINGS for text in typed):
        raise BadInput("请在所列的选项里选择，或刷新页面重新填写。")
    found = {name: text for name, text in zip(indicators, typed, strict=True) if text}
    if not found:
        raise BadInput("请至少填写一项评价。")
    return found


def facts_from(scheme: Scheme, answers: Mapping[str, Any], visits: VisitSummary) -> dict[str, Any]:
    """What the survey says of the facts that the scheme's rules ask for; by name.

    VISIT_FACTS, the number of visits and the rate of satisfied answers in percent, come from the
    visits, where a scheme asks for them.
    """
    known = dict(answers)
    if visits.visits:
        known[VISIT_FACTS[0]] = visits.visits
    if visits.rated:
        # Rounded down: a rate shall not look as if it had reached what it has not.
        whole, rest = divmod(visits.satisfied * 10_000 // visits.rated, 100)
        known[VISIT_FACTS[1]] = f"{whole}.{rest:02d}"
    return {fact.name: known[fact.name] for fact in scheme.facts if fact.name in known}
