"""A chain of entries shows where it was changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.audit import FIRST, Entry, Sealed, seal, verify


def chain(length: int) -> list[Sealed]:
    found: list[Sealed] = []
    before = FIRST
    for number in range(1, length + 1):
        entry = Entry(number, "2026-11-24T08:00:00+00:00", "张三", "修改", "甲", "{}", before)
        before = seal(entry)
        found.append(Sealed(entry, before))
    return found


@given(st.integers(0, 12))
def test_a_chain_as_it_was_written_is_whole(length: int) -> None:
    whole = chain(length)
    verdict = verify(whole)
    assert (verdict.entries, verdict.fault) == (length, None)
    assert verdict.newest == (whole[-1].hash if whole else FIRST)


@pytest.mark.parametrize("field", [name for name in Entry._fields if name != "number"])
@given(st.integers(1, 8))
def test_whatever_is_changed_is_found_where_it_was(field: str, number: int) -> None:
    whole = chain(8)
    entry, kept = whole[number - 1]
    changed = entry._replace(**{field: "x" * 64})  # type: ignore[arg-type]  # not of number
    whole[number - 1] = Sealed(changed, kept)
    fault = verify(whole).fault
    assert fault is not None
    assert fault.number == number


@given(st.integers(1, 7))
def test_whoever_seals_a_change_anew_breaks_the_next(number: int) -> None:
    whole = chain(8)
    changed = whole[number - 1].entry._replace(who="李四")
    whole[number - 1] = Sealed(changed, seal(changed))
    fault = verify(whole).fault
    assert fault is not None
    assert fault.number == number + 1


@given(st.integers(0, 6))
def test_what_is_left_out_is_missed(place: int) -> None:
    whole = chain(8)
    del whole[place]
    fault = verify(whole).fault
    assert fault is not None
    assert fault.number == place + 1


def test_the_end_is_missed_by_who_noted_its_hash() -> None:
    whole = chain(8)
    noted = whole[-1].hash
    assert verify([*whole, *chain(0)], noted).fault is None
    assert verify(whole[:-1]).fault is None
    fault = verify(whole[:-1], noted).fault
    assert fault is not None
    assert "删去" in fault.words
