"""上级评定: which grades a superior may decide on, beside what the scheme proposes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from app.domain.errors import BadInput
from app.domain.scheme import Ladder, Rule, Scheme
from app.domain.scheme.condition import Compare, Voted

REASON_LEAST, REASON_MOST = 4, 1000
NO_PROPOSAL = "还没有建议等级。请先录入上级评定分。"
_LIMITS = ("cap", "floor_to", "veto")


class Latitude(NamedTuple):
    """What may be decided. grades: best first, empty while nothing can be. hindrance: why.

    asked: why a written reason is wanted whatever the grade is; empty where it is not.
    """

    grades: tuple[str, ...]
    hindrance: str
    asked: str


def latitude(
    scheme: Scheme,
    ladder: Ladder,
    proposed: str | None,
    trace: Iterable[Mapping[str, str]],
    tested: bool,
    awaited: bool = False,
) -> Latitude:
    """The grades from the proposed one down: stricter is lawful, better never is.

    trace: of the proposal, as the record keeps it. tested: the meeting's result is final. awaited:
    there is a meeting that will have one. While a rule that could lower the grade cannot be judged,
    nothing can be decided; rules on a meeting that is not held are left aside, with a reason.
    """
    lines = list(trace)
    limits = {
        rule.id
        for rule in scheme.rules
        if rule.effect in _LIMITS and (tested or not _rests_on_meeting(rule))
    }
    open_rules = [t for t in lines if t["effect"] == "pending" and t["rule"] in limits]
    unformed = [t["because"] for t in lines if t["effect"] == "unformed"]
    asked = "有规则要求说明理由" if any(t["effect"] == "flag" for t in lines) else ""
    if not tested:
        asked = "没有测评，须说明原因"
    if not tested and awaited:
        hindrance = "党员群众测评还没有最终结果。请等测评会计票后再评定。"
    elif unformed and (open_rules or proposed is None):
        hindrance = f"{unformed[0]}。"
    elif open_rules:
        hindrance = f"{open_rules[0]['because']}：{open_rules[0]['clause']} 请先补齐。"
    elif proposed is None:
        missing = [t["because"] for t in lines if t["effect"] == "missing"]
        others = [words for words in missing if not words.startswith("尚无上级评定分，")]
        hindrance = f"还没有建议等级：{others[0]}，请先补齐。" if others else NO_PROPOSAL
    else:
        return Latitude(ladder.labels[ladder.rank(proposed) :], "", asked)
    return Latitude((), hindrance, asked)


def require_lawful(
    allowed: Latitude, trace: Iterable[Mapping[str, str]], grade: str, reason: str
) -> None:
    """Raise BadInput where this grade may not be decided, or not without a written reason."""
    if allowed.hindrance:
        raise BadInput(allowed.hindrance)
    if not grade:
        raise BadInput("请选择评定等级。")
    proposed = allowed.grades[0]
    if grade not in allowed.grades:
        because = [f"{t['because']}（{t['clause']}）" for t in trace if t["effect"] in _LIMITS]
        basis = f"依据：{because[0]}。" if because else "建议等级由分数决定，要改请先核对评分。"
        raise BadInput(f"不能评为“{grade}”，最高只能评为“{proposed}”。{basis}")
    if len(reason) > REASON_MOST:
        raise BadInput(f"理由不能超过 {REASON_MOST} 字。")
    if (grade != proposed or allowed.asked) and len(reason) < REASON_LEAST:
        why = allowed.asked if grade == proposed else f"低于建议等级“{proposed}”"
        raise BadInput(f"评为“{grade}”{why}，请写明理由（至少 {REASON_LEAST} 个字）。")


def is_outdated(ladder: Ladder, decided: str, reason: str, proposed: str | None) -> bool:
    """Whether a decision could not be taken by now: better than the record's figures allow, or
    lower without a written reason."""
    if proposed is None or decided not in ladder.labels or proposed not in ladder.labels:
        return True
    lower = ladder.rank(decided) - ladder.rank(proposed)
    return lower < 0 or (lower > 0 and len(reason) < REASON_LEAST)


def unjudged(scheme: Scheme, trace: Iterable[Mapping[str, str]], tested: bool) -> bool:
    """Whether a rule of the scheme is still open for want of something that can be entered.

    tested: False excuses the rules on the meeting's result.
    """
    excused = set() if tested else {rule.id for rule in scheme.rules if _rests_on_meeting(rule)}
    rules = {rule.id for rule in scheme.rules} - excused
    return any(line["effect"] == "pending" and line["rule"] in rules for line in trace)


def require_correctable(
    scheme: Scheme, ladder: Ladder, trace: Iterable[Mapping[str, str]], grade: str
) -> None:
    """Raise BadInput where a correction would get past what the testing meeting allows.

    A score or a fact may have been entered wrongly; but 不得随意更改测评结果和考核结果 (怀乡中学
    2012, 五之二): a grade that a rule on the meeting's result keeps down stays down.
    """
    rules = {rule.id: rule for rule in scheme.rules if _rests_on_meeting(rule)}
    for line in trace:
        rule = rules.get(line["rule"])
        if rule is None or rule.target is None or line["effect"] not in _LIMITS:
            continue
        most = rule.target.of(ladder)
        if most is not None and ladder.rank(grade) < ladder.rank(most):
            raise BadInput(
                f"不能更正为“{grade}”，最高只能是“{most}”。依据：{line['because']}（{line['clause']}）。"
                "更正不能改变测评结果。"
            )


def _rests_on_meeting(rule: Rule) -> bool:
    return any(
        isinstance(part, Voted)
        or (
            isinstance(part, Compare)
            and (part.measure == "satisfaction" or (part.measure, part.name) == ("score", "mass"))
        )
        for part in rule.when.walk()
    )
