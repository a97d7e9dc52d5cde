"""比例控制: how many of a round may or must get a grade, and who stands at the edge."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from app.domain.scheme import Bound, GradeTarget, Scheme, number_text


class Graded(NamedTuple):
    """One record. domain: code; grade: decided or proposed, None without; score in points."""

    id: int
    name: str
    domain: str
    grade: str | None
    score: Fraction | None


class QuotaState(NamedTuple):
    """How one quota stands. domain: its code, empty for the whole round. grades: by their labels.

    just_in, just_out: who would be the first to leave the grade and to come into it, by score;
    several where scores are equal.
    """

    grades: tuple[str, ...]
    domain: str
    holds: bool
    number: int
    whole: int
    words: str
    clause: str
    just_in: tuple[Graded, ...]
    just_out: tuple[Graded, ...]


def quotas(scheme: Scheme, records: Sequence[Graded]) -> list[QuotaState]:
    """Every quota of the scheme: for each domain that it names by itself, else over the round.

    Who has no grade yet counts in the whole. A domain without records holds every quota.
    """
    found: list[QuotaState] = []
    for quota in scheme.data.get("quotas", ()):
        for domain in quota.get("domains", ("",)):
            chosen = [r for r in records if domain in ("", r.domain)]
            found.append(_state(scheme, quota, domain, chosen))
    return found


def _state(
    scheme: Scheme, quota: dict[str, Any], domain: str, records: Sequence[Graded]
) -> QuotaState:
    target = GradeTarget.written(quota["grade"])
    labels = {d.code: target.of(d.ladder) for d in scheme.domains}
    inside = [r for r in records if r.grade is not None and r.grade == labels[r.domain]]
    outside = [r for r in records if r not in inside]
    bounds = [Bound(name, rate, True) for name, rate in quota["share"].items()]
    share = Fraction(len(inside), len(records)) if records else None
    missed = [bound for bound in bounds if share is not None and not bound.holds(share)]
    grades = tuple(dict.fromkeys(label for label in labels.values() if label))
    if domain:
        grades = tuple(label for label in (labels[domain],) if label)
    low = target.place == "bottom" or all(
        label == scheme.domain(code).ladder.labels[-1] for code, label in labels.items() if label
    )
    return QuotaState(
        grades,
        domain,
        not missed,
        len(inside),
        len(records),
        _words(scheme, grades, domain, len(inside), len(records), bounds, bool(missed)),
        quota.get("clause", ""),
        _extreme(inside, highest=low),
        _extreme(outside, highest=not low),
    )


def _words(
    scheme: Scheme,
    grades: tuple[str, ...],
    domain: str,
    number: int,
    whole: int,
    bounds: Sequence[Bound],
    broken: bool,
) -> str:
    where = scheme.domain(domain).name if domain else "本轮"
    limits = "、".join(
        f"{bound.words}（{_heads(bound, whole)}）" if whole else bound.words for bound in bounds
    )
    names = "、".join(f"“{grade}”" for grade in grades)
    end = "，不符合，不能定稿。" if broken else "。"
    return f"{where}{whole} 个党组织中{names} {number} 个，应{limits}{end}"


def _heads(bound: Bound, whole: int) -> str:
    """The bound in organisations, which cannot be divided."""
    heads = bound.value * whole
    match bound.comparison:
        case "at_least":
            return f"至少 {-(-heads.numerator // heads.denominator)} 个"
        case "above":
            return f"至少 {heads.numerator // heads.denominator + 1} 个"
        case "at_most":
            return f"至多 {heads.numerator // heads.denominator} 个"
        case "below":
            return f"至多 {-(-heads.numerator // heads.denominator) - 1} 个"


def _extreme(records: Sequence[Graded], *, highest: bool) -> tuple[Graded, ...]:
    scores = [r.score for r in records if r.score is not None]
    if not scores:
        return ()
    edge = max(scores) if highest else min(scores)
    return tuple(record for record in records if record.score == edge)


def score_words(record: Graded) -> str:
    """Such as `第一党支部（89.5分）`."""
    score = "无分" if record.score is None else f"{number_text(record.score)}分"
    return f"{record.name}（{score}）"
