"""What a watcher of an open meeting can see never isolates fewer than k ballots."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.domain.meeting import K_LEAST, K_MOST, released_at, snapshot_due

CHOICES = ("option1", "option2", "abstain")
batch_sizes = st.integers(K_LEAST, K_MOST)
small_batches = st.integers(K_LEAST, 9)


@given(st.integers(0, 20_000), batch_sizes)
def test_a_picture_is_always_one_that_was_taken_and_at_least_one_batch_old(cast: int, k: int):
    at = released_at(cast, k)
    if at is None:
        assert cast < 2 * k
    else:
        assert snapshot_due(at, k)
        assert k <= cast - at < 2 * k
        assert at <= cast


@given(st.integers(0, 2_000), batch_sizes)
def test_before_two_batches_nothing_is_shown_and_from_then_on_always_something(cast: int, k: int):
    assert (released_at(cast, k) is None) == (cast < 2 * k)


@given(st.data(), small_batches)
def test_no_two_pictures_of_any_watcher_differ_by_fewer_than_k_ballots(data: st.DataObject, k: int):
    # A watcher looks at any moments, and the meeting is closed at any moment.
    final = data.draw(st.integers(0, 12 * k))
    looks = data.draw(st.lists(st.integers(0, final), max_size=40))
    seen = sorted({at for cast in looks if (at := released_at(cast, k)) is not None})
    assert all(later - earlier >= k for earlier, later in pairwise(seen))
    assert all(final - at >= k for at in seen)


@given(st.data(), small_batches)
def test_the_difference_of_two_tallies_seen_holds_at_least_k_marks_in_each_cell(
    data: st.DataObject, k: int
):
    ballots = data.draw(st.lists(st.sampled_from(CHOICES), max_size=8 * k))
    taken: dict[int, Counter[str]] = {}
    seen: list[Counter[str]] = []
    for cast in range(1, len(ballots) + 1):
        if snapshot_due(cast, k):
            taken[cast] = Counter(ballots[:cast])
        at = released_at(cast, k)
        if at is not None and (not seen or seen[-1] != taken[at]):
            seen.append(taken[at])
    for earlier, later in pairwise([*seen, Counter(ballots)]):
        difference = later - earlier
        assert difference.total() >= k
        assert not earlier - later


@given(st.integers(0, 5_000), batch_sizes)
def test_a_picture_stays_until_a_whole_batch_more_is_in(cast: int, k: int):
    before, after = released_at(cast, k), released_at(cast + 1, k)
    if snapshot_due(cast + 1, k) and cast + 1 >= 2 * k:
        assert after == (before or 0) + k
    else:
        assert after == before
