"""A scheme in JSON terms, and its rules in words."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from app.domain.scheme.condition import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    FactIs,
    InDomain,
    Not,
    Voted,
)
from app.domain.scheme.ladder import GradeTarget, Ladder
from app.domain.scheme.numbers import number_text
from app.domain.scheme.values import (
    SCORE_TITLES,
    Choice,
    Domain,
    Indicator,
    Item,
    QuestionForm,
    Rule,
    Scheme,
)

PLACE_WORDS = {"top": "最高等级", "below_top": "次高等级", "bottom": "最低等级"}


def scheme_json(scheme: Scheme) -> dict[str, Any]:
    """All that the scheme says, in the words and order of the file; every rule also in words."""
    return {
        "id": scheme.id,
        "title": scheme.title,
        "source": scheme.source,
        "notes": list(scheme.notes),
        "total": _plain(scheme.total),
        "ladder_choices": [choice.name for choice in scheme.ladder_choices],
        "ladders": [_ladder(ladder) for ladder in scheme.ladders],
        "domains": [_domain(domain) for domain in scheme.domains],
        "points_stated": scheme.points_stated,
        "indicators": [_indicator(indicator) for indicator in scheme.indicators],
        "questions": [_question(question) for question in scheme.questions],
        "satisfaction": _satisfaction(scheme),
        "score": {
            "decided_by": "weights" if scheme.scoring.weights else "superior",
            "weights": _plain(scheme.scoring.weights),
            "mass_from": scheme.scoring.mass_from,
            "bounded": scheme.scoring.bounded,
            "deductions_most": _plain(scheme.scoring.deductions_most),
            "bonuses_most": _plain(scheme.scoring.bonuses_most),
            "clause": scheme.scoring.clause,
            "convention": scheme.scoring.convention,
        },
        "facts": [
            {"name": f.name, "title": f.title, "type": f.type, "clause": f.clause}
            for f in scheme.facts
        ],
        "rules": [_rule(scheme, rule) for rule in scheme.rules],
        **_plain(scheme.data),
    }


def rule_words(scheme: Scheme, rule: Rule) -> str:
    """A rule as a sentence, such as `满意率低于90%：不得高于次高等级`."""
    return f"{condition_words(scheme, rule.when)}：{effect_words(rule)}"


def effect_words(rule: Rule, ladder: Ladder | None = None) -> str:
    """What a rule does, with the grade's label where the ladder is known."""
    grade = "" if rule.target is None else _target_words(rule.target, ladder)
    return {
        "cap": f"不得高于{grade}",
        "floor_to": f"直接定为{grade}",
        "veto": f"一票否决，定为{grade}",
        "flag": "须写明理由",
    }[rule.effect]


def condition_words(scheme: Scheme, condition: Condition) -> str:
    """A condition in words."""
    match condition:
        case AllOf(parts):
            return "，且".join(condition_words(scheme, part) for part in parts)
        case AnyOf(parts):
            return "（" + "，或".join(condition_words(scheme, part) for part in parts) + "）"
        case Not(part):
            return f"并非（{condition_words(scheme, part)}）"
    return _simple_words(scheme, condition)


def _simple_words(scheme: Scheme, condition: Condition) -> str:
    match condition:
        case Compare(measure, name, bounds):
            words = "、".join(bound.words for bound in bounds)
            return f"{measure_words(scheme, measure, name)}{words}"
        case FactIs(name, value):
            return f"{measure_words(scheme, 'fact', name)}为“{'是' if value else '否'}”"
        case InDomain(codes):
            return f"领域为{'或'.join(scheme.domain(code).name for code in codes)}"
        case Voted(grades):
            return f"过半数票评为{'或'.join(f'“{PLACE_WORDS.get(g, g)}”' for g in grades)}"
    raise TypeError(condition)


def measure_words(scheme: Scheme, measure: str, name: str) -> str:
    """What users call the satisfaction, a score or a fact."""
    if measure == "satisfaction":
        return "满意率"
    if measure == "score":
        return SCORE_TITLES.get(name, "定级得分")
    return next(fact.title for fact in scheme.facts if fact.name == name)


def _target_words(target: GradeTarget, ladder: Ladder | None) -> str:
    if ladder is not None:
        return f"“{target.of(ladder)}”"
    if target.place:
        return PLACE_WORDS[target.place]
    return "或".join(f"“{label}”" for label in (target.by_ladder.values() or [target.label]))


def _ladder(ladder: Ladder) -> dict[str, Any]:
    return {
        "name": ladder.name,
        "title": ladder.title,
        "grades": [
            {"label": g.label, "at_least": _plain(g.at_least), "range": ladder.span(g)}
            for g in ladder.grades
        ],
        "clause": ladder.clause,
    }


def _domain(domain: Domain) -> dict[str, Any]:
    return {
        "code": domain.code,
        "name": domain.name,
        "aliases": list(domain.aliases),
        "ladder": domain.chosen.name if domain.chosen else "choose",
        "graded": domain.graded,
        "clause": domain.clause,
    }


def _indicator(indicator: Indicator) -> dict[str, Any]:
    return {
        "name": indicator.name,
        "points": _plain(indicator.points),
        "reference": indicator.reference,
        "items": [_item(item) for item in indicator.items],
        "clause": indicator.clause,
    }


def _item(item: Item) -> dict[str, Any]:
    return {"name": item.name, "points": _plain(item.points), "clause": item.clause}


def _question(question: QuestionForm) -> dict[str, Any]:
    return {
        "kind": question.kind,
        "title": question.title,
        "options": [_option(option) for option in question.options],
        "clause": question.clause,
        "convention": question.convention,
    }


def _option(option: Choice) -> dict[str, Any]:
    return {"value": option.value, "label": option.label, "weight": _plain(option.weight)}


def _satisfaction(scheme: Scheme) -> dict[str, Any]:
    form = scheme.satisfaction
    ladders = {d.chosen for d in scheme.domains if d.chosen}
    ladders |= {choice.ladder for choice in scheme.ladder_choices}
    return {
        "kind": form.kind,
        "satisfied": {
            ladder.name: list(form.satisfied_for(ladder))
            for ladder in scheme.ladders
            if ladder in ladders
        },
        "left_out": list(form.left_out),
        "abstain_counts": form.abstain_counts,
        "denominator": "cast" if form.invalid_counts else "valid",
        "empty_group": form.empty_group,
        "merged_groups": form.merged_groups,
        "clause": form.clause,
        "convention": form.convention,
    }


def _rule(scheme: Scheme, rule: Rule) -> dict[str, Any]:
    target = rule.target
    return {
        "id": rule.id,
        "effect": rule.effect,
        "grade": target and (target.place or dict(target.by_ladder) or target.label),
        "when": rule.when.to_json(),
        "words": rule_words(scheme, rule),
        "clause": rule.clause,
    }


def _plain(value: Any) -> Any:
    """Fractions become exact integers or texts; tables and lists go through."""
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else number_text(value)
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
