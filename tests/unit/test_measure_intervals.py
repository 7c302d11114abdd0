from __future__ import annotations

from math import isclose
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xundan.measure.intervals import wilson

counts = st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_worked_examples_of_newcombe_1998(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_no_trials_have_no_interval() -> None:
    assert wilson(0, 0) is None


@pytest.mark.parametrize(("successes", "trials"), [(1, 0), (3, 2), (-1, 5)])
def test_more_successes_than_trials_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError):
        wilson(successes, trials)


@given(counts)
def test_the_interval_holds_the_rate_and_stays_within_0_and_1(pair: tuple[int, int]) -> None:
    interval = wilson(*pair)
    assert interval is not None
    assert 0 <= interval.low <= pair[0] / pair[1] <= interval.high <= 1
    assert interval.low < interval.high


@given(counts)
def test_failures_mirror_successes(pair: tuple[int, int]) -> None:
    successes, trials = pair
    one, other = wilson(successes, trials), wilson(trials - successes, trials)
    assert one is not None
    assert other is not None
    assert one.low == pytest.approx(1 - other.high, abs=1e-12)


@given(counts)
def test_each_end_is_where_the_score_test_turns(pair: tuple[int, int]) -> None:
    """The definition: the ends are the p at which (rate - p) is z standard errors of p away."""
    rate, trials = pair[0] / pair[1], pair[1]
    z = NormalDist().inv_cdf(0.975)
    for end in wilson(*pair) or ():
        if 0 < end < 1:
            assert isclose((rate - end) ** 2, z * z * end * (1 - end) / trials, rel_tol=1e-6)


@given(counts)
def test_more_of_the_same_narrows_it(pair: tuple[int, int]) -> None:
    once, twice = wilson(*pair), wilson(pair[0] * 2, pair[1] * 2)
    assert once is not None
    assert twice is not None
    assert twice.high - twice.low < once.high - once.low
