"""How questions are cut into batches: all of them, within the bounds, with little padding."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xundan.understand.prepared import MOST, PASS_COST, around, cut

lengths = st.lists(st.integers(1, 80), max_size=300)


def padding(batch: list[int]) -> int:
    return len(batch) * max(batch) - sum(batch)


@given(lengths, st.integers(1, 3000))
def test_every_question_is_in_one_batch_within_the_bounds(given: list[int], tokens: int) -> None:
    batches = cut(given, tokens)
    assert sorted(place for batch in batches for place in batch) == list(range(len(given)))
    for batch in batches:
        sizes = [given[place] for place in batch]
        assert len(batch) == 1 or len(batch) * max(sizes) <= tokens
        assert len(batch) <= MOST
        assert padding(sizes) <= PASS_COST + sum(sizes) // 8


@given(lengths.filter(bool), st.integers(1, 3000))
def test_the_first_is_always_taken(given: list[int], tokens: int) -> None:
    batch = around(given, tokens)
    sizes = [given[place] for place in batch]
    assert 0 in batch
    assert len(set(batch)) == len(batch) <= MOST
    assert len(batch) == 1 or len(batch) * max(sizes) <= tokens
    assert padding(sizes) <= PASS_COST + sum(sizes) // 8


def test_short_ones_do_not_wait_for_a_long_one() -> None:
    assert cut([3, 60, 3, 4, 60]) == [[0, 2, 3], [1, 4]]
    assert sorted(around([3, 60, 3, 4, 60])) == [0, 2, 3]


def test_a_pass_of_its_own_costs_more_than_a_little_padding() -> None:
    assert cut([10, 14, 18]) == [[0, 1, 2]]
