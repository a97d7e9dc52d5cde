"""测评有效: whether a testing meeting counts, by who came and what came back."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from app.domain.scheme import (
    Bound,
    Scheme,
    VoterGroup,
    group_named,
    groups_merged_in,
    rate_text,
)

MORE_BALLOTS = "收回的票多于发出的票，本次测评无效"
USUAL = "方案没有写明，按一般选举、测评的惯例：收回的票不多于发出的票，方为有效。"


class Present(NamedTuple):
    """A voter group: how many were to come, and how many did."""

    group: str
    expected: int
    present: int


class Fault(NamedTuple):
    """Why a meeting does not count. words: a sentence; clause: the document's, or the custom."""

    words: str
    clause: str


def faults(
    scheme: Scheme, domain: str, groups: Sequence[Present], handed_out: int, came_back: int
) -> list[Fault]:
    """Everything by which a meeting that tests an organisation of this domain is void.

    domain: code. handed_out: slips and papers that were given to somebody; came_back: ballots cast,
    spoilt ones among them. All comparisons are exact. Raises DomainUnknown.
    """
    return [*_too_many(scheme, handed_out, came_back), *too_few_came(scheme, domain, groups)]


def too_few_came(scheme: Scheme, domain: str, groups: Sequence[Present]) -> list[Fault]:
    """What the scheme demands of who comes and what does not hold. Raises as `faults`."""
    code = scheme.domain(domain).code
    found = []
    expected, present = sum(g.expected for g in groups), sum(g.present for g in groups)
    for quorum in scheme.data.get("quorums", ()):
        if code in quorum.get("domains", (code,)):
            bounds = [Bound(name, rate, True) for name, rate in quorum["present"].items()]
            short = _short(present, expected, bounds)
            if short:
                words = f"应到 {expected} 人，实到 {present} 人，{short}，本次测评无效。"
                found.append(Fault(words, quorum.get("clause", "")))
    return [*found, *_groups_short(scheme.voter_groups(code), groups)]


def _groups_short(named: Sequence[VoterGroup], groups: Sequence[Present]) -> list[Fault]:
    """Minimum participation of each group; where it was put together with others, all must come."""
    found = []
    for rule in named:
        if rule.least_share is None or not groups:
            continue
        bound = Bound("at_least", rule.least_share, True)
        own = [g for g in groups if group_named((rule,), g.group)]
        merged = [] if own else [g for g in groups if rule in groups_merged_in(named, g.group)]
        expected, present = sum(g.expected for g in own), sum(g.present for g in own)
        short = _short(present, expected, [bound])
        if own and short:
            name = "、".join(g.group for g in own)
            words = f"{name}应到 {expected} 人，实到 {present} 人，{short}，本次测评无效。"
            found.append(Fault(words, rule.clause))
        least = f"方案要求“{rule.name}”到会不少于应到人数的 {rate_text(rule.least_share)}"
        if not own and not merged:
            words = f"{least}，本会没有这一类参会人员，本次测评无效。"
            found.append(Fault(words, rule.clause))
        found += [
            Fault(
                f"{least}，“{g.group}”合在一起登记，看不出来，又没有全部到齐，本次测评无效。",
                rule.clause,
            )
            for g in merged
            if g.present < g.expected
        ]
    return found


def asks_who_came(scheme: Scheme, domain: str) -> str | None:
    """The clause of the first rule on who must be there; None where the scheme has none."""
    code = scheme.domain(domain).code
    for rule in scheme.data.get("quorums", ()):
        if code in rule.get("domains", (code,)):
            return str(rule.get("clause", ""))
    for group in scheme.data.get("voter_groups", ()):
        if "least_share" in group and code in group.get("domains", (code,)):
            return str(group.get("clause", ""))
    return None


def more_ballots_clause(scheme: Scheme) -> str | None:
    """The clause by which more ballots than were handed out void a meeting; None: they do not."""
    rule = scheme.data.get("validity", {})
    stated = rule.get("more_ballots_than_slips")
    if stated == "allow":
        return None
    return str(rule.get("clause", USUAL)) if stated == "void" else USUAL


def _too_many(scheme: Scheme, handed_out: int, came_back: int) -> list[Fault]:
    clause = more_ballots_clause(scheme)
    if came_back <= handed_out or clause is None:
        return []
    words = f"发出 {handed_out} 张，收回 {came_back} 张：{MORE_BALLOTS}。"
    return [Fault(words, clause)]


def _short(present: int, expected: int, bounds: Sequence[Bound]) -> str:
    """What is not held, in words; empty where all is. Where nobody is expected, nobody is short."""
    if not expected:
        return ""
    missed = [bound for bound in bounds if not bound.holds(Fraction(present, expected))]
    demands = {"at_least": "应不少于", "above": "应超过", "below": "应低于", "at_most": "应不超过"}
    return "、".join(f"{demands[b.comparison]}应到人数的 {rate_text(b.value)}" for b in missed)
