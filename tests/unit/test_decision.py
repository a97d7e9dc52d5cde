"""What a superior may decide: stricter with a reason, never better than the rules allow."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.actions.scheme import load_shipped as shipped
from app.domain.decision import Latitude, is_outdated, latitude, require_lawful
from app.domain.errors import BadInput
from app.domain.grading import OrganisationFacts, propose

SHANGDU = shipped("shangdu-2012")
LADDER = SHANGDU.domain("village").ladder


def _judged(score: int, satisfied: int, ballots: int) -> tuple[Latitude, list[dict[str, str]]]:
    tallies = {"g1": {"q1": {"option1": satisfied, "option3": ballots - satisfied}}}
    facts = OrganisationFacts(
        "village", {"superior": Fraction(score)}, tallies if ballots else {}, {}
    )
    found = propose(SHANGDU, facts)
    trace = [
        {"rule": t.rule, "effect": t.effect, "clause": t.clause, "because": t.because}
        for t in found.trace
    ]
    return latitude(SHANGDU, LADDER, found.proposed, trace, bool(ballots)), trace


def test_a_cap_holds_whatever_reason_is_written() -> None:
    allowed, trace = _judged(95, 89, 100)
    assert allowed.grades == ("一般", "后进")
    with pytest.raises(BadInput, match=r"最高只能评为“一般”.*测评结果满意度达不到90%"):
        require_lawful(allowed, trace, "先进", "领导认为应当评先进")
    require_lawful(allowed, trace, "一般", "")


def test_stricter_needs_a_written_reason() -> None:
    allowed, trace = _judged(95, 100, 100)
    require_lawful(allowed, trace, "先进", "")
    with pytest.raises(BadInput, match="请写明理由"):
        require_lawful(allowed, trace, "一般", "差")
    require_lawful(allowed, trace, "一般", "台账弄虚作假")


def test_nothing_is_decided_before_the_meeting_and_the_score() -> None:
    untested, trace = _judged(95, 0, 0)
    with pytest.raises(BadInput, match="没有测评，须说明原因"):
        require_lawful(untested, trace, "先进", "")
    require_lawful(untested, trace, "先进", "抽样测评，没有抽到")
    require_lawful(untested, trace, "后进", "抽样测评，没有抽到；台账弄虚作假")
    awaited = latitude(SHANGDU, LADDER, "先进", trace, False, awaited=True)
    assert awaited.grades == ()
    with pytest.raises(BadInput, match="还没有最终结果"):
        require_lawful(awaited, trace, "后进", "写明理由的")
    pending = latitude(SHANGDU, LADDER, "先进", trace, True)
    assert "尚无满意率" in pending.hindrance
    assert latitude(shipped("awu-villages-2012"), LADDER, None, [], True).hindrance


def test_what_cannot_be_formed_is_what_hinders_a_decision() -> None:
    unformed = {"rule": "voter_groups", "effect": "unformed", "clause": "", "because": "算不出"}
    pending = {
        "rule": "satisfaction-below-90", "effect": "pending", "clause": "满意度", "because": "尚无"
    }  # fmt: skip
    assert latitude(SHANGDU, LADDER, "先进", [unformed, pending], True).hindrance == "算不出。"
    assert latitude(SHANGDU, LADDER, "先进", [unformed], True).grades == LADDER.labels
    assert latitude(SHANGDU, LADDER, None, [unformed], True).hindrance == "算不出。"
    missing = {"rule": "score", "effect": "missing", "clause": "", "because": "尚无自评分、测评分"}
    assert (
        "尚无自评分、测评分，请先补齐" in latitude(SHANGDU, LADDER, None, [missing], True).hindrance
    )


@given(
    score=st.integers(0, 100), satisfied=st.integers(0, 50), grade=st.sampled_from(LADDER.labels)
)
def test_no_reason_ever_buys_a_grade_better_than_proposed(
    score: int, satisfied: int, grade: str
) -> None:
    allowed, trace = _judged(score, satisfied, 50)
    better = LADDER.rank(grade) < LADDER.rank(allowed.grades[0])
    try:
        require_lawful(allowed, trace, grade, "写得清清楚楚的理由")
    except BadInput:
        assert better
    else:
        assert not better


def test_a_decision_is_outdated_once_the_figures_forbid_it() -> None:
    assert is_outdated(LADDER, "先进", "写明理由的", "一般")
    assert is_outdated(LADDER, "先进", "写明理由的", None)
    assert is_outdated(LADDER, "好", "", "先进")
    assert not is_outdated(LADDER, "一般", "", "一般")
    assert not is_outdated(LADDER, "后进", "写明理由的", "一般")
    assert is_outdated(LADDER, "后进", "", "一般")
