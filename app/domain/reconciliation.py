"""对账: the sums of slips, ballots and papers that must agree before a count sheet is signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from app.domain.box import GroupCounts
from app.domain.paper import PaperGroup
from app.domain.tally import INVALID


class Check(NamedTuple):
    """One equation. figures: of all groups together, such as `印发 31 = 发出 30 + 作废 1`.

    wrong: the names of the groups, or the cells, in which it does not hold.
    """

    figures: str
    wrong: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it holds everywhere."""
        return not self.wrong


class GroupPapers(NamedTuple):
    """What is known of a group's papers. issued: handed out.

    replaced: how many of those were given for slips voided after use.
    """

    issued: int
    papers: PaperGroup
    replaced: int = 0


def reconcile(
    slips: Mapping[str, GroupCounts],
    papers: Mapping[str, GroupPapers],
    counts: Mapping[str, Mapping[str, int]],
    more_may_return: bool = False,
) -> tuple[Check, ...]:
    """Every equation of a closed meeting, in the order in which people check them.

    slips, papers: by the name of the group; papers is empty where there were none. counts: the
    result, cell id → choice → number. more_may_return: the scheme lets more papers come back than
    went out.
    """
    return (
        *_slip_checks(slips),
        *(_paper_checks(slips, papers, more_may_return) if papers else ()),
        _result_check(slips, papers, counts),
    )


def _slip_checks(slips: Mapping[str, GroupCounts]) -> Iterable[Check]:
    all_ = _Total(slips.values())
    out, uncast = all_.issued - all_.voided, all_.redeemed - all_.cast
    yield Check(
        f"测评票：印发 {all_.issued} = 发出 {out} + 作废 {all_.voided}",
        tuple(name for name, g in slips.items() if g.voided < 0 or g.issued < g.voided),
    )
    yield Check(
        f"发出 {out} = 已用 {all_.redeemed} + 未用 {all_.unused}",
        tuple(
            name
            for name, g in slips.items()
            if g.issued - g.voided != g.redeemed + g.unused or g.unused < 0
        ),
    )
    yield Check(
        f"已用 {all_.redeemed} = 投出 {all_.cast} + 扫码未投 {uncast}",
        tuple(name for name, g in slips.items() if not 0 <= g.cast <= g.redeemed),
    )


def _paper_checks(
    slips: Mapping[str, GroupCounts], papers: Mapping[str, GroupPapers], more_may_return: bool
) -> Iterable[Check]:
    issued = sum(group.issued for group in papers.values())
    back = sum(group.papers.returned for group in papers.values())
    valid = sum(group.papers.valid for group in papers.values())
    invalid = sum(group.papers.invalid for group in papers.values())
    moved = sum(group.papers.moved for group in papers.values())
    yield Check(
        f"纸质票：发出 {issued} = 收回 {back} + 未交回 {issued - back}",
        tuple(
            name
            for name, group in papers.items()
            if group.papers.returned > group.issued and not more_may_return
        ),
    )
    yield Check(
        f"收回 {back} = 有效 {valid} + 无效 {invalid} + 代投 {moved}",
        tuple(
            name
            for name, group in papers.items()
            if any(sum(c.values()) != group.papers.valid for c in group.papers.counts.values())
        ),
    )
    if replaced := sum(group.replaced for group in papers.values()):
        voided = _Total(slips.values()).voided
        yield Check(
            f"扫码后作废换发 {replaced} 张都在作废的 {voided} 张和发出的纸质票之内",
            tuple(
                name
                for name, group in papers.items()
                if group.replaced > min(group.issued, slips[name].voided)
            ),
        )
    if moved:
        # What was cast by phone for a paper went through a slip of the same group.
        cast = _Total(slips.values()).cast
        yield Check(
            f"代投 {moved} 张都在手机投出的 {cast} 张之内",
            tuple(n for n, group in papers.items() if group.papers.moved > slips[n].cast),
        )


def _result_check(
    slips: Mapping[str, GroupCounts],
    papers: Mapping[str, GroupPapers],
    counts: Mapping[str, Mapping[str, int]],
) -> Check:
    cast = _Total(slips.values()).cast
    valid = sum(group.papers.valid for group in papers.values())
    sums = f"手机 {cast} + 纸质 {valid}" if papers else f"手机 {cast}"
    return Check(
        f"每个测评对象各项与弃权合计 {cast + valid} = {sums}",
        tuple(
            cell
            for cell, choices in counts.items()
            if sum(n for choice, n in choices.items() if choice != INVALID) != cast + valid
        ),
    )


class _Total:
    """The sums over all groups."""

    def __init__(self, groups: Iterable[GroupCounts]) -> None:
        groups = tuple(groups)
        self.issued = sum(g.issued for g in groups)
        self.redeemed = sum(g.redeemed for g in groups)
        self.cast = sum(g.cast for g in groups)
        self.voided = sum(g.voided for g in groups)
        self.unused = sum(g.unused for g in groups)
