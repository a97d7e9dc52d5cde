"""参会人员比重: which voter groups' marks go into a result, and with which weight.

Secrecy outranks weights: groups that may only be published together (`*`) are never taken apart,
and what cannot be weighed is not formed, rather than formed without weights unsaid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from app.domain.box import TOGETHER
from app.domain.grading.facts import Tallies
from app.domain.scheme import (
    Scheme,
    VoterGroup,
    group_named,
    groups_merged_in,
    rate_text,
    weights_words,
)
from app.domain.tally import Counts

AGAIN = "上级可以要求重新测评，新结果取代旧的"
APART = "每类投票都不少于每批票数，公布方式选“计票后公布”"


@dataclass(frozen=True)
class Weighing:
    """tallies: by the names of the scheme where groups weigh, else as they were given.

    weights: group → weight, making 1; empty where marks are simply added up. hindrance: why a
    weighted result cannot be formed, and what can be done; empty where it can. remarks: what was
    done where the plain rule did not do. clause: the document's words on the groups.
    """

    tallies: Mapping[str, Counts]
    weights: Mapping[str, Fraction] = field(default_factory=dict)
    hindrance: str = ""
    remarks: tuple[str, ...] = ()
    clause: str = ""

    @property
    def counts(self) -> Counts:
        """All groups together."""
        together: dict[str, dict[str, int]] = {}
        for group in self.tallies.values():
            _add(together, group)
        return together


def weigh(
    scheme: Scheme, domain: str, tallies: Tallies, counted: Callable[[Counts], bool]
) -> Weighing:
    """Decide what each group of a meeting weighs. Raises DomainUnknown.

    counted: whether these marks have anything to divide by; a group for which they have not is as
    good as absent.
    """
    groups = scheme.weighted_groups(domain)
    present = {name: counts for name, counts in tallies.items() if counted(counts)}
    if not groups or not present:
        return Weighing(tallies)
    clause = "；".join(dict.fromkeys(group.clause for group in groups if group.clause))
    if any(name == TOGETHER or groups_merged_in(groups, name) for name in present):
        return _merged(scheme, groups, tallies, clause)
    found: dict[str, dict[str, dict[str, int]]] = {}
    for name, counts in present.items():
        group = group_named(groups, name)
        if group is None:
            return Weighing(tallies, hindrance=_unnamed(groups, name), clause=clause)
        _add(found.setdefault(group.name, {}), counts)
    return _shared_out(scheme, groups, found, clause)


def _merged(
    scheme: Scheme, groups: tuple[VoterGroup, ...], tallies: Tallies, clause: str
) -> Weighing:
    weights = weights_words(groups)
    if scheme.satisfaction.merged_groups == "unweighted":
        remark = f"各类参会人员的票合并公布，按方案的规定合并计算，不分比重（{weights}）"
        return Weighing(tallies, remarks=(remark,), clause=clause)
    hindrance = (
        f"有的类别只能与别的类别合并公布（否则会暴露个人选择），不能按比重（{weights}）计算，"
        f"也不以合并的票数代替。{AGAIN}：{APART}"
    )
    return Weighing(tallies, hindrance=hindrance, clause=clause)


def _unnamed(groups: tuple[VoterGroup, ...], name: str) -> str:
    return (
        f"方案没有写明“{name}”占多少比重（写了的是{weights_words(groups)}），"
        f"不能按比重计算，也不以合并的票数代替。{AGAIN}：参会人员只按方案的类别分"
    )


def _shared_out(
    scheme: Scheme,
    groups: tuple[VoterGroup, ...],
    found: Mapping[str, Counts],
    clause: str,
) -> Weighing:
    """The weights, those of groups without marks spread where the scheme says so."""
    weights = {g.name: g.weight for g in groups if g.weight is not None}
    empty = [name for name in weights if name not in found]
    named = "、".join(f"“{name}”" for name in empty)
    if empty and scheme.satisfaction.empty_group != "spread":
        stated = scheme.satisfaction.empty_group is not None
        basis = "方案规定这时不作推算" if stated else "方案没有写这时怎样算，按惯例不作推算"
        hindrance = f"{named}没有可以计算的票，{basis}。{AGAIN}：请这一类人员参加"
        return Weighing(found, hindrance=hindrance, clause=clause)
    present = {name: weight for name, weight in weights.items() if name in found}
    whole = sum(present.values(), Fraction(0))
    spread = sum((weights[name] for name in empty), Fraction(0))
    remark = f"{named}没有可以计算的票，按方案的规定把它的{rate_text(spread)}按比例分给其他类别"
    return Weighing(
        # In the order of the scheme, whatever the order of the tallies was.
        {name: found[name] for name in present},
        {name: weight / whole for name, weight in present.items()},
        remarks=(remark,) if empty else (),
        clause=clause,
    )


def _add(sums: dict[str, dict[str, int]], counts: Counts) -> None:
    for question, numbers in counts.items():
        into = sums.setdefault(question, {})
        for choice, number in numbers.items():
            into[choice] = into.get(choice, 0) + number
